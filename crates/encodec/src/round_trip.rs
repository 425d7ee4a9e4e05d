//! From a file to a codec, and from a recording to what the codec leaves of it.

use std::path::Path;

use candle_core::{DType, Device, Tensor, safetensors};
use candle_nn::VarBuilder;
use candle_transformers::models::encodec::{Config, Model};
use syrinx_audio::resample;
use syrinx_types::{Audio, Fnv1a};

use crate::EncodecError;

/// The loaded codec.
#[derive(Debug)]
pub struct Encodec {
    model: Model,
    fingerprint: String,
}

/// Samples a second.
const SAMPLE_RATE_HZ: u32 = 24_000;

impl Encodec {
    /// Levels at its highest rate, 24 kbit/s.
    pub const LEVELS: usize = 32;

    /// Loads the weights.
    ///
    /// # Errors
    /// [`EncodecError::Read`] for a missing file, [`EncodecError::Broken`] for one of another kind.
    pub fn load(path: &Path) -> Result<Self, EncodecError> {
        let bytes = std::fs::read(path)
            .map_err(|source| EncodecError::Read { path: path.into(), source })?;
        let broken = |e: candle_core::Error| EncodecError::Broken {
            path: path.into(),
            reason: e.to_string(),
        };
        let tensors = safetensors::load_buffer(&bytes, &Device::Cpu).map_err(broken)?;
        let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let model = Model::new(&Config::default(), weights).map_err(broken)?;
        Ok(Self { model, fingerprint: format!("encodec-{}", Fnv1a::default().bytes(bytes).hex()) })
    }

    /// Tells files of weights apart.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// A recording through the first `levels` levels, at its own rate and as long as it was.
    ///
    /// # Errors
    /// [`EncodecError::Levels`], [`EncodecError::Empty`], [`EncodecError::Audio`], [`EncodecError::Compute`].
    pub fn round_trip(&self, audio: &Audio, levels: usize) -> Result<Audio, EncodecError> {
        if levels == 0 || levels > Self::LEVELS {
            return Err(EncodecError::Levels { asked: levels, most: Self::LEVELS });
        }
        if audio.samples.is_empty() {
            return Err(EncodecError::Empty);
        }
        let sound = resample(audio, SAMPLE_RATE_HZ)?;
        let samples = self.through(sound.samples, levels)?;
        let mut back =
            resample(&Audio { samples, sample_rate_hz: SAMPLE_RATE_HZ }, audio.sample_rate_hz)?;
        // Frames are whole, recordings aren't.
        back.samples.resize(audio.samples.len(), 0.0);
        Ok(back)
    }

    fn through(&self, samples: Vec<f32>, levels: usize) -> Result<Vec<f32>, EncodecError> {
        let failed = |operation: &'static str| {
            move |source: candle_core::Error| EncodecError::Compute { operation, source }
        };
        let count = samples.len();
        let codes = Tensor::from_vec(samples, (1, 1, count), &Device::Cpu) // (batch, channels, samples)
            .and_then(|sound| self.model.encode(&sound)) // (batch, levels, frames)
            .and_then(|codes| codes.narrow(1, 0, levels)?.contiguous())
            .map_err(failed("encoding"))?;
        let sound = self.model.decode(&codes).map_err(failed("decoding"))?; // (batch, channels, samples)
        sound.flatten_all().and_then(|sound| sound.to_vec1()).map_err(failed("decoding"))
    }
}
