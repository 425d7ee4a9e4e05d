//! `scale`: tests training on several ranks, array jobs and object storage on one machine.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::project::root;
use crate::trials::{figures, network, plan, ranks, record::TrialRecord, slurm, storage, weak};

/// `scale`.
#[derive(Debug, Args)]
#[command(
    after_help = "`ranks`, `network`, `weak` and `plan` need mpirun and the headers of MPI (Debian: openmpi-bin, libopenmpi-dev, libclang-dev); `network` also root and iproute2; `slurm` needs slurm-wlm, munge and root; `storage` needs python3 with venv, and PyPI.\n\nExamples:\n  cargo xtask scale ranks\n  cargo xtask scale network --record\n  cargo xtask scale plan"
)]
pub struct ScaleArgs {
    /// Trial
    #[arg(value_enum)]
    trial: Trial,
    /// Also write the output to evals/reports/scale/TRIAL.txt, and evals/reports/scale.md from all outputs
    #[arg(long)]
    record: bool,
    /// Number of measuring rounds (`weak`, `plan`)
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Program to test instead of a new build
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Trial {
    /// 1, 2 and 4 ranks have the same losses; a rank is killed; a run resumes with another number of ranks
    Ranks,
    /// Two network namespaces joined by a veth pair, killed and resumed; traffic per step
    Network,
    /// Weak scaling from 1 to 2 ranks with one thread each
    Weak,
    /// The Slurm example of configs/cluster on a local Slurm with two tasks
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
    let mut record = TrialRecord::new(&format!("cargo xtask scale {name}"));
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
        let page = root().join("evals/reports/scale.md");
        fs::write(&page, page_of(&folder)?).with_context(|| page.display().to_string())?;
        println!("wrote {} and {}", path.display(), page.display());
    }
    Ok(())
}

/// Recorded trials in the order of the page, each with its question.
const SECTIONS: [(&str, &str); 6] = [
    (
        "ranks",
        "Do 1, 2 and 4 MPI ranks have the same losses, and does a run survive a killed rank?",
    ),
    ("network", "Do two machines, joined by a network alone, train as one, killed and resumed?"),
    ("weak", "What does the second rank cost when each rank keeps its work?"),
    ("slurm", "Do the examples of `configs/cluster` run under Slurm?"),
    ("storage", "Does training stream its shards from an S3-compatible server?"),
    ("plan", "What do 1,000 and 60,000 hours cost?"),
];

/// Returns the page of all recorded outputs.
fn page_of(folder: &std::path::Path) -> Result<String> {
    let record = |name: &str| match fs::read_to_string(folder.join(format!("{name}.txt"))) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.with_context(|| format!("the record of {name}")),
    };
    let mut page = "# Several ranks, array jobs and object storage on one machine\n\nFigures of the requirements, from the outputs of `cargo xtask scale TRIAL --record` below. The machine is shared with other work: speeds are compared within a round, figures of losses and bytes do not depend on it.\n\n".to_owned();
    let mut records = HashMap::new();
    for (name, _) in SECTIONS {
        records.insert(name, record(name)?);
    }
    page += &figures::table(|name| records.get(name).cloned().unwrap_or_default());
    for (name, question) in SECTIONS {
        let output = match records[name].as_str() {
            "" => "not run\n",
            output => output,
        };
        page += &format!("\n## {question}\n\n```console\n{output}```\n");
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_recorded_outputs_and_names_the_others() {
        let folder = std::env::temp_dir().join(format!("syrinx-scale-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("weak.txt"), "$ cargo xtask scale weak\nefficiency 0.95\n").unwrap();
        let page = page_of(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(
            page.contains("```console\n$ cargo xtask scale weak\nefficiency 0.95\n```\n"),
            "{page}"
        );
        assert_eq!(page.matches("\nnot run\n").count(), SECTIONS.len() - 1);
    }
}
