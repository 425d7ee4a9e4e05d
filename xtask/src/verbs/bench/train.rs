//! `bench train`: training speed in positions per second, of several programs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};

use super::figures::Figures;
use super::{MeasureArgs, has_torch, json_of, limits, number};
use crate::project::root;

#[derive(Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    pub measure: MeasureArgs,
    /// Further arguments of `syrinx bench train`, for a measurement that is not stored
    #[arg(last = true)]
    pub rest: Vec<String>,
}

/// Arguments of `syrinx bench train` for 12 blocks of width 768. A step takes seconds, so one is measured in a round.
const WIDE: &str = "--dim 768 --layers 12 --heads 12 --hidden 2048 --kernels fused --steps 1";

/// Measures the shape of the embedded model and a wide one, or the shape of the further arguments.
pub fn measure(args: &TrainArgs, program: &Path) -> Result<Figures> {
    let wide: Vec<String> = WIDE.split(' ').map(str::to_owned).collect();
    let shapes = [("train", &args.rest), ("train_768", &wide)];
    let shapes = if args.rest.is_empty() { &shapes[..] } else { &shapes[..1] };
    let torch = has_torch(&args.measure.python);
    let mut figures = Figures::default();
    for round in 1..=args.measure.rounds {
        eprintln!("train: round {round} of {}", args.measure.rounds);
        limits(program, &mut figures)?;
        for (name, words) in shapes {
            let mut command = Command::new(program);
            command.args(["bench", "train", "--json", "--rounds", "1"]).args(*words);
            let rows = json_of(&mut command)?;
            let torch = torch.then(|| pytorch(&args.measure.python, &rows[0])).transpose()?;
            add(&mut figures, name, &rows, torch.as_ref())?;
        }
    }
    Ok(figures)
}

/// Adds the figures of a round in one shape.
fn add(figures: &mut Figures, shape: &str, rows: &Value, torch: Option<&Value>) -> Result<()> {
    let speed = |row: &Value| number(row, "/figures/tokens_per_s");
    let rows = rows.as_array().context("`syrinx bench train` printed no list")?;
    let of = |kernels: &str| rows.iter().find(|row| row["config"]["kernels"] == kernels);
    let fused = of("fused").map(speed).transpose()?;
    let others = [("primitive", of("primitive")), ("pytorch", torch)];
    let ours = [("fused", of("fused"))];
    for (kind, row) in ours.into_iter().chain(others) {
        let Some(row) = row else { continue };
        figures.add(&format!("{shape}_{kind}"), "positions/s", speed(row)?);
        figures.add(&format!("{shape}_{kind}_peak"), "MiB", number(row, "/peak_mib")?);
        if let Some(fused) = fused.filter(|_| kind != "fused") {
            figures.add(&format!("{shape}_over_{kind}"), "x", fused / speed(row)?);
        }
    }
    Ok(())
}

/// Measures the same computation in PyTorch.
fn pytorch(python: &str, row: &Value) -> Result<Value> {
    let work = json!({"config": row["config"], "threads": row["threads"]}).to_string();
    json_of(Command::new(python).arg(root().join("xtask/bench/train.py")).arg(work))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_compared_within_a_round() {
        let row = |kernels: &str, speed: f64| {
            json!({"config": {"kernels": kernels}, "peak_mib": 100.0,
                "figures": {"tokens_per_s": speed}})
        };
        let mut figures = Figures::default();
        for (fused, primitive, torch) in
            [(300.0, 100.0, 250.0), (200.0, 100.0, 50.0), (90.0, 10.0, 45.0)]
        {
            let rows = json!([row("fused", fused), row("primitive", primitive)]);
            add(&mut figures, "train", &rows, Some(&row("", torch))).unwrap();
        }
        assert_eq!(figures.median("train_over_primitive"), Some(3.0));
        assert_eq!(figures.median("train_over_pytorch"), Some(2.0));
        add(&mut figures, "wide", &json!([row("fused", 7.0)]), None).unwrap();
        assert_eq!(figures.median("wide_fused"), Some(7.0));
        assert_eq!(figures.median("wide_over_pytorch"), None);
    }
}
