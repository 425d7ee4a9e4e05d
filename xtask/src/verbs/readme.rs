//! `readme`: runs the commands of README.md.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::project::{build_program, root, shell};

/// `readme`.
#[derive(Debug, Args)]
pub struct ReadmeArgs {
    /// Only list the commands
    #[arg(long)]
    list: bool,
    /// Command to skip, since it was run already; may be repeated
    #[arg(long, value_name = "COMMAND")]
    skip: Vec<String>,
}

/// One command of the README.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    /// Line in the file, from 1.
    line: usize,
    /// The command, including continuation lines.
    command: String,
}

/// Runs the commands of all blocks marked `console`, in order, in a folder with the README's files and with the program
/// in `PATH`. Blocks marked `console no-run` (which take hours, or need another machine) are skipped.
pub fn run(args: &ReadmeArgs) -> Result<()> {
    let text = fs::read_to_string(root().join("README.md")).context("README.md")?;
    let steps = steps(&text);
    if steps.is_empty() {
        bail!("README.md has no ```console block");
    }
    if args.list {
        for step in &steps {
            println!("{}: {}", step.line, step.command);
        }
        return Ok(());
    }
    let program = build_program(&shell()?)?;
    let folder = program.parent().context("the program lies nowhere")?;
    for step in steps.iter().filter(|s| !args.skip.contains(&s.command)) {
        println!("README.md:{}: $ {}", step.line, step.command);
        let path = std::env::var("PATH").unwrap_or_default();
        let status = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &step.command])
            .current_dir(root())
            .env("PATH", format!("{}:{path}", folder.display()))
            .status()
            .context("can't start bash")?;
        if !status.success() {
            bail!("README.md:{}: `{}` ended with {status}", step.line, step.command);
        }
    }
    println!("{} commands of README.md work", steps.len());
    Ok(())
}

/// Returns the commands of blocks that begin with ```` ```console ````: lines that begin with `$ `, and lines after one
/// that ends with a backslash. Other lines are output.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let (mut inside, mut open) = (false, false);
    for (i, line) in text.lines().enumerate() {
        if let Some(tag) = line.trim_start().strip_prefix("```") {
            inside = !inside && tag.trim() == "console";
            open = false;
        } else if inside && open {
            open = line.ends_with('\\');
            if let Some(step) = steps.last_mut() {
                step.command.push('\n');
                step.command.push_str(line);
            }
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            open = command.ends_with('\\');
            steps.push(Step { line: i + 1, command: command.to_owned() });
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_output_and_from_other_blocks() {
        let text = "\
```console
$ echo one \\
    two
one two
$ true
```
```rust
$ not this
```
```console no-run
$ sleep 9999
```
$ nor this
";
        let got: Vec<_> = steps(text).into_iter().map(|s| (s.line, s.command)).collect();
        assert_eq!(got, [(2, "echo one \\\n    two".to_owned()), (5, "true".to_owned())]);
    }
}
