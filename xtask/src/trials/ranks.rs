//! `scale ranks`: the number of ranks changes the time only, a lost rank ends the job, and a run can be resumed
//! elsewhere.

use std::path::Path;

use anyhow::{Result, ensure};

use super::job::{self, TrialSetup};
use super::record::TrialRecord;

/// Largest relative difference of losses that counts as none, f32.
const SAME: f64 = 1e-5;

pub fn run(record: &mut TrialRecord, program: Option<&Path>) -> Result<()> {
    let bench = TrialSetup::new(program, "syrinx-cli/mpi", 6)?;
    let one = bench.run_folder("one")?;
    job::finish(&mut job::mpirun(1, &bench.program, &bench.train(&one, &[])))?;
    record.say("Losses of 12 steps, against one rank:");
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
    }
    lost(record, &bench, &one)
}

/// Kills rank 1 of 2 in the middle of a run, and resumes with one rank.
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
    Ok(())
}
