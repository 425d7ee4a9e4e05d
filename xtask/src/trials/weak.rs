//! `scale weak`: the same work a rank on one rank and on two, one thread each.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::job::{self, TrialSetup, child_seconds};
use super::record::TrialRecord;

/// Positions a step of one rank.
const POSITIONS: usize = 1_500;
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

/// Speed and traffic of a run.
pub struct Speed {
    /// Positions a second over all ranks, median over steps.
    pub positions_per_s: f64,
    /// Seconds a step, median.
    pub step_s: f64,
}

pub fn run(record: &mut TrialRecord, program: Option<&Path>, rounds: usize) -> Result<()> {
    let bench = TrialSetup::new(program, "syrinx-cli/mpi", 6)?;
    let mut all: [Vec<f64>; 2] = Default::default();
    let mut cost: [Vec<f64>; 2] = Default::default();
    let mut said = String::new();
    for round in 0..rounds.max(1) {
        // In turns, so that other load of the machine meets both.
        for ranks in [1, 2] {
            let begun = child_seconds()?;
            let (speed, text) = one(&bench, ranks)?;
            let seconds = (child_seconds()? - begun) / ranks as f64;
            record.say(format!(
                "round {}: {ranks} ranks, {:.0} positions/s, {:.3} s a step, {seconds:.1} s of processor time a rank",
                round + 1,
                speed.positions_per_s,
                speed.step_s
            ));
            all[ranks - 1].push(speed.positions_per_s);
            cost[ranks - 1].push(seconds);
            said = text;
        }
    }
    let pairs = all[0].iter().zip(&all[1]).map(|(one, two)| two / (2.0 * one));
    let mut ratios: Vec<f64> = pairs.collect();
    let efficiency = median(&mut ratios);
    record.say(job::gist(&said));
    let [one, two] = all.each_mut().map(|speeds| median(speeds));
    record.say(format!(
        "median of {rounds} rounds: {one:.0} positions/s on 1 rank, {two:.0} on 2; efficiency {efficiency:.2} (2 ranks over twice 1 rank, median of the rounds' ratios)"
    ));
    let [one, two] = cost.each_mut().map(|seconds| median(seconds));
    record.say(format!(
        "processor time a rank for the same work: {one:.1} s on 1 rank, {two:.1} s on 2 ({:.2}); waiting for the other rank does not count in it",
        one / two
    ));
    record.say(machine());
    Ok(())
}

/// Trains for some steps with the same work a rank.
fn one(bench: &TrialSetup, ranks: usize) -> Result<(Speed, String)> {
    let run = bench.run_folder(&format!("weak-{ranks}"))?;
    let (positions, steps) = (format!("positions={}", POSITIONS * ranks), "steps=14");
    let mut more = vec!["--set", &positions, "--set", steps, "--set", "checkpoint_steps=1000"];
    more.extend(SHAPE);
    let args = bench.train(&run, &more);
    // One core a rank, for the work and the communication together.
    let mut command = match ranks {
        1 => Command::new("taskset"),
        _ => Command::new("mpirun"),
    };
    if ranks == 1 {
        command.args(["-c", "0"]).arg(&bench.program).args(&args).args(["--reduce", "none"]);
        command.env("RAYON_NUM_THREADS", "1");
    } else {
        command.args(["--allow-run-as-root", "--bind-to", "core", "-x", "RAYON_NUM_THREADS=1"]);
        command.args(["-n", &ranks.to_string()]).arg(&bench.program).args(&args);
    }
    let said = job::finish(&mut command)?;
    Ok((speed(&run)?, said))
}

/// Speed of a run, without its first steps.
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

/// Processor of this machine and its load.
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
