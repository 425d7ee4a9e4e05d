//! `scale weak`: weak scaling from one rank to two with one thread each, compared with two separate runs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::figures;
use super::job::{self, TrialSetup, child_seconds};
use super::record::TrialRecord;

/// Number of positions in a step of one rank: enough sequences that the shares of two ranks are nearly equal.
const POSITIONS: usize = 3_000;
/// Steps of a run; the first two are not measured.
const STEPS: &str = "steps=10";
/// Shape of the embedded model.
const SHAPE: [&str; 8] = [
    "--set",
    "model.trunk.dim=256",
    "--set",
    "model.trunk.layers=6",
    "--set",
    "model.trunk.heads=4",
    "--set",
    "model.trunk.hidden=704",
];

/// Speed of a run.
pub struct Speed {
    /// Positions per second over all ranks, median over steps.
    pub positions_per_s: f64,
    /// Duration of a step, median over steps, seconds.
    pub step_s: f64,
}

/// Ways to use two cores, in the order of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrangement {
    /// One rank; the other core is free.
    OneRank,
    /// Two concurrent runs of one rank each, which are the limit of the machine.
    TwoRuns,
    /// Two ranks of one run.
    TwoRanks,
}

const ARRANGEMENTS: [Arrangement; 3] =
    [Arrangement::OneRank, Arrangement::TwoRuns, Arrangement::TwoRanks];

impl Arrangement {
    fn name(self) -> &'static str {
        match self {
            Self::OneRank => "1 rank",
            Self::TwoRuns => "2 separate runs",
            Self::TwoRanks => "2 ranks",
        }
    }

    fn processes(self) -> f64 {
        if self == Self::OneRank { 1.0 } else { 2.0 }
    }
}

pub fn run(record: &mut TrialRecord, program: Option<&Path>, rounds: usize) -> Result<()> {
    let bench = TrialSetup::new(program, "syrinx-cli/mpi", 6)?;
    let mut speeds: [Vec<f64>; 3] = Default::default();
    let mut costs: [Vec<f64>; 3] = Default::default();
    let mut said = String::new();
    for round in 1..=rounds.max(1) {
        // Arrangements alternate, so that other load of the machine affects all of them.
        for (i, arrangement) in ARRANGEMENTS.into_iter().enumerate() {
            let begun = child_seconds()?;
            let speed = measure(&bench, arrangement, &mut said)?;
            let seconds = (child_seconds()? - begun) / arrangement.processes();
            record.say(format!(
                "round {round}: {}, {:.0} positions/s, {:.3} s a step, {seconds:.1} s of processor time a process",
                arrangement.name(),
                speed.positions_per_s,
                speed.step_s
            ));
            speeds[i].push(speed.positions_per_s);
            costs[i].push(seconds);
        }
    }
    record.say(job::gist(&said));
    let [one, runs, ranks] = &speeds;
    let ideal: Vec<f64> = one.iter().map(|speed| 2.0 * speed).collect();
    let (efficiency, machine_limit) = (ratio(ranks, &ideal), ratio(runs, &ideal));
    let of_limit = ratio(ranks, runs);
    let [one, runs, ranks] = speeds.each_mut().map(|speeds| median(speeds));
    record.say(format!(
        "median of {rounds} rounds: {one:.0} positions/s on 1 rank, {runs:.0} of 2 separate runs, {ranks:.0} on 2 ranks"
    ));
    record.say(format!(
        "median of the rounds' ratios: 2 ranks over twice 1 rank {efficiency:.2}; 2 separate runs over twice 1 rank {machine_limit:.2}; 2 ranks over 2 separate runs {of_limit:.2}"
    ));
    let [one, runs, ranks] = costs.each_mut().map(|seconds| median(seconds));
    record.say(format!(
        "processor time a process for the same work: {one:.1} s on 1 rank, {runs:.1} s of 2 separate runs, {ranks:.1} s on 2 ranks; waiting for the other rank does not count in it"
    ));
    record.figure(
        &figures::WEAK_SCALING,
        &format!("{efficiency:.2}; {of_limit:.2} of what 2 separate runs reach"),
    );
    record.say(machine());
    Ok(())
}

/// Returns the median of the ratios of two series.
fn ratio(of: &[f64], to: &[f64]) -> f64 {
    median(&mut of.iter().zip(to).map(|(of, to)| of / to).collect::<Vec<f64>>())
}

/// Trains some steps with the same work for each process, and writes the output to `said`.
fn measure(bench: &TrialSetup, arrangement: Arrangement, said: &mut String) -> Result<Speed> {
    match arrangement {
        Arrangement::OneRank => {
            let run = bench.run_folder("weak-one")?;
            *said = job::finish(&mut alone(bench, &run, 0))?;
            speed(&run)
        }
        Arrangement::TwoRuns => {
            let (run, other) = (bench.run_folder("weak-run-1")?, bench.run_folder("weak-run-2")?);
            let second = job::start(&mut alone(bench, &other, 1))?;
            *said = job::finish(&mut alone(bench, &run, 0))?;
            let output = second.wait_with_output()?;
            ensure!(
                output.status.success(),
                "the second of two runs failed:\n{}",
                job::text_of(&output)
            );
            let (one, other) = (speed(&run)?, speed(&other)?);
            Ok(Speed {
                positions_per_s: one.positions_per_s + other.positions_per_s,
                step_s: one.step_s.max(other.step_s),
            })
        }
        Arrangement::TwoRanks => {
            let run = bench.run_folder("weak-ranks")?;
            let mut command = Command::new("mpirun");
            command.args(["--allow-run-as-root", "--bind-to", "core", "-x", "RAYON_NUM_THREADS=1"]);
            command.args(["-n", "2"]).arg(&bench.program).args(arguments(bench, &run, 2));
            *said = job::finish(&mut command)?;
            speed(&run)
        }
    }
}

/// Returns the command of a run of one rank on one core.
fn alone(bench: &TrialSetup, run: &Path, core: usize) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(&bench.program).args(arguments(bench, run, 1));
    command.args(["--reduce", "none", "--quiet"]).env("RAYON_NUM_THREADS", "1");
    command
}

/// Returns the arguments of a run with `ranks` ranks.
fn arguments(bench: &TrialSetup, run: &Path, ranks: usize) -> Vec<String> {
    let positions = format!("positions={}", POSITIONS * ranks);
    let mut more = vec!["--set", &positions, "--set", STEPS, "--set", "checkpoint_steps=1000"];
    more.extend(SHAPE);
    bench.train(run, &more)
}

/// Returns the speed of a run without its first steps.
pub fn speed(run: &Path) -> Result<Speed> {
    let steps = job::events(run, "train_step");
    let later = steps.get(2..).filter(|s| s.len() > 2).context("too few steps")?;
    let mut speeds: Vec<f64> = later.iter().filter_map(|e| e["tokens_per_s"].as_f64()).collect();
    let at = |e: &serde_json::Value| e["at_s"].as_f64();
    let mut took: Vec<f64> =
        later.windows(2).filter_map(|w| Some(at(&w[1])? - at(&w[0])?)).collect();
    Ok(Speed { positions_per_s: median(&mut speeds), step_s: median(&mut took) })
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match values {
        [] => f64::NAN,
        values => values[values.len() / 2],
    }
}

/// Returns the processor and the load of this machine.
pub fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |line: &str| line.split_once(':').map(|(_, v)| v.trim().to_owned());
    let model = text.lines().find(|l| l.starts_with("model name")).and_then(field);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    format!(
        "machine: {} with {cores} cores; load average at the end {load}",
        model.unwrap_or_default()
    )
}
