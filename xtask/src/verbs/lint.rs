//! `lint`: formatting and clippy.

use anyhow::Result;
use xshell::cmd;

use crate::project::shell;

/// Checks formatting and lints. Rules that these tools do not have are tests in `tests/workspace`.
pub fn run() -> Result<()> {
    let shell = shell()?;
    cmd!(shell, "cargo fmt --all --check").run()?;
    cmd!(shell, "cargo clippy --workspace --all-targets -- --deny warnings").run()?;
    Ok(())
}
