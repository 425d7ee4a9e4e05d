//! `dash`: the terminal dashboard.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueHint};
use syrinx_dash::{DashOptions, Screen, ThemeName};
use syrinx_recipes::{DashboardOptions, DashboardProgram};

use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::{corpora, playback, provenance};

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

/// Runs the dashboard until the user quits.
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
    let program = DashboardProgram::new(DashboardOptions {
        layers: session.layers()?,
        shard_settings: session.base_settings()?,
        models: args.with_model.clone(),
        evals: args.evals.clone(),
        ablations: args.ablations.clone(),
        shards: args.data.as_deref().map(corpora::named),
        runs: args.runs.clone(),
        results,
        origin: provenance::origin(),
        play: playback::play,
    })?;
    Ok(syrinx_dash::run(&options, Arc::new(program), &session.cancel, std::io::stdout)?)
}
