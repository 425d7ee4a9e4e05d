//! `bench serve`: load test of the server at capacity and at four times its capacity.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::project::{build_program, root, shell};
use crate::verbs::serve::Program;

/// `bench serve`.
#[derive(Debug, Args)]
pub struct BenchServeArgs {
    /// Requests computed at the same time
    #[arg(long, default_value_t = 2, value_name = "N")]
    workers: usize,
    /// Requests that may wait
    #[arg(long, default_value_t = 1, value_name = "N")]
    queue: usize,
    /// Waiting requests computed together; 1 for none
    #[arg(long, default_value_t = 8, value_name = "N")]
    batch: usize,
    /// The program; built if not given
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Time at capacity, seconds
    #[arg(long, default_value_t = 60, value_name = "S")]
    capacity_s: u64,
    /// Time at four times capacity, seconds
    #[arg(long, default_value_t = 300, value_name = "S")]
    overload_s: u64,
    /// Requests whose client disconnects
    #[arg(long, default_value_t = 20, value_name = "N")]
    hangups: usize,
    /// Also write the report to this file
    #[arg(long, value_name = "FILE")]
    report: Option<String>,
}

/// Text of every request: one sentence of the Harvard lists.
const TEXT: &str = "The birch canoe slid on the smooth planks.";
/// Overload relative to capacity.
const TIMES: f64 = 4.0;

/// Status and duration of a request.
#[derive(Debug, Clone, Copy)]
struct Seen {
    status: u16,
    seconds: f64,
    first_s: f64,
}

/// Measures and prints a report.
pub fn run(args: &BenchServeArgs) -> Result<()> {
    let program = match &args.program {
        Some(program) => std::fs::canonicalize(program)?,
        None => build_program(&shell()?)?,
    };
    let [workers, queue, batch] = [args.workers, args.queue, args.batch].map(|n| n.to_string());
    let limits = ["--workers", &workers, "--queue", &queue, "--batch", &batch];
    let server = Program::start(&program, &limits)?;
    for _ in 0..3 {
        ensure!(speak(&server, TEXT)?.status == 200, "the server does not answer");
    }
    let before = server.memory_mib()?;
    let capacity = closed_loop(&server, args.workers, Duration::from_secs(args.capacity_s))?;
    let rate = capacity.len() as f64 / args.capacity_s as f64;
    let overload = open_loop(&server, TIMES * rate, Duration::from_secs(args.overload_s))?;
    thread::sleep(Duration::from_secs(3));
    let after = server.memory_mib()?;
    let freed = hang_ups(&server, args.hangups)?;
    server.check()?;
    let text = report(args, &capacity, rate, &overload, before, after, &freed);
    print!("{text}");
    if let Some(path) = &args.report {
        std::fs::write(root().join(path), &text).with_context(|| path.clone())?;
    }
    Ok(())
}

/// Requests the speech of a text and reads the complete answer.
fn speak(server: &Program, text: &str) -> Result<Seen> {
    let begun = Instant::now();
    let mut stream = request(server, text)?;
    let mut bytes = vec![0; 1 << 16];
    let n = stream.read(&mut bytes)?;
    let first_s = begun.elapsed().as_secs_f64();
    let head = String::from_utf8_lossy(&bytes[..n]).into_owned();
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    while stream.read(&mut bytes)? > 0 {}
    Ok(Seen { status, seconds: begun.elapsed().as_secs_f64(), first_s })
}

fn request(server: &Program, text: &str) -> Result<TcpStream> {
    let body = serde_json::json!({ "input": text, "response_format": "pcm" }).to_string();
    let mut stream = TcpStream::connect(server.address())?;
    write!(
        stream,
        "POST /v1/audio/speech HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    Ok(stream)
}

/// Runs clients that each send a request as soon as the previous one is answered (closed loop).
fn closed_loop(server: &Program, clients: usize, time: Duration) -> Result<Vec<Seen>> {
    let seen = Mutex::new(Vec::new());
    let end = Instant::now() + time;
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                while Instant::now() < end {
                    let Ok(one) = speak(server, TEXT) else { return };
                    if let Ok(mut seen) = seen.lock() {
                        seen.push(one);
                    }
                }
            });
        }
    });
    let seen = seen.into_inner().unwrap_or_default();
    ensure!(seen.len() > 1, "too few requests were answered");
    ensure!(seen.iter().all(|s| s.status == 200), "requests failed at capacity");
    Ok(seen)
}

/// Sends requests at a fixed rate, regardless of answers (open loop).
fn open_loop(server: &Program, rate: f64, time: Duration) -> Result<Vec<Seen>> {
    let seen = Mutex::new(Vec::new());
    let begun = Instant::now();
    thread::scope(|scope| {
        for i in 0.. {
            let due = begun + Duration::from_secs_f64(f64::from(i) / rate);
            if due > begun + time {
                break;
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            scope.spawn(|| {
                let failed = Seen { status: 0, seconds: 0.0, first_s: 0.0 };
                let one = speak(server, TEXT).unwrap_or(failed);
                if let Ok(mut seen) = seen.lock() {
                    seen.push(one);
                }
            });
        }
    });
    Ok(seen.into_inner().unwrap_or_default())
}

/// Returns the times from a client's disconnection until its place is free, seconds.
fn hang_ups(server: &Program, n: usize) -> Result<Vec<f64>> {
    let long = TEXT.repeat(20);
    let mut times = Vec::new();
    for _ in 0..n {
        let stream = request(server, &long)?;
        while places(server)? == 0 {
            thread::sleep(Duration::from_millis(2));
        }
        thread::sleep(Duration::from_millis(100));
        drop(stream);
        let begun = Instant::now();
        while places(server)? > 0 {
            thread::sleep(Duration::from_millis(2));
        }
        times.push(begun.elapsed().as_secs_f64());
    }
    Ok(times)
}

/// Returns the number of requests that hold a place.
fn places(server: &Program) -> Result<u64> {
    let mut stream = TcpStream::connect(server.address())?;
    write!(stream, "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let body = text.split("\r\n\r\n").nth(1).context("no answer")?;
    let health: serde_json::Value = serde_json::from_str(body.trim())?;
    health["in_flight"].as_u64().context("no figure")
}

/// Returns a quantile of some values.
fn quantile(values: impl Iterator<Item = f64>, q: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = (q * values.len().saturating_sub(1) as f64).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}

fn report(
    args: &BenchServeArgs,
    capacity: &[Seen],
    rate: f64,
    overload: &[Seen],
    before: f64,
    after: f64,
    freed: &[f64],
) -> String {
    let accepted: Vec<Seen> = overload.iter().copied().filter(|s| s.status == 200).collect();
    let of = |status: u16| overload.iter().filter(|s| s.status == status).count();
    let row = |name: &str, seen: &[Seen]| {
        let q = |q| quantile(seen.iter().map(|s| s.seconds), q);
        let first = quantile(seen.iter().map(|s| s.first_s), 0.5);
        format!("| {name} | {} | {:.2} s | {:.2} s | {first:.2} s |\n", seen.len(), q(0.5), q(0.95))
    };
    let (usual, under) = (
        quantile(capacity.iter().map(|s| s.seconds), 0.95),
        quantile(accepted.iter().map(|s| s.seconds), 0.95),
    );
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let mut out = String::from("# The server under load\n\n");
    // Writing to a String can't fail.
    let _ = write!(
        out,
        "`cargo xtask bench serve --workers {} --queue {} --batch {} --capacity-s {} --overload-s {} --hangups {}`: `POST /v1/audio/speech`, \
         one sentence ({TEXT:?}), PCM, on {cores} cores (load average {load} at the end).\n\n\
         Capacity is the rate that {} clients reach which each wait for their answer: **{rate:.2} requests a second**. The overload \
         is {TIMES} times that, whether earlier requests are answered or not.\n\n\
         | | answered | p50 | p95 | first byte, p50 |\n|---|--:|--:|--:|--:|\n",
        args.workers,
        args.queue,
        args.batch,
        args.capacity_s,
        args.overload_s,
        args.hangups,
        args.workers,
    );
    out += &row("at capacity", capacity);
    out += &row(&format!("at {TIMES} times capacity"), &accepted);
    let _ = write!(
        out,
        "\n- p95 of accepted requests under overload: **{:.2} times** that at capacity (required: at most 2).\n\
         - Of {} requests {} were answered, {} got 429, {} failed otherwise.\n\
         - Resident memory: {before:.0} MiB before, {after:.0} MiB three seconds after.\n\
         - A client that hangs up frees its place after {:.0} ms (median of {}; at most {:.0} ms; required: 100 ms).\n",
        under / usual,
        overload.len(),
        accepted.len(),
        of(429),
        overload.len() - accepted.len() - of(429),
        1000.0 * quantile(freed.iter().copied(), 0.5),
        freed.len(),
        1000.0 * quantile(freed.iter().copied(), 1.0),
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_of_the_list() {
        let of = |q| quantile([3.0, 1.0, 2.0].into_iter(), q);
        assert_eq!((of(0.0), of(0.5), of(1.0)), (1.0, 2.0, 3.0));
        assert!(quantile(std::iter::empty(), 0.5).is_nan());
    }
}
