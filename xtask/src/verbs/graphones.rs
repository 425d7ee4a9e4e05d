//! `graphones`: estimates the embedded n-gram model of graphones from the embedded dictionary.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use xshell::cmd;

use crate::project::{root, shell};

/// File of the model.
const FILE: &str = "crates/text/data/graphones.bin";

/// `graphones`.
#[derive(Debug, Args)]
#[command(
    after_help = "The same dictionary gives the same file. Words held out for evaluation are left out.\n\nExample:\n  cargo xtask graphones --check"
)]
pub struct GraphonesArgs {
    /// Change nothing; fail if the file would change
    #[arg(long)]
    check: bool,
    /// The file to write
    #[arg(short, long, value_name = "FILE", default_value = FILE)]
    out: PathBuf,
}

/// Estimates the model.
pub fn run(args: &GraphonesArgs) -> Result<()> {
    let (shell, folder) = (shell()?, tempfile::tempdir()?);
    let made = folder.path().join("graphones.bin");
    cmd!(shell, "cargo run --quiet --example build_graphones -- {made}").run()?;
    let made = fs::read(made).context("the example wrote no model")?;
    let out = root().join(&args.out);
    if fs::read(&out).is_ok_and(|current| current == made) {
        println!("{} is up to date", out.display());
        return Ok(());
    }
    if args.check {
        bail!("{} is stale; run `cargo xtask graphones`", out.display());
    }
    fs::write(&out, &made).with_context(|| out.display().to_string())?;
    println!("{}: {} bytes", out.display(), made.len());
    Ok(())
}
