//! Program of the terminal dashboard: runs tasks, evaluations and ablations on loaded models.

mod cards;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use syrinx_ablate::{Ablation, WorkOptions};
use syrinx_config::{Layer, Settings};
use syrinx_dash::{
    AblationCard, AnswerRequest, EvalRequest, Knob, ModelCard, Program, ProgramAnswer,
    ProgramError, SuiteCard, TaskCard,
};
use syrinx_data::WorkShare;
use syrinx_engine::{Engine, MergedAnswer};
use syrinx_eval::{EvalOptions, Report, Suite};
use syrinx_registry::ALL;
use syrinx_results::Store;
use syrinx_task::{ModelSwitches, Request};
use syrinx_types::{Audio, CancelToken, EventSink, RunContext};

use crate::evaluation::{KeptEvaluation, Origin, with_suite};
use crate::models::{open_engine, task_kit};
use crate::{
    AblationRun, CellData, CorpusSource, EngineSubject, ModelCache, RecipeError, SettingsRunner,
};

/// Plays a recording. Returns when playback has started.
pub type PlayAudio = fn(&Audio) -> Result<(), ProgramError>;

/// Paths and settings of the dashboard's program.
#[derive(Debug, Clone)]
pub struct DashboardOptions {
    /// Layers of the settings, lowest first.
    pub layers: Vec<Layer>,
    /// Settings of the model whose codec encodes the shards of ablations.
    pub shard_settings: Settings,
    /// Paths of further model files.
    pub models: Vec<PathBuf>,
    /// Folder of suites. Reports of ablations are written to its folder `reports`.
    pub evals: PathBuf,
    /// Folder of ablation files.
    pub ablations: PathBuf,
    /// Token shards for ablations with training.
    pub shards: Option<CorpusSource>,
    /// Folder of evaluation and ablation runs.
    pub runs: PathBuf,
    /// Path of the results store.
    pub results: PathBuf,
    /// Origin of results.
    pub origin: Origin,
    /// Player of recordings.
    pub play: PlayAudio,
}

/// Program of the dashboard.
pub struct DashboardProgram {
    options: DashboardOptions,
    settings: Settings,
    models: ModelCache,
}

impl DashboardProgram {
    /// Reads the settings. Models are loaded when they are first used.
    ///
    /// # Errors
    /// [`RecipeError::Config`]; [`RecipeError::NoModel`] without a model.
    pub fn new(options: DashboardOptions) -> Result<Self, RecipeError> {
        let settings = Settings::load(&options.layers)?.value;
        let models = ModelCache::of_settings(&settings)?;
        Ok(Self { options, settings, models })
    }

    /// Returns the settings with this model and the changed keys.
    fn settings(
        &self,
        model: &ModelCard,
        changed: &[(String, String)],
    ) -> Result<Settings, RecipeError> {
        let mut layers = self.options.layers.clone();
        layers.push(Layer::Flags(changed.to_vec()));
        let settings = Settings::load(&layers)?.value;
        Ok(Settings { model: model.path.clone(), ..settings })
    }

    fn answered(
        &self,
        request: &AnswerRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<Option<ProgramAnswer>, RecipeError> {
        let settings = self.settings(&request.model, &request.changed)?;
        let engine = self.models.engine(&settings)?;
        let mut asked = Request::new(request.request.clone());
        if let (Some(audio), Some(descriptor)) =
            (&request.recording, syrinx_registry::find(&request.task))
        {
            asked = asked.with_recording(descriptor.verb.positional, Arc::clone(audio));
        }
        let run = RunContext::new(cancel, sink).with_seed(request.seed);
        let begun = Instant::now();
        let (mut whole, mut first_s) = (MergedAnswer::default(), None);
        engine.run_in_chunks(&request.task, &asked, &settings.decode, run, &mut |chunk| {
            first_s.get_or_insert(begun.elapsed().as_secs_f64());
            whole.push(chunk)
        })?;
        let wall_s = begun.elapsed().as_secs_f64();
        let first_s = first_s.filter(|_| whole.chunks() > 1);
        Ok(whole.into_answered().map(|answered| {
            let audio = answered.audio().or_else(|| sound_of(&engine, request));
            ProgramAnswer { answered, audio, wall_s, first_s }
        }))
    }

    fn evaluated(
        &self,
        request: &EvalRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<Report, RecipeError> {
        let suite = Suite::load(&request.suite.path)?;
        let settings = with_suite(self.settings(&request.model, &[])?, &suite);
        let store = Store::open(&self.options.results)?;
        // A suite that changes settings of a task needs its own engine: cached engines ignore settings other than the
        // model.
        let engine = if suite.settings.is_empty() {
            self.models.engine(&settings)?
        } else {
            Arc::new(open_engine(&settings)?)
        };
        let out = self.options.runs.join("eval").join(run_name(&suite.name, request));
        let options = EvalOptions { out, limit: request.limit, ..EvalOptions::default() };
        let evaluation = KeptEvaluation {
            store: &store,
            suite: &suite,
            subject: &EngineSubject { engine: &engine, settings: &settings },
            settings: &settings,
            cell: None,
            origin: &self.options.origin,
        };
        Ok(evaluation.run(&options, RunContext::new(cancel, sink))?)
    }

    fn ablated(
        &self,
        card: &AblationCard,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<String, RecipeError> {
        let ablation = Ablation::load(&card.path)?;
        let name = ablation.name.clone();
        let store = Store::open(&self.options.results)?;
        let data = CellData { corpus: self.options.shards.clone(), ..CellData::default() };
        let DashboardOptions { layers, shard_settings, origin, runs, evals, .. } = &self.options;
        let (layers, base) = (layers.clone(), shard_settings.clone());
        let runner = SettingsRunner::new(layers, base, &store, data, origin.clone());
        let ablation = AblationRun::new(ablation, &runner, &store)?;
        let folder = runs.join("ablations").join(&name);
        let options = WorkOptions { folder, part: WorkShare::WHOLE };
        let run = RunContext::new(cancel, sink);
        let outcome = ablation.run(&options, &evals.join("reports"), run)?;
        if run.is_cancelled() {
            return Err(RecipeError::Cancelled);
        }
        let tally = outcome.tally;
        let cells = format!(
            "{name}: {} cells done, {} done before, {} failed",
            tally.finished, tally.known, tally.failed
        );
        Ok(match outcome.report.first() {
            Some(page) => format!("{cells}; report: {}", page.display()),
            None => cells,
        })
    }
}

/// Returns the recording of a request, loaded from its file if necessary; `None` if there is none or it cannot be read.
fn sound_of(engine: &Engine, request: &AnswerRequest) -> Option<Arc<Audio>> {
    request.recording.clone().or_else(|| {
        let descriptor = syrinx_registry::find(&request.task)?;
        let field = descriptor.verb.positional;
        let file = request.request[field].as_str().filter(|_| descriptor.takes_recording(field))?;
        engine.load(file).ok().map(Arc::new)
    })
}

/// Returns the name of an evaluation's folder. Every combination of suite, model and number of items has its own
/// folder, since a run removes rows of other models and items from its folder.
fn run_name(suite: &str, request: &EvalRequest) -> String {
    let mut name = suite.to_owned();
    if request.model.path.is_some() {
        name = format!("{name}-{}", request.model.name);
    }
    if let Some(limit) = request.limit {
        name = format!("{name}-first{limit}");
    }
    name
}

/// Converts an error to that of the dashboard.
fn shown(error: RecipeError) -> ProgramError {
    let hint = error.hint();
    ProgramError::new(error.to_string(), hint)
}

impl Program for DashboardProgram {
    fn tasks(&self) -> Result<Vec<TaskCard>, ProgramError> {
        let kit = task_kit(ModelSwitches::default()).map_err(shown)?;
        let card = |descriptor: &&'static _| cards::task(descriptor, &self.settings, &kit);
        ALL.iter().map(card).collect::<Result<_, _>>().map_err(shown)
    }

    fn suites(&self) -> Vec<SuiteCard> {
        cards::suites(&self.options.evals)
    }

    fn ablations(&self) -> Vec<AblationCard> {
        cards::ablations(&self.options.ablations)
    }

    fn models(&self) -> Vec<ModelCard> {
        cards::models(self.settings.model.as_deref(), &self.options.models)
    }

    fn knobs(&self) -> Result<Vec<Knob>, ProgramError> {
        let loaded = Settings::load(&self.options.layers).map_err(|e| shown(e.into()))?;
        let of_decoding = loaded.keys.into_iter().filter(|k| k.key.starts_with("decode."));
        Ok(of_decoding.map(|k| Knob { key: k.key, value: k.value.to_string() }).collect())
    }

    fn voices(&self, model: &ModelCard) -> Result<Vec<String>, ProgramError> {
        let engine = self.settings(model, &[]).and_then(|settings| self.models.engine(&settings));
        Ok(engine.map_err(shown)?.voices().names())
    }

    fn answer(
        &self,
        request: &AnswerRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<ProgramAnswer, ProgramError> {
        let answer = self.answered(request, cancel, sink).map_err(shown)?;
        answer.ok_or_else(|| "the answer is empty".into())
    }

    fn evaluate(
        &self,
        request: &EvalRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<Report, ProgramError> {
        self.evaluated(request, cancel, sink).map_err(shown)
    }

    fn ablate(
        &self,
        card: &AblationCard,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<String, ProgramError> {
        self.ablated(card, cancel, sink).map_err(shown)
    }

    fn now_s(&self) -> f64 {
        (self.options.origin.now_s)()
    }

    fn play(&self, audio: &Audio) -> Result<(), ProgramError> {
        (self.options.play)(audio)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use syrinx_types::NullSink;

    use super::*;

    fn program(models: Vec<PathBuf>) -> DashboardProgram {
        let options = DashboardOptions {
            layers: Vec::new(),
            shard_settings: Settings::default(),
            models,
            evals: "../../evals".into(),
            ablations: "../../configs/ablations".into(),
            shards: None,
            runs: "runs".into(),
            results: "runs/results.db".into(),
            origin: Origin {
                revision: String::new(),
                machine: String::new(),
                command: String::new(),
                now_s: || 0.0,
            },
            play: |_| Err("no sound device".into()),
        };
        DashboardProgram::new(options).expect("the embedded model")
    }

    #[test]
    fn tasks_suites_ablations_and_models_are_listed() {
        let program = program(vec!["runs/lm/other.safetensors".into()]);
        let tasks = program.tasks().expect("they are built");
        assert_eq!(tasks.len(), ALL.len());
        assert!(tasks.iter().all(|task| task.layouts.len() == 3 && !task.request.is_empty()));
        assert!(!program.suites().is_empty() && !program.ablations().is_empty());
        let names: Vec<String> = program.models().into_iter().map(|model| model.name).collect();
        assert_eq!(names, ["embedded", "other"]);
        let knobs = program.knobs().expect("settings");
        assert!(knobs.iter().any(|knob| knob.key == "decode.codes.temperature"), "{knobs:?}");
    }

    #[test]
    fn a_recording_is_shown_with_its_transcript() {
        let program = program(Vec::new());
        let task = ALL.iter().find(|task| task.transcribes()).expect("a task");
        let recording = Arc::new(Audio::silence(1.0, 24_000));
        let request = AnswerRequest {
            model: program.models().remove(0),
            task: task.id.into(),
            request: json!({}),
            changed: vec![("decode.codes.temperature".into(), "0.5".into())],
            seed: 1,
            recording: Some(Arc::clone(&recording)),
        };
        let answer = program.answer(&request, &CancelToken::default(), &NullSink);
        let answer = answer.expect("it is answered");
        assert_eq!(answer.answered.transcript().map(|t| t.text.as_str()), Some(""));
        assert_eq!((answer.audio, answer.first_s), (Some(recording), None));
        let unknown =
            AnswerRequest { changed: vec![("decode.nothing".into(), "1".into())], ..request };
        let error = program.answer(&unknown, &CancelToken::default(), &NullSink);
        assert!(error.expect_err("no such key").message.contains("decode.nothing"));
    }

    #[test]
    fn an_ablation_that_trains_needs_shards() {
        let program = program(Vec::new());
        let card = program.ablations().into_iter().find(|card| card.trains).expect("one trains");
        let folder = tempfile::tempdir().expect("a folder");
        let results = folder.path().join("results.db");
        let options = DashboardOptions { results, ..program.options.clone() };
        let program = DashboardProgram { options, ..program };
        let error = program.ablate(&card, &CancelToken::default(), &NullSink);
        let error = error.expect_err("no shards");
        assert!(error.message.contains("needs token shards") && error.hint.is_some(), "{error}");
    }
}
