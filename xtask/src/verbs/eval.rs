//! `eval`: builds the program and runs a suite.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::project::{build_program, exit_as_program, named_files, root, shell};

/// `eval`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask eval tts\n  cargo xtask eval tts --suite tts-ci\n  cargo xtask eval stt -- --limit 4\n\nEnds as `syrinx eval` does: 6 is a regression against --baseline."
)]
pub struct EvalArgs {
    /// Suite of evals/ (`tts`, `codec`), or a task whose first suite is run
    #[arg(default_value = "tts")]
    what: String,
    /// Another suite of the task, such as its small one for CI
    #[arg(long)]
    suite: Option<String>,
    /// Folder of the report; target/evals/SUITE if not given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Further arguments of `syrinx eval`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs the suite; returns the program's exit code.
pub fn run(args: &EvalArgs) -> Result<ExitCode> {
    let evals = root().join("evals");
    let path = suite(&evals, &args.what, args.suite.as_deref())?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let out = args.out.clone().unwrap_or_else(|| root().join("target/evals").join(&name));
    let program = build_program(&shell()?)?;
    let mut words = vec!["eval".to_owned(), path.display().to_string()];
    words.extend(["--out".to_owned(), out.display().to_string()]);
    words.extend(args.rest.iter().cloned());
    exit_as_program(&program, &words)
}

/// Returns the file of the suite with a name, or else the first suite of the task with that name.
fn suite(evals: &Path, what: &str, suite: Option<&str>) -> Result<PathBuf> {
    let wanted = suite.unwrap_or(what);
    let path = evals.join(format!("{wanted}.toml"));
    if path.is_file() {
        return Ok(path);
    }
    let suites = named_files(evals, "task")?;
    let of_task = suites.iter().find(|(_, task)| suite.is_none() && task == what);
    match of_task {
        Some((name, _)) => Ok(evals.join(format!("{name}.toml"))),
        None => {
            let names: Vec<&str> = suites.iter().map(|(name, _)| name.as_str()).collect();
            bail!(
                "there is no suite `{wanted}` in {}; there are: {}",
                evals.display(),
                names.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_suite_is_found_by_its_name_or_its_task() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("b", "task = 'sing'"), ("a", "task = 'hum'"), ("c", "codec = {}")] {
            fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        let check = |what: &str, other: Option<&str>, expected: Option<&str>| {
            let found = suite(folder.path(), what, other).ok();
            let name = found.and_then(|p| Some(p.file_stem()?.to_str()?.to_owned()));
            assert_eq!(name.as_deref(), expected, "{what} {other:?}");
        };
        check("c", None, Some("c"));
        check("sing", None, Some("b"));
        check("sing", Some("a"), Some("a"));
        check("sing", Some("hum"), None);
        check("dance", None, None);
        let error = suite(folder.path(), "dance", None).unwrap_err().to_string();
        assert!(error.contains("there are: a, b, c"), "{error}");
    }
}
