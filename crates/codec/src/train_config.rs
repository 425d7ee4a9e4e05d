//! Settings of vocoder training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_nn::AdamWConfig;
use syrinx_scene::Augmentation;
use syrinx_types::Allowed;

use crate::pitch::PitchConfig;
use crate::refinement::RefinementConfig;
use crate::spectral_loss::{SpectralLoss, SpectralLossConfig};
use crate::{
    AdversarialConfig, CodecError, MelRvq, PitchPredictorConfig, SourceConfig, StoredPrecision,
    VocoderConfig,
};

/// Settings of vocoder training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VocoderTrainConfig {
    /// The network. Its spectrogram is overridden by the quantiser's.
    pub vocoder: VocoderConfig,
    /// Optimiser steps.
    pub steps: u64,
    /// Clips in a step.
    pub clips: usize,
    /// Length of a clip in codec frames.
    pub clip_frames: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Steps of linear warm-up.
    pub warmup_steps: u64,
    /// Share of the steps, at the end, over which the learning rate falls to a hundredth (half cosine).
    pub decay_share: f64,
    /// The pitch level: its limits, and how its table is fitted.
    pub pitch: PitchConfig,
    /// The levels after the pitch, and how they are fitted.
    pub refinement: RefinementConfig,
    /// Whether to refit the levels after the pitch when training starts from a codec that has them.
    pub refit_refinement: bool,
    /// The predictor of the pitch. Its spectrogram is overridden by the quantiser's.
    pub predictor: PitchPredictorConfig,
    /// Weight of the predictor's cross-entropy relative to the spectral loss.
    pub pitch_loss_weight: f64,
    /// Share of clips whose pitch is the predicted one, as for codes without a pitch level.
    pub predicted_pitch_share: f64,
    /// Share of clips whose pitch isn't quantised. Harmonics at the exact frequency can be learnt; those a few Hz off
    /// look like noise to the loss.
    pub exact_pitch_share: f64,
    /// The optimiser.
    pub optimizer: AdamWConfig,
    /// The loss.
    pub loss: SpectralLossConfig,
    /// Discriminator for adversarial training; none if not given. It improves a vocoder that was trained with the
    /// spectral loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adversarial: Option<AdversarialConfig>,
    /// Share of clips whose mel isn't quantised.
    pub true_mel_share: f64,
    /// Share of clips quantised with fewer levels than the quantiser has.
    pub fewer_levels_share: f64,
    /// Smallest number of levels of such clips.
    pub min_levels: usize,
    /// Share of the other clips that use the enhancement layer.
    pub refined_share: f64,
    /// Share of clips with the codes that the source provides for them, predicted by a language model, so that the
    /// vocoder is trained on such codes as well.
    pub coded_share: f64,
    /// Augmentation of the clips: noise, rooms, lines, other speeds. The augmented clip is also the target, since the
    /// codec should reproduce the recording.
    pub augment: Augmentation,
    /// Precision of the weights of the finished codec.
    pub stored: StoredPrecision,
    /// Steps between saved states.
    pub save_every_steps: u64,
    /// Seed of weights and clips.
    pub seed: u64,
}

impl Default for VocoderTrainConfig {
    fn default() -> Self {
        Self {
            vocoder: VocoderConfig {
                source: Some(SourceConfig::default()),
                ..VocoderConfig::default()
            },
            pitch: PitchConfig::default(),
            refinement: RefinementConfig::default(),
            refit_refinement: false,
            predictor: PitchPredictorConfig::default(),
            pitch_loss_weight: 0.3,
            predicted_pitch_share: 0.0,
            exact_pitch_share: 1.0,
            steps: 4000,
            clips: 12,
            clip_frames: 25,
            learning_rate: 1e-3,
            warmup_steps: 100,
            decay_share: 0.6,
            optimizer: AdamWConfig { ema_decay: 0.997, ..AdamWConfig::default() },
            loss: SpectralLossConfig::default(),
            adversarial: None,
            true_mel_share: 0.15,
            fewer_levels_share: 0.25,
            min_levels: 1,
            refined_share: 0.5,
            coded_share: 0.0,
            augment: Augmentation::default(),
            stored: StoredPrecision::default(),
            save_every_steps: 200,
            seed: 1,
        }
    }
}

impl VocoderTrainConfig {
    /// Returns the learning rate of a step (from 1): linear warm-up, constant, half-cosine decay.
    pub(crate) fn rate(&self, step: u64) -> f64 {
        let rise = step as f64 / self.warmup_steps.max(1) as f64;
        let decay = (self.steps as f64 * self.decay_share).max(1.0);
        let left = (self.steps.saturating_sub(step) as f64 / decay).min(1.0);
        let fall = 0.01 + 0.99 * 0.5 * (1.0 - (std::f64::consts::PI * left).cos());
        self.learning_rate * rise.min(1.0) * fall
    }

    pub(crate) fn check(&self, rvq: &MelRvq, loss: &SpectralLoss) -> Result<(), CodecError> {
        let fail = |key, reason: String| Err(CodecError::setting(key, reason));
        if self.clips == 0 || self.clip_frames * rvq.config().frame_samples() < loss.least_samples()
        {
            let reason =
                format!("clips must hold {} samples, the longest transform", loss.least_samples());
            return fail("clip_frames", reason);
        }
        let levels = rvq.config().levels as f64;
        Allowed::Within(1.0, levels).check("min_levels", self.min_levels as f64)?;
        if let Some(adversarial) = &self.adversarial {
            adversarial.check(self.clip_frames * rvq.config().frame_samples())?;
        }
        self.augment.check().map_err(CodecError::Augment)?;
        for (key, share) in [
            ("true_mel_share", self.true_mel_share),
            ("fewer_levels_share", self.fewer_levels_share),
            ("coded_share", self.coded_share),
            ("refined_share", self.refined_share),
            ("predicted_pitch_share", self.predicted_pitch_share),
            ("exact_pitch_share", self.exact_pitch_share),
            ("decay_share", self.decay_share),
        ] {
            Allowed::Within(0.0, 1.0).check(key, share)?;
        }
        Ok(())
    }
}
