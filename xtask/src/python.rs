//! Python environments with pinned packages from PyPI.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

/// Returns the Python of a virtual environment in `folder` that has exactly the packages of the file `pins`. The
/// environment is created again when the file changes.
pub fn environment(shell: &Shell, folder: &Path, pins: &Path) -> Result<PathBuf> {
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let wanted = shell.read_file(pins)?;
    if shell.read_file(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    cmd!(shell, "python3 -m venv --clear {folder}")
        .run()
        .context("no Python with venv; install `python3-venv`")?;
    cmd!(shell, "{python} -m pip install --quiet --no-deps --requirement {pins}")
        .run()
        .with_context(|| format!("the packages of {} can't be installed", pins.display()))?;
    shell.write_file(&stamp, wanted)?;
    Ok(python)
}
