//! `test`: all tests of the workspace.

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::project::shell;

/// `test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Everything goes to the test runner: names, `-p PACKAGE`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs nextest where it is installed, cargo's own runner otherwise.
pub fn run(args: &TestArgs) -> Result<()> {
    let shell = shell()?;
    let rest = &args.rest;
    let scope: &[&str] =
        if rest.iter().any(|a| a == "-p" || a == "--package") { &[] } else { &["--workspace"] };
    // Examples in the documentation first: runners of tests don't run them, and their last word should be the tests'.
    if rest.is_empty() {
        cmd!(shell, "cargo test --doc --quiet --workspace").run()?;
    }
    let nextest = cmd!(shell, "cargo nextest --version").quiet().ignore_stdout().ignore_stderr();
    if nextest.run().is_ok() {
        cmd!(shell, "cargo nextest run {scope...} {rest...}").run()?;
    } else {
        cmd!(shell, "cargo test --lib --bins --tests {scope...} {rest...}").run()?;
    }
    Ok(())
}
