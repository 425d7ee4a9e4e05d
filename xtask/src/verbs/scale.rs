//! `scale`: training on several ranks, array jobs and object storage, tried on one machine.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::project::root;
use crate::trials::{network, plan, ranks, record::Record, slurm, storage, weak};

/// `scale`.
#[derive(Debug, Args)]
#[command(
    after_help = "`ranks`, `network` and `weak` need mpirun and the headers of MPI (Debian: openmpi-bin, libopenmpi-dev, libclang-dev); `network` also root; `slurm` needs slurm-wlm and root; `storage` needs python3 with venv, and PyPI.\n\nExamples:\n  cargo xtask scale ranks\n  cargo xtask scale network --record\n  cargo xtask scale plan"
)]
pub struct ScaleArgs {
    /// Trial
    #[arg(value_enum)]
    trial: Trial,
    /// Write the output to evals/reports/scale/TRIAL.txt too
    #[arg(long)]
    record: bool,
    /// Measuring rounds (`weak`, `plan`)
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Program to try instead of a new build
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Trial {
    /// 1, 2 and 4 ranks have the same losses; a rank is killed; a run goes on with another number of ranks
    Ranks,
    /// Two network namespaces joined by a veth pair, killed and resumed; traffic a step
    Network,
    /// Weak scaling from 1 to 2 ranks with one thread each
    Weak,
    /// The Slurm example of configs/cluster against a Slurm of this machine with two tasks
    Slurm,
    /// Training from a local S3-compatible server
    Storage,
    /// The cost of 1,000 and 60,000 hours, computed from measurements: evals/reports/scale-plan.md
    Plan,
}

/// Runs a trial.
pub fn run(args: &ScaleArgs) -> Result<()> {
    let name = args.trial.to_possible_value().map(|v| v.get_name().to_owned());
    let name = name.context("a trial has a name")?;
    let mut record = Record::new(&format!("cargo xtask scale {name}"));
    let program = args.program.as_deref();
    match args.trial {
        Trial::Ranks => ranks::run(&mut record, program)?,
        Trial::Network => network::run(&mut record, program)?,
        Trial::Weak => weak::run(&mut record, program, args.rounds)?,
        Trial::Slurm => slurm::run(&mut record, program)?,
        Trial::Storage => storage::run(&mut record, program)?,
        Trial::Plan => plan::run(&mut record, program, args.rounds)?,
    }
    if args.record {
        let folder = root().join("evals/reports/scale");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.txt"));
        fs::write(&path, record.text()).with_context(|| path.display().to_string())?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
