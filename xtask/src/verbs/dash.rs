//! `dash`: builds the program and runs its dashboard.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::project::{build_program, exit_as_program, shell};

/// `dash`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask dash\n  cargo xtask dash --screen training\n  cargo xtask dash --replay runs/lm/events.jsonl\n\n`syrinx dash --help` lists what can follow."
)]
pub struct DashArgs {
    /// Arguments of `syrinx dash`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs the dashboard in the workspace's folder; returns the program's exit code.
pub fn run(args: &DashArgs) -> Result<ExitCode> {
    let program = build_program(&shell()?)?;
    let words: Vec<String> =
        std::iter::once("dash".to_owned()).chain(args.rest.iter().cloned()).collect();
    exit_as_program(&program, &words)
}
