//! The codec that ships inside the program: quantiser and vocoder, in one safetensors file.

use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use syrinx_audio::resample;
use syrinx_nn::to_vec_f32;
use syrinx_types::{Audio, Coded, Codes, Latents, SpectralGain};

use crate::spectral_gain::attenuated;
use crate::vocoder::BLOCK_FRAMES;
use crate::weights::{Precision, Reader, Writer, read_file, write_file};
use crate::{
    Codec, CodecError, CodecInfo, DecodeStream, MelRvq, RvqConfig, Vocoder, VocoderConfig,
    VocoderStream,
};

/// What the header of a file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    rvq: RvqConfig,
    #[serde(default)]
    vocoder: Option<VocoderConfig>,
}

/// A quantiser and the vocoder that was trained on it.
#[derive(Clone)]
pub struct EmbeddedCodec {
    rvq: Arc<MelRvq>,
    vocoder: Vocoder,
}

impl MelRvq {
    /// The quantiser alone as safetensors bytes.
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] if parts contradict each other.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        let mut writer = Writer::default();
        write_rvq(&mut writer, self);
        writer.bytes(&Header { rvq: self.config().clone(), vocoder: None })
    }

    /// Reads the quantiser of what [`Self::to_bytes`] or [`EmbeddedCodec::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`CodecError::Unreadable`] or [`CodecError::Mismatch`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let (header, mut reader) = Reader::open::<Header>(bytes)?;
        let rvq = read_rvq(&mut reader, header.rvq)?;
        if header.vocoder.is_some() {
            reader.take_below("vocoder.");
        }
        reader.finish()?;
        Ok(rvq)
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// [`CodecError::Io`], or those of [`Self::to_bytes`].
    pub fn save(&self, path: &Path) -> Result<(), CodecError> {
        write_file(path, &self.to_bytes()?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`CodecError::Io`], or those of [`Self::from_bytes`].
    pub fn load(path: &Path) -> Result<Self, CodecError> {
        Self::from_bytes(&read_file(path)?)
    }
}

fn write_rvq(writer: &mut Writer, rvq: &MelRvq) {
    let c = rvq.config();
    writer.add("rvq.mean", &[c.patch_dim()], rvq.mean(), Precision::F32);
    writer.add("rvq.axes", &[c.latent_dim, c.patch_dim()], rvq.axes(), Precision::F32);
    let books: Vec<f32> = (0..c.levels).flat_map(|l| rvq.codebook(l)).copied().collect();
    let shape = [c.levels, c.codebook_size, c.latent_dim];
    writer.add("rvq.codebooks", &shape, &books, Precision::F16);
}

fn read_rvq(reader: &mut Reader, config: RvqConfig) -> Result<MelRvq, CodecError> {
    let c = &config;
    let mean = reader.take("rvq.mean", &[c.patch_dim()])?;
    let axes = reader.take("rvq.axes", &[c.latent_dim, c.patch_dim()])?;
    let books = reader.take("rvq.codebooks", &[c.levels, c.codebook_size, c.latent_dim])?;
    MelRvq::new(config, mean, axes, &books)
}

impl EmbeddedCodec {
    /// A codec of these parts.
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] if they don't share a spectrogram.
    pub fn new(rvq: MelRvq, vocoder: Vocoder) -> Result<Self, CodecError> {
        if rvq.config().mel != vocoder.config().mel {
            let reason = "quantiser and vocoder are made for different spectrograms".into();
            return Err(CodecError::Mismatch { reason });
        }
        Ok(Self { rvq: Arc::new(rvq), vocoder })
    }

    /// The quantiser.
    pub fn rvq(&self) -> &MelRvq {
        &self.rvq
    }

    /// The vocoder.
    pub fn vocoder(&self) -> &Vocoder {
        &self.vocoder
    }

    /// All of it as safetensors bytes: codebooks, and the vocoder's weights too if asked for, in half precision.
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] if a part contradicts its configuration.
    pub fn to_bytes(&self, half_precision: bool) -> Result<Vec<u8>, CodecError> {
        let mut writer = Writer::default();
        write_rvq(&mut writer, &self.rvq);
        let precision = if half_precision { Precision::F16 } else { Precision::F32 };
        for (name, tensor) in self.vocoder.tensors() {
            let values = to_vec_f32(&tensor)?;
            writer.add(&format!("vocoder.{name}"), tensor.dims(), &values, precision);
        }
        let vocoder = Some(self.vocoder.config().clone());
        writer.bytes(&Header { rvq: self.rvq.config().clone(), vocoder })
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`CodecError::Unreadable`], [`CodecError::Mismatch`], [`CodecError::NoPart`] for a quantiser alone, or
    /// [`CodecError::Nn`] for weights that don't fit the vocoder's configuration.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let (header, mut reader) = Reader::open::<Header>(bytes)?;
        let rvq = read_rvq(&mut reader, header.rvq)?;
        let config = header.vocoder.ok_or(CodecError::NoPart {
            part: "vocoder",
            remedy: "train one with `syrinx codec train`",
        })?;
        let tensors = reader
            .take_below("vocoder.")
            .into_iter()
            .map(|(name, v)| Ok((name, Tensor::from_vec(v.values, v.shape, &Device::Cpu)?)))
            .collect::<Result<_, CodecError>>()?;
        reader.finish()?;
        Self::new(rvq, Vocoder::from_tensors(config, tensors)?)
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// [`CodecError::Io`], or those of [`Self::to_bytes`].
    pub fn save(&self, path: &Path, half_precision: bool) -> Result<(), CodecError> {
        write_file(path, &self.to_bytes(half_precision)?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`CodecError::Io`], or those of [`Self::from_bytes`].
    pub fn load(path: &Path) -> Result<Self, CodecError> {
        Self::from_bytes(&read_file(path)?)
    }
}

impl Codec for EmbeddedCodec {
    fn kind(&self) -> &'static str {
        "mel-rvq"
    }

    fn look_ahead_frames(&self) -> usize {
        self.vocoder.config().look_ahead_frames.div_ceil(self.rvq.config().patch_frames)
    }

    fn info(&self) -> CodecInfo {
        let c = self.rvq.config();
        CodecInfo {
            sample_rate_hz: c.mel.sample_rate_hz,
            frame_rate_hz: c.frame_rate_hz(),
            levels: c.levels,
            codebook_size: c.codebook_size,
            latent_dim: c.latent_dim,
        }
    }

    fn encode(&self, audio: &Audio) -> Result<Codes, CodecError> {
        self.rvq.encode(audio)
    }

    fn encode_with_latents(&self, audio: &Audio) -> Result<Coded, CodecError> {
        self.rvq.encode_with_latents(audio)
    }

    fn decode_stream(&self) -> Box<dyn DecodeStream> {
        Box::new(EmbeddedStream {
            rvq: self.rvq.clone(),
            vocoder: self.vocoder.stream(),
            pending: None,
        })
    }

    fn codebook(&self, level: usize) -> &[f32] {
        self.rvq.codebook(level)
    }

    fn attenuated(
        &self,
        audio: &Audio,
        latents: &[f32],
        how: SpectralGain,
    ) -> Result<Option<Audio>, CodecError> {
        let sample_rate_hz = self.rvq.config().mel.sample_rate_hz;
        let audio = resample(audio, sample_rate_hz)?;
        let wanted = (self.rvq.log_mel(), &self.rvq.log_mel_of(latents)[..]);
        let samples = attenuated(&audio.samples, wanted, how);
        Ok(Some(Audio { samples, sample_rate_hz }))
    }

    fn fingerprint(&self) -> String {
        self.rvq.fingerprint()
    }

    fn to_part(&self) -> Result<Vec<u8>, CodecError> {
        self.to_bytes(true)
    }
}

impl MelRvq {
    /// Codes of a recording of any sample rate.
    ///
    /// # Errors
    /// [`CodecError::Audio`] for a sample rate that can't be converted.
    pub fn encode(&self, audio: &Audio) -> Result<Codes, CodecError> {
        Ok(self.encode_with_latents(audio)?.codes)
    }

    /// [`Self::encode`] with the latents that the codes round.
    ///
    /// # Errors
    /// Those of [`Self::encode`].
    pub fn encode_with_latents(&self, audio: &Audio) -> Result<Coded, CodecError> {
        if audio.samples.is_empty() {
            return Ok(Codes::empty(self.config().levels).into());
        }
        let audio = resample(audio, self.config().mel.sample_rate_hz)?;
        let latents = self.latents(&self.patches(&audio.samples)); // (frames, latent_dim)
        let codes = self.round(&latents);
        Ok(Coded { codes, latents: Latents::new(self.config().latent_dim, latents) })
    }
}

struct EmbeddedStream {
    rvq: Arc<MelRvq>,
    vocoder: VocoderStream,
    /// Codes that don't fill a block yet; `None` before the first push.
    pending: Option<Codes>,
}

impl EmbeddedStream {
    /// Codec frames that go through the products at once: fixed, as sums may depend on it.
    fn block(&self) -> usize {
        BLOCK_FRAMES.div_ceil(self.rvq.config().patch_frames)
    }

    fn decode(&mut self, codes: &Codes) -> Result<Vec<f32>, CodecError> {
        self.vocoder.push(&self.rvq.decode_log_mel(codes)?)
    }
}

impl DecodeStream for EmbeddedStream {
    fn push(&mut self, codes: &Codes) -> Result<Vec<f32>, CodecError> {
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        self.rvq.check(codes)?;
        let mut pending = self.pending.clone().unwrap_or_else(|| Codes::empty(codes.levels()));
        if pending.levels() != codes.levels() {
            let wanted = format!("{} as in the stream so far", pending.levels());
            return Err(CodecError::Levels { found: codes.levels(), wanted });
        }
        let (block, mut out) = (self.block(), Vec::new());
        for t in 0..codes.frames() {
            pending.push(codes.frame(t));
            if pending.frames() == block {
                out.extend(self.decode(&pending)?);
                pending = Codes::empty(codes.levels());
            }
        }
        self.pending = Some(pending);
        Ok(out)
    }

    fn finish(&mut self) -> Result<Vec<f32>, CodecError> {
        let mut out = match self.pending.take() {
            Some(rest) if !rest.is_empty() => self.decode(&rest)?,
            _ => Vec::new(),
        };
        out.extend(self.vocoder.finish()?);
        Ok(out)
    }
}
