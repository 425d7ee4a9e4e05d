//! `ablate`: build the program and answer a question.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::project::{build_program, root, run_program, shell};

/// `ablate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask ablate\n  cargo xtask ablate sampling\n  cargo xtask ablate sampling --dry-run\n  cargo xtask ablate alignment --data shards --shard 1/2\n\n`syrinx ablate --help` lists what can follow."
)]
pub struct AblateArgs {
    /// A file of configs/ablations, without `.toml`; a list of all if not given
    name: Option<String>,
    /// Everything else goes to `syrinx ablate`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs the ablation in the workspace's folder; ends as the program does.
pub fn run(args: &AblateArgs) -> Result<ExitCode> {
    let folder = root().join("configs/ablations");
    let all = ablations(&folder)?;
    let Some(name) = &args.name else {
        for (name, title) in all {
            println!("{name:<16} {title}");
        }
        return Ok(ExitCode::SUCCESS);
    };
    if all.iter().all(|(known, _)| known != name) {
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        bail!("there is no ablation `{name}`; there are: {}", names.join(", "));
    }
    let program = build_program(&shell()?)?;
    let path = folder.join(format!("{name}.toml"));
    let mut words = vec!["ablate".to_owned(), path.display().to_string()];
    words.extend(args.rest.iter().cloned());
    let code =
        run_program(&program, &words)?.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

/// Names and titles of the ablations in a folder, by name.
fn ablations(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            let table: toml::Table = std::fs::read_to_string(&path)?.parse()?;
            let title = table.get("title").and_then(toml::Value::as_str).unwrap_or_default();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.push((name, title.to_owned()));
        }
    }
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ablations_are_listed_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("b.toml", "title = 'Second'"), ("a.toml", ""), ("c.md", "no")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let all = ablations(folder.path()).unwrap();
        assert_eq!(all, [("a".into(), String::new()), ("b".into(), "Second".into())]);
    }
}
