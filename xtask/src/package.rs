//! Variables of the package that `cargo run` sets for the program it starts.
//!
//! Some build scripts watch them: with the variables of `xtask` they would run again, and what depends on them would be
//! compiled again, whenever cargo is called by turns from here and from a terminal.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

/// Starts this program again without the variables, in its own place where the system allows it.
///
/// Returns nothing where they are not set, and the exit code of the second program where it ran beside this one.
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

/// Runs the command in place of this program; returns only where it can't be started.
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
