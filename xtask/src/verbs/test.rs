//! `test`: all tests of the workspace.

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::project::shell;

/// `test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Arguments of the test runner: names, `-p PACKAGE`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs nextest if it is installed, else cargo's own runner.
pub fn run(args: &TestArgs) -> Result<()> {
    let shell = shell()?;
    let rest = &args.rest;
    let scope = scope(rest);
    // Examples in the documentation run first, since nextest does not run them, and its summary should be last.
    if rest.is_empty() {
        cmd!(shell, "cargo test --doc --quiet --workspace").run()?;
    }
    let nextest = cmd!(shell, "cargo nextest --version").quiet().ignore_stdout().ignore_stderr();
    if nextest.run().is_ok() {
        cmd!(shell, "cargo nextest run {scope...} {rest...}").run()?;
    } else {
        cmd!(shell, "cargo test --lib --bins --tests {scope...} {rest...}").run()?;
    }
    Ok(())
}

/// Returns the package selection in addition to the arguments.
fn scope(rest: &[String]) -> &'static [&'static str] {
    let chosen =
        |arg: &String| arg == "--package" || arg.starts_with("--package=") || arg.starts_with("-p");
    // Cargo unifies features over the selected packages: with the features package they are those of the workspace.
    if rest.iter().any(chosen) { &["-p", "syrinx-features"] } else { &["--workspace"] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_packages_are_built_with_the_features_of_the_workspace() {
        for (args, expected) in [
            ("", "--workspace"),
            ("some_test", "--workspace"),
            ("-p syrinx-eval", "-p syrinx-features"),
            ("-psyrinx-eval some_test", "-p syrinx-features"),
            ("--package=syrinx-eval", "-p syrinx-features"),
        ] {
            let args: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
            assert_eq!(scope(&args).join(" "), expected, "{args:?}");
        }
    }
}
