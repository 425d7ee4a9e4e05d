//! `bench decode`: decoding speed in frames per second, of several programs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};

use super::figures::Figures;
use super::{MeasureArgs, has_torch, json_of, limits, number};
use crate::project::root;

#[derive(Debug, Args)]
pub struct DecodeArgs {
    #[command(flatten)]
    pub measure: MeasureArgs,
    /// Further arguments of `syrinx bench decode`, for a measurement that is not stored
    #[arg(last = true)]
    pub rest: Vec<String>,
}

/// Arguments of `syrinx bench decode` for a batch of eight sequences.
const BATCH_8: [&str; 4] = ["--sequences", "8", "--frames", "30"];

/// Measures all kinds in every round: f32 and 8-bit weights, one and eight sequences, PyTorch with and without a cache,
/// and the NAR passes.
pub fn measure(args: &DecodeArgs, program: &Path) -> Result<Figures> {
    let torch = has_torch(&args.measure.python);
    let mut figures = Figures::default();
    for round in 1..=args.measure.rounds {
        eprintln!("decode: round {round} of {}", args.measure.rounds);
        let limits = limits(program, &mut figures)?;
        let pass = json_of(Command::new(program).args(["bench", "passes", "--json"]))?;
        let flop_per_s = number(&pass, "/figures/flop_per_s")?;
        figures.add("passes_gflop_per_s", "GFLOP/s", flop_per_s / 1e9);
        figures.add("passes_share_of_peak", "of 1", flop_per_s / limits.flop_per_s);
        let mut decode = |name: &str, words: &[&str]| -> Result<Value> {
            let mut command = Command::new(program);
            command.args(["bench", "decode", "--json"]).args(words).args(&args.rest);
            let row = json_of(&mut command)?;
            figures.add(name, "frames/s", frames_per_s(&row)?);
            Ok(row)
        };
        let f32 = decode("decode_f32", &["--weights", "f32"])?;
        let int8 = decode("decode_int8", &["--weights", "int8"])?;
        let f32_8 = decode("decode_f32_batch_8", &[&["--weights", "f32"][..], &BATCH_8].concat())?;
        let int8_8 =
            decode("decode_int8_batch_8", &[&["--weights", "int8"][..], &BATCH_8].concat())?;
        for (name, row) in [("decode_f32", &f32), ("decode_int8", &int8)] {
            let share = bytes_per_s(row)? / limits.bytes_per_s;
            figures.add(&format!("{name}_bandwidth_share"), "of 1", share);
        }
        let gains = [(&f32_8, &f32), (&int8_8, &int8)];
        let [gain_f32, gain_int8] = gains.map(|(eight, one)| over(eight, one));
        let (gain_f32, gain_int8) = (gain_f32?, gain_int8?);
        figures.add("decode_f32_batch_8_over_1", "x", gain_f32);
        figures.add("decode_int8_batch_8_over_1", "x", gain_int8);
        figures.add("decode_batch_8_over_1", "x, the lesser", gain_f32.min(gain_int8));
        if torch {
            compare(&mut figures, &args.measure.python, &f32, &int8)?;
        }
    }
    Ok(figures)
}

/// Measures the same computation in PyTorch, with and without a cache.
fn compare(figures: &mut Figures, python: &str, f32: &Value, int8: &Value) -> Result<()> {
    let work = json!({"config": f32["config"], "threads": f32["threads"]}).to_string();
    let script = root().join("xtask/bench/decode.py");
    let torch = json_of(Command::new(python).arg(script).arg(work))?;
    let cached = frames_per_s(&torch)?;
    let uncached = number(&torch, "/figures/uncached_frames_per_s")?;
    figures.add("decode_pytorch", "frames/s", cached);
    figures.add("decode_reference", "frames/s, no cache", uncached);
    figures.add("decode_over_pytorch", "x", frames_per_s(f32)? / cached);
    figures.add("decode_int8_over_pytorch", "x", frames_per_s(int8)? / cached);
    figures.add("decode_int8_over_reference", "x", frames_per_s(int8)? / uncached);
    Ok(())
}

fn frames_per_s(row: &Value) -> Result<f64> {
    number(row, "/figures/frames_per_s")
}

/// Returns the bytes of weights that are read per second.
fn bytes_per_s(row: &Value) -> Result<f64> {
    let sequences = row.pointer("/config/sequences").and_then(Value::as_f64);
    let steps_per_s = frames_per_s(row)? / sequences.context("sequences")?;
    Ok(steps_per_s * number(row, "/figures/weight_bytes")?)
}

fn over(row: &Value, other: &Value) -> Result<f64> {
    Ok(frames_per_s(row)? / frames_per_s(other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_once_for_all_sequences() {
        let row = json!({"config": {"sequences": 8},
            "figures": {"frames_per_s": 40.0, "weight_bytes": 100}});
        assert_eq!(bytes_per_s(&row).unwrap(), 500.0);
        let one = json!({"figures": {"frames_per_s": 10.0}});
        assert_eq!(over(&row, &one).unwrap(), 4.0);
        assert!(bytes_per_s(&one).is_err());
    }
}
