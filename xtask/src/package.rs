//! Variables of the package that `cargo run` sets for the program it starts.
//!
//! Some build scripts depend on these variables. If cargo ran with those of `xtask`, the scripts would run again, and
//! their dependents would be compiled again, whenever cargo is called alternately from xtask and from a terminal.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

/// Restarts this program without the variables, by replacing the process if the system allows it.
///
/// Returns `None` if the variables are not set, and the exit code of the second process if this one could not be
/// replaced.
pub fn leave() -> Result<Option<ExitCode>> {
    let watched =
        |name: &String| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    let set: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(watched)
        .collect();
    if set.is_empty() {
        return Ok(None);
    }
    let mut again = Command::new(std::env::current_exe().context("this program has no path")?);
    again.args(std::env::args_os().skip(1));
    for name in &set {
        again.env_remove(name);
    }
    replace(again).map(Some)
}

/// Replaces this process by the command; returns only if the command can't be started.
#[cfg(unix)]
fn replace(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec()).context("can't start this program again")
}

/// Runs the command and waits for it.
#[cfg(not(unix))]
fn replace(mut command: Command) -> Result<ExitCode> {
    let status = command.status().context("can't start this program again")?;
    Ok(ExitCode::from(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1)))
}
