//! The program as an ablation's runner: it trains, and evaluates what it trained or what it has.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use syrinx_ablate::{CellJob, CellPlace, CellRunner, Material, RunnerError, Trained};
use syrinx_config::{Layer, Settings};
use syrinx_engine::{Engine, ModelSource, with_language_model};
use syrinx_eval::{
    EvalOptions, JudgeConfig, Report, Subject, SubjectAnswer, SubjectError, SubjectRequest, Suite,
    TestedCodec, content_hash,
};
use syrinx_pretrained::CodecSpec;
use syrinx_results::Store;
use syrinx_task::{AnswerKind, CodebookSizes, TokenSpace};
use syrinx_text::TextVocab;
use syrinx_train::{Ranks, TrainConfig, Trainer, TrainingCheckpoint, TrainingMaterial, space_of};
use syrinx_types::{Audio, CancelToken, Event, EventSink};

use crate::corpora;
use crate::failure::{Exit, Failure, Outcome};
use crate::progress::JsonLines;
use crate::provenance;
use crate::recorded::{Measured, recorded, with_suite};
use crate::session::{Session, engine_from, model_source, open_engine};
use crate::subject::Loaded;
use crate::verbs::train::{Both, TrainingData, tasks};

/// Training data of the cells.
pub struct Corpora {
    /// Token shards.
    pub data: Option<PathBuf>,
    /// Their codec and that of codec suites; that of the model if none is named.
    pub codec: Option<CodecSpec>,
    /// Splits to learn from and to watch.
    pub splits: (String, Option<String>),
}

/// This program, with its settings and its store.
pub struct ProgramRunner<'a> {
    session: &'a Session,
    store: &'a Store,
    corpora: Corpora,
    kept: Mutex<Kept>,
}

/// Values cached between cells.
#[derive(Default)]
struct Kept {
    /// The engine that was used last, by everything that it was opened with.
    engine: Option<(String, Arc<Engine>)>,
    /// Fingerprints of models, by what they were opened with.
    fingerprints: Vec<(String, String)>,
    /// Fingerprint of the shards.
    shards: Option<String>,
}

impl<'a> ProgramRunner<'a> {
    /// With the session's settings under those of the cells.
    pub fn new(session: &'a Session, store: &'a Store, corpora: Corpora) -> Self {
        Self { session, store, corpora, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session's settings with a cell's keys over them.
    fn settings(&self, job: &CellJob<'_>) -> Outcome<Settings> {
        let mut pairs = flat(&job.keys.settings);
        // Files are named from where the ablation stands.
        for (_, path) in pairs.iter_mut().filter(|(key, _)| key == "model" || key == "adapter") {
            *path = job.folder.join(&*path).display().to_string();
        }
        Ok(self.session.settings(&pairs)?.value)
    }

    /// The training of a cell: its configuration file, its steps and its seed, its keys.
    fn train_config(&self, job: &CellJob<'_>) -> Outcome<Option<TrainConfig>> {
        let Some(budget) = job.budget else { return Ok(None) };
        let schema = schemars::schema_for!(TrainConfig).to_value();
        let defaults = serde_json::to_value(TrainConfig::default()).map_err(|e| {
            Failure::new(Exit::Unexpected, format!("defaults that are no JSON: {e}"))
        })?;
        let mut layers: Vec<Layer> =
            budget.config.iter().map(|path| Layer::File(job.folder.join(path))).collect();
        let own = [("steps", budget.steps.to_string()), ("seed", job.seed.to_string())];
        layers.push(Layer::Flags(own.map(|(k, v)| (k.to_owned(), v)).to_vec()));
        layers.push(Layer::Flags(flat(&job.keys.train)));
        let mut config: TrainConfig = syrinx_config::load(&schema, &defaults, &layers)?.value;
        // Measured once, at the end: that is what cells are compared by.
        config.eval_steps = config.steps;
        config.checkpoint_steps = config.checkpoint_steps.min(config.steps);
        config.check().map_err(|issue| Failure::new(Exit::BadModel, issue.to_string()))?;
        Ok(Some(config))
    }

    /// An engine with these settings.
    fn engine(&self, settings: &Settings) -> Outcome<Arc<Engine>> {
        let known = opened_with(settings, true);
        if let Some((with, engine)) = &self.kept().engine
            && *with == known
        {
            return Ok(Arc::clone(engine));
        }
        // The old one goes before the new one comes: two of them are twice the memory.
        self.kept().engine = None;
        let engine = Arc::new(open_engine(settings)?);
        self.kept().engine = Some((known, Arc::clone(&engine)));
        Ok(engine)
    }

    /// The fingerprint of the model that settings name, whatever its tasks' settings are.
    fn fingerprint(&self, settings: &Settings) -> Outcome<String> {
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

    /// Returns the fingerprint of the shards: their codec, and every utterance's name and length.
    fn shards(&self) -> Outcome<String> {
        if let Some(known) = &self.kept().shards {
            return Ok(known.clone());
        }
        let corpus = corpora::open(self.data()?)?;
        let one = |i: usize| format!("{} {}\n", corpus.utterance(i).id, corpus.frames(i));
        let listed: String = (0..corpus.len()).map(one).collect();
        let (train, watch) = &self.corpora.splits;
        let codec = &corpus.codec().fingerprint;
        let shards = content_hash(&[codec, train, watch.as_deref().unwrap_or("test"), &listed]);
        self.kept().shards = Some(shards.clone());
        Ok(shards)
    }

    fn data(&self) -> Outcome<&Path> {
        self.corpora.data.as_deref().ok_or_else(|| {
            Failure::usage("there is nothing to learn from", "name token shards with --data")
        })
    }

    fn materials(&self, job: &CellJob<'_>) -> Outcome<Material> {
        let settings = self.settings(job)?;
        let said = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
        let fingerprint = self.fingerprint(&settings)?;
        let mut used = said(serde_json::to_string(&(&settings.decode, &settings.tasks)));
        // Computers and kernels agree to the last bits that decide nothing; a precision may not.
        if settings.precision != Default::default() {
            used.push_str(&said(serde_json::to_string(&settings.precision)));
        }
        if let Some(codec) = &self.corpora.codec {
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
        (cancel, sink): (&CancelToken, &dyn EventSink),
    ) -> Outcome<Trained> {
        let Some(mut config) = self.train_config(job)? else {
            return Err(Failure::new(Exit::Unexpected, "a training without a budget"));
        };
        let settings = self.settings(job)?;
        let (train, watch) = &self.corpora.splits;
        let places = (self.data()?, self.corpora.codec.as_ref());
        let data = TrainingData::open(
            self.session,
            places,
            (train, watch.as_deref()),
            config.max_seconds,
        )?;
        if !data.coder.entries_add_up() {
            config.model.residual_weight = 0.0;
        }
        let tasks = tasks(&settings, &config.model)?;
        let stamp = data.coder.stamp();
        let sizes = CodebookSizes {
            levels: stamp.levels,
            codebook_size: stamp.codebook_size,
            frame_rate_hz: stamp.frame_rate_hz,
        };
        let fresh = TokenSpace::new(&TextVocab::english()?, sizes, config.model.group, []);
        let material = TrainingMaterial {
            device: settings.device.open()?,
            corpus: &data.learnt,
            held_out: (!data.watched.is_empty()).then_some(&data.watched),
            tasks: &tasks,
            space: space_of(fresh, &tasks, &config.mix),
            codebooks: data.coder.codebooks(),
            ranks: Ranks::alone(),
        };
        let resume = TrainingCheckpoint::path(folder).exists();
        let log = folder.join("events.jsonl");
        let events = JsonLines::open(&log)?;
        let mut trainer = Trainer::new(&config, &material, folder, resume)?;
        let outcome = trainer.run(&Both(sink, &events), cancel)?;
        if outcome.cancelled {
            return Err(Failure::interrupted("the cell's checkpoint is kept"));
        }
        Ok(Trained { model: outcome.model, figures: last_figures(&log) })
    }

    fn measure(
        &self,
        job: &CellJob<'_>,
        place: CellPlace<'_>,
        (suite, options): (&Suite, &EvalOptions),
        watch: (&CancelToken, &dyn EventSink),
    ) -> Outcome<Report> {
        let mut settings = with_suite(self.settings(job)?, suite);
        let cell = (place.ablation, place.key);
        let Some(lm) = place.model else {
            let engine = self.engine(&settings)?;
            if suite.codec.is_some() {
                settings.codec = self.corpora.codec.as_ref().map(CodecSpec::to_string);
            }
            let subject = Loaded { engine: &engine, settings: &settings };
            let measured = Measured { suite, subject: &subject, settings: &settings, cell };
            return Ok(recorded(self.store, measured, options, watch)?);
        };
        let packaged = with_language_model(&model_source(&settings)?, lm, None, None)?;
        let engine = engine_from(&ModelSource::Memory(packaged.into()), &settings)?;
        let base_settings = self.session.settings(&[])?.value;
        let recognizer = self.engine(&base_settings)?;
        let subject = TrainedSubject {
            own: Loaded { engine: &engine, settings: &settings },
            recognizer: Loaded { engine: &recognizer, settings: &base_settings },
            judge_tasks: suite
                .judges
                .iter()
                .filter_map(judge_task)
                .filter(|t| **t != suite.task)
                .collect(),
        };
        let measured = Measured { suite, subject: &subject, settings: &settings, cell };
        Ok(recorded(self.store, measured, options, watch)?)
    }
}

/// Returns a text of all settings that an engine is opened with, with or without those of its tasks.
fn opened_with(settings: &Settings, with_tasks: bool) -> String {
    let model = (&settings.model, &settings.adapter, &settings.codec);
    let model = (model, &settings.voices_dir, &settings.lexicon);
    let tasks = with_tasks.then_some(&settings.tasks);
    let runs = (settings.kernels, &settings.device, settings.precision);
    serde_json::to_string(&(model, runs, tasks)).unwrap_or_default()
}

/// A tree of keys as flags give them.
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

/// A value as flags give it: as JSON, but for tables in lists, which have `=` between their keys and values.
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

/// Returns the figures of the last evaluation in a training run's events.
pub fn last_figures(log: &Path) -> Vec<(String, f64)> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let mut events = text.lines().rev().filter_map(|line| serde_json::from_str(line).ok());
    let figures = events.find_map(|event| match event {
        Event::TrainEval { figures, .. } => Some(figures),
        _ => None,
    });
    figures.unwrap_or_default()
}

/// The task that a judge asks of the model.
fn judge_task(judge: &JudgeConfig) -> Option<&String> {
    match judge {
        JudgeConfig::Own { task, .. } => Some(task),
        _ => None,
    }
}

/// A model that was trained for a cell: it speaks for itself, and is heard by the ear of the model in use, for one that
/// learnt for minutes to speak has none.
struct TrainedSubject<'a> {
    own: Loaded<'a>,
    recognizer: Loaded<'a>,
    /// Tasks that the ear answers.
    judge_tasks: Vec<&'a String>,
}

impl TrainedSubject<'_> {
    fn asked(&self, task: &str) -> &Loaded<'_> {
        if self.judge_tasks.iter().any(|t| *t == task) { &self.recognizer } else { &self.own }
    }
}

impl Subject for TrainedSubject<'_> {
    fn name(&self) -> String {
        format!("trained for the cell, heard by {}", self.recognizer.name())
    }

    fn fingerprint(&self) -> String {
        format!("{}-{}", self.own.fingerprint(), self.recognizer.fingerprint())
    }

    fn answer_kind(&self, task: &str) -> Option<AnswerKind> {
        self.asked(task).answer_kind(task)
    }

    fn tasks(&self) -> Vec<String> {
        self.own.tasks()
    }

    fn voices(&self) -> Vec<String> {
        self.own.voices()
    }

    fn voice_recording(&self, voice: &str) -> Result<Audio, SubjectError> {
        self.own.voice_recording(voice)
    }

    fn answer(
        &self,
        ask: &SubjectRequest<'_>,
        cancel: &CancelToken,
    ) -> Result<SubjectAnswer, SubjectError> {
        self.asked(ask.task).answer(ask, cancel)
    }

    fn sample_rate_hz(&self) -> u32 {
        self.own.sample_rate_hz()
    }

    fn codec(
        &self,
        named: Option<(&str, &Path)>,
    ) -> Result<Box<dyn TestedCodec + '_>, SubjectError> {
        self.own.codec(named)
    }
}

/// A failure of the program as one of a cell.
fn of_cell(failure: Failure) -> RunnerError {
    if failure.exit == Exit::Interrupted {
        return RunnerError::Cancelled;
    }
    let hint = failure.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    RunnerError::Failed(format!("{}{hint}", failure.message))
}

impl CellRunner for ProgramRunner<'_> {
    fn material(&self, job: &CellJob<'_>) -> Result<Material, RunnerError> {
        self.materials(job).map_err(of_cell)
    }

    fn train(
        &self,
        job: &CellJob<'_>,
        folder: &Path,
        watch: (&CancelToken, &dyn EventSink),
    ) -> Result<Trained, RunnerError> {
        self.learn(job, folder, watch).map_err(of_cell)
    }

    fn evaluate(
        &self,
        job: &CellJob<'_>,
        place: CellPlace<'_>,
        ask: (&Suite, &EvalOptions),
        watch: (&CancelToken, &dyn EventSink),
    ) -> Result<Report, RunnerError> {
        self.measure(job, place, ask, watch).map_err(of_cell)
    }

    fn now_s(&self) -> f64 {
        provenance::now_s()
    }

    fn machine(&self) -> String {
        provenance::machine()
    }
}
