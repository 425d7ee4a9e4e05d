//! Prediction of pitch from the spectrogram, for codes without a pitch level.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_audio::MelConfig;
use syrinx_nn::{BlockConfig, Kernels, Linear, ParamStore, with_slice};
use syrinx_types::{Allowed, ConfigIssue};

use crate::CodecError;
use crate::frame_net::{BLOCK_FRAMES, FrameBlock, FrameNet, FrameNetShape, FrameNetStream};
use crate::pitch::PitchFrame;

/// Shape of a pitch predictor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PitchPredictorConfig {
    /// The log-mel spectrogram it reads.
    pub mel: MelConfig,
    /// Sizes of the transformer.
    pub block: BlockConfig,
    /// Number of mel frames that a frame attends to, itself included.
    pub window_frames: usize,
    /// Mel frames of look-ahead, and as many of history, concatenated at the input.
    pub look_ahead_frames: usize,
    /// Lowest fundamental frequency, Hz.
    pub min_hz: f64,
    /// Highest fundamental frequency, Hz.
    pub max_hz: f64,
    /// Classes of frequency between the two, evenly spaced in octaves.
    pub classes: usize,
    /// Offset subtracted from log-mel values before the network.
    pub mel_offset: f64,
    /// Divisor of log-mel values before the network.
    pub mel_scale: f64,
}

impl Default for PitchPredictorConfig {
    fn default() -> Self {
        Self {
            mel: MelConfig::default(),
            block: BlockConfig {
                dim: 96,
                layers: 3,
                heads: 4,
                hidden: 192,
                ..BlockConfig::default()
            },
            window_frames: 48,
            look_ahead_frames: 2,
            min_hz: 60.0,
            max_hz: 500.0,
            classes: 96,
            mel_offset: -6.0,
            mel_scale: 2.5,
        }
    }
}

impl PitchPredictorConfig {
    /// # Errors
    /// [`CodecError::Config`] naming the setting that can't work.
    pub fn check(&self) -> Result<(), CodecError> {
        let fail = |key, reason: String| Err(CodecError::setting(key, reason));
        self.block.check().map_err(|issue| issue.in_table("block"))?;
        ConfigIssue::above_zero(&[("window_frames", self.window_frames)])?;
        let most = (BLOCK_FRAMES - 1) as f64;
        Allowed::AtMost(most).check("look_ahead_frames", self.look_ahead_frames as f64)?;
        if !(self.min_hz > 0.0 && self.max_hz > self.min_hz && self.max_hz.is_finite()) {
            return fail("min_hz", "must lie above 0 and below max_hz".into());
        }
        Allowed::AtLeast(2.0).check("classes", self.classes as f64)?;
        if !(self.mel_scale.is_finite() && self.mel_scale > 0.0 && self.mel_offset.is_finite()) {
            return fail("mel_scale", "must be above 0".into());
        }
        Ok(())
    }

    /// Returns the octaves from one class to the next.
    fn step(&self) -> f32 {
        ((self.max_hz / self.min_hz).log2() / (self.classes - 1) as f64) as f32
    }

    /// Returns the class of a frame; the last one stands for unvoiced frames.
    pub(crate) fn class(&self, frame: PitchFrame) -> u32 {
        if frame.voicing < 0.5 {
            return self.classes as u32;
        }
        let at = (frame.log2_hz - self.min_hz.log2() as f32) / self.step();
        at.round().clamp(0.0, (self.classes - 1) as f32) as u32
    }

    /// Pitch of one row of logits (classes + 1).
    fn frame(&self, logits: &[f32]) -> PitchFrame {
        let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f32> = logits.iter().map(|l| (l - top).exp()).collect();
        let (voiced, unvoiced) = (&weights[..self.classes], weights[self.classes]);
        let sum: f32 = voiced.iter().sum();
        let best = (0..voiced.len()).fold(0, |a, b| if voiced[b] > voiced[a] { b } else { a });
        let near = best.saturating_sub(2)..(best + 3).min(voiced.len());
        let mass: f32 = voiced[near.clone()].iter().sum();
        let mean: f32 =
            near.map(|i| i as f32 * voiced[i]).sum::<f32>() / mass.max(f32::MIN_POSITIVE);
        let at = if mass > f32::MIN_POSITIVE { mean } else { best as f32 };
        PitchFrame {
            log2_hz: self.min_hz.log2() as f32 + at * self.step(),
            voicing: sum / (sum + unvoiced),
        }
    }
}

/// Classifier of pitch over mel frames (similar to CREPE: Kim et al. 2018, 1802.06182, which reads samples). Cloning
/// shares the weights.
#[derive(Clone)]
pub struct PitchPredictor {
    config: PitchPredictorConfig,
    net: FrameNet,
    output: Linear,
    store: ParamStore,
}

impl PitchPredictor {
    /// Builds the network on a store of parameters: seeded ones to train, loaded ones to use.
    ///
    /// # Errors
    /// [`CodecError::Config`], or [`CodecError::Nn`] for weights that are missing, of another shape, or too many.
    pub fn new(config: PitchPredictorConfig, store: ParamStore) -> Result<Self, CodecError> {
        config.check()?;
        let shape = FrameNetShape {
            width: config.mel.bins,
            ahead: config.look_ahead_frames,
            window: config.window_frames,
            block: config.block.clone(),
        };
        let (root, dim) = (store.root(), config.block.dim);
        let net = FrameNet::new(&root, shape)?;
        let deviation = 0.1 / (dim as f64).sqrt();
        let classes = config.classes + 1;
        let output =
            Linear::with_bias(&root.pp("output"), dim, classes, deviation, Kernels::Fused)?;
        store.check_all_used()?;
        Ok(Self { config, net, output: output.in_panels()?, store })
    }

    /// Builds a predictor with these weights, for use.
    ///
    /// # Errors
    /// The same as [`Self::new`].
    pub fn from_tensors(
        config: PitchPredictorConfig,
        tensors: BTreeMap<String, Tensor>,
    ) -> Result<Self, CodecError> {
        Self::new(config, ParamStore::loaded(tensors, &Device::Cpu))
    }

    /// Shape.
    pub fn config(&self) -> &PitchPredictorConfig {
        &self.config
    }

    /// Returns the weights by name.
    pub fn tensors(&self) -> BTreeMap<String, Tensor> {
        self.store.tensors()
    }

    /// Returns the number of frames that the pitch comes behind the spectrogram in a stream.
    pub(crate) fn late_frames(&self) -> usize {
        self.net.shape().ahead
    }

    fn features(&self, mel: &[f32]) -> Vec<f32> {
        let (offset, scale) = (self.config.mel_offset as f32, self.config.mel_scale as f32);
        mel.iter().map(|v| (v - offset) / scale).collect()
    }

    /// Returns the logits of clips of `frames` mel frames each, (clips * frames, classes + 1); differentiable by the
    /// weights.
    pub(crate) fn logits(&self, mel: &[f32], frames: usize) -> Result<Tensor, CodecError> {
        let hidden = self.net.forward(&self.features(mel), frames)?; // (clips * frames, dim)
        Ok(self.output.forward(&hidden)?)
    }

    /// Pitch of rows of logits.
    pub(crate) fn read(&self, logits: &Tensor) -> Result<Vec<PitchFrame>, CodecError> {
        let classes = self.config.classes + 1;
        Ok(with_slice(logits, |rows| {
            Ok(rows.chunks_exact(classes).map(|row| self.config.frame(row)).collect())
        })?)
    }

    /// Pitch of mel frames (frames, bins): that of the stream.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network.
    pub fn predict(&self, mel: &[f32]) -> Result<Vec<PitchFrame>, CodecError> {
        let mut stream = self.stream();
        let mut out = stream.push(mel)?;
        out.extend(stream.finish()?);
        Ok(out)
    }

    /// Returns a stream from mel frames to pitch.
    pub fn stream(&self) -> PitchStream {
        PitchStream { net: self.net.stream(0), predictor: self.clone() }
    }
}

/// Stream from mel frames to pitch. The pitch does not depend on the division into calls.
pub struct PitchStream {
    predictor: PitchPredictor,
    net: FrameNetStream,
}

impl PitchStream {
    /// Appends mel frames (n, bins); returns the pitch of frames that later ones do not change.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network.
    pub fn push(&mut self, mel: &[f32]) -> Result<Vec<PitchFrame>, CodecError> {
        let blocks = self.net.push(&self.predictor.features(mel))?;
        let mut out = Vec::new();
        for block in blocks {
            out.extend(self.read(&block)?);
        }
        Ok(out)
    }

    /// Returns the pitch of the remaining frames.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network.
    pub fn finish(&mut self) -> Result<Vec<PitchFrame>, CodecError> {
        self.net.finish()?.map_or(Ok(Vec::new()), |block| self.read(&block))
    }

    fn read(&self, block: &FrameBlock) -> Result<Vec<PitchFrame>, CodecError> {
        self.predictor.read(&self.predictor.output.forward(&block.hidden)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_read_back() {
        let config = PitchPredictorConfig::default();
        for hz in [61.0f32, 100.0, 233.0, 499.0] {
            let class = config.class(PitchFrame { log2_hz: hz.log2(), voicing: 1.0 });
            let mut logits = vec![0.0; config.classes + 1];
            logits[class as usize] = 20.0;
            let read = config.frame(&logits);
            let cents = 1200.0 * (read.log2_hz - hz.log2());
            assert!(cents.abs() < 25.0 && read.voicing > 0.99, "{hz}: {cents} cents");
        }
        let silent = PitchFrame { log2_hz: 7.0, voicing: 0.0 };
        assert_eq!(config.class(silent), config.classes as u32);
        let mut logits = vec![0.0; config.classes + 1];
        logits[config.classes] = 20.0;
        assert!(config.frame(&logits).voicing < 0.01);
    }
}
