//! `eval`: a suite asked of the model.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueHint};
use serde_json::{Map, Value, json};
use syrinx_config::Settings;
use syrinx_engine::{Engine, EngineError, Joined};
use syrinx_eval::{
    Answer, Ask, EvalError, EvalOptions, JudgeConfig, Subject, SubjectError, Suite, evaluate,
};
use syrinx_registry::ALL;
use syrinx_task::AnswerKind;
use syrinx_types::{Audio, CancelToken, NullSink};

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// `eval`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx eval evals/tts.toml\n  syrinx eval evals/tts.toml --limit 8 --baseline old/report.json\n  syrinx eval evals/tts.toml --judge-command 'tools/judge {list} --out {out}'\n\nEnds with 6 if a figure is worse than the baseline's beyond noise."
)]
pub struct EvalArgs {
    /// The suite
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    suite: PathBuf,
    /// Folder of the run; runs/eval/SUITE if not given. A run that was stopped goes on there
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// At most so many items
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Voices instead of the suite's; may be repeated
    #[arg(long = "voice", value_name = "NAME")]
    voices: Vec<String>,
    /// Seeds instead of the suite's; may be repeated
    #[arg(long = "with-seed", value_name = "N")]
    seeds: Vec<u64>,
    /// An older report.json to compare with
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    baseline: Option<PathBuf>,
    /// A program that listens too: {list} is the file of lines it reads, {out} the one it writes
    #[arg(long, value_name = "COMMAND")]
    judge_command: Option<String>,
    /// A folder with Whisper's weights (config.json, tokenizer.json, model.safetensors), to listen too
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    judge_whisper: Option<PathBuf>,
    /// An OpenAI-shaped transcription endpoint that listens too (its key in SYRINX_JUDGE_KEY)
    #[arg(long, value_name = "URL")]
    judge_url: Option<String>,
    /// The model that the endpoint is asked for
    #[arg(long, value_name = "NAME", default_value = "whisper-1")]
    judge_model: String,
}

/// Runs the suite.
pub fn run(session: &Session, args: &EvalArgs) -> Outcome {
    let suite = Suite::load(&args.suite)?;
    let mut settings = session.settings(&[])?.value;
    if !suite.settings.is_empty() {
        let own = settings.tasks.entry(suite.task.clone()).or_insert_with(|| json!({}));
        for (key, value) in &suite.settings {
            own[key] = value.clone();
        }
    }
    let engine = session.engine(&settings)?;
    let subject = Loaded { engine: &engine, settings: &settings };
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("runs/eval").join(&suite.name));
    let options = EvalOptions {
        out: out.clone(),
        limit: args.limit,
        voices: args.voices.clone(),
        seeds: args.seeds.clone(),
        judges: judges(args),
        baseline: args.baseline.clone(),
    };
    let report = evaluate(&suite, &subject, &options, &session.cancel, session.sink())?;
    if session.globals.json {
        session.print_json(&report)?;
    } else {
        session.print(report.table().trim_end())?;
        session.say(&format!("report: {}", out.join("report.html").display()));
    }
    if report.regressed() {
        return Err(Failure {
            exit: Exit::Regression,
            message: "worse than the baseline, beyond noise".into(),
            hint: Some(format!("see what moved in {}", out.join("report.html").display())),
        });
    }
    Ok(())
}

fn judges(args: &EvalArgs) -> Vec<JudgeConfig> {
    let command = args
        .judge_command
        .clone()
        .map(|command| JudgeConfig::Command { name: "judge".into(), command });
    let whisper = args
        .judge_whisper
        .clone()
        .map(|folder| JudgeConfig::Whisper { name: "whisper".into(), folder });
    let endpoint = args.judge_url.clone().map(|url| JudgeConfig::Endpoint {
        name: "endpoint".into(),
        url,
        model: args.judge_model.clone(),
        api_key: std::env::var("SYRINX_JUDGE_KEY").ok(),
    });
    command.into_iter().chain(whisper).chain(endpoint).collect()
}

/// A loaded engine as the subject of an evaluation.
struct Loaded<'a> {
    engine: &'a Engine,
    settings: &'a Settings,
}

fn failed(error: EngineError) -> SubjectError {
    match error {
        EngineError::Cancelled => SubjectError::Cancelled,
        error => SubjectError::Failed(error.to_string()),
    }
}

impl Subject for Loaded<'_> {
    fn name(&self) -> String {
        self.engine.info().file
    }

    fn fingerprint(&self) -> String {
        let settings = serde_json::to_string(&(&self.settings.decode, &self.settings.tasks))
            .unwrap_or_default();
        format!("{}-{:016x}", self.engine.fingerprint(), fnv1a(settings.as_bytes()))
    }

    fn answer_kind(&self, task: &str) -> Option<AnswerKind> {
        self.tasks()
            .iter()
            .any(|t| t == task)
            .then(|| syrinx_registry::find(task).map(|d| d.answer))
            .flatten()
    }

    fn tasks(&self) -> Vec<String> {
        let known = self.engine.info().tasks;
        known.into_iter().filter(|t| t.missing_marks.is_empty()).map(|t| t.id).collect()
    }

    fn voices(&self) -> Vec<String> {
        self.engine.voices().names()
    }

    fn voice_recording(&self, voice: &str) -> Result<Audio, SubjectError> {
        let codes = self.engine.voices().codes(voice).map_err(failed)?;
        self.engine.codec().decode(&codes).map_err(|e| SubjectError::Failed(e.to_string()))
    }

    fn answer(&self, ask: &Ask<'_>, cancel: &CancelToken) -> Result<Answer, SubjectError> {
        let mut options = syrinx_engine::RunOptions { seed: ask.seed, ..Default::default() };
        options.decode = merged(&self.settings.decode, ask.decode)?;
        let begun = Instant::now();
        let (mut whole, mut first) = (Joined::default(), None);
        let watch = (cancel, &NullSink as &dyn syrinx_types::EventSink);
        self.engine
            .run_in_parts(ask.task, ask.request, &options, watch, &mut |part| {
                first.get_or_insert(begun.elapsed().as_secs_f64());
                whole.push(part);
                Ok(())
            })
            .map_err(failed)?;
        let wall_s = begun.elapsed().as_secs_f64();
        let nothing = || SubjectError::Failed("nothing was answered".into());
        let answered = whole.into_answered().ok_or_else(nothing)?;
        let speech = !answered.recordings.is_empty();
        Ok(Answer { answered, wall_s, first_audio_s: first.filter(|_| speech) })
    }

    fn sample_rate_hz(&self) -> u32 {
        self.engine.codec_id().info.sample_rate_hz
    }

    fn codec_levels(&self) -> usize {
        self.engine.codec_id().info.levels
    }

    fn round_trip(&self, audio: &Audio, levels: usize) -> Result<(Audio, f64), SubjectError> {
        let begun = Instant::now();
        let codes = self.engine.encode(audio).map_err(failed)?.first_levels(levels);
        let audio =
            self.engine.codec().decode(&codes).map_err(|e| SubjectError::Failed(e.to_string()))?;
        Ok((audio, begun.elapsed().as_secs_f64()))
    }
}

/// Decoding settings with some keys changed.
fn merged(
    base: &syrinx_decode::DecodeConfig,
    changes: &Map<String, Value>,
) -> Result<syrinx_decode::DecodeConfig, SubjectError> {
    let fault =
        |e: serde_json::Error| SubjectError::Failed(format!("decode settings of the suite: {e}"));
    let mut json = serde_json::to_value(base).map_err(fault)?;
    overlay(&mut json, &Value::Object(changes.clone()));
    serde_json::from_value(json).map_err(fault)
}

fn overlay(base: &mut Value, changes: &Value) {
    match (base, changes) {
        (Value::Object(base), Value::Object(changes)) => {
            for (key, value) in changes {
                overlay(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, changes) => *base = changes.clone(),
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        match &error {
            EvalError::Cancelled { .. } => Self::interrupted(error.to_string()),
            EvalError::Io { operation, path, source } if operation.starts_with("read") => {
                Self::reading(&path.display().to_string(), source)
            }
            EvalError::Io { path, source, .. } => {
                Self::writing(&path.display().to_string(), source)
            }
            EvalError::Suite { .. } => Self::new(Exit::BadModel, error.to_string())
                .hint("`syrinx config schema eval` says what fits"),
            EvalError::Subject(SubjectError::Cancelled) => {
                Self::interrupted("run the command again to go on")
            }
            EvalError::Judge { .. } | EvalError::Material { .. } | EvalError::Baseline { .. } => {
                Self::new(Exit::BadInput, error.to_string())
            }
            _ => {
                let known = ALL.iter().map(|d| d.id).collect::<Vec<_>>().join(", ");
                Self::new(Exit::BadInput, error.to_string()).hint(format!("the tasks are: {known}"))
            }
        }
    }
}
