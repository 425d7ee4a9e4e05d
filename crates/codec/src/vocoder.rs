//! Vocoder from log-mel frames to samples, causal except for one frame, with streaming.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_audio::MelConfig;
use syrinx_nn::{BlockConfig, Init, Kernels, Linear, ParamStore, Scope, with_slice};
use syrinx_types::{Allowed, ConfigIssue, Requirement};

use crate::CodecError;
use crate::fault::WeightsMismatch;
use crate::frame_net::{BLOCK_FRAMES, FrameBlock, FrameNet, FrameNetShape, FrameNetStream};
use crate::istft::Istft;
use crate::magnitudes::first_rows;
use crate::pitch::PitchFrame;
use crate::source::Excitation;
use crate::spectral_gain::spread;
use crate::synthesis::{Synthesis, SynthesisStream};

/// Shape of a vocoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VocoderConfig {
    /// The log-mel spectrogram it reads; its hop is also the hop of the output.
    pub mel: MelConfig,
    /// Sizes of the transformer.
    pub block: BlockConfig,
    /// Number of mel frames that a frame attends to, itself included.
    pub window_frames: usize,
    /// Mel frames of look-ahead, and as many of history, concatenated at the input.
    pub look_ahead_frames: usize,
    /// Samples of the inverse transform: a multiple of twice the hop.
    pub n_fft: usize,
    /// Offset subtracted from log-mel values before the network.
    pub mel_offset: f64,
    /// Divisor of log-mel values before the network.
    pub mel_scale: f64,
    /// Harmonic source and noise in place of free magnitudes and phases or in addition to them; none if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceConfig>,
}

/// Excitation of a vocoder: a pulse train at the pitch, and white noise, each shaped by a predicted spectrum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// Seed of the noise.
    pub noise_seed: u64,
    /// Initial log-gain of a branch of free magnitudes and phases, relative to the spectrogram; no such branch if not
    /// given. Its phases can't follow a pitch, so that it turns noise into a comb at the frame rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_gain: Option<f64>,
    /// Initial log-gain of the harmonic source, relative to the spectrogram.
    pub harmonic_gain: f64,
    /// Initial log-gain of the noise, relative to the spectrogram.
    pub noise_gain: f64,
}

impl Default for SourceConfig {
    fn default() -> Self {
        Self { noise_seed: 1, free_gain: None, harmonic_gain: -0.3, noise_gain: -1.0 }
    }
}

/// Seed of the noise of one clip of a batch; that of the first is the batch's.
fn clip_seed(seed: u64, clip: usize) -> u64 {
    // Any odd number other than the generator's own step, which would only shift the noise.
    seed.wrapping_add((clip as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93))
}

/// Normalization of the pitch at the network's input: the base-2 logarithm of the frequency in Hz that becomes 0, and
/// the octaves that become 1.
const PITCH_OFFSET: f32 = 7.2;
const PITCH_SCALE: f32 = 0.6;

impl Default for VocoderConfig {
    fn default() -> Self {
        Self {
            mel: MelConfig::default(),
            block: BlockConfig {
                dim: 256,
                layers: 4,
                heads: 4,
                hidden: 512,
                ..BlockConfig::default()
            },
            window_frames: 32,
            look_ahead_frames: 1,
            n_fft: 960,
            mel_offset: -6.0,
            mel_scale: 2.5,
            source: None,
        }
    }
}

impl VocoderConfig {
    /// # Errors
    /// [`CodecError::Config`] naming the setting that can't work.
    pub fn check(&self) -> Result<(), CodecError> {
        let fail = |key, reason: String| Err(CodecError::setting(key, reason));
        self.block.check().map_err(|issue| issue.in_table("block"))?;
        ConfigIssue::above_zero(&[("window_frames", self.window_frames)])?;
        let most = (BLOCK_FRAMES - 1) as f64;
        Allowed::AtMost(most).check("look_ahead_frames", self.look_ahead_frames as f64)?;
        if self.source.is_some() && self.look_ahead_frames == 0 {
            return fail("look_ahead_frames", "must be above 0 with a source".into());
        }
        if self.mel.hop == 0
            || self.n_fft < 2 * self.mel.hop
            || !self.n_fft.is_multiple_of(2 * self.mel.hop)
        {
            let reason = Requirement::MultipleOf { value: self.n_fft, of: 2 * self.mel.hop };
            return Err(CodecError::setting("n_fft", reason));
        }
        if !(self.mel_scale.is_finite() && self.mel_scale > 0.0 && self.mel_offset.is_finite()) {
            return fail("mel_scale", "must be above 0".into());
        }
        Ok(())
    }

    /// Returns the number of frequencies of an output frame.
    pub(crate) fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// Returns the number of values of a frame at the input.
    fn features(&self) -> usize {
        self.mel.bins + if self.source.is_some() { 2 } else { 0 }
    }
}

/// A causal sliding-window transformer over mel frames that shapes a harmonic source and noise in the domain of the
/// short-time Fourier transform, inverted by overlap-add (Vocos: Siuzdak 2023, 2306.00814, with attention for ConvNeXt and
/// an excitation for free phases).
///
/// The log-gains are initialized to the mel spectrogram, so that the network learns the difference. Cloning shares the
/// weights.
#[derive(Clone)]
pub struct Vocoder {
    config: VocoderConfig,
    net: FrameNet,
    output: Linear,
    skip: Linear, // from mel bins to the width of the last layer's rows
    synthesis: Synthesis,
    store: ParamStore,
}

impl Vocoder {
    /// Builds the network on a store of parameters: seeded ones to train, loaded ones to use.
    ///
    /// # Errors
    /// [`CodecError::Config`], or [`CodecError::Nn`] for weights that are missing, of another shape, or too many.
    pub fn new(config: VocoderConfig, store: ParamStore) -> Result<Self, CodecError> {
        config.check()?;
        let (root, mel, dim) = (store.root(), config.mel.bins, config.block.dim);
        let shape = FrameNetShape {
            width: config.features(),
            ahead: config.look_ahead_frames,
            window: config.window_frames,
            block: config.block.clone(),
        };
        let net = FrameNet::new(&root, shape)?;
        let istft = Istft::new(config.n_fft, config.mel.hop);
        let synthesis = match &config.source {
            Some(source) => {
                let shares = spread(&config.mel, istft.bins());
                Synthesis::with_source(istft, source.free_gain.is_some(), mel, shares)
            }
            None => Synthesis::free(istft),
        };
        let width = synthesis.width();
        let (weight, bias) = first_rows(&config);
        let scope: Scope = root.pp("output");
        // Created here first, since its initial values are not zero.
        scope.get("bias", &[width], Init::Values(bias))?;
        let deviation = 0.5 / (dim as f64).sqrt();
        let output = Linear::with_bias(&scope, dim, width, deviation, Kernels::Fused)?;
        let scope = root.pp("skip");
        scope.get("weight", &[width, mel], Init::Values(weight))?;
        let skip = Linear::new(&scope, mel, width, 0.0, Kernels::Fused)?;
        store.check_all_used()?;
        let (output, skip) = (output.in_panels()?, skip.in_panels()?);
        Ok(Self { config, net, output, skip, synthesis, store })
    }

    /// Builds a vocoder with these weights, for use.
    ///
    /// # Errors
    /// The same as [`Self::new`].
    pub fn from_tensors(
        config: VocoderConfig,
        tensors: BTreeMap<String, Tensor>,
    ) -> Result<Self, CodecError> {
        Self::new(config, ParamStore::loaded(tensors, &Device::Cpu))
    }

    /// Shape.
    pub fn config(&self) -> &VocoderConfig {
        &self.config
    }

    /// Returns the weights by name.
    pub fn tensors(&self) -> BTreeMap<String, Tensor> {
        self.store.tensors()
    }

    /// Returns the number of weights.
    pub fn parameter_count(&self) -> usize {
        self.tensors().values().map(Tensor::elem_count).sum()
    }

    /// Features of mel frames (frames, bins) and their pitch: (frames, features).
    fn features(&self, mel: &[f32], pitch: &[PitchFrame]) -> Vec<f32> {
        let (bins, c) = (self.config.mel.bins, &self.config);
        let (offset, scale) = (c.mel_offset as f32, 1.0 / c.mel_scale as f32);
        let mut out = Vec::with_capacity(mel.len() / bins * c.features());
        for (t, frame) in mel.chunks_exact(bins).enumerate() {
            out.extend(frame.iter().map(|v| (v - offset) * scale));
            if c.source.is_some() {
                out.push((pitch[t].log2_hz - PITCH_OFFSET) / PITCH_SCALE);
                out.push(2.0 * pitch[t].voicing - 1.0);
            }
        }
        out
    }

    /// Returns the rows of the last layer from hidden rows and the features of their frames: (rows, width).
    fn head(&self, hidden: &Tensor, features: &[f32]) -> Result<Tensor, CodecError> {
        let (bins, width) = (self.config.mel.bins, self.config.features());
        let count = features.len() / width;
        let centres = features.chunks_exact(width).flat_map(|f| &f[..bins]).copied().collect();
        let centres = Tensor::from_vec::<_, f32>(centres, (count, bins), &Device::Cpu)?;
        let output = self.output.forward(hidden)?;
        Ok(self.skip.forward_add(&centres, &output)?)
    }

    fn check_pitch(&self, frames: usize, pitch: &[PitchFrame]) -> Result<(), CodecError> {
        if self.config.source.is_some() && pitch.len() != frames {
            return Err(WeightsMismatch::PitchFrames { found: pitch.len(), frames }.into());
        }
        Ok(())
    }

    /// Excitation in use: its noise is always the same.
    fn excitation(&self) -> Option<Excitation> {
        self.seeded_excitation(self.config.source.as_ref()?.noise_seed)
    }

    fn seeded_excitation(&self, noise_seed: u64) -> Option<Excitation> {
        self.config.source.as_ref()?;
        Some(Excitation::new(self.synthesis.istft(), self.config.mel.sample_rate_hz, noise_seed))
    }

    /// Returns the samples of a batch of mel clips (clips * frames, bins) with their pitch (clips * frames), every clip
    /// a recording of its own, drawn with noise of each seed: (seeds * clips * frames * hop). A clip's noise is its own.
    /// Differentiable by the weights. A vocoder without a source needs no pitch.
    ///
    /// # Errors
    /// [`CodecError::Candle`] if the values don't fill clips of `frames` frames, [`CodecError::Mismatch`] for another
    /// number of pitch frames.
    pub fn forward(
        &self,
        mel: &[f32],
        pitch: &[PitchFrame],
        frames: usize,
        noise_seeds: &[u64],
    ) -> Result<Tensor, CodecError> {
        self.check_pitch(mel.len() / self.config.mel.bins, pitch)?;
        let features = self.features(mel, pitch);
        let hidden = self.net.forward(&features, frames)?; // (clips * frames, dim)
        let rows = self.head(&hidden, &features)?;
        let drawn = |seed: u64| {
            let excitation = pitch
                .par_chunks(frames.max(1))
                .enumerate()
                .flat_map_iter(|(clip, pitch)| {
                    let made =
                        self.seeded_excitation(clip_seed(seed, clip)).map(|mut excitation| {
                            excitation.push(pitch);
                            excitation.take(frames)
                        });
                    made.unwrap_or_default()
                })
                .collect();
            self.synthesis.forward(&rows, excitation, frames)
        };
        let drawings = noise_seeds.iter().map(|&s| drawn(s)).collect::<Result<Vec<_>, _>>()?;
        Ok(Tensor::cat(&drawings, 0)?)
    }

    /// Returns a stream from mel frames to samples.
    pub fn stream(&self) -> VocoderStream {
        self.stream_behind(0)
    }

    /// Returns a stream whose frames come `late` frames late.
    pub(crate) fn stream_behind(&self, late: usize) -> VocoderStream {
        VocoderStream {
            net: self.net.stream(late),
            synthesis: self.synthesis.stream(),
            excitation: self.excitation(),
            vocoder: self.clone(),
        }
    }

    /// Returns the samples of mel frames (frames, bins) with their pitch: (frames * hop), those of the stream.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network, [`CodecError::Mismatch`] for another number of pitch frames.
    pub fn decode(&self, mel: &[f32], pitch: &[PitchFrame]) -> Result<Vec<f32>, CodecError> {
        let mut stream = self.stream();
        let mut out = stream.push(mel, pitch)?;
        out.extend(stream.finish()?);
        Ok(out)
    }
}

/// Mel frames in, samples out. The samples are the same however the frames are cut.
pub struct VocoderStream {
    vocoder: Vocoder,
    net: FrameNetStream,
    excitation: Option<Excitation>,
    synthesis: SynthesisStream,
}

impl VocoderStream {
    /// Appends mel frames (n, bins) with their pitch (n; any values where the vocoder has no source); returns the
    /// samples of whole blocks, the first after 16 frames.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network, [`CodecError::Mismatch`] for another number of pitch frames.
    pub fn push(&mut self, mel: &[f32], pitch: &[PitchFrame]) -> Result<Vec<f32>, CodecError> {
        self.vocoder.check_pitch(mel.len() / self.vocoder.config.mel.bins, pitch)?;
        let mut out = Vec::new();
        if let Some(excitation) = &mut self.excitation {
            excitation.push(pitch);
        }
        for block in self.net.push(&self.vocoder.features(mel, pitch))? {
            out.extend(self.synthesise(&block)?);
        }
        Ok(out)
    }

    /// Returns the samples that are left.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network.
    pub fn finish(&mut self) -> Result<Vec<f32>, CodecError> {
        let mut out = match self.net.finish()? {
            Some(block) => self.synthesise(&block)?,
            None => Vec::new(),
        };
        out.extend(self.synthesis.finish());
        Ok(out)
    }

    fn synthesise(&mut self, block: &FrameBlock) -> Result<Vec<f32>, CodecError> {
        let rows = self.vocoder.head(&block.hidden, &block.features)?; // (count, width)
        let count = block.features.len() / self.vocoder.config.features();
        let excitation = self.excitation.as_mut().map(|e| e.take(count)).unwrap_or_default();
        let synthesis = &mut self.synthesis;
        Ok(with_slice(&rows, |rows| Ok(synthesis.push(rows, &excitation)))?)
    }
}
