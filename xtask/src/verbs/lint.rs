//! `lint`: formatting and clippy.

use anyhow::Result;
use xshell::cmd;

use crate::project::shell;

/// Checks both. What neither knows of is in `tests/workspace`, and runs with the tests.
pub fn run() -> Result<()> {
    let shell = shell()?;
    cmd!(shell, "cargo fmt --all --check").run()?;
    cmd!(shell, "cargo clippy --workspace --all-targets -- --deny warnings").run()?;
    Ok(())
}
