//! Where the workspace is, and how its program is run.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

/// The package of the program.
pub const PROGRAM: &str = "syrinx-cli";

/// The workspace's folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A shell in the workspace's folder.
pub fn shell() -> Result<Shell> {
    let shell = Shell::new().context("no shell")?;
    shell.change_dir(root());
    Ok(shell)
}

/// Builds the program; cargo shows how far it is.
pub fn build_program(shell: &Shell) -> Result<()> {
    Ok(cmd!(shell, "cargo build --package {PROGRAM}").quiet().run()?)
}

/// Runs the program with the terminal's input and output, and says how it ended.
pub fn run_program(args: &[String]) -> Result<ExitStatus> {
    let mut command = Command::new(cargo());
    command.args(["run", "--quiet", "--package", PROGRAM, "--"]).args(args).current_dir(root());
    command.status().context("can't start cargo")
}

/// What the program prints.
pub fn program_output(shell: &Shell, args: &[&str]) -> Result<String> {
    let run = cmd!(shell, "cargo run --quiet --package {PROGRAM} -- {args...}").quiet();
    Ok(run.read()?)
}

/// The cargo that runs this, if one does.
fn cargo() -> String {
    // Not a setting of ours: cargo tells its children which cargo they were started by.
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}
