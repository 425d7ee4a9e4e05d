//! Fuzz targets: mutated files and texts for everything that reads them. `cargo xtask fuzz TARGET --seconds N`.
//!
//! Inputs of `corpus/TARGET` are mutated in this process, by a generator with a seed, so that the stable toolchain
//! suffices: libFuzzer and AFL need nightly flags or a C++ compiler, and every finding here is reproduced by its seed
//! and, as a file, by `replay`. An input that reaches new ground (another result or a longer one) joins the pool of its
//! run. A panic, or an input that takes longer than the limit, is written to `crashes/` and ends the run with an error.
//! Fixed crashes go to `corpus/TARGET`, which `cargo xtask fuzz` replays first.

mod http;
mod mutate;
mod pool;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use pool::Pool;
use targets::{TARGETS, Target};

/// Longest time for one input.
const SLOW: Duration = Duration::from_secs(10);

/// Tries of an input before it counts as slow or broken.
const TRIES: usize = 2;

/// Feeds mutated inputs to a reader.
#[derive(Debug, Parser)]
struct Args {
    /// A target, or `all`
    target: String,
    /// Seconds for each target
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Executions for each target, whichever ends first
    #[arg(long, default_value_t = u64::MAX)]
    executions: u64,
    /// Seed of the mutations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder with `corpus` and `crashes`
    #[arg(long, default_value = "tests/fuzz")]
    folder: PathBuf,
    /// Only read the corpus, without mutations
    #[arg(long)]
    replay: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let chosen: Vec<&Target> =
        TARGETS.iter().filter(|t| args.target == "all" || args.target == t.name).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
        bail!("no target `{}`; the targets are: {}", args.target, names.join(", "));
    }
    for target in chosen {
        fuzz(&args, target)?;
    }
    Ok(())
}

fn fuzz(args: &Args, target: &Target) -> Result<()> {
    let mut pool = Pool::read(&args.folder.join("corpus").join(target.name))?;
    let mut run = (target.start)();
    let started = Instant::now();
    let mut executions = 0;
    for input in pool.seeds().to_vec() {
        execute(args, target, &mut run, &input)?;
        executions += 1;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    while !args.replay && executions < args.executions && started.elapsed().as_secs() < args.seconds
    {
        let input = mutate::mutated(&pool, target.words, &mut rng);
        let reached = execute(args, target, &mut run, &input)?;
        pool.offer(input, reached);
        executions += 1;
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{}: {executions} executions in {seconds:.1} s, {} inputs in the pool, no crash",
        target.name,
        pool.len()
    );
    Ok(())
}

/// Runs one input; returns what it reached.
///
/// # Errors
/// A panic or a slow input, with the place where the input was kept.
fn execute(args: &Args, target: &Target, run: &mut targets::Run, input: &[u8]) -> Result<u64> {
    let mut fault = String::new();
    // A slow input is tried again: others may have had the processor.
    for _ in 0..TRIES {
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| run(input)));
        fault = match outcome {
            Ok(reached) if started.elapsed() < SLOW => return Ok(reached),
            Ok(_) => format!("took {:.1} s", started.elapsed().as_secs_f64()),
            Err(_) => "panicked".to_owned(),
        };
    }
    let path = keep(&args.folder, target, input)?;
    bail!("{}: an input of {} bytes {fault}; kept as {}", target.name, input.len(), path.display())
}

fn keep(folder: &Path, target: &Target, input: &[u8]) -> Result<PathBuf> {
    let folder = folder.join("crashes");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}-{:016x}", target.name, pool::fnv(input)));
    std::fs::write(&path, input).with_context(|| path.display().to_string())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_reads_its_corpus() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        for target in TARGETS {
            let pool =
                Pool::read(&folder.join("corpus").join(target.name)).expect("it is readable");
            assert!(pool.seeds().iter().any(|seed| !seed.is_empty()), "{}: no corpus", target.name);
            let mut run = (target.start)();
            for seed in pool.seeds() {
                run(seed);
            }
        }
    }

    #[test]
    fn mutations_follow_their_seed() {
        let pool = Pool::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/text"))
            .expect("it is readable");
        let inputs = |seed: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            (0..50).map(|_| mutate::mutated(&pool, &["word"], &mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }
}
