//! The training loop.

mod feed;
mod figures;
mod state;
mod step;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{Device, Tensor};
use syrinx_data::{Corpus, WorkShare};
use syrinx_model::{LanguageModel, LmFile};
use syrinx_nn::{AdamW, LORA_DOWN, NnError, ParamStore};
use syrinx_task::{DynTask, TokenSpace};
use syrinx_types::{CancelToken, ConfigIssue, Event, EventSink, IoOperation, NullSink};

use crate::batch::BatchMaker;
use crate::pending::Pending;
use crate::ranks::Exchange;
use crate::tuning::{carried_over, check_base};
use crate::watch::Watch;
use crate::{
    CheckpointFault, InTrainingEvaluator, OptimizerState, Ranks, Schedule, TrainConfig, TrainError,
    TrainingCheckpoint,
};
use feed::Feed;
use state::{ADAPTER_FILE, MODEL_FILE};

/// Material of a training run, and its device.
pub struct TrainingMaterial<'a> {
    /// Device.
    pub device: Device,
    /// Utterances to learn from.
    pub corpus: &'a Corpus,
    /// Utterances for evaluation.
    pub held_out: Option<&'a Corpus>,
    /// Tasks, built for the model's alignment.
    pub tasks: &'a [Box<dyn DynTask>],
    /// Token spaces.
    pub space: TokenSpace,
    /// The codec's codebooks, one a level.
    pub codebooks: Vec<Vec<f32>>,
    /// Ranks of the job that this one belongs to.
    pub ranks: Ranks,
}

/// Outcome of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingOutcome {
    /// Steps done.
    pub step: u64,
    /// The averaged weights, as a language model file; with `lora` an adapter.
    pub model: PathBuf,
    /// Whether it was stopped before its last step.
    pub cancelled: bool,
}

/// A training run in a folder.
pub struct Trainer<'a> {
    config: &'a TrainConfig,
    material: &'a TrainingMaterial<'a>,
    run: &'a Path,
    store: ParamStore,
    model: LanguageModel,
    optimizer: AdamW,
    /// The model that is adapted, if any.
    base: Option<LmFile>,
    evaluator: Option<&'a dyn InTrainingEvaluator>,
    pending: Pending,
    watch: Watch,
    /// Exchange of gradients among several ranks.
    exchange: Option<Arc<Exchange>>,
    /// Whether some rank is cancelled.
    stopped: bool,
    /// Share of the gradients that were sent during the last backward pass, 0..=1.
    early_share: f64,
}

pub use state::RankFigures;

/// Gradients of the graph are dropped recursively; long graphs need a deep stack.
const STACK_BYTES: usize = 256 << 20;

impl<'a> Trainer<'a> {
    /// Prepares a run: a new one, or with `resume` the continuation of its last checkpoint.
    pub fn new(
        config: &'a TrainConfig,
        material: &'a TrainingMaterial<'a>,
        run: &'a Path,
        resume: bool,
    ) -> Result<Self, TrainError> {
        if config.lora.is_some() {
            let reason = "adapts a finished model: name it with --from";
            return Err(ConfigIssue::new("lora", reason).into());
        }
        let store = ParamStore::seeded(config.seed, &material.device);
        Self::build(config, material, run, resume, store, None)
    }

    /// Prepares the fine-tuning of a finished model: of all its weights, or with `lora` of a low-rank difference. The
    /// material's space is the model's, with the special tokens of new tasks appended.
    ///
    /// # Errors
    /// [`TrainError::Base`] if the model isn't one of this configuration and material.
    pub fn from_base(
        config: &'a TrainConfig,
        material: &'a TrainingMaterial<'a>,
        run: &'a Path,
        resume: bool,
        base: &LmFile,
    ) -> Result<Self, TrainError> {
        check_base(base, config, material)?;
        if let Some(lora) = &config.lora {
            let (tensors, seed) = (base.tensors.clone(), config.seed);
            let store = ParamStore::adapted(tensors, lora, seed, &material.device);
            return Self::build(config, material, run, resume, store, Some(base.clone()));
        }
        let mut trainer = Self::new(config, material, run, resume)?;
        if trainer.step() == 0 {
            trainer.start_from(base)?;
        }
        Ok(trainer)
    }

    fn build(
        config: &'a TrainConfig,
        material: &'a TrainingMaterial<'a>,
        run: &'a Path,
        resume: bool,
        store: ParamStore,
        base: Option<LmFile>,
    ) -> Result<Self, TrainError> {
        config.check()?;
        let store = store.with_precision(config.precision);
        std::fs::create_dir_all(run).map_err(|cause| TrainError::Io {
            operation: IoOperation::CreateFolder,
            path: run.into(),
            cause,
        })?;
        for name in [MODEL_FILE, ADAPTER_FILE] {
            syrinx_atomic::remove_leftovers(&run.join(name));
        }
        syrinx_atomic::remove_leftovers(&TrainingCheckpoint::path(run));
        let books = material.codebooks.clone();
        let exchange = (!material.ranks.is_alone()).then(|| {
            let sharded = config.parallel.optimizer_state == OptimizerState::Sharded;
            Arc::new(Exchange::new(material.ranks.clone(), sharded))
        });
        let store = match &exchange {
            None => store,
            Some(exchange) => store.with_gradient_sink(Arc::clone(exchange) as _),
        };
        let model = LanguageModel::new(
            &config.model,
            &material.space,
            books,
            &store.root(),
            config.kernels,
        )?;
        if let Some(exchange) = &exchange {
            exchange.plan(&store.vars(), config.parallel.bucket_values());
        }
        let optimizer = optimizer(&store, config, exchange.as_deref())?;
        let pair = |name: &String| name.ends_with(LORA_DOWN);
        if base.is_some() && !store.vars().keys().any(pair) {
            return Err(ConfigIssue::new("lora.targets", "names no linear map of the model").into());
        }
        let mut trainer = Self {
            config,
            material,
            run,
            store,
            model,
            optimizer,
            base,
            evaluator: None,
            pending: Pending::default(),
            watch: Watch::default(),
            exchange,
            stopped: false,
            early_share: 0.0,
        };
        if resume {
            trainer.resume()?;
        }
        trainer.check_ranks()?;
        Ok(trainer)
    }

    /// Adds an evaluation every `in_training_eval_steps`.
    pub fn evaluated_by(self, evaluator: &'a dyn InTrainingEvaluator) -> Self {
        Self { evaluator: Some(evaluator), ..self }
    }

    /// Initializes with the weights of another model; tensors and special tokens that it lacks keep their initial
    /// values.
    pub fn start_from(&mut self, file: &LmFile) -> Result<(), TrainError> {
        for (name, var) in self.store.vars() {
            if let Some(tensor) = carried_over(&name, &var, file, &self.material.space)? {
                var.set(&tensor.to_device(var.device())?)?;
            }
        }
        self.optimizer = optimizer(&self.store, self.config, self.exchange.as_deref())?;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), TrainError> {
        let Some(checkpoint) = TrainingCheckpoint::read(self.run)? else { return Ok(()) };
        let path = TrainingCheckpoint::path(self.run);
        let refuse = |fault| TrainError::Checkpoint { path: path.clone(), fault };
        if checkpoint.config.model != self.config.model {
            return Err(refuse(CheckpointFault::OtherModel));
        }
        for (name, var) in self.store.vars() {
            let saved = checkpoint
                .weights
                .get(&name)
                .ok_or_else(|| refuse(CheckpointFault::MissingWeight { name: name.clone() }))?;
            if saved.dims() != var.dims() {
                let (found, expected) = (saved.dims().to_vec(), var.dims().to_vec());
                return Err(refuse(CheckpointFault::WeightShape { name, found, expected }));
            }
            var.set(&saved.to_device(var.device())?)?;
        }
        self.optimizer.restore(&checkpoint.optimizer)?;
        Ok(())
    }

    /// Returns the number of steps done.
    pub fn step(&self) -> u64 {
        self.optimizer.steps()
    }

    /// Trains until the last step or until cancelled, then writes the averaged model. Runs on a thread with a stack
    /// that is large enough for long graphs.
    pub fn run(
        &mut self,
        sink: &dyn EventSink,
        cancel: &CancelToken,
    ) -> Result<TrainingOutcome, TrainError> {
        std::thread::scope(|scope| {
            let worker = std::thread::Builder::new()
                .name("train".into())
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || self.run_here(sink, cancel))
                .map_err(|cause| TrainError::Thread { cause })?;
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn run_here(
        &mut self,
        sink: &dyn EventSink,
        cancel: &CancelToken,
    ) -> Result<TrainingOutcome, TrainError> {
        let (config, material) = (self.config, self.material);
        let ranks = material.ranks.clone();
        // Rank 0 reports for all.
        let sink: &dyn EventSink = if ranks.leads() { sink } else { &NullSink };
        let part = WorkShare::new(ranks.rank(), ranks.count())?;
        let maker = BatchMaker::new(config, material.tasks, material.corpus, &material.space)?
            .of_part(part);
        let ahead = material.corpus.is_streamed();
        let first = self.step() * config.accumulation as u64;
        Feed::with(&maker, first, ahead, |feed| self.steps(feed, sink, cancel))
    }

    fn steps(
        &mut self,
        feed: &mut Feed<'_>,
        sink: &dyn EventSink,
        cancel: &CancelToken,
    ) -> Result<TrainingOutcome, TrainError> {
        let (config, material) = (self.config, self.material);
        let held_out = material
            .held_out
            .map(|c| {
                BatchMaker::new(config, material.tasks, c, &material.space)
                    .and_then(|m| m.eval_batches())
            })
            .transpose()?
            .unwrap_or_default();
        let schedule = Schedule::new(config);
        self.stopped = false;
        while self.step() < config.steps && !self.is_stopped(cancel) {
            let step = self.step() + 1;
            self.one_step(step, feed, &schedule, cancel)?;
            // A step that the optimiser skipped has figures that stop the run.
            if self.pending.len() >= self.log_steps() || self.step() < step {
                self.report(sink)?;
            }
            if step.is_multiple_of(config.checkpoint_steps) {
                self.save(sink)?;
            }
            let due = |every: u64| every > 0 && step.is_multiple_of(every);
            if due(config.eval_steps) && !held_out.is_empty() {
                self.report(sink)?;
                let figures = self.evaluate(&held_out)?;
                sink.emit(Event::TrainEval { step, figures });
            }
            if due(config.in_training_eval_steps) {
                self.report(sink)?;
                self.in_training_eval(step, sink, cancel)?;
            }
        }
        self.save(sink)?;
        let cancelled = self.step() < config.steps;
        Ok(TrainingOutcome { step: self.step(), model: self.model_path(), cancelled })
    }

    /// Returns the number of steps between readings of figures.
    fn log_steps(&self) -> u64 {
        match self.config.log_steps {
            0 if self.material.device.is_cpu() => 1,
            0 => 20,
            every => every,
        }
    }

    fn diverged(&self, step: u64, what: &'static str) -> TrainError {
        let path = TrainingCheckpoint::path(self.run);
        let last_good = if path.exists() { path.display().to_string() } else { "none yet".into() };
        TrainError::Diverged { step, what, last_good }
    }

    /// Returns the weights themselves, for tests.
    pub fn weights(&self) -> BTreeMap<String, Tensor> {
        self.store.tensors()
    }
}

/// Returns the optimiser of a run: of all parameters, or of those whose state this rank keeps.
fn optimizer(
    store: &ParamStore,
    config: &TrainConfig,
    exchange: Option<&Exchange>,
) -> Result<AdamW, NnError> {
    let mut vars = store.vars();
    if let Some(exchange) = exchange {
        vars.retain(|name, _| exchange.owns(name));
    }
    AdamW::with_kernels(vars, config.optimizer.clone(), config.kernels)
}
