//! Training of the vocoder: random clips, spectral losses, AdamW, resumable state.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use candle_core::{Device, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_nn::{AdamW, AdamWConfig, Kernels, ParamStore, ops};
use syrinx_scene::Augmentation;
use syrinx_types::{CancelToken, Event, EventSink};

use crate::clips::{ClipBatch, ClipSource, batch};
use crate::enhancement::EnhancementTables;
use crate::pitch::PitchConfig;
use crate::refinement::RefinementConfig;
use crate::spectral_loss::{SpectralLoss, SpectralLossConfig, SpectralLosses};
use crate::train_state::{Vars, restore, save_state};
use crate::warm_start::warm_start;
use crate::{
    CodecError, EnhancementLayer, MelRvq, PitchPredictor, PitchPredictorConfig, SourceConfig,
    StoredPrecision, Vocoder, VocoderConfig,
};

/// Settings of vocoder training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VocoderTrainConfig {
    /// The network. Its spectrogram is overridden by the quantiser's.
    pub vocoder: VocoderConfig,
    /// Optimiser steps.
    pub steps: u64,
    /// Clips a step.
    pub clips: usize,
    /// Length of a clip in codec frames.
    pub clip_frames: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Steps until it is reached.
    pub warmup_steps: u64,
    /// Share of the steps over which it falls to a hundredth, by a half cosine at the end.
    pub decay_share: f64,
    /// The pitch level: its limits, and how its table is fitted.
    pub pitch: PitchConfig,
    /// The levels behind the pitch, and how they are fitted.
    pub refinement: RefinementConfig,
    /// The predictor of the pitch. Its spectrogram is overridden by the quantiser's.
    pub predictor: PitchPredictorConfig,
    /// Weight of the predictor's cross-entropy against the spectral loss.
    pub pitch_loss_weight: f64,
    /// Share of clips whose pitch is the predicted one, as for codes without a pitch level.
    pub predicted_pitch_share: f64,
    /// The optimiser.
    pub optimizer: AdamWConfig,
    /// The loss.
    pub loss: SpectralLossConfig,
    /// Share of clips whose mel isn't quantised.
    pub true_mel_share: f64,
    /// Share of clips quantised with fewer levels than the quantiser has.
    pub fewer_levels_share: f64,
    /// Fewest levels of those.
    pub min_levels: usize,
    /// Share of the other clips that are refined by the enhancement layer.
    pub refined_share: f64,
    /// Share of clips with codes from the source, where it has such: codes predicted by a language model, so that the
    /// vocoder learns to decode those as well.
    pub coded_share: f64,
    /// Augmentation of the clips: noise, rooms, telephone lines, speeds. The codec shall reproduce the recording: the
    /// target is the augmented clip.
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
            predictor: PitchPredictorConfig::default(),
            pitch_loss_weight: 0.3,
            predicted_pitch_share: 0.25,
            steps: 4000,
            clips: 12,
            clip_frames: 25,
            learning_rate: 1e-3,
            warmup_steps: 100,
            decay_share: 0.6,
            optimizer: AdamWConfig { ema_decay: 0.997, ..AdamWConfig::default() },
            loss: SpectralLossConfig::default(),
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
    /// The learning rate of a step (from 1): a linear rise, a plateau, half a cosine.
    fn rate(&self, step: u64) -> f64 {
        let rise = step as f64 / self.warmup_steps.max(1) as f64;
        let decay = (self.steps as f64 * self.decay_share).max(1.0);
        let left = (self.steps.saturating_sub(step) as f64 / decay).min(1.0);
        let fall = 0.01 + 0.99 * 0.5 * (1.0 - (std::f64::consts::PI * left).cos());
        self.learning_rate * rise.min(1.0) * fall
    }

    fn check(&self, rvq: &MelRvq, loss: &SpectralLoss) -> Result<(), CodecError> {
        let fail = |setting, reason: String| Err(CodecError::Config { setting, reason });
        if self.clips == 0 || self.clip_frames * rvq.config().frame_samples() < loss.least_samples()
        {
            let reason =
                format!("clips must hold {} samples, the longest transform", loss.least_samples());
            return fail("clip_frames", reason);
        }
        if self.min_levels == 0 || self.min_levels > rvq.config().levels {
            return fail("min_levels", format!("must lie from 1 to {}", rvq.config().levels));
        }
        if let Err(e) = self.augment.check() {
            return fail("augment", e.to_string());
        }
        let share = |v: f64| (0.0..=1.0).contains(&v);
        if !share(self.true_mel_share)
            || !share(self.fewer_levels_share)
            || !share(self.coded_share)
            || !share(self.refined_share)
            || !share(self.predicted_pitch_share)
            || !share(self.decay_share)
        {
            return fail("true_mel_share", "shares must lie from 0 to 1".into());
        }
        Ok(())
    }
}

/// Codec that training begins with.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    /// The quantiser, which stays as it is.
    pub rvq: &'a MelRvq,
    /// Vocoder whose weights are trained further; seeded ones if not given.
    pub vocoder: Option<&'a Vocoder>,
    /// Enhancement layer whose tables stay as they are and whose predictor is trained further; fitted and seeded if not
    /// given.
    pub enhancement: Option<&'a EnhancementLayer>,
}

/// Result of training.
pub struct TrainedVocoder {
    /// The vocoder with averaged weights.
    pub vocoder: Vocoder,
    /// The enhancement layer of a vocoder with a source, with averaged weights.
    pub enhancement: Option<EnhancementLayer>,
    /// Steps taken in all.
    pub step: u64,
    /// Whether all steps were taken, rather than stopped before.
    pub finished: bool,
}

/// Networks of a run and their parameters.
struct Run {
    vocoder: Vocoder,
    predictor: Option<PitchPredictor>,
    tables: Option<EnhancementTables>,
    vars: Vars,
}

const VOCODER: &str = "vocoder/";
const PREDICTOR: &str = "predictor/";

impl Run {
    fn new(start: Start, config: &VocoderTrainConfig) -> Result<Self, CodecError> {
        let store = ParamStore::seeded(config.seed, &Device::Cpu);
        let vocoder = Vocoder::new(config.vocoder.clone(), store.clone())?;
        if let Some(given) = start.vocoder {
            warm_start(given, &config.vocoder, &store.vars())?;
        }
        let mut vars = Vars::new();
        vars.extend(store.vars().into_iter().map(|(name, v)| (format!("{VOCODER}{name}"), v)));
        let (mut predictor, mut tables) = (None, None);
        if config.vocoder.source.is_some() {
            let store = ParamStore::seeded(config.seed.wrapping_add(1), &Device::Cpu);
            predictor = Some(PitchPredictor::new(config.predictor.clone(), store.clone())?);
            let given = start.enhancement.map(|e| e.predictor.tensors()).unwrap_or_default();
            for (name, var) in store.vars() {
                if let Some(tensor) = given.get(&name) {
                    var.set(tensor)?;
                }
                vars.insert(format!("{PREDICTOR}{name}"), var);
            }
            tables = start.enhancement.map(|e| EnhancementTables::clone(&e.tables));
        }
        Ok(Self { vocoder, predictor, tables, vars })
    }

    /// Loss of a batch to be minimised, and its parts.
    fn loss(
        &self,
        batch: ClipBatch,
        loss: &SpectralLoss,
        config: &VocoderTrainConfig,
        clip: usize,
        frames: usize,
    ) -> Result<(Tensor, SpectralLosses, f64), CodecError> {
        let ClipBatch { mel, mut pitch, predicted, target } = batch;
        let mut pitch_loss = None;
        if let Some(predictor) = &self.predictor {
            let logits = predictor.logits(&mel, frames)?; // (clips * frames, classes + 1)
            let classes: Vec<u32> = pitch.iter().map(|&f| predictor.config().class(f)).collect();
            pitch_loss = Some(ops::cross_entropy(&logits, &classes, Kernels::Fused)?);
            let read = predictor.read(&logits.detach())?;
            let chosen = predicted.iter().flat_map(|&p| std::iter::repeat_n(p, frames));
            for ((here, read), chosen) in pitch.iter_mut().zip(read).zip(chosen) {
                if chosen {
                    *here = read;
                }
            }
        }
        let made = self.vocoder.forward(&mel, &pitch, frames)?; // (clips * clip)
        let (total, losses) = loss.forward(&made, target, clip)?;
        let Some(pitch_loss) = pitch_loss else { return Ok((total, losses, 0.0)) };
        let nats = f64::from(pitch_loss.to_scalar::<f32>()?);
        Ok(((total + (pitch_loss * config.pitch_loss_weight)?)?, losses, nats))
    }

    /// The networks with averaged weights.
    fn averaged(
        self,
        config: &VocoderTrainConfig,
        optimizer: &AdamW,
    ) -> Result<(Vocoder, Option<EnhancementLayer>), CodecError> {
        let averaged = optimizer.averaged()?;
        let of = |prefix: &str| -> BTreeMap<String, Tensor> {
            let below = averaged.iter().filter_map(|(name, tensor)| {
                Some((name.strip_prefix(prefix)?.to_owned(), tensor.clone()))
            });
            below.collect()
        };
        let vocoder = Vocoder::from_tensors(config.vocoder.clone(), of(VOCODER))?;
        let Some(tables) = self.tables else { return Ok((vocoder, None)) };
        let predictor = PitchPredictor::from_tensors(config.predictor.clone(), of(PREDICTOR))?;
        Ok((vocoder, Some(EnhancementLayer { tables: Arc::new(tables), predictor })))
    }
}

/// Settings of a run as its parts have them.
fn settled(start: Start, config: &VocoderTrainConfig) -> VocoderTrainConfig {
    let mut config = config.clone();
    if let Some(vocoder) = start.vocoder {
        let source = vocoder.config().source.clone().or(config.vocoder.source);
        config.vocoder = VocoderConfig { source, ..vocoder.config().clone() };
    }
    if let Some(layer) = start.enhancement {
        config.pitch = layer.tables.pitch.config().clone();
        config.refinement = layer.tables.refinement.config().clone();
        config.predictor = layer.predictor.config().clone();
    }
    config.vocoder.mel = start.rvq.config().mel.clone();
    config.predictor.mel = start.rvq.config().mel.clone();
    config
}

/// Trains a vocoder on clips as the quantiser codes them, and the predictor of its pitch with it.
///
/// With a `state` path the run resumes from that file if it exists, bit for bit, and saves its state there every
/// `save_every_steps` and when stopped. The number of steps and their learning rates may be changed in between.
///
/// # Errors
/// [`CodecError::Config`], [`CodecError::State`] for a state of another run, [`CodecError::Diverged`], or the source's.
pub fn train_vocoder(
    start: Start,
    source: &dyn ClipSource,
    config: &VocoderTrainConfig,
    state: Option<&Path>,
    events: &dyn EventSink,
    cancel: &CancelToken,
) -> Result<TrainedVocoder, CodecError> {
    let (config, rvq) = (settled(start, config), start.rvq);
    let loss = SpectralLoss::new(&config.loss, rvq.config().mel.sample_rate_hz)?;
    config.check(rvq, &loss)?;
    let mut run = Run::new(start, &config)?;
    let mut optimizer = AdamW::new(run.vars.clone(), config.optimizer.clone())?;
    if let Some(path) = state.filter(|p| p.exists()) {
        restore(path, &config, rvq, &run.vars, &mut run.tables, &mut optimizer)?;
    }
    if config.vocoder.source.is_some() && run.tables.is_none() {
        run.tables = Some(EnhancementTables::fit(rvq, source, &config)?);
    }
    let save = |run: &Run, optimizer: &AdamW| -> Result<(), CodecError> {
        let Some(path) = state else { return Ok(()) };
        save_state(path, &config, rvq, run.tables.as_ref(), &run.vars, optimizer)?;
        let path = path.display().to_string();
        events.emit(Event::CheckpointSaved { step: optimizer.steps(), path });
        Ok(())
    };
    let clip = config.clip_frames * rvq.config().frame_samples();
    let frames = config.clip_frames * rvq.config().patch_frames;
    while optimizer.steps() < config.steps && !cancel.is_cancelled() {
        let begun = Instant::now();
        let step = optimizer.steps() + 1;
        let batch = batch(rvq, run.tables.as_ref(), source, &config, step)?;
        let (total, losses, pitch) = run.loss(batch, &loss, &config, clip, frames)?;
        let rate = config.rate(step);
        let norm = optimizer.step(&total.backward()?, rate)?;
        if !losses.total.is_finite() || !norm.is_finite() {
            return Err(CodecError::Diverged { step });
        }
        let seconds = begun.elapsed().as_secs_f64();
        let took = Step { step, rate, norm, seconds, frames };
        events.emit(train_step(&config, losses, pitch, took));
        if step % config.save_every_steps.max(1) == 0 || step == config.steps {
            save(&run, &optimizer)?;
        }
    }
    let (step, finished) = (optimizer.steps(), optimizer.steps() >= config.steps);
    if !finished {
        save(&run, &optimizer)?;
    }
    let (vocoder, enhancement) = run.averaged(&config, &optimizer)?;
    Ok(TrainedVocoder { vocoder, enhancement, step, finished })
}

/// Figures of one step.
struct Step {
    step: u64,
    rate: f64,
    norm: f64,
    seconds: f64,
    frames: usize,
}

fn train_step(
    config: &VocoderTrainConfig,
    losses: SpectralLosses,
    pitch: f64,
    took: Step,
) -> Event {
    let mut parts = vec![
        ("vocoder/mel".into(), losses.mel),
        ("vocoder/magnitude".into(), losses.magnitude),
        ("vocoder/convergence".into(), losses.convergence),
    ];
    if config.vocoder.source.is_some() {
        parts.push(("predictor/pitch".into(), pitch));
    }
    Event::TrainStep {
        step: took.step,
        total: config.steps,
        loss: losses.total,
        losses: parts,
        learning_rate: took.rate,
        gradient_norm: took.norm,
        tokens_per_s: (config.clips * took.frames) as f64 / took.seconds,
    }
}
