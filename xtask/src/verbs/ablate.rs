//! `ablate`: builds the program and runs an ablation.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::project::{build_program, exit_as_program, named_files, root, shell};
use crate::table::list;

/// `ablate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask ablate\n  cargo xtask ablate sampling\n  cargo xtask ablate sampling --dry-run\n  cargo xtask ablate alignment --data shards --shard 1/2\n\n`syrinx ablate --help` lists what can follow."
)]
pub struct AblateArgs {
    /// File of configs/ablations, without `.toml`; without it all are listed
    name: Option<String>,
    /// Further arguments of `syrinx ablate`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs the ablation in the workspace's folder; returns the program's exit code.
pub fn run(args: &AblateArgs) -> Result<ExitCode> {
    let folder = root().join("configs/ablations");
    let all = named_files(&folder, "title")?;
    let Some(name) = &args.name else {
        println!("{}", list(all.iter().map(|(name, title)| [name.as_str(), title.as_str()])));
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
    exit_as_program(&program, &words)
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
        let all = named_files(folder.path(), "title").unwrap();
        assert_eq!(all, [("a".into(), String::new()), ("b".into(), "Second".into())]);
    }
}
