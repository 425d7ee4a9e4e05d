//! The loop.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor};
use syrinx_data::Corpus;
use syrinx_model::{Adapter, LanguageModel, LmFile};
use syrinx_nn::{AdamW, LORA_DOWN, ParamStore};
use syrinx_task::{DynTask, TokenSpace};
use syrinx_types::{CancelToken, Event, EventSink};

use crate::batch::{Batch, BatchMaker};
use crate::checkpoint::write_atomically;
use crate::tuning::{carried_over, check_base};
use crate::{Checkpoint, Schedule, TrainConfig, TrainError};

/// What a run learns from.
pub struct TrainingMaterial<'a> {
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
        let store = ParamStore::seeded(config.seed, &Device::Cpu);
        Self::build(config, material, (run, resume), (store, None))
    }

    /// Prepares the fine-tuning of a finished model: of all its weights, or with `lora` of a low-rank difference. The
    /// material's space is the model's, with the marks of new tasks appended.
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
            let store = ParamStore::adapted(tensors, lora, seed, &Device::Cpu);
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
        let optimizer = AdamW::new(store.vars(), config.optimizer.clone())?;
        let pair = |name: &String| name.ends_with(LORA_DOWN);
        if base.is_some() && !store.vars().keys().any(pair) {
            return Err(TrainError::Config(
                "`lora.targets` name no linear map of the model".into(),
            ));
        }
        let mut trainer = Self { config, material, run, store, model, optimizer, base };
        if resume {
            trainer.resume()?;
        }
        Ok(trainer)
    }

    /// Begins with the weights of another model; tensors and marks that it hasn't keep their first values.
    pub fn start_from(&mut self, file: &LmFile) -> Result<(), TrainError> {
        for (name, var) in self.store.vars() {
            if let Some(tensor) = carried_over((&name, &var), file, &self.material.space)? {
                var.set(&tensor)?;
            }
        }
        self.optimizer = AdamW::new(self.store.vars(), self.config.optimizer.clone())?;
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
            var.set(saved)?;
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
            self.one_step(step, &maker, &schedule, sink)?;
            if step.is_multiple_of(config.checkpoint_steps) {
                self.save(sink)?;
            }
            if config.eval_steps > 0
                && step.is_multiple_of(config.eval_steps)
                && !held_out.is_empty()
            {
                sink.emit(Event::TrainEval { step, figures: self.evaluate(&held_out)? });
            }
        }
        self.save(sink)?;
        let cancelled = self.step() < config.steps;
        Ok(Outcome { step: self.step(), model: self.model_path(), cancelled })
    }

    fn one_step(
        &mut self,
        step: u64,
        maker: &BatchMaker<'_>,
        schedule: &Schedule,
        sink: &dyn EventSink,
    ) -> Result<(), TrainError> {
        let began = Instant::now();
        let mut losses: Vec<(String, f64)> = Vec::new();
        let (mut total, mut positions) = (0.0, 0);
        let mut sum: Option<GradStore> = None;
        let parts = self.config.accumulation as u64;
        for part in 0..parts {
            let batch = maker.batch((step - 1) * parts + part)?;
            if batch.sequences.is_empty() {
                continue;
            }
            positions += batch.positions();
            let (loss, named) = self.losses(&self.model, &batch)?;
            let value = f64::from(loss.to_scalar::<f32>()?);
            if !value.is_finite() {
                return Err(self.diverged(step, "loss"));
            }
            total += value / parts as f64;
            losses.extend(named);
            let grads = (loss / parts as f64)?.backward()?;
            sum = Some(match sum {
                None => grads,
                Some(before) => self.add(before, &grads)?,
            });
        }
        let Some(grads) = sum else {
            return Err(TrainError::Config("a batch came out empty: does the corpus have what the mix needs (phones, durations, views)?".into()));
        };
        let rate = schedule.rate(step);
        let norm = self.optimizer.step(&grads, rate)?;
        if !norm.is_finite() {
            return Err(self.diverged(step, "gradient"));
        }
        sink.emit(Event::TrainStep {
            step,
            total: self.config.steps,
            loss: total,
            losses,
            learning_rate: rate,
            gradient_norm: norm,
            tokens_per_s: positions as f64 / began.elapsed().as_secs_f64().max(1e-9),
        });
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

    fn losses(
        &self,
        model: &LanguageModel,
        batch: &Batch,
    ) -> Result<(Tensor, Vec<(String, f64)>), TrainError> {
        let losses = model.losses(&batch.sequences)?;
        let mut named = Vec::new();
        for part in &losses.parts {
            named.push((
                format!("{}:{}", batch.name, part.name),
                f64::from(part.value.to_scalar::<f32>()?),
            ));
        }
        Ok((losses.total()?, named))
    }

    fn diverged(&self, step: u64, what: &'static str) -> TrainError {
        let path = Checkpoint::path(self.run);
        let last_good = if path.exists() { path.display().to_string() } else { "none yet".into() };
        TrainError::Diverged { step, what, last_good }
    }

    /// Losses of the averaged weights on fixed batches.
    fn evaluate(&self, batches: &[Batch]) -> Result<Vec<(String, f64)>, TrainError> {
        let model = LanguageModel::load(&self.averaged()?, &Device::Cpu, self.config.kernels)?;
        let mut figures = Vec::new();
        for batch in batches {
            figures.extend(self.losses(&model, batch)?.1);
        }
        Ok(figures)
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
        let marks = &self.material.space.marks;
        Ok(Adapter {
            base: base.fingerprint()?,
            lora: self.config.lora.clone().unwrap_or_default(),
            marks: marks[base.space.marks.len().min(marks.len())..].to_vec(),
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

    fn save(&self, sink: &dyn EventSink) -> Result<(), TrainError> {
        let checkpoint = Checkpoint {
            step: self.step(),
            weights: self.store.tensors(),
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
