//! Training the vocoder: random clips, spectral losses, AdamW, a state to go on from.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_nn::{AdamW, AdamWConfig, AdamWState, ParamStore, to_vec_f32};
use syrinx_types::{CancelToken, Codes, Event, EventSink};

use crate::spectral_loss::{Losses, SpectralLoss, SpectralLossConfig};
use crate::weights::{Precision, Reader, Writer, read_file, write_file};
use crate::{CodecError, MelRvq, Vocoder, VocoderConfig};

/// How a vocoder is trained.
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
    /// The optimiser.
    pub optimizer: AdamWConfig,
    /// The loss.
    pub loss: SpectralLossConfig,
    /// Share of clips whose mel isn't quantised.
    pub true_mel_share: f64,
    /// Share of clips quantised with fewer than all levels.
    pub fewer_levels_share: f64,
    /// Fewest levels of those.
    pub min_levels: usize,
    /// Share of clips with codes that came with them, where the source has such: what a language model writes where
    /// these codes stood, so that the vocoder learns to make speech of it, too.
    pub coded_share: f64,
    /// Steps between saved states.
    pub save_every_steps: u64,
    /// Seed of weights and clips.
    pub seed: u64,
}

impl Default for VocoderTrainConfig {
    fn default() -> Self {
        Self {
            vocoder: VocoderConfig::default(),
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
            min_levels: 4,
            coded_share: 0.0,
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
        let share = |v: f64| (0.0..=1.0).contains(&v);
        if !share(self.true_mel_share)
            || !share(self.fewer_levels_share)
            || !share(self.coded_share)
            || !share(self.decay_share)
        {
            return fail("true_mel_share", "shares must lie from 0 to 1".into());
        }
        Ok(())
    }
}

/// Where training clips come from.
pub trait ClipSource: Sync {
    /// `samples` neighbouring samples at the codec's rate from a random place of a random recording; silence beyond its
    /// ends.
    ///
    /// # Errors
    /// Whatever keeps it from giving one.
    fn draw(&self, samples: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, CodecError>;

    /// So many codec frames of `frame_samples` samples each, from a random place of a random recording that has codes
    /// of its own: its samples and these codes. `None` where there are none.
    ///
    /// # Errors
    /// Whatever keeps it from giving one.
    fn draw_coded(
        &self,
        _frames: usize,
        _frame_samples: usize,
        _rng: &mut ChaCha8Rng,
    ) -> Result<Option<(Vec<f32>, Codes)>, CodecError> {
        Ok(None)
    }
}

/// What training came to.
pub struct Trained {
    /// The vocoder with averaged weights.
    pub vocoder: Vocoder,
    /// Steps taken in all.
    pub step: u64,
    /// Whether all steps were taken, rather than stopped before.
    pub finished: bool,
}

/// What the saved state belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StateHeader {
    step: u64,
    config: VocoderTrainConfig,
    quantiser: String,
}

/// One batch.
struct Batch {
    mel: Vec<f32>,    // (clips * mel frames, bins)
    target: Vec<f32>, // (clips * clip samples)
}

/// Trains a vocoder on what the quantiser makes of clips, from the weights of another one if there is one to start from.
///
/// With a `state` path the run goes on from there if the file exists, exactly as if it had never stopped, and saves
/// itself there every `save_every_steps` and when stopped. The number of steps and their learning rates may be changed
/// in between.
///
/// # Errors
/// [`CodecError::Config`], [`CodecError::State`] for a state of another run, [`CodecError::Diverged`], or the source's.
pub fn train_vocoder(
    (rvq, start): (&MelRvq, Option<&Vocoder>),
    source: &dyn ClipSource,
    config: &VocoderTrainConfig,
    state: Option<&Path>,
    events: &dyn EventSink,
    cancel: &CancelToken,
) -> Result<Trained, CodecError> {
    let mut config = config.clone();
    if let Some(start) = start {
        config.vocoder = start.config().clone();
    }
    config.vocoder.mel = rvq.config().mel.clone();
    let loss = SpectralLoss::new(&config.loss, rvq.config().mel.sample_rate_hz)?;
    config.check(rvq, &loss)?;
    let store = ParamStore::seeded(config.seed, &Device::Cpu);
    let vocoder = Vocoder::new(config.vocoder.clone(), store.clone())?;
    let given = start.map(Vocoder::tensors).unwrap_or_default();
    for (name, var) in store.vars() {
        if let Some(tensor) = given.get(&name) {
            var.set(tensor)?;
        }
    }
    let mut optimizer = AdamW::new(store.vars(), config.optimizer.clone())?;
    if let Some(path) = state.filter(|p| p.exists()) {
        restore(path, &config, rvq, &store, &mut optimizer)?;
    }
    let save = |optimizer: &AdamW| -> Result<(), CodecError> {
        let Some(path) = state else { return Ok(()) };
        save_state(path, &config, rvq, &store, optimizer)?;
        let path = path.display().to_string();
        events.emit(Event::CheckpointSaved { step: optimizer.steps(), path });
        Ok(())
    };
    let clip = config.clip_frames * rvq.config().frame_samples();
    let frames = config.clip_frames * rvq.config().patch_frames;
    while optimizer.steps() < config.steps && !cancel.is_cancelled() {
        let begun = Instant::now();
        let step = optimizer.steps() + 1;
        let batch = batch(rvq, source, &config, step)?;
        let predicted = vocoder.forward(&batch.mel, frames)?; // (clips * clip)
        let (total, losses) = loss.forward(&predicted, batch.target, clip)?;
        let rate = config.rate(step);
        let norm = optimizer.step(&total.backward()?, rate)?;
        if !losses.total.is_finite() || !norm.is_finite() {
            return Err(CodecError::Diverged { step });
        }
        let seconds = begun.elapsed().as_secs_f64();
        events.emit(train_step(&config, step, losses, rate, norm, seconds, frames));
        if step % config.save_every_steps.max(1) == 0 || step == config.steps {
            save(&optimizer)?;
        }
    }
    let finished = optimizer.steps() >= config.steps;
    if !finished {
        save(&optimizer)?;
    }
    let vocoder = Vocoder::from_tensors(config.vocoder.clone(), optimizer.averaged()?)?;
    Ok(Trained { vocoder, step: optimizer.steps(), finished })
}

fn train_step(
    config: &VocoderTrainConfig,
    step: u64,
    losses: Losses,
    learning_rate: f64,
    gradient_norm: f64,
    seconds: f64,
    frames: usize,
) -> Event {
    Event::TrainStep {
        step,
        total: config.steps,
        loss: losses.total,
        losses: vec![
            ("vocoder/mel".into(), losses.mel),
            ("vocoder/magnitude".into(), losses.magnitude),
            ("vocoder/convergence".into(), losses.convergence),
        ],
        learning_rate,
        gradient_norm,
        tokens_per_s: (config.clips * frames) as f64 / seconds,
    }
}

fn batch(
    rvq: &MelRvq,
    source: &dyn ClipSource,
    config: &VocoderTrainConfig,
    step: u64,
) -> Result<Batch, CodecError> {
    let clips = (0..config.clips)
        .into_par_iter()
        .map(|i| {
            // Its own stream a clip, so that a run that goes on draws what it would have drawn.
            let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
            rng.set_stream(step * config.clips as u64 + i as u64);
            one_clip(rvq, source, config, &mut rng)
        })
        .collect::<Result<Vec<_>, CodecError>>()?;
    let (mut mel, mut target) = (Vec::new(), Vec::new());
    for (m, t) in clips {
        mel.extend(m);
        target.extend(t);
    }
    Ok(Batch { mel, target })
}

fn one_clip(
    rvq: &MelRvq,
    source: &dyn ClipSource,
    config: &VocoderTrainConfig,
    rng: &mut ChaCha8Rng,
) -> Result<(Vec<f32>, Vec<f32>), CodecError> {
    let c = rvq.config();
    if config.coded_share > 0.0
        && rng.random_bool(config.coded_share)
        && let Some((samples, codes)) =
            source.draw_coded(config.clip_frames, c.frame_samples(), rng)?
    {
        return Ok((rvq.decode_log_mel(&codes)?, samples));
    }
    let clip = config.clip_frames * c.frame_samples();
    // Margins let the first and last spectra see real sound.
    let margin_frames = c.mel.n_fft.div_ceil(2 * c.mel.hop);
    let margin = margin_frames * c.mel.hop;
    let samples = source.draw(clip + 2 * margin, rng)?;
    let mel = rvq.log_mel().compute(&samples);
    let frames = config.clip_frames * c.patch_frames;
    let mut mel = mel[margin_frames * c.mel.bins..][..frames * c.mel.bins].to_vec();
    let draw: f64 = rng.random();
    if draw >= config.true_mel_share {
        let fewer = draw < config.true_mel_share + config.fewer_levels_share;
        let levels = if fewer && config.min_levels < c.levels {
            rng.random_range(config.min_levels..c.levels)
        } else {
            c.levels
        };
        mel = rvq.decode_log_mel(&rvq.encode_patches(&mel).first_levels(levels))?;
    }
    Ok((mel, samples[margin..][..clip].to_vec()))
}

/// What a state must agree in: everything but how long and how fast.
fn identity(config: &VocoderTrainConfig) -> VocoderTrainConfig {
    let same = VocoderTrainConfig::default();
    VocoderTrainConfig {
        steps: same.steps,
        learning_rate: same.learning_rate,
        warmup_steps: same.warmup_steps,
        decay_share: same.decay_share,
        save_every_steps: same.save_every_steps,
        ..config.clone()
    }
}

fn save_state(
    path: &Path,
    config: &VocoderTrainConfig,
    rvq: &MelRvq,
    store: &ParamStore,
    optimizer: &AdamW,
) -> Result<(), CodecError> {
    let mut writer = Writer::default();
    let AdamWState { tensors, step } = optimizer.state()?;
    for (name, tensor) in &tensors {
        writer.add(
            &format!("optimizer/{name}"),
            tensor.dims(),
            &to_vec_f32(tensor)?,
            Precision::F32,
        );
    }
    for (name, tensor) in store.tensors() {
        writer.add(
            &format!("weights/{name}"),
            tensor.dims(),
            &to_vec_f32(&tensor)?,
            Precision::F32,
        );
    }
    let header = StateHeader { step, config: config.clone(), quantiser: rvq.fingerprint() };
    write_file(path, &writer.bytes(&header)?)
}

fn restore(
    path: &Path,
    config: &VocoderTrainConfig,
    rvq: &MelRvq,
    store: &ParamStore,
    optimizer: &mut AdamW,
) -> Result<(), CodecError> {
    let fail =
        |reason: &str| CodecError::State { path: path.to_owned(), reason: reason.to_owned() };
    let (header, mut reader) = Reader::open::<StateHeader>(&read_file(path)?)?;
    if header.quantiser != rvq.fingerprint() {
        return Err(fail("it was trained with another quantiser"));
    }
    if identity(&header.config) != identity(config) {
        return Err(fail("it was trained with another configuration"));
    }
    let mut tensors = BTreeMap::new();
    for (name, v) in reader.take_below("optimizer/") {
        tensors.insert(name, Tensor::from_vec(v.values, v.shape, &Device::Cpu)?);
    }
    for (name, var) in store.vars() {
        let values = reader.take(&format!("weights/{name}"), var.dims())?;
        var.set(&Tensor::from_vec(values, var.dims(), &Device::Cpu)?)?;
        for kind in ["mean", "square", "average"] {
            let averaged = config.optimizer.ema_decay > 0.0;
            if (kind != "average" || averaged) && !tensors.contains_key(&format!("{kind}/{name}")) {
                return Err(fail("a tensor of the optimiser is missing"));
            }
        }
    }
    reader.finish()?;
    Ok(optimizer.restore(&AdamWState { tensors, step: header.step })?)
}
