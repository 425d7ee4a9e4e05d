//! `eval`: runs a suite on the model.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use syrinx_eval::{EvalOptions, JudgeConfig, Suite};
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::{EvaluatedModel, KeptEvaluation};
use syrinx_results::Store;
use syrinx_types::RunContext;

use crate::array::ArrayArgs;
use crate::failure::{Exit, Failure, Outcome};
use crate::provenance;
use crate::session::Session;

/// `eval`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx eval evals/tts.toml\n  syrinx eval evals/tts.toml --limit 8 --baseline old/report.json\n  syrinx eval evals/tts.toml --judge-command 'tools/judge {list} --out {out}'\n  syrinx eval evals/tts.toml --array-env    # a task of an array job; then all without it\n\nEnds with 6 if a figure is worse than the baseline's beyond noise."
)]
pub struct EvalArgs {
    /// The suite
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    suite: PathBuf,
    /// Folder of the run; runs/eval/SUITE if not given. A run that was stopped goes on there
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// Largest number of items
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
    /// A further judge, a program: {list} is the file of lines it reads, {out} the one it writes
    #[arg(long, value_name = "COMMAND")]
    judge_command: Option<String>,
    /// A further judge, Whisper: the folder of config.json, tokenizer.json and model.safetensors
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    judge_whisper: Option<PathBuf>,
    /// A further judge, the URL of an OpenAI-compatible transcription API (its key in SYRINX_JUDGE_KEY)
    #[arg(long, value_name = "URL")]
    judge_url: Option<String>,
    /// Model of the endpoint
    #[arg(long, value_name = "NAME", default_value = "whisper-1")]
    judge_model: String,
    /// The codec, PATH[,levels=N][,vocoder=PATH]: what recordings of a codec suite go through, else that of a model
    /// which refers to one
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    codec: Option<CodecSpec>,
    /// Results store of the run; runs/results.db if not given
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    results: Option<PathBuf>,
    #[command(flatten)]
    array: ArrayArgs,
}

/// Runs the suite.
pub fn run(session: &Session, args: &EvalArgs) -> Outcome {
    let suite = Suite::load(&args.suite)?;
    let settings = session.settings(&[])?.value;
    // A store that can't be opened is reported before the evaluation.
    let store = Store::open(&session.results(args.results.as_deref(), &settings))?;
    let model = EvaluatedModel::open(settings, &suite, args.codec.as_ref())?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("runs/eval").join(&suite.name));
    let options = EvalOptions {
        out: out.clone(),
        limit: args.limit,
        voices: args.voices.clone(),
        seeds: args.seeds.clone(),
        judges: judges(args),
        baseline: args.baseline.clone(),
        part: args.array.part()?,
        ..EvalOptions::default()
    };
    let evaluation = KeptEvaluation {
        store: &store,
        suite: &suite,
        subject: &model.subject(),
        settings: model.settings(),
        cell: None,
        origin: &provenance::origin(),
    };
    let report = evaluation.run(&options, RunContext::new(&session.cancel, session.sink()))?;
    if session.globals.json {
        session.print_json(&report)?;
    } else {
        session.print(report.table().trim_end())?;
        session.say(&format!("report: {}", out.join("report.html").display()));
        session.say(&format!("results: {}", store.path().display()));
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
