//! `bench decode`: frames a second, side by side.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::project::{build_program, root, shell};
use crate::trials::record::TrialRecord;
use crate::trials::weak::{machine, median};

#[derive(Debug, Args)]
pub struct DecodeArgs {
    /// A Python that has PyTorch
    #[arg(long, default_value = "python3", value_name = "PROGRAM")]
    python: String,
    /// Rounds; in each all kinds take their turn, and the median of the rounds' ratios counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Program to measure instead of a new build
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Write the output to evals/reports/speed/decode.txt too
    #[arg(long)]
    record: bool,
    /// Everything else goes to `syrinx bench decode`
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Measured kinds: a name, and the arguments of `syrinx bench decode`.
const KINDS: [(&str, &[&str]); 4] = [
    ("f32, batch 1", &["--weights", "f32"]),
    ("8-bit, batch 1", &["--weights", "int8"]),
    ("f32, batch 8", &["--weights", "f32", "--sequences", "8", "--frames", "30"]),
    ("8-bit, batch 8", &["--weights", "int8", "--sequences", "8", "--frames", "30"]),
];

/// Figures of one kind over all rounds.
struct Measured {
    name: String,
    frames_per_s: Vec<f64>,
    /// Share of the memory bandwidth measured in the same round.
    bandwidth: Vec<f64>,
}

pub fn run(args: &DecodeArgs) -> Result<()> {
    let program = match &args.program {
        Some(program) => program.clone(),
        None => build_program(&shell()?)?,
    };
    let mut has = Command::new(&args.python);
    let has = has.args(["-c", "import torch"]).stderr(Stdio::null()).status();
    let torch = has.is_ok_and(|status| status.success());
    let mut all: Vec<Measured> = Vec::new();
    let (mut bandwidth, mut flops) = (Vec::new(), Vec::new());
    let (mut passes, mut shares) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds.max(1) {
        let limit = json_of(Command::new(&program).args(["bench", "machine", "--json"]))?;
        let bytes_per_s = limit["bytes_per_s"].as_f64().context("bytes_per_s")?;
        bandwidth.push(bytes_per_s / 1e9);
        flops.push(limit["flop_per_s"].as_f64().context("flop_per_s")? / 1e9);
        let pass = json_of(Command::new(&program).args(["bench", "passes", "--json"]))?;
        let pass = pass["figures"]["flop_per_s"].as_f64().context("flop_per_s")? / 1e9;
        shares.push(pass / flops.last().copied().unwrap_or(f64::NAN));
        passes.push(pass);
        round(args, &program, torch, bytes_per_s, &mut all)?;
    }
    let mut out = TrialRecord::new("cargo xtask bench decode");
    out.say(machine());
    out.say("The machine is shared with other work; every round measures all kinds in turn, and ratios are within a round.");
    out.say(format!(
        "memory bandwidth {:.1} GB/s, peak {:.0} GFLOP/s in f32 (medians of {} rounds)",
        median(&mut bandwidth),
        median(&mut flops),
        args.rounds
    ));
    out.say(format!(
        "NAR passes of 10 s of speech: {:.0} GFLOP/s, {:.2} of the peak",
        median(&mut passes),
        median(&mut shares)
    ));
    out.say(table(&all));
    if !torch {
        out.say(format!(
            "PyTorch: `{}` doesn't have it; name one that does with --python",
            args.python
        ));
    }
    match args.record {
        true => super::record(&out, "decode"),
        false => Ok(()),
    }
}

/// Measures every kind once.
fn round(
    args: &DecodeArgs,
    program: &Path,
    torch: bool,
    bytes_per_s: f64,
    all: &mut Vec<Measured>,
) -> Result<()> {
    let mut first = None;
    for (name, words) in KINDS {
        let mut command = Command::new(program);
        command.args(["bench", "decode", "--json"]).args(words).args(&args.rest);
        let row = json_of(&mut command)?;
        keep(all, name, &row, bytes_per_s)?;
        first.get_or_insert(row);
    }
    if let Some(row) = first.filter(|_| torch) {
        let asked = json!({"config": row["config"], "threads": row["threads"]}).to_string();
        let script = root().join("xtask/bench/decode.py");
        let mut torch = json_of(Command::new(&args.python).arg(script).arg(asked))?;
        torch["figures"]["weight_bytes"] = row["figures"]["weight_bytes"].clone();
        let name = torch["name"].as_str().unwrap_or("PyTorch").to_owned();
        keep(all, &name, &torch, bytes_per_s)?;
    }
    Ok(())
}

fn keep(all: &mut Vec<Measured>, name: &str, row: &Value, bytes_per_s: f64) -> Result<()> {
    let figure = |name: &str| row["figures"][name].as_f64().with_context(|| name.to_owned());
    let (speed, bytes) = (figure("frames_per_s")?, figure("weight_bytes")?);
    let batch = row["config"]["sequences"].as_f64().unwrap_or(1.0);
    let at = all.iter().position(|m| m.name == name).unwrap_or_else(|| {
        let (name, frames_per_s, bandwidth) = (name.to_owned(), Vec::new(), Vec::new());
        all.push(Measured { name, frames_per_s, bandwidth });
        all.len() - 1
    });
    all[at].frames_per_s.push(speed);
    all[at].bandwidth.push(speed / batch * bytes / bytes_per_s);
    Ok(())
}

fn json_of(command: &mut Command) -> Result<Value> {
    let shown = format!("{command:?}");
    let output = command.stderr(Stdio::inherit()).output().context("can't start it")?;
    ensure!(output.status.success(), "{shown} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("output of {shown}"))
}

/// Returns a line each: frames a second, times the speed of PyTorch and of one sequence, share of the bandwidth.
fn table(all: &[Measured]) -> String {
    let named = |name: &str| all.iter().find(|m| m.name == name).map(|m| &m.frames_per_s[..]);
    let torch = all.iter().find(|m| m.name.starts_with("PyTorch")).map(|m| &m.frames_per_s[..]);
    let titles = ["", "frames/s", "over PyTorch", "over batch 1", "bandwidth"];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    for measured in all {
        let over = |other: Option<&[f64]>| {
            let Some(other) = other else { return "-".to_owned() };
            let ratios = measured.frames_per_s.iter().zip(other).map(|(a, b)| a / b);
            format!("{:.2}", median(&mut ratios.collect::<Vec<_>>()))
        };
        let kind = measured.name.strip_suffix(", batch 8");
        lines.push(vec![
            measured.name.clone(),
            format!("{:.1}", median(&mut measured.frames_per_s.clone())),
            over(torch),
            over(kind.and_then(|kind| named(&format!("{kind}, batch 1")))),
            format!("{:.0} %", 100.0 * median(&mut measured.bandwidth.clone())),
        ]);
    }
    crate::table::table(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_each_round() {
        let mut all = Vec::new();
        for (one, eight, torch) in [(10.0, 40.0, 5.0), (20.0, 100.0, 10.0), (30.0, 90.0, 5.0)] {
            for (name, speed, batch) in
                [("f32, batch 1", one, 1), ("f32, batch 8", eight, 8), ("PyTorch 2", torch, 1)]
            {
                let row = json!({"config": {"sequences": batch},
                    "figures": {"frames_per_s": speed, "weight_bytes": 100}});
                keep(&mut all, name, &row, 4_000.0).unwrap();
            }
        }
        let table = table(&all);
        let words = |name: &str| {
            let line = table.lines().find(|l| l.starts_with(name)).unwrap();
            line[name.len()..].split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(words("f32, batch 1"), ["20.0", "2.00", "-", "50", "%"]);
        assert_eq!(words("f32, batch 8"), ["90.0", "10.00", "4.00", "28", "%"]);
    }
}
