//! Speed of decoding, and the limits of this machine.

use clap::Args;
use serde_json::json;
use syrinx_nn::measure::{
    DecodeBenchConfig, PassBenchConfig, measure_decode, measure_machine, measure_pass,
};
use syrinx_nn::{BlockConfig, Precision};

use super::fail;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// `bench decode`.
#[derive(Debug, Args)]
pub struct BenchDecodeArgs {
    /// Precision of the weights: f32 or int8
    #[arg(long, default_value = "f32", value_name = "NAME")]
    weights: String,
    /// Sequences side by side
    #[arg(long, default_value_t = 1, value_name = "N")]
    sequences: usize,
    /// Frames before the measured ones
    #[arg(long, default_value_t = 75, value_name = "N")]
    history: usize,
    /// Measured frames of each sequence
    #[arg(long, default_value_t = 75, value_name = "N")]
    frames: usize,
    /// Width
    #[arg(long, default_value_t = 1024, value_name = "N")]
    dim: usize,
    /// Blocks
    #[arg(long, default_value_t = 12, value_name = "N")]
    layers: usize,
    /// Attention heads
    #[arg(long, default_value_t = 16, value_name = "N")]
    heads: usize,
    /// Width of the gated MLP
    #[arg(long, default_value_t = 2736, value_name = "N")]
    hidden: usize,
}

/// Measures the speed of decoding.
pub fn run(session: &Session, args: &BenchDecodeArgs) -> Outcome {
    let precision: Precision = serde_json::from_value(json!(args.weights)).map_err(|_| {
        Failure::usage(format!("--weights {}", args.weights), "there are f32 and int8")
    })?;
    let BenchDecodeArgs { dim, layers, heads, hidden, sequences, history, frames, .. } = *args;
    let block = BlockConfig { dim, layers, heads, hidden, ..Default::default() };
    let config =
        DecodeBenchConfig { block, sequences, history, frames, precision, ..Default::default() };
    let figures = measure_decode(&config).map_err(|e| fail(e.to_string()))?;
    let threads = rayon::current_num_threads();
    if session.globals.json {
        let name = format!("syrinx {}", args.weights);
        return session.print_json(
            &json!({"name": name, "config": config, "threads": threads, "figures": figures}),
        );
    }
    session.print(&format!(
        "{:.1} frames/s of {sequences} sequences, {:.1} GB/s of weights, {threads} threads",
        figures.frames_per_s,
        figures.frames_per_s / sequences.max(1) as f64 * figures.weight_bytes as f64 / 1e9
    ))
}

/// `bench passes`.
#[derive(Debug, Args)]
pub struct PassesArgs {
    /// Positions of a pass: 250 frames of speech, 75 of a prompt, 125 phones
    #[arg(long, default_value_t = 450, value_name = "N")]
    positions: usize,
    /// Measured passes
    #[arg(long, default_value_t = 3, value_name = "N")]
    passes: usize,
    /// Width
    #[arg(long, default_value_t = 1024, value_name = "N")]
    dim: usize,
    /// Blocks
    #[arg(long, default_value_t = 12, value_name = "N")]
    layers: usize,
    /// Attention heads
    #[arg(long, default_value_t = 16, value_name = "N")]
    heads: usize,
    /// Width of the gated MLP
    #[arg(long, default_value_t = 2736, value_name = "N")]
    hidden: usize,
}

/// Measures the speed of passes over all positions.
pub fn passes(session: &Session, args: &PassesArgs) -> Outcome {
    let PassesArgs { positions, passes, dim, layers, heads, hidden } = *args;
    let block = BlockConfig { dim, layers, heads, hidden, ..Default::default() };
    let config = PassBenchConfig { block, positions, passes };
    let figures = measure_pass(&config).map_err(|e| fail(e.to_string()))?;
    if session.globals.json {
        return session.print_json(&json!({"config": config, "figures": figures}));
    }
    session.print(&format!(
        "{:.3} s a pass of {positions} positions, {:.0} GFLOP/s, {} threads",
        figures.pass_s,
        figures.flop_per_s / 1e9,
        rayon::current_num_threads()
    ))
}

/// Measures memory bandwidth and arithmetic speed of the machine.
pub fn machine(session: &Session) -> Outcome {
    let figures = measure_machine();
    if session.globals.json {
        return session.print_json(&figures);
    }
    session.print(&format!(
        "{:.1} GB/s from memory, {:.0} GFLOP/s in f32 products, {} threads",
        figures.bytes_per_s / 1e9,
        figures.flop_per_s / 1e9,
        figures.threads
    ))
}
