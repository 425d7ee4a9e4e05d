//! `scale ranks`: losses do not depend on the number of ranks, a lost rank ends the job, and a run resumes with another
//! number of ranks.

use std::path::Path;

use anyhow::{Result, ensure};

use super::figures;
use super::job::{self, TrialSetup};
use super::record::TrialRecord;

/// Largest relative difference of equal losses in f32.
const SAME: f64 = 1e-5;

pub fn run(record: &mut TrialRecord, program: Option<&Path>) -> Result<()> {
    let bench = TrialSetup::new(program, "syrinx-cli/mpi", 6)?;
    let one = bench.run_folder("one")?;
    job::finish(&mut job::mpirun(1, &bench.program, &bench.train(&one, &[])))?;
    record.say("Losses of 12 steps, against one rank:");
    let (mut largest, mut states_mib) = (0.0f64, Vec::new());
    for (ranks, state) in [(2, "replicated"), (4, "replicated"), (2, "sharded"), (4, "sharded")] {
        let run = bench.run_folder(&format!("{ranks}-{state}"))?;
        let set = format!("parallel.optimizer_state={state}");
        let args = bench.train(&run, &["--set", &set]);
        let said = job::finish(&mut job::mpirun(ranks, &bench.program, &args))?;
        let apart = job::difference(&one, &run)?;
        ensure!(apart <= SAME, "{ranks} ranks, {state}: losses differ by {apart:.1e}");
        record
            .say(format!("{ranks} ranks, optimizer state {state}: largest difference {apart:.1e}"));
        record.say(job::gist(&said));
        largest = largest.max(apart);
        if ranks == 4 {
            states_mib.push(format!("{state} {} MiB", range(&optimizer_state_mib(&said))));
        }
    }
    record.figure(&figures::LOSSES, &format!("{largest:.1e}"));
    record.figure(&figures::OPTIMIZER_STATE, &states_mib.join(", "));
    lost(record, &bench, &one)
}

/// Parses the sizes of the optimizer state from the output of the ranks, MiB.
fn optimizer_state_mib(said: &str) -> Vec<f64> {
    let size = |line: &str| {
        let (_, after) = line.split_once("optimizer state ")?;
        after.split_once(" MiB")?.0.parse().ok()
    };
    said.lines().filter_map(size).collect()
}

/// Formats the smallest and the largest value, or the common value.
fn range(values: &[f64]) -> String {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(0.0, f64::max);
    if smallest < largest {
        format!("{smallest:.1} to {largest:.1}")
    } else {
        format!("{largest:.1}")
    }
}

/// Kills rank 1 of 2 during a run, and resumes with one rank.
fn lost(record: &mut TrialRecord, bench: &TrialSetup, straight: &Path) -> Result<()> {
    let run = bench.run_folder("lost")?;
    let mut command = job::mpirun(2, &bench.program, &bench.train(&run, &[]));
    record.say(format!("\n$ {}", job::shown(&command)));
    let mut child = job::start(&mut command)?;
    job::wait_for_step(&run, 6, &mut child)?;
    let rank = |pid: &u32| job::variable(*pid, "OMPI_COMM_WORLD_RANK").as_deref() == Some("1");
    let victim = job::processes("syrinx", &run)?.into_iter().find(rank);
    let victim = victim.ok_or_else(|| anyhow::anyhow!("rank 1 isn't there"))?;
    job::kill(victim)?;
    let output = child.wait_with_output()?;
    let said = job::text_of(&output);
    ensure!(!output.status.success(), "the job survived the loss of a rank:\n{said}");
    ensure!(said.contains("rank 1"), "the lost rank isn't named:\n{said}");
    record.say(format!("rank 1 killed after step 6: the job ended with {}", output.status));
    record.say(job::gist(&said));
    let args = bench.train(&run, &["--resume", "--reduce", "none"]);
    let mut command = std::process::Command::new(&bench.program);
    record.say(format!("$ {}", job::shown(command.args(&args))));
    record.say(job::gist(&job::finish(&mut command)?));
    let apart = job::difference(straight, &run)?;
    ensure!(apart <= SAME, "after the resume losses differ by {apart:.1e}");
    record.say(format!("losses of all 12 steps, against one rank from the start: {apart:.1e}"));
    record.figure(&figures::LOST_RANK, &format!("{apart:.1e}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_lines_of_the_ranks() {
        let said = "rank 0 of 2 (vm, mpi): weights 10.2 MiB, optimizer state 13.3 MiB, peak\nother\nrank 1 of 2 (vm, mpi): weights 10.2 MiB, optimizer state 17.1 MiB";
        assert_eq!(optimizer_state_mib(said), [13.3, 17.1]);
        assert_eq!(range(&[13.3, 17.1]), "13.3 to 17.1");
        assert_eq!(range(&[30.5, 30.5]), "30.5");
    }
}
