//! `bench`: speed of training and decoding, compared with other programs on the same work.

mod decode;
mod serve;
mod user;

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::project::{build_program, root, shell};
use crate::trials::record::TrialRecord;

/// `bench`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask bench train\n  cargo xtask bench train --python path/to/venv/bin/python\n  cargo xtask bench train -- --dim 320 --layers 8 --heads 5 --hidden 880 --steps 5"
)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Training steps: fused against primitive kernels, and PyTorch where it is found
    Train(TrainArgs),
    /// Decoding with the reference's 151 million parameters: f32 and 8-bit weights, and PyTorch where it is found
    Decode(decode::DecodeArgs),
    /// Start, `say`, `transcribe` and the codec as users meet them
    User(user::UserArgs),
    /// The server at capacity and at four times that
    Serve(serve::BenchServeArgs),
}

#[derive(Debug, Args)]
struct TrainArgs {
    /// A Python that has PyTorch
    #[arg(long, default_value = "python3", value_name = "PROGRAM")]
    python: String,
    /// Everything else goes to `syrinx bench train`
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Measures and prints a table.
pub fn run(args: &BenchArgs) -> Result<()> {
    let args = match &args.what {
        What::Train(args) => args,
        What::Decode(args) => return decode::run(args),
        What::User(args) => return user::run(args),
        What::Serve(args) => return serve::run(args),
    };
    let program = build_program(&shell()?)?;
    let output = Command::new(&program)
        .args(["bench", "train", "--json"])
        .args(&args.rest)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("can't start {}", program.display()))?;
    ensure!(output.status.success(), "`syrinx bench train` ended with {}", output.status);
    let mut rows: Vec<Value> =
        serde_json::from_slice(&output.stdout).context("`syrinx bench train --json`")?;
    let first = rows.first().context("nothing was measured")?.clone();
    let torch = torch(&args.python, &first)?;
    let found = torch.is_some();
    rows.extend(torch);
    println!("{}", sizes(&first));
    print!("{}", table(&rows));
    if !found {
        println!("PyTorch: `{}` doesn't have it; name one that does with --python", args.python);
    }
    Ok(())
}

/// Writes a measurement's output to evals/reports/speed/NAME.txt.
fn record(output: &TrialRecord, name: &str) -> Result<()> {
    output.keep(&format!("speed/{name}.txt"))
}

/// Returns the same work in PyTorch; nothing without one.
fn torch(python: &str, row: &Value) -> Result<Option<Value>> {
    let has = Command::new(python).args(["-c", "import torch"]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    eprintln!("measuring PyTorch");
    let asked = json!({"config": row["config"], "threads": row["threads"]}).to_string();
    let output = Command::new(python)
        .arg(root().join("xtask/bench/train.py"))
        .arg(asked)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("can't start {python}"))?;
    ensure!(output.status.success(), "xtask/bench/train.py ended with {}", output.status);
    Ok(Some(serde_json::from_slice(&output.stdout).context("xtask/bench/train.py")?))
}

/// Describes the measured work in a line.
fn sizes(row: &Value) -> String {
    let (config, block) = (&row["config"], &row["config"]["block"]);
    format!(
        "{} blocks of width {}, {} heads, MLP {}; {} x {} positions, {} classes, {}, {} threads",
        block["layers"],
        block["dim"],
        block["heads"],
        block["hidden"],
        config["sequences"],
        config["positions"],
        config["classes"],
        config["precision"].as_str().unwrap_or_default(),
        row["threads"]
    )
}

/// Formats a line for each row. The last column is the speed relative to candle's primitive operations.
fn table(rows: &[Value]) -> String {
    let speed = |row: &Value| row["figures"]["tokens_per_s"].as_f64();
    let is_primitive = |row: &&Value| row["config"]["kernels"] == "primitive";
    let primitive = rows.iter().find(is_primitive).and_then(speed);
    let titles = ["", "positions/s", "forward", "backward", "optimizer", "peak", "factor"];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    let shown = |value: Option<f64>, digits: usize, unit: &str| {
        value.map_or("-".into(), |v| format!("{v:.digits$}{unit}"))
    };
    for row in rows {
        let seconds = |part: &str| shown(row["figures"][part].as_f64(), 3, " s");
        let factor = speed(row).zip(primitive).map(|(a, b)| a / b);
        lines.push(vec![
            row["name"].as_str().unwrap_or_default().to_owned(),
            shown(speed(row), 0, ""),
            seconds("forward_s"),
            seconds("backward_s"),
            seconds("optimizer_s"),
            shown(row["peak_mib"].as_f64(), 0, " MiB"),
            shown(factor, 2, ""),
        ]);
    }
    crate::table::table(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_compared_with_primitive_operations() {
        let row = |name: &str, kernels: &str, speed: f64| {
            json!({"name": name, "config": {"kernels": kernels}, "peak_mib": 100.4,
                "figures": {"tokens_per_s": speed, "forward_s": 0.5, "backward_s": 1.0}})
        };
        let mut rows = vec![row("ours", "fused", 300.0), row("theirs", "primitive", 100.0)];
        rows.push(json!({"name": "others", "figures": {"tokens_per_s": 250.0}}));
        let table = table(&rows);
        for (name, factor) in [("ours", "3.00"), ("theirs", "1.00"), ("others", "2.50")] {
            let line = table.lines().find(|l| l.starts_with(name)).unwrap();
            assert!(line.ends_with(factor), "{line}");
        }
        assert!(table.contains("100 MiB") && table.contains("0.500 s"), "{table}");
    }
}
