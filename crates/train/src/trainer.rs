//! The loop.

mod figures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor};
use syrinx_data::Corpus;
use syrinx_model::{Adapter, LanguageModel, LmFile};
use syrinx_nn::{AdamW, LORA_DOWN, NnError, ParamStore};
use syrinx_task::{DynTask, TokenSpace};
use syrinx_types::{CancelToken, Event, EventSink};

use crate::batch::BatchMaker;
use crate::checkpoint::write_atomically;
use crate::pending::{Pending, Unread};
use crate::tuning::{carried_over, check_base};
use crate::watch::Watch;
use crate::{Checkpoint, Examiner, Schedule, TrainConfig, TrainError};

/// What a run learns from, and where.
pub struct TrainingMaterial<'a> {
    /// Where it is computed.
    pub device: Device,
    /// Utterances to learn from.
    pub corpus: &'a Corpus,
    /// Utterances to watch.
    pub held_out: Option<&'a Corpus>,
    /// Tasks, built for the model's alignment.
    pub tasks: &'a [Box<dyn DynTask>],
    /// Token spaces.
    pub space: TokenSpace,
    /// The codec's codebooks, one a level.
    pub codebooks: Vec<Vec<f32>>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
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
    /// The model that is adapted, where one is.
    base: Option<LmFile>,
    examiner: Option<&'a dyn Examiner>,
    pending: Pending,
    watch: Watch,
}

/// Gradients of the graph are dropped recursively; long graphs need a deep stack.
const STACK_BYTES: usize = 256 << 20;

impl<'a> Trainer<'a> {
    /// Prepares a run: new, or (with `resume`) where its last checkpoint left it.
    pub fn new(
        config: &'a TrainConfig,
        material: &'a TrainingMaterial<'a>,
        run: &'a Path,
        resume: bool,
    ) -> Result<Self, TrainError> {
        if config.lora.is_some() {
            return Err(TrainError::Config(
                "`lora` adapts a finished model: name it with --from".into(),
            ));
        }
        let store = ParamStore::seeded(config.seed, &material.device);
        Self::build(config, material, (run, resume), (store, None))
    }

    /// Prepares the fine-tuning of a finished model: of all its weights, or with `lora` of a low-rank difference. The
    /// material's space is the model's, with the special tokens of new tasks appended.
    ///
    /// # Errors
    /// [`TrainError::Config`] if the model isn't one of this configuration and material.
    pub fn from_base(
        config: &'a TrainConfig,
        material: &'a TrainingMaterial<'a>,
        (run, resume): (&'a Path, bool),
        base: &LmFile,
    ) -> Result<Self, TrainError> {
        check_base(base, config, material)?;
        if let Some(lora) = &config.lora {
            let (tensors, seed) = (base.tensors.clone(), config.seed);
            let store = ParamStore::adapted(tensors, lora, seed, &material.device);
            return Self::build(config, material, (run, resume), (store, Some(base.clone())));
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
        (run, resume): (&'a Path, bool),
        (store, base): (ParamStore, Option<LmFile>),
    ) -> Result<Self, TrainError> {
        config.check().map_err(TrainError::Config)?;
        let store = store.with_precision(config.precision);
        std::fs::create_dir_all(run)
            .map_err(|source| TrainError::Io { path: run.into(), source })?;
        let books = material.codebooks.clone();
        let model = LanguageModel::new(
            &config.model,
            &material.space,
            books,
            &store.root(),
            config.kernels,
        )?;
        let optimizer = optimizer(&store, config)?;
        let pair = |name: &String| name.ends_with(LORA_DOWN);
        if base.is_some() && !store.vars().keys().any(pair) {
            return Err(TrainError::Config(
                "`lora.targets` name no linear map of the model".into(),
            ));
        }
        let (examiner, pending, watch) = (None, Pending::default(), Watch::default());
        let mut trainer =
            Self { config, material, run, store, model, optimizer, base, examiner, pending, watch };
        if resume {
            trainer.resume()?;
        }
        Ok(trainer)
    }

    /// The same run, examined every `exam_steps`.
    pub fn examined_by(self, examiner: &'a dyn Examiner) -> Self {
        Self { examiner: Some(examiner), ..self }
    }

    /// Begins with the weights of another model; tensors and special tokens that it hasn't keep their first values.
    pub fn start_from(&mut self, file: &LmFile) -> Result<(), TrainError> {
        for (name, var) in self.store.vars() {
            if let Some(tensor) = carried_over((&name, &var), file, &self.material.space)? {
                var.set(&tensor.to_device(var.device())?)?;
            }
        }
        self.optimizer = optimizer(&self.store, self.config)?;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), TrainError> {
        let Some(checkpoint) = Checkpoint::read(self.run)? else { return Ok(()) };
        let path = Checkpoint::path(self.run);
        let refuse = |reason: String| TrainError::Checkpoint { path: path.clone(), reason };
        if checkpoint.config.model != self.config.model {
            return Err(refuse(
                "it was trained with another model configuration; use that one or another folder"
                    .into(),
            ));
        }
        for (name, var) in self.store.vars() {
            let saved = checkpoint
                .weights
                .get(&name)
                .ok_or_else(|| refuse(format!("it has no weight `{name}`")))?;
            if saved.dims() != var.dims() {
                return Err(refuse(format!(
                    "weight `{name}` is {:?}, not {:?}",
                    saved.dims(),
                    var.dims()
                )));
            }
            var.set(&saved.to_device(var.device())?)?;
        }
        self.optimizer.restore(&checkpoint.optimizer)?;
        Ok(())
    }

    /// Steps done so far.
    pub fn step(&self) -> u64 {
        self.optimizer.steps()
    }

    /// Trains until the last step or until cancelled, then writes the averaged model. In a thread of its own, with the
    /// stack that long graphs need.
    pub fn run(
        &mut self,
        sink: &dyn EventSink,
        cancel: &CancelToken,
    ) -> Result<Outcome, TrainError> {
        let run = self.run;
        std::thread::scope(|scope| {
            let worker = std::thread::Builder::new()
                .name("train".into())
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || self.run_here(sink, cancel))
                .map_err(|source| TrainError::Io { path: run.into(), source })?;
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn run_here(
        &mut self,
        sink: &dyn EventSink,
        cancel: &CancelToken,
    ) -> Result<Outcome, TrainError> {
        let (config, material) = (self.config, self.material);
        let maker = BatchMaker::new(config, material.tasks, (material.corpus, &material.space))?;
        let held_out = material
            .held_out
            .map(|c| {
                BatchMaker::new(config, material.tasks, (c, &material.space))
                    .and_then(|m| m.eval_batches())
            })
            .transpose()?
            .unwrap_or_default();
        let schedule = Schedule::new(config);
        while self.step() < config.steps && !cancel.is_cancelled() {
            let step = self.step() + 1;
            self.one_step(step, &maker, &schedule)?;
            // A step that the optimiser didn't take has figures that stop the run.
            if self.pending.len() >= self.log_steps() || self.step() < step {
                self.report(sink)?;
            }
            if step.is_multiple_of(config.checkpoint_steps) {
                self.save(sink)?;
            }
            let due = |every: u64| every > 0 && step.is_multiple_of(every);
            if due(config.eval_steps) && !held_out.is_empty() {
                self.report(sink)?;
                sink.emit(Event::TrainEval { step, figures: self.evaluate(&held_out)? });
            }
            if due(config.exam_steps) {
                self.report(sink)?;
                self.exam(step, sink, cancel)?;
            }
        }
        self.save(sink)?;
        let cancelled = self.step() < config.steps;
        Ok(Outcome { step: self.step(), model: self.model_path(), cancelled })
    }

    /// Steps between readings of figures.
    fn log_steps(&self) -> u64 {
        match self.config.log_steps {
            0 if self.material.device.is_cpu() => 1,
            0 => 20,
            every => every,
        }
    }

    /// Takes a step. Nothing is read from the device: its figures wait among the pending ones.
    fn one_step(
        &mut self,
        step: u64,
        maker: &BatchMaker<'_>,
        schedule: &Schedule,
    ) -> Result<(), TrainError> {
        self.pending.begin();
        let (mut of, mut named, mut positions) = (Vec::new(), Vec::new(), 0);
        let mut total: Option<Tensor> = None;
        let mut sum: Option<GradStore> = None;
        let parts = self.config.accumulation as u64;
        for part in 0..parts {
            let batch = maker.batch((step - 1) * parts + part)?;
            if batch.sequences.is_empty() {
                continue;
            }
            positions += batch.positions();
            let losses = self.model.losses(&batch.sequences)?;
            let loss = (losses.total()? / parts as f64)?;
            // Detached: what waits to be read must not keep the graph.
            let name = |name: &str| format!("{}:{name}", batch.name);
            named.extend(losses.parts.iter().map(|p| (name(&p.name), p.value.detach())));
            let value = loss.detach();
            total = Some(total.map_or(Ok(value.clone()), |t| t + value)?);
            let grads = loss.backward()?;
            sum = Some(match sum {
                None => grads,
                Some(before) => self.add(before, &grads)?,
            });
            of.push(batch.name);
        }
        let (Some(grads), Some(loss)) = (sum, total) else {
            return Err(TrainError::Config("a batch came out empty: does the corpus have what the mix needs (phones, durations, views)?".into()));
        };
        let learning_rate = schedule.rate(step);
        let norm = self.optimizer.step_unread(&grads, learning_rate)?;
        let of = if of.len() == 1 { of.concat() } else { "several batches".into() };
        self.pending.push(Unread { step, learning_rate, positions, of, loss, parts: named, norm });
        Ok(())
    }

    fn add(&self, mut into: GradStore, from: &GradStore) -> Result<GradStore, TrainError> {
        for var in self.store.vars().values() {
            if let Some(g) = from.get(var) {
                let g = into.get(var).map_or_else(|| Ok(g.clone()), |before| before + g)?;
                into.insert(var, g);
            }
        }
        Ok(into)
    }

    fn diverged(&self, step: u64, what: &'static str) -> TrainError {
        let path = Checkpoint::path(self.run);
        let last_good = if path.exists() { path.display().to_string() } else { "none yet".into() };
        TrainError::Diverged { step, what, last_good }
    }

    /// The averaged weights as a language model.
    pub fn averaged(&self) -> Result<LmFile, TrainError> {
        if let Some(base) = &self.base {
            return Ok(self.adapter(base)?.merged(base)?);
        }
        Ok(LmFile {
            config: self.config.model.clone(),
            space: self.material.space.clone(),
            codebooks: self.material.codebooks.clone(),
            tensors: self.optimizer.averaged()?,
        })
    }

    /// What was learnt beside the base, averaged.
    fn adapter(&self, base: &LmFile) -> Result<Adapter, TrainError> {
        let special_tokens = &self.material.space.special_tokens;
        Ok(Adapter {
            base: base.fingerprint()?,
            lora: self.config.lora.clone().unwrap_or_default(),
            special_tokens: special_tokens
                [base.space.special_tokens.len().min(special_tokens.len())..]
                .to_vec(),
            tensors: self.optimizer.averaged()?,
        })
    }

    /// Where the averaged weights are kept.
    fn model_path(&self) -> PathBuf {
        let name = if self.base.is_some() { "adapter.safetensors" } else { "model.safetensors" };
        self.run.join(name)
    }

    /// The weights themselves, for tests.
    pub fn weights(&self) -> BTreeMap<String, Tensor> {
        self.store.tensors()
    }

    /// Saves a checkpoint and the averaged weights, once it is known that they are sound.
    fn save(&mut self, sink: &dyn EventSink) -> Result<(), TrainError> {
        self.report(sink)?;
        let on_host = |(name, t): (String, Tensor)| Ok((name, t.to_device(&Device::Cpu)?));
        let weights = self.store.tensors().into_iter().map(on_host);
        let checkpoint = Checkpoint {
            step: self.step(),
            weights: weights.collect::<candle_core::Result<_>>()?,
            optimizer: self.optimizer.state()?,
            config: self.config.clone(),
        };
        let path = checkpoint.write(self.run)?;
        let bytes = match &self.base {
            Some(base) => self.adapter(base)?.to_bytes()?,
            None => self.averaged()?.to_bytes(true)?,
        };
        write_atomically(&self.model_path(), &bytes)?;
        sink.emit(Event::CheckpointSaved { step: self.step(), path: path.display().to_string() });
        Ok(())
    }
}

/// The optimiser of a run.
fn optimizer(store: &ParamStore, config: &TrainConfig) -> Result<AdamW, NnError> {
    AdamW::with_kernels(store.vars(), config.optimizer.clone(), config.kernels)
}
