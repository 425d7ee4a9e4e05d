//! `dash`: the terminal dashboard, with this program behind it.

mod ablations;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use clap::{Args, ValueHint};
use serde_json::Value;
use syrinx_config::Settings;
use syrinx_dash::{
    AblationCard, AnswerRequest, DashError, DashOptions, EvalRequest, FieldCard, Knob, ModelCard,
    Program, ProgramAnswer, ProgramError, Screen, SuiteCard, TaskCard, ThemeName,
};
use syrinx_engine::{Engine, MergedAnswer, with_language_model, write_atomic};
use syrinx_eval::{EvalOptions, Report, Suite};
use syrinx_recipes::{
    EngineSubject, KeptEvaluation, build_task, model_source, open_engine, task_kit, with_suite,
};
use syrinx_registry::ALL;
use syrinx_results::Store;
use syrinx_task::{Alignment, ModelSwitches, Request, TaskDescriptor, TaskKit};
use syrinx_train::TrainingCheckpoint;
use syrinx_types::{Audio, CancelToken, EventSink, RunContext};

use crate::failure::{Exit, Failure, Outcome};
use crate::globals::Globals;
use crate::provenance;
use crate::session::{Session, settings_of};
use crate::verbs::tasks::field_rows;

use ablations::AblationRun;

/// `dash`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx dash\n  syrinx dash --screen evals --with-model new.safetensors\n  syrinx dash --replay runs/lm/events.jsonl\n\n? shows all keys. NO_COLOR is honoured; --theme chooses the colours."
)]
pub struct DashArgs {
    /// First screen
    #[arg(long, value_name = "SCREEN", default_value = "compare", value_parser = ["compare", "evals", "ablations", "training", "tasks"])]
    screen: String,
    /// Colours
    #[arg(long, value_name = "NAME", value_parser = ["dark", "light", "plain"])]
    theme: Option<String>,
    /// Leave the mouse to the terminal, so that text can be selected
    #[arg(long)]
    no_mouse: bool,
    /// Draw a past run from its events
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    replay: Option<PathBuf>,
    /// Another model to compare with; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    with_model: Vec<PathBuf>,
    /// Results store; runs/results.db if not given
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    results: Option<PathBuf>,
    /// Folder of suites
    #[arg(long, value_name = "DIR", default_value = "evals", value_hint = ValueHint::DirPath)]
    evals: PathBuf,
    /// Folder of ablations that can be started
    #[arg(long, value_name = "DIR", default_value = "configs/ablations", value_hint = ValueHint::DirPath)]
    ablations: PathBuf,
    /// Token shards for ablations that train (`syrinx data encode`)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data: Option<PathBuf>,
    /// Folder of training runs and evaluations
    #[arg(long, value_name = "DIR", default_value = "runs", value_hint = ValueHint::DirPath)]
    runs: PathBuf,
}

/// Runs the dashboard until it is left.
pub fn run(session: &Session, args: &DashArgs) -> Outcome {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(Failure::usage(
            "the dashboard needs a terminal",
            "run it in one, not in a pipe; `syrinx results` and `syrinx run` work anywhere",
        ));
    }
    let settings = session.settings(&[])?.value;
    let colourless = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let theme = match args.theme.as_deref() {
        Some(name) => ThemeName::ALL.into_iter().find(|t| t.name() == name).unwrap_or_default(),
        None if colourless => ThemeName::Plain,
        None => ThemeName::default(),
    };
    let named = |s: &&Screen| s.name().eq_ignore_ascii_case(&args.screen);
    let results = session.results(args.results.as_deref(), &settings);
    let options = DashOptions {
        theme,
        screen: Screen::ALL.iter().find(named).copied().unwrap_or_default(),
        mouse: !args.no_mouse,
        results: results.clone(),
        runs: args.runs.clone(),
        out: args.runs.join("compare"),
        replay: args.replay.clone(),
    };
    let program = DashProgram {
        globals: session.globals.clone(),
        settings,
        with_models: args.with_model.clone(),
        evals: args.evals.clone(),
        ablations: args.ablations.clone(),
        data: args.data.clone(),
        runs: args.runs.clone(),
        results,
        engines: Mutex::default(),
    };
    Ok(syrinx_dash::run(&options, Arc::new(program), &session.cancel, std::io::stdout)?)
}

impl From<DashError> for Failure {
    fn from(error: DashError) -> Self {
        let exit = match error {
            DashError::Replay { .. } => Exit::BadInput,
            DashError::Terminal { .. } => Exit::Usage,
            _ => Exit::Unexpected,
        };
        Self::of(exit, &error, error.hint())
    }
}

/// A model's file and when it was written.
type ModelVersion = (PathBuf, Option<SystemTime>);

/// The program behind the dashboard.
struct DashProgram {
    globals: Globals,
    settings: Settings,
    with_models: Vec<PathBuf>,
    evals: PathBuf,
    ablations: PathBuf,
    data: Option<PathBuf>,
    runs: PathBuf,
    results: PathBuf,
    /// Models that are loaded, by their file and when it was written; the empty path is the embedded one.
    engines: Mutex<BTreeMap<ModelVersion, Arc<Engine>>>,
}

/// Returns a failure as the dashboard shows it.
fn told(error: impl Into<Failure>) -> ProgramError {
    let failure: Failure = error.into();
    ProgramError::new(failure.message, failure.hint.map(Into::into))
}

impl DashProgram {
    /// Returns the settings with this model, and these keys changed.
    fn settings(
        &self,
        model: &ModelCard,
        changed: &[(String, String)],
    ) -> Result<Settings, ProgramError> {
        let mut settings = settings_of(&self.globals, changed).map_err(told)?.value;
        settings.model.clone_from(&model.path);
        Ok(settings)
    }

    /// Returns a loaded model: loaded once, and kept until its file changes. The weights of a training run speak with
    /// the codec and the voices of the model in use.
    fn engine(&self, settings: &Settings) -> Result<Arc<Engine>, ProgramError> {
        let path = settings.model.clone().unwrap_or_default();
        let changed = path.metadata().and_then(|m| m.modified()).ok();
        let key = (path.clone(), changed);
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = engines.get(&key) {
            return Ok(Arc::clone(engine));
        }
        let run = path.parent().filter(|folder| TrainingCheckpoint::path(folder).exists());
        let engine = match run {
            None => open_engine(settings).map_err(told)?,
            Some(run) => open_engine(&self.trained(settings, &path, run)?).map_err(told)?,
        };
        let engine = Arc::new(engine);
        // Engines of a file's older content are dropped.
        engines.retain(|(other, _), _| *other != path);
        engines.insert(key, Arc::clone(&engine));
        Ok(engine)
    }

    /// Returns the settings that name a whole model, made of the weights of a training run.
    fn trained(
        &self,
        settings: &Settings,
        lm: &Path,
        run: &Path,
    ) -> Result<Settings, ProgramError> {
        let base = model_source(&self.settings).map_err(told)?;
        let bytes = with_language_model(&base, lm, None, None).map_err(told)?;
        let whole = run.join("listen.safetensors");
        write_atomic(&whole, &bytes).map_err(told)?;
        Ok(Settings { model: Some(whole), ..settings.clone() })
    }

    fn card(
        &self,
        descriptor: &'static TaskDescriptor,
        kit: &TaskKit,
    ) -> Result<TaskCard, ProgramError> {
        let alignments = [
            ("pointer", Alignment::Pointer),
            ("none", Alignment::None),
            ("durations", Alignment::Durations),
        ];
        let layouts = alignments
            .into_iter()
            .map(|(name, alignment)| {
                let kit = TaskKit { switches: alignment.into(), ..kit.clone() };
                let task = build_task(descriptor, &self.settings, &kit).map_err(told)?;
                Ok((name.to_owned(), task.layout()))
            })
            .collect::<Result<_, ProgramError>>()?;
        Ok(TaskCard {
            id: descriptor.id.into(),
            summary: descriptor.summary.into(),
            example: descriptor.verb.example.into(),
            answer_kind: descriptor.answer,
            positional: descriptor.verb.positional.into(),
            takes_recording: descriptor.takes_recording(descriptor.verb.positional),
            required: descriptor.capabilities.required.iter().map(|f| (*f).to_owned()).collect(),
            layouts,
            request: fields(&(descriptor.request_schema)().to_value()),
            answer: fields(&(descriptor.answer_schema)().to_value()),
            settings: fields(&(descriptor.config_schema)().to_value()),
        })
    }

    /// Returns the sound of an answer: its recording, else that of the request.
    fn sound(
        &self,
        engine: &Engine,
        ask: &AnswerRequest,
        made: Option<Arc<Audio>>,
    ) -> Option<Arc<Audio>> {
        let made = made.or_else(|| ask.recording.clone());
        made.or_else(|| {
            let descriptor = syrinx_registry::find(&ask.task)?;
            let field = descriptor.verb.positional;
            let file = ask.request[field].as_str().filter(|_| descriptor.takes_recording(field))?;
            engine.load(file).ok().map(Arc::new)
        })
    }
}

fn fields(schema: &Value) -> Vec<FieldCard> {
    let card = |[name, kind, about]: [String; 3]| FieldCard { name, kind, about };
    field_rows(schema).into_iter().map(card).collect()
}

fn model_name(path: Option<&Path>) -> String {
    match path {
        None => "embedded".into(),
        Some(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

impl Program for DashProgram {
    fn tasks(&self) -> Result<Vec<TaskCard>, ProgramError> {
        let kit = task_kit(ModelSwitches::default()).map_err(told)?;
        ALL.iter().map(|descriptor| self.card(descriptor, &kit)).collect()
    }

    fn suites(&self) -> Vec<SuiteCard> {
        let entries = std::fs::read_dir(&self.evals).into_iter().flatten().flatten();
        let mut suites: Vec<SuiteCard> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "toml"))
            .filter_map(|path| {
                let suite = Suite::load(&path).ok()?;
                let (name, task, summary) = (suite.name, suite.task, suite.summary);
                Some(SuiteCard { name, task, summary, path })
            })
            .collect();
        suites.sort_by(|a, b| a.name.cmp(&b.name));
        suites
    }

    fn ablations(&self) -> Vec<AblationCard> {
        ablations::cards(&self.ablations)
    }

    fn ablate(
        &self,
        ask: &AblationCard,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<String, ProgramError> {
        let folders = (self.runs.as_path(), self.evals.as_path());
        let run = AblationRun { path: &ask.path, data: self.data.as_deref(), folders };
        let session = Session::detached(self.globals.clone(), cancel.clone());
        run.run(&session, &self.results, sink).map_err(told)
    }

    fn models(&self) -> Vec<ModelCard> {
        let named = self.settings.model.iter().chain(&self.with_models);
        let card =
            |path: &PathBuf| ModelCard { name: model_name(Some(path)), path: Some(path.clone()) };
        let mut models: Vec<ModelCard> = named.map(card).collect();
        models.push(ModelCard { name: model_name(None), path: None });
        // The model of the settings comes first; without one, the embedded model.
        if self.settings.model.is_none() {
            models.rotate_right(1);
        }
        models
    }

    fn knobs(&self) -> Result<Vec<Knob>, ProgramError> {
        let keys = settings_of(&self.globals, &[]).map_err(told)?.keys;
        let of_decoding = keys.into_iter().filter(|k| k.key.starts_with("decode."));
        Ok(of_decoding.map(|k| Knob { key: k.key, value: k.value.to_string() }).collect())
    }

    fn voices(&self, model: &ModelCard) -> Result<Vec<String>, ProgramError> {
        Ok(self.engine(&self.settings(model, &[])?)?.voices().names())
    }

    fn answer(
        &self,
        ask: &AnswerRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<ProgramAnswer, ProgramError> {
        let settings = self.settings(&ask.model, &ask.changed)?;
        let engine = self.engine(&settings)?;
        let mut request = Request::new(ask.request.clone());
        if let (Some(audio), Some(descriptor)) = (&ask.recording, syrinx_registry::find(&ask.task))
        {
            request = request.with_recording(descriptor.verb.positional, Arc::clone(audio));
        }
        let run = RunContext::new(cancel, sink).with_seed(ask.seed);
        let begun = Instant::now();
        let (mut whole, mut first_s) = (MergedAnswer::default(), None);
        engine
            .run_in_chunks(&ask.task, &request, &settings.decode, run, &mut |part| {
                first_s.get_or_insert(begun.elapsed().as_secs_f64());
                whole.push(part)
            })
            .map_err(told)?;
        let wall_s = begun.elapsed().as_secs_f64();
        let parts = whole.chunks();
        let answered =
            whole.into_answered().ok_or_else(|| ProgramError::new("nothing was answered", None))?;
        let audio = self.sound(&engine, ask, answered.audio());
        Ok(ProgramAnswer { answered, audio, wall_s, first_s: first_s.filter(|_| parts > 1) })
    }

    fn evaluate(
        &self,
        ask: &EvalRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<Report, ProgramError> {
        let suite = Suite::load(&ask.suite.path).map_err(told)?;
        let settings = with_suite(self.settings(&ask.model, &[])?, &suite);
        let store = Store::open(&self.results).map_err(told)?;
        // A suite with settings of its own needs a model of its own.
        let engine = if suite.settings.is_empty() {
            self.engine(&settings)?
        } else {
            Arc::new(open_engine(&settings).map_err(told)?)
        };
        // A folder a model and a number of items: a run throws out the rows of others in its folder.
        let mut folder = suite.name.clone();
        if ask.model.path.is_some() {
            folder = format!("{folder}-{}", ask.model.name);
        }
        if let Some(limit) = ask.limit {
            folder = format!("{folder}-first{limit}");
        }
        let out = self.runs.join("eval").join(folder);
        let options = EvalOptions { out, limit: ask.limit, ..EvalOptions::default() };
        let subject = EngineSubject { engine: &engine, settings: &settings };
        let evaluation = KeptEvaluation {
            store: &store,
            suite: &suite,
            subject: &subject,
            settings: &settings,
            cell: None,
            origin: &provenance::origin(),
        };
        evaluation.run(&options, RunContext::new(cancel, sink)).map_err(told)
    }

    fn now_s(&self) -> f64 {
        provenance::now_s()
    }

    fn play(&self, audio: &Audio) -> Result<(), ProgramError> {
        crate::playback::play(audio)
    }
}
