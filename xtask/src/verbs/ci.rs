//! `ci`: all steps of CI, run by `.ci/run`.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use xshell::cmd;

use crate::project::shell;

/// Steps, in order. Quick steps that often fail come first.
const STEPS: [(&str, &[&str]); 8] = [
    ("lint", &["lint"]),
    ("tests", &["test"]),
    ("packages", &["deny"]),
    ("fuzzing, briefly", &["fuzz", "all", "--seconds", "3"]),
    ("main job, small", &["eval", "tts", "--suite", "tts-ci"]),
    ("schemas", &["schema", "--check"]),
    ("a task of one's own", &["new-task", "dereverb", "--rehearse"]),
    ("README", &["readme", "--skip", "cargo xtask test"]),
];

/// Runs all steps, up to the first failure.
pub fn run() -> Result<()> {
    let shell = shell()?;
    shell.set_var("CI", "1");
    shell.set_var("INSTA_UPDATE", "no");
    let mut took = Vec::new();
    for (name, words) in STEPS {
        eprintln!("\n== {name}");
        let start = Instant::now();
        cmd!(shell, "cargo xtask {words...}").run().with_context(|| format!("step `{name}`"))?;
        took.push((name, start.elapsed().as_secs()));
    }
    let left = cmd!(shell, "git status --porcelain").read()?;
    if !left.is_empty() {
        bail!("the steps left changes in the working tree:\n{left}");
    }
    eprintln!();
    for (name, seconds) in took {
        eprintln!("{seconds:6} s  {name}");
    }
    Ok(())
}
