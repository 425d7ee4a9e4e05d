//! `fuzz`: feeds mutated inputs to all readers of files and texts.

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::project::{build_named, shell};

/// `fuzz`.
#[derive(Debug, Args)]
pub struct FuzzArgs {
    /// Target of tests/fuzz, or `all`
    #[arg(default_value = "all")]
    target: String,
    /// Seconds for each target
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seed of the mutations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Further arguments of the fuzzer, such as --replay or --executions N
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds the fuzzer, reusing the workspace's build artifacts, and runs it.
pub fn run(args: &FuzzArgs) -> Result<()> {
    let shell = shell()?;
    let program = build_named(&shell, "syrinx-fuzz")?;
    let FuzzArgs { target, rest, .. } = args;
    let (seconds, seed) = (args.seconds.to_string(), args.seed.to_string());
    cmd!(shell, "{program} {target} --seconds {seconds} --seed {seed} {rest...}").run()?;
    Ok(())
}
