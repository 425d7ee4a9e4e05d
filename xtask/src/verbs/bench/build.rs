//! `bench build`: a complete build, as after a fresh clone.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::figures::Figures;
use super::finish;
use crate::project::root;

#[derive(Debug, Args)]
pub struct BenchBuildArgs {
    /// Write evals/reports/speed.md from the latest measurements
    #[arg(long)]
    record: bool,
}

/// Builds xtask and the program in an empty folder, evaluates a small suite, and stores the total time.
pub fn run(args: &BenchBuildArgs) -> Result<()> {
    let folder = root().join("target/bench-build");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let begun = Instant::now();
    let status = Command::new("cargo")
        .args(["xtask", "eval", "tts", "--suite", "tts-ci", "--out"])
        .arg(folder.join("report"))
        .current_dir(root())
        .env("CARGO_TARGET_DIR", &folder)
        .status()
        .context("can't start cargo")?;
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(status.success(), "`cargo xtask eval` ended with {status}");
    let mut figures = Figures::default();
    figures.add("build_to_report", "min", seconds / 60.0);
    finish("build", figures, &folder.join("debug/syrinx"), args.record, true)?;
    fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())
}
