//! `bench`: speed of training, decoding and use, compared with other programs on the same work.

mod build;
mod decode;
mod figures;
mod measurement;
mod serve;
mod train;
mod user;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::project::{build_program, shell};
use figures::Figures;
pub use measurement::latest_medians;
use measurement::{Measurement, write_page};

/// `bench`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask bench all --python path/to/venv/bin/python --record\n  cargo xtask bench train\n  cargo xtask bench train -- --dim 320 --layers 8 --heads 5 --hidden 880 --steps 5\n  cargo xtask bench decode --rounds 5\n\nA measurement is stored in target/bench and in the results store; --record writes the latest of each to\nevals/reports/speed.md, with the requirements of configs/requirements.toml."
)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// Training steps: fused and primitive kernels, and PyTorch if installed
    Train(train::TrainArgs),
    /// Decoding with the reference's 151 million parameters: f32 and 8-bit weights, and PyTorch if installed
    Decode(decode::DecodeArgs),
    /// Start of the program, `say`, `transcribe` and the codec, as users run them
    User(user::UserArgs),
    /// `train`, `decode` and `user`, in order
    All(MeasureArgs),
    /// A complete build from an empty folder, to the first report
    Build(build::BenchBuildArgs),
    /// The server at capacity and at four times its capacity
    Serve(serve::BenchServeArgs),
}

/// Flags of all measurements.
#[derive(Debug, Clone, Args)]
pub struct MeasureArgs {
    /// A Python that has PyTorch
    #[arg(long, default_value = "python3", value_name = "PROGRAM")]
    python: String,
    /// Number of rounds, each of which measures every kind; figures are medians over rounds
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Program to measure instead of a new build
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Write evals/reports/speed.md from the latest measurements
    #[arg(long)]
    record: bool,
}

impl MeasureArgs {
    /// Returns the program to measure.
    fn program(&self) -> Result<PathBuf> {
        match &self.program {
            Some(program) => Ok(program.clone()),
            None => build_program(&shell()?),
        }
    }
}

/// Measures, stores and prints the figures.
pub fn run(args: &BenchArgs) -> Result<()> {
    match &args.what {
        BenchCommand::Train(args) => {
            let program = args.measure.program()?;
            let figures = train::measure(args, &program)?;
            finish("train", figures, &program, args.measure.record, args.rest.is_empty())
        }
        BenchCommand::Decode(args) => {
            let program = args.measure.program()?;
            let figures = decode::measure(args, &program)?;
            finish("decode", figures, &program, args.measure.record, args.rest.is_empty())
        }
        BenchCommand::User(args) => {
            let program = args.measure.program()?;
            let figures = user::measure(args, &program)?;
            finish("user", figures, &program, args.measure.record, args.has_standard_sizes())
        }
        BenchCommand::All(args) => all(args),
        BenchCommand::Build(args) => build::run(args),
        BenchCommand::Serve(args) => serve::run(args),
    }
}

/// Runs all measurements except the build. Finished ones stay stored if a later one fails.
fn all(args: &MeasureArgs) -> Result<()> {
    let program = args.program()?;
    let (measure, rest) = (args.clone(), Vec::new());
    let figures = train::measure(&train::TrainArgs { measure, rest }, &program)?;
    finish("train", figures, &program, args.record, true)?;
    let (measure, rest) = (args.clone(), Vec::new());
    let figures = decode::measure(&decode::DecodeArgs { measure, rest }, &program)?;
    finish("decode", figures, &program, args.record, true)?;
    let figures = user::measure(&user::UserArgs::standard(args.clone()), &program)?;
    finish("user", figures, &program, args.record, true)
}

/// Prints a measurement with its requirements. A measurement of standard sizes is stored, and written to the page if
/// `record` is set.
fn finish(
    name: &str,
    figures: Figures,
    program: &Path,
    record: bool,
    is_standard: bool,
) -> Result<()> {
    let measurement = Measurement::new(name, figures)?;
    measurement.print()?;
    if !is_standard {
        println!("other sizes than the standard ones: not stored");
        return Ok(());
    }
    measurement.store(program)?;
    if record { write_page() } else { Ok(()) }
}

/// Limits of the machine, measured in the round.
struct Limits {
    bytes_per_s: f64,
    flop_per_s: f64,
}

/// Measures the machine's memory bandwidth and arithmetic.
fn limits(program: &Path, figures: &mut Figures) -> Result<Limits> {
    let machine = json_of(Command::new(program).args(["bench", "machine", "--json"]))?;
    let bytes_per_s = number(&machine, "/bytes_per_s")?;
    let flop_per_s = number(&machine, "/flop_per_s")?;
    figures.add("machine_memory_bandwidth", "GB/s", bytes_per_s / 1e9);
    figures.add("machine_peak", "GFLOP/s, f32", flop_per_s / 1e9);
    Ok(Limits { bytes_per_s, flop_per_s })
}

/// Whether a Python has PyTorch.
fn has_torch(python: &str) -> bool {
    let status = Command::new(python).args(["-c", "import torch"]).stderr(Stdio::null()).status();
    let has = status.is_ok_and(|status| status.success());
    if !has {
        eprintln!("PyTorch: `{python}` doesn't have it; name one that does with --python");
    }
    has
}

/// Runs a command and returns its output as JSON.
fn json_of(command: &mut Command) -> Result<Value> {
    let shown = format!("{command:?}");
    let output = command.stderr(Stdio::inherit()).output().context("can't start it")?;
    ensure!(output.status.success(), "{shown} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("output of {shown}"))
}

/// Returns the number at a JSON pointer.
fn number(row: &Value, pointer: &str) -> Result<f64> {
    row.pointer(pointer).and_then(Value::as_f64).with_context(|| format!("no {pointer} in {row}"))
}
