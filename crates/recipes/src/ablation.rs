//! Runner of the cells of an ablation: trains a language model for each cell and evaluates it, or evaluates the
//! configured model.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use syrinx_ablate::{CellJob, CellPlace, CellRunner, Material, RunnerError, TrainedCell};
use syrinx_config::{Layer, Settings};
use syrinx_engine::{Engine, ModelSource, with_language_model};
use syrinx_eval::{EvalOptions, Report, Subject, Suite, content_hash};
use syrinx_pretrained::CodecSpec;
use syrinx_results::Store;
use syrinx_task::TaskDescriptor;
use syrinx_train::{TrainConfig, TrainingCheckpoint};
use syrinx_types::{CallbackError, ConfigIssue, RunContext};

use crate::evaluation::{CellOf, KeptEvaluation, Origin, with_suite};
use crate::events::{EVENTS_FILE, last_figures};
use crate::models::{model_source, open_engine_of};
use crate::trained_subject::TrainedSubject;
use crate::training::{Splits, Training, TrainingData, TrainingRun};
use crate::{CorpusCodec, CorpusSource, DEFAULT_WATCH_SPLIT, EngineSubject, RecipeError, Tuning};

/// Training split unless another is selected.
const TRAIN_SPLIT: &str = "train";

/// Training data of the cells.
#[derive(Debug, Clone)]
pub struct CellData {
    /// Token shards; `None` for ablations without training.
    pub corpus: Option<CorpusSource>,
    /// Codec of the shards and of codec suites; `None` selects the codec of the model.
    pub codec: Option<CodecSpec>,
    /// Training split.
    pub train_split: String,
    /// Split that is evaluated during training; `None` selects [`DEFAULT_WATCH_SPLIT`].
    pub watch_split: Option<String>,
}

impl Default for CellData {
    fn default() -> Self {
        let train_split = TRAIN_SPLIT.to_owned();
        Self { corpus: None, codec: None, train_split, watch_split: None }
    }
}

/// Runner whose cells change settings: the keys of a cell are the highest layer of its settings.
pub struct SettingsRunner<'a> {
    /// Layers of the settings, lowest first.
    layers: Vec<Layer>,
    /// Settings of the model whose codec encodes the shards if `data` has no codec.
    base: Settings,
    store: &'a Store,
    data: CellData,
    origin: Origin,
    /// Tasks that the models of the cells are trained on.
    tasks: &'a [&'static TaskDescriptor],
    kept: Mutex<Kept>,
}

/// Values cached between cells.
#[derive(Default)]
struct Kept {
    /// Most recent engine, with the settings it was opened with as text.
    engine: Option<(String, Arc<Engine>)>,
    /// Fingerprints of models, each with the settings that the model was opened with as text.
    fingerprints: Vec<(String, String)>,
    /// Fingerprint of the shards.
    shards: Option<String>,
}

impl<'a> SettingsRunner<'a> {
    /// Returns a runner that applies the keys of each cell over `layers`. `base` are the settings of the model whose
    /// codec encodes the shards if `data` has no codec.
    pub fn new(
        layers: Vec<Layer>,
        base: Settings,
        store: &'a Store,
        data: CellData,
        origin: Origin,
    ) -> Self {
        let tasks = syrinx_registry::ALL;
        Self { layers, base, store, data, origin, tasks, kept: Mutex::default() }
    }

    /// Replaces the registered tasks by `tasks`.
    #[must_use]
    pub fn with_tasks(self, tasks: &'a [&'static TaskDescriptor]) -> Self {
        Self { tasks, ..self }
    }

    /// Whether the runner has token shards, so that cells can be trained.
    pub fn has_shards(&self) -> bool {
        self.data.corpus.is_some()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the settings of the layers with `keys` over them.
    fn layered(&self, keys: Vec<(String, String)>) -> Result<Settings, RecipeError> {
        let mut layers = self.layers.clone();
        layers.push(Layer::Flags(keys));
        Ok(Settings::load_with_tasks(&layers, self.tasks)?.value)
    }

    /// Returns the settings of a cell.
    fn settings(&self, job: &CellJob<'_>) -> Result<Settings, RecipeError> {
        let mut pairs = flat(&job.keys.settings);
        // Paths are relative to the folder of the ablation.
        for (_, path) in pairs.iter_mut().filter(|(key, _)| key == "model" || key == "adapter") {
            *path = job.folder.join(&*path).display().to_string();
        }
        self.layered(pairs)
    }

    /// Returns the training configuration of a cell: its configuration file, then its steps and seed, then its training
    /// keys. `None` if the cell is not trained.
    fn train_config(&self, job: &CellJob<'_>) -> Result<Option<TrainConfig>, RecipeError> {
        let Some(budget) = job.budget else { return Ok(None) };
        let mut layers: Vec<Layer> =
            budget.config.iter().map(|path| Layer::File(job.folder.join(path))).collect();
        let own = [("steps", budget.steps.to_string()), ("seed", job.seed.to_string())];
        layers.push(Layer::Flags(own.map(|(k, v)| (k.to_owned(), v)).to_vec()));
        layers.push(Layer::Flags(flat(&job.keys.train)));
        let mut config: TrainConfig = syrinx_config::load_config(&layers)?.value;
        // Cells are compared by their final evaluation only.
        config.eval_steps = config.steps;
        config.checkpoint_steps = config.checkpoint_steps.min(config.steps);
        config.check()?;
        Ok(Some(config))
    }

    /// Returns an engine with these settings; the most recent engine is reused if its settings are equal.
    fn engine(&self, settings: &Settings) -> Result<Arc<Engine>, RecipeError> {
        let known = opened_with(settings, true);
        if let Some((with, engine)) = &self.kept().engine
            && *with == known
        {
            return Ok(Arc::clone(engine));
        }
        // The old engine is dropped before the new one is opened, so that only one occupies memory.
        self.kept().engine = None;
        let engine = Arc::new(open_engine_of(&model_source(settings)?, settings, self.tasks)?);
        self.kept().engine = Some((known, Arc::clone(&engine)));
        Ok(engine)
    }

    /// Returns the fingerprint of the model that the settings select. Settings of tasks are ignored.
    fn fingerprint(&self, settings: &Settings) -> Result<String, RecipeError> {
        let known = opened_with(settings, false);
        if let Some((_, fingerprint)) =
            self.kept().fingerprints.iter().find(|(with, _)| *with == known)
        {
            return Ok(fingerprint.clone());
        }
        let plain = Settings { tasks: Default::default(), ..settings.clone() };
        let fingerprint = self.engine(&plain)?.fingerprint().to_owned();
        self.kept().fingerprints.push((known, fingerprint.clone()));
        Ok(fingerprint)
    }

    /// Returns a fingerprint of the shards: of their codec, the splits, and the identifier and number of frames of
    /// every utterance.
    fn shards(&self) -> Result<String, RecipeError> {
        if let Some(known) = &self.kept().shards {
            return Ok(known.clone());
        }
        let corpus = self.corpus()?.open()?;
        let one = |i: usize| format!("{} {}\n", corpus.utterance(i).id, corpus.frames(i));
        let listed: String = (0..corpus.len()).map(one).collect();
        let codec = &corpus.codec().fingerprint;
        let watch = self.data.watch_split.as_deref().unwrap_or(DEFAULT_WATCH_SPLIT);
        let shards = content_hash(&[codec, &self.data.train_split, watch, &listed]);
        self.kept().shards = Some(shards.clone());
        Ok(shards)
    }

    fn corpus(&self) -> Result<&CorpusSource, RecipeError> {
        self.data.corpus.as_ref().ok_or(RecipeError::NoShards)
    }

    fn materials(&self, job: &CellJob<'_>) -> Result<Material, RecipeError> {
        let settings = self.settings(job)?;
        let said = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
        let fingerprint = self.fingerprint(&settings)?;
        let mut used = said(serde_json::to_string(&(&settings.decode, &settings.tasks)));
        // Devices and kernels agree up to rounding errors, a lower precision does not.
        if settings.precision != Default::default() {
            used.push_str(&said(serde_json::to_string(&settings.precision)));
        }
        if let Some(codec) = &self.data.codec {
            used.push_str(&codec.to_string());
        }
        let training = match self.train_config(job)? {
            None => None,
            Some(config) => {
                let config = said(serde_json::to_string(&config));
                let tasks = said(serde_json::to_string(&settings.tasks));
                Some([config, tasks, self.shards()?].join("\n"))
            }
        };
        Ok(Material { evaluation: format!("{fingerprint}\n{used}"), training })
    }

    fn learn(
        &self,
        job: &CellJob<'_>,
        folder: &Path,
        run: RunContext<'_>,
    ) -> Result<TrainedCell, RecipeError> {
        let config = self.train_config(job)?.ok_or(RecipeError::NoBudget)?;
        if config.lora.is_some() {
            let reason = "adapts an existing model, and the cells of an ablation train new models";
            return Err(ConfigIssue::new("lora", reason).into());
        }
        let settings = self.settings(job)?;
        let CellData { codec, train_split, watch_split, .. } = &self.data;
        let source = self.corpus()?;
        let coder = CorpusCodec::open(codec.as_ref(), &self.base)?;
        let corpus = source.open()?;
        let splits = Splits { train: train_split, watch: watch_split.as_deref() };
        let data = TrainingData::new(&corpus, &source.place, coder, splits, config.max_seconds)?;
        let resume = TrainingCheckpoint::path(folder).exists();
        let training = TrainingRun {
            settings: &settings,
            tasks: self.tasks,
            folder,
            resume,
            tuning: Tuning::default(),
            evaluated_sentences: 0,
            codec: codec.as_ref(),
        };
        let training = Training::new(training, config, data)?;
        let outcome = training.run(self.origin.now_s, run)?.outcome;
        if outcome.cancelled {
            return Err(RecipeError::CellStopped);
        }
        let figures = last_figures(&folder.join(EVENTS_FILE));
        Ok(TrainedCell { model: outcome.model, figures })
    }

    fn measure(
        &self,
        job: &CellJob<'_>,
        place: CellPlace<'_>,
        suite: &Suite,
        options: &EvalOptions,
        run: RunContext<'_>,
    ) -> Result<Report, RecipeError> {
        let mut settings = with_suite(self.settings(job)?, suite);
        let evaluate = |subject: &dyn Subject, settings: &Settings| {
            let cell = Some(CellOf { ablation: place.ablation, key: place.key });
            let (store, origin) = (self.store, &self.origin);
            KeptEvaluation { store, suite, subject, settings, cell, origin }.run(options, run)
        };
        let Some(lm) = place.model else {
            let engine = self.engine(&settings)?;
            if suite.codec.is_some() {
                settings.codec = self.data.codec.as_ref().map(CodecSpec::to_string);
            }
            let subject = EngineSubject { engine: &engine, settings: &settings };
            return Ok(evaluate(&subject, &settings)?);
        };
        let packaged = with_language_model(&model_source(&settings)?, lm, None, None)?;
        let engine = open_engine_of(&ModelSource::Memory(packaged.into()), &settings, self.tasks)?;
        let base_settings = self.layered(Vec::new())?;
        let recognizer = self.engine(&base_settings)?;
        let own = EngineSubject { engine: &engine, settings: &settings };
        let judge = EngineSubject { engine: &recognizer, settings: &base_settings };
        let subject = TrainedSubject::new(own, judge, suite);
        Ok(evaluate(&subject, &settings)?)
    }
}

/// Returns the settings that an engine is opened with as text, with or without the settings of its tasks.
fn opened_with(settings: &Settings, with_tasks: bool) -> String {
    let model = (&settings.model, &settings.adapter, &settings.codec);
    let model = (model, &settings.voices_dir, &settings.lexicon);
    let tasks = with_tasks.then_some(&settings.tasks);
    let runs = (settings.kernels, &settings.device, settings.precision);
    serde_json::to_string(&(model, runs, tasks)).unwrap_or_default()
}

/// Flattens a tree of keys to the keys and values of command-line flags: nested keys are joined by dots.
fn flat(tree: &Map<String, Value>) -> Vec<(String, String)> {
    fn walk(prefix: &str, value: &Value, out: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) => {
                for (name, below) in fields {
                    let key =
                        if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                    walk(&key, below, out);
                }
            }
            Value::String(text) => out.push((prefix.to_owned(), text.clone())),
            other => out.push((prefix.to_owned(), listed(other))),
        }
    }
    let mut out = Vec::new();
    walk("", &Value::Object(tree.clone()), &mut out);
    out
}

/// Formats a value for a command-line flag: as JSON, except that tables in lists have `=` between key and value.
fn listed(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(listed).collect::<Vec<_>>().join(","))
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name}={}", listed(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// Converts an error to that of a runner.
fn of_cell(error: RecipeError) -> RunnerError {
    if error.is_cancelled() {
        return RunnerError::Cancelled;
    }
    let hint = error.hint();
    CallbackError::new(error).with_hint(hint).into()
}

impl CellRunner for SettingsRunner<'_> {
    fn material(&self, job: &CellJob<'_>) -> Result<Material, RunnerError> {
        self.materials(job).map_err(of_cell)
    }

    fn train(
        &self,
        job: &CellJob<'_>,
        folder: &Path,
        run: RunContext<'_>,
    ) -> Result<TrainedCell, RunnerError> {
        self.learn(job, folder, run).map_err(of_cell)
    }

    fn evaluate(
        &self,
        job: &CellJob<'_>,
        place: CellPlace<'_>,
        suite: &Suite,
        options: &EvalOptions,
        run: RunContext<'_>,
    ) -> Result<Report, RunnerError> {
        self.measure(job, place, suite, options, run).map_err(of_cell)
    }

    fn now_s(&self) -> f64 {
        (self.origin.now_s)()
    }

    fn machine(&self) -> String {
        self.origin.machine.clone()
    }
}
