//! Training of the vocoder: random clips, spectral losses, AdamW, resumable state.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use candle_core::{Device, Tensor};
use syrinx_nn::{AdamW, Kernels, ParamStore, ops};
use syrinx_types::{CancelToken, Event, EventSink};

use crate::clips::{ClipBatch, ClipSource, batch};
use crate::discriminator::{AdversarialLosses, Adversary};
use crate::enhancement::EnhancementTables;
use crate::spectral_loss::{SpectralLoss, SpectralLosses};
use crate::train_state::{Learner, Vars, restore, save_state};
use crate::warm_start::warm_start;
use crate::{
    CodecError, EnhancementLayer, MelRvq, PitchPredictor, SourceConfig, Vocoder, VocoderConfig,
    VocoderTrainConfig,
};

/// Codec that training begins with.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    /// The quantiser, which is not trained.
    pub rvq: &'a MelRvq,
    /// Vocoder whose weights are trained further; seeded if not given.
    pub vocoder: Option<&'a Vocoder>,
    /// Enhancement layer whose predictor is trained further. Its tables are kept, unless the refinement is to be
    /// refitted. Fitted and seeded if not given.
    pub enhancement: Option<&'a EnhancementLayer>,
}

/// Result of training.
pub struct TrainedVocoder {
    /// The vocoder with averaged weights.
    pub vocoder: Vocoder,
    /// The enhancement layer of a vocoder with a source, with averaged weights.
    pub enhancement: Option<EnhancementLayer>,
    /// Total number of steps.
    pub step: u64,
    /// Whether all steps were taken, rather than stopped before.
    pub finished: bool,
}

/// Figures of a step, and the vocoder's output.
struct Judged {
    total: Tensor,
    losses: SpectralLosses,
    /// Cross-entropy of the predicted pitch, nats.
    pitch: f64,
    /// (drawings * clips * clip samples)
    made: Tensor,
}

/// Networks of a run and their parameters.
struct VocoderTraining {
    vocoder: Vocoder,
    predictor: Option<PitchPredictor>,
    tables: Option<EnhancementTables>,
    vars: Vars,
}

const VOCODER: &str = "vocoder/";
const PREDICTOR: &str = "predictor/";

impl VocoderTraining {
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
            let kept = start.enhancement.filter(|_| !config.refit_refinement);
            tables = kept.map(|e| EnhancementTables::clone(&e.tables));
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
        step: u64,
    ) -> Result<Judged, CodecError> {
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
        // Every step has other noise, so that the network can't memorize it.
        let seeds: Vec<u64> = (0..loss.drawings() as u64).map(|d| step << 8 | d).collect();
        let made = self.vocoder.forward(&mel, &pitch, frames, &seeds)?; // (drawings * clips * clip)
        let (total, losses) = loss.forward(&made, target, clip)?;
        let Some(pitch_loss) = pitch_loss else {
            return Ok(Judged { total, losses, pitch: 0.0, made });
        };
        let pitch = f64::from(pitch_loss.to_scalar::<f32>()?);
        let total = (total + (pitch_loss * config.pitch_loss_weight)?)?;
        Ok(Judged { total, losses, pitch, made })
    }

    /// Returns the networks with averaged weights.
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

/// Returns the settings of a run, with the values of the given parts.
fn settled(start: Start, config: &VocoderTrainConfig) -> VocoderTrainConfig {
    let mut config = config.clone();
    if let Some(vocoder) = start.vocoder {
        config.vocoder = going_on(vocoder.config(), &config.vocoder);
    }
    if let Some(layer) = start.enhancement {
        config.pitch = layer.tables.pitch.config().clone();
        if !config.refit_refinement {
            config.refinement = layer.tables.refinement.config().clone();
        }
        config.predictor = layer.predictor.config().clone();
    }
    config.vocoder.mel = start.rvq.config().mel.clone();
    config.predictor.mel = start.rvq.config().mel.clone();
    config
}

/// Returns the shape of a vocoder that is trained further: its own, except that a free branch may be dropped.
fn going_on(given: &VocoderConfig, wanted: &VocoderConfig) -> VocoderConfig {
    let source = match (given.source.clone(), wanted.source.clone()) {
        (Some(given), Some(wanted)) => {
            Some(SourceConfig { free_gain: wanted.free_gain.and(given.free_gain), ..given })
        }
        (given, wanted) => given.or(wanted),
    };
    VocoderConfig { source, ..given.clone() }
}

/// Returns the trained networks with their optimisers and the names under which their weights are saved.
fn learners<'a>(
    config: &VocoderTrainConfig,
    vars: &'a Vars,
    optimizer: &'a mut AdamW,
    adversary: Option<&'a mut Adversary>,
) -> Vec<Learner<'a>> {
    let averaged = config.optimizer.ema_decay > 0.0;
    let mut learners = vec![Learner { prefix: "", vars, optimizer, averaged }];
    if let Some(Adversary { config, vars, optimizer, .. }) = adversary {
        let averaged = config.optimizer.ema_decay > 0.0;
        learners.push(Learner { prefix: "discriminator-", vars, optimizer, averaged });
    }
    learners
}

/// Trains a vocoder on quantized clips, and the pitch predictor with it.
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
    let mut run = VocoderTraining::new(start, &config)?;
    let mut optimizer = AdamW::new(run.vars.clone(), config.optimizer.clone())?;
    let seed = config.seed.wrapping_add(2);
    let mut adversary = config.adversarial.as_ref().map(|a| Adversary::new(a, seed)).transpose()?;
    if let Some(path) = state.filter(|p| p.exists()) {
        let learners = learners(&config, &run.vars, &mut optimizer, adversary.as_mut());
        restore(path, &config, rvq, learners, &mut run.tables)?;
    }
    if config.vocoder.source.is_some() && run.tables.is_none() {
        let pitch = start.enhancement.map(|e| e.tables.pitch.clone());
        run.tables = Some(EnhancementTables::fit(rvq, source, &config, pitch)?);
    }
    let save = |run: &VocoderTraining, optimizer: &mut AdamW, adversary: Option<&mut Adversary>| {
        let Some(path) = state else { return Ok(()) };
        let step = optimizer.steps();
        let learners = learners(&config, &run.vars, optimizer, adversary);
        save_state(path, &config, rvq, run.tables.as_ref(), &learners)?;
        events.emit(Event::CheckpointSaved { step, path: path.display().to_string() });
        Ok::<(), CodecError>(())
    };
    let clip = config.clip_frames * rvq.config().frame_samples();
    let frames = config.clip_frames * rvq.config().patch_frames;
    while optimizer.steps() < config.steps && !cancel.is_cancelled() {
        let begun = Instant::now();
        let step = optimizer.steps() + 1;
        let batch = batch(rvq, run.tables.as_ref(), source, &config, step)?;
        let target = adversary.is_some().then(|| batch.target.clone());
        let Judged { mut total, losses, pitch, made } =
            run.loss(batch, &loss, &config, clip, frames, step)?;
        let mut contest = None;
        if let (Some(adversary), Some(target)) = (&adversary, target) {
            let made = made.narrow(0, 0, target.len())?;
            let (further, begun) = adversary.oppose(&made, target, clip, step)?;
            total = (total + further)?;
            contest = Some(begun);
        }
        let rate = config.rate(step);
        let norm = optimizer.step(&total.backward()?, rate)?;
        let opposed = match (&mut adversary, contest) {
            (Some(adversary), Some(contest)) => Some(adversary.learn(contest, rate)?),
            _ => None,
        };
        if !losses.total.is_finite() || !norm.is_finite() {
            return Err(CodecError::Diverged { step });
        }
        let seconds = begun.elapsed().as_secs_f64();
        let took = Step { step, rate, norm, seconds, frames, opposed };
        events.emit(train_step(&config, losses, pitch, took));
        if step % config.save_every_steps.max(1) == 0 || step == config.steps {
            save(&run, &mut optimizer, adversary.as_mut())?;
        }
    }
    let (step, finished) = (optimizer.steps(), optimizer.steps() >= config.steps);
    if !finished {
        save(&run, &mut optimizer, adversary.as_mut())?;
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
    opposed: Option<AdversarialLosses>,
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
    if config.loss.repulsion_weight > 0.0 {
        parts.push(("vocoder/repulsion".into(), losses.repulsion));
    }
    if config.vocoder.source.is_some() {
        parts.push(("predictor/pitch".into(), pitch));
    }
    if let Some(opposed) = took.opposed {
        parts.push(("adversary/made".into(), opposed.made));
        parts.push(("adversary/features".into(), opposed.features));
        parts.push(("adversary/discriminator".into(), opposed.discriminator));
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
