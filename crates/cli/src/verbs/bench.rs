//! `bench`: speed of training, synthesis and recognition on this machine.

mod decode;
mod live;
mod speed;
mod stream;

use std::process::{Command, Stdio};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use syrinx_metrics::bootstrap::median;
use syrinx_nn::{BlockConfig, Kernels};
use syrinx_train::{BenchConfig, measure_step};

use crate::failure::{Exit, Failure, Outcome};
use crate::memory::peak_mib;
use crate::ranks;
use crate::session::Session;
use crate::table::table;

/// `bench`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx bench speed\n  syrinx bench stream\n  syrinx bench live\n  syrinx bench train\n  syrinx bench train --dim 320 --layers 8 --heads 5 --hidden 880\n  syrinx bench train --device cuda --kernels primitive --set precision=bf16\n\n`cargo xtask bench train` puts PyTorch beside it."
)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// Training steps on synthetic tokens, each kind of kernels in a process of its own
    Train(TrainArgs),
    /// Synthesis and recognition including the start of the program, and the codec alone
    Speed(speed::SpeedArgs),
    /// Decoding frame by frame with synthetic weights and cached keys and values
    Decode(decode::BenchDecodeArgs),
    /// Passes over all positions with synthetic weights, as in the NAR stage
    Passes(decode::PassesArgs),
    /// Memory bandwidth and peak arithmetic of this machine
    Machine,
    /// Sums over the ranks of a job: `mpirun -n 2 syrinx bench reduce`
    Reduce(ReduceArgs),
    /// Streaming synthesis: time to the first samples and underruns, alone and with a concurrent request
    Stream(stream::StreamArgs),
    /// Streaming recognition: delay from the end of a word until it is final
    Live(live::LiveArgs),
}

#[derive(Debug, Args)]
struct TrainArgs {
    /// Kinds of kernels, with commas between
    #[arg(long, value_delimiter = ',', default_value = "fused,primitive", value_name = "A,B")]
    kernels: Vec<String>,
    /// Number of measured steps, after one unmeasured step
    #[arg(long, default_value_t = 3, value_name = "N")]
    steps: usize,
    /// Number of rounds, each kind in a process of its own; the result is the median
    #[arg(long, default_value_t = 3, value_name = "N")]
    rounds: usize,
    /// Sequences a step
    #[arg(long, default_value_t = 8, value_name = "N")]
    sequences: usize,
    /// Positions a sequence
    #[arg(long, default_value_t = 256, value_name = "N")]
    positions: usize,
    /// Width
    #[arg(long, default_value_t = 256, value_name = "N")]
    dim: usize,
    /// Blocks
    #[arg(long, default_value_t = 6, value_name = "N")]
    layers: usize,
    /// Attention heads
    #[arg(long, default_value_t = 4, value_name = "N")]
    heads: usize,
    /// Width of the gated MLP
    #[arg(long, default_value_t = 704, value_name = "N")]
    hidden: usize,
    /// Measure in this process, whose peak memory is then that of the one kind of kernels
    #[arg(long, hide = true)]
    here: bool,
}

#[derive(Debug, Args)]
struct ReduceArgs {
    /// Size of a message, MiB
    #[arg(long, default_value_t = 8, value_name = "N")]
    mib: usize,
    /// Number of messages; the result is their median
    #[arg(long, default_value_t = 20, value_name = "N")]
    messages: usize,
    /// Transport to the other ranks of the job
    #[arg(long, value_enum, default_value = "auto", value_name = "NAME")]
    reduce: ranks::Transport,
}

/// Measures the speed of sums over ranks; rank 0 prints the result.
fn reduce(session: &Session, args: &ReduceArgs) -> Outcome {
    let folder = std::env::temp_dir();
    let job = ranks::join(args.reduce, &folder, 60.0)?;
    let bytes_per_s = job.measure(args.mib << 18, args.messages)?;
    if !job.leads() {
        return Ok(());
    }
    if session.globals.json {
        return session.print_json(&json!({"ranks": job.count(), "bytes_per_s": bytes_per_s}));
    }
    session.print(&format!("{} ranks, {:.2} GB/s a sum", job.count(), bytes_per_s / 1e9))
}

/// Runs the selected measurement.
pub fn run(session: &Session, args: &BenchArgs) -> Outcome {
    let args = match &args.what {
        BenchCommand::Train(args) => args,
        BenchCommand::Speed(args) => return speed::run(session, args),
        BenchCommand::Decode(args) => return decode::run(session, args),
        BenchCommand::Passes(args) => return decode::passes(session, args),
        BenchCommand::Machine => return decode::machine(session),
        BenchCommand::Reduce(args) => return reduce(session, args),
        BenchCommand::Stream(args) => return stream::run(session, args),
        BenchCommand::Live(args) => return live::run(session, args),
    };
    let kinds: Vec<Kernels> = args.kernels.iter().map(|k| kernels(k)).collect::<Outcome<_>>()?;
    if let (true, [kind]) = (args.here, kinds.as_slice()) {
        return session.print_json(&here(session, args, *kind)?);
    }
    // Other load on the machine changes over time. Alternating between the kinds of kernels exposes all of them to the
    // same load.
    let mut rounds = vec![Vec::new(); args.kernels.len()];
    for round in 1..=args.rounds.max(1) {
        for (name, of_kind) in args.kernels.iter().zip(&mut rounds) {
            session.check()?;
            session.say(&format!("measuring {name} kernels, round {round}"));
            of_kind.push(child(name)?);
        }
    }
    let rows: Vec<Value> = rounds.iter().map(|of_kind| pooled(of_kind)).collect();
    if session.globals.json {
        return session.print_json(&rows);
    }
    session.print(&shown(&rows))
}

fn kernels(name: &str) -> Outcome<Kernels> {
    serde_json::from_value(json!(name)).map_err(|_| {
        Failure::usage(
            format!("--kernels {name}: there are no such kernels"),
            "there are fused and primitive",
        )
    })
}

/// Returns the figures of one kind of kernels in this process.
fn here(session: &Session, args: &TrainArgs, kernels: Kernels) -> Outcome<Value> {
    let settings = session.settings(&[])?.value;
    let (dim, layers) = (args.dim, args.layers);
    let config = BenchConfig {
        block: BlockConfig {
            dim,
            layers,
            heads: args.heads,
            hidden: args.hidden,
            ..BlockConfig::default()
        },
        sequences: args.sequences,
        positions: args.positions,
        steps: args.steps,
        kernels,
        precision: settings.precision,
        ..BenchConfig::default()
    };
    let figures = measure_step(&config, &settings.device.open()?)?;
    let threads = rayon::current_num_threads();
    let device = settings.device.to_string();
    Ok(json!({"name": format!("syrinx, {}", args.kernels.concat()), "config": config,
        "device": device, "threads": threads, "figures": figures, "peak_mib": peak_mib()}))
}

/// Runs the same command for one kind of kernels in a process of its own; returns its figures.
fn child(kernels: &str) -> Outcome<Value> {
    let program = std::env::current_exe().map_err(|e| fail(e.to_string()))?;
    let mut command = Command::new(program);
    // A second --kernels would be an error, so the first is left out.
    command.args(without(std::env::args().skip(1), &["--json"], &["--kernels"]));
    command.args(["--kernels", kernels, "--here", "--json"]);
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| fail(e.to_string()))?;
    if !output.status.success() {
        // The process printed the reason, and its exit code is passed on.
        let code = output.status.code().and_then(|c| u8::try_from(c).ok());
        let exit = [Exit::Usage, Exit::BadModel, Exit::Interrupted];
        let exit = exit.into_iter().find(|e| Some(*e as u8) == code).unwrap_or(Exit::Unexpected);
        return Err(Failure::new(exit, format!("{kernels} kernels could not be measured")));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| fail(e.to_string()))
}

/// Returns the medians of several rounds, and the largest peak memory.
fn pooled(rounds: &[Value]) -> Value {
    let over = |path: &str, choose: fn(&[f64]) -> f64| {
        let found = rounds.iter().filter_map(|round| round.pointer(path)?.as_f64());
        let found: Vec<f64> = found.collect();
        (!found.is_empty()).then(|| choose(&found))
    };
    let mut row = rounds.last().cloned().unwrap_or_default();
    for name in ["tokens_per_s", "forward_s", "backward_s", "optimizer_s"] {
        row["figures"][name] = json!(over(&format!("/figures/{name}"), middle));
    }
    row["peak_mib"] = json!(over("/peak_mib", |all| all.iter().copied().fold(0.0, f64::max)));
    row["rounds"] = json!(rounds.len());
    row
}

/// Returns the median.
fn middle(values: &[f64]) -> f64 {
    median(&values.iter().collect::<Vec<_>>())
}

/// Failure of a measurement.
fn fail(reason: String) -> Failure {
    Failure::new(Exit::Unexpected, format!("measuring: {reason}"))
}

/// Returns the arguments without the flags `flags`, and without the flags `with_value` and their values.
fn without(args: impl Iterator<Item = String>, flags: &[&str], with_value: &[&str]) -> Vec<String> {
    let (mut kept, mut skip) = (Vec::new(), false);
    for arg in args {
        let named = arg.split_once('=').map_or(arg.as_str(), |(name, _)| name);
        if skip {
            skip = false;
        } else if with_value.contains(&named) {
            skip = named == arg;
        } else if !flags.contains(&arg.as_str()) {
            kept.push(arg);
        }
    }
    kept
}

fn shown(rows: &[Value]) -> String {
    let number = |v: &Value, digits: usize| {
        v.as_f64().map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"))
    };
    let titles = ["KERNELS", "POSITIONS/S", "FORWARD", "BACKWARD", "OPTIMISER", "PEAK"];
    let body = rows.iter().map(|row| {
        let f = &row["figures"];
        [
            row["name"].as_str().unwrap_or_default().to_owned(),
            number(&f["tokens_per_s"], 0),
            number(&f["forward_s"], 3) + " s",
            number(&f["backward_s"], 3) + " s",
            number(&f["optimizer_s"], 3) + " s",
            number(&row["peak_mib"], 0) + " MiB",
        ]
    });
    table(titles, &body.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_pooled() {
        let round = |speed: f64, peak: f64| json!({"name": "a", "peak_mib": peak, "figures": {"tokens_per_s": speed, "loss": 5.0}});
        let row = pooled(&[round(30.0, 7.0), round(10.0, 9.0), round(20.0, 8.0)]);
        assert_eq!(row["figures"]["tokens_per_s"], 20.0);
        assert_eq!(row["figures"]["loss"], 5.0);
        assert_eq!((&row["peak_mib"], &row["rounds"]), (&json!(9.0), &json!(3)));
    }

    #[test]
    fn a_child_is_told_of_one_kind_of_kernels_only() {
        let check = |line: &str, expected: &str| {
            let args = line.split(' ').map(str::to_owned);
            let kept = without(args, &["--json"], &["--kernels"]);
            assert_eq!(kept.join(" "), expected);
        };
        check("bench train --kernels a,b --dim 8", "bench train --dim 8");
        check("bench train --json --kernels=a --dim 8", "bench train --dim 8");
    }
}
