//! Ranks of a job that `mpirun`, `srun` or another launcher started.

use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use syrinx_train::{Launched, RankFigures, Ranks, Trainer};

use crate::failure::{Exit, Failure, Outcome};
use crate::memory::peak_mib;
use crate::session::Session;

/// Transport between ranks. The variants have no help texts, which would lengthen the help of the verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    // MPI if a launcher started several processes, else none.
    Auto,
    // One rank.
    None,
    // MPI; needs a program built with the feature `mpi`.
    Mpi,
    // NCCL, one GPU a rank; needs a program built with the feature `nccl`.
    Nccl,
}

/// Joins the job that this process belongs to. `run` is the folder of the run.
pub fn join(transport: Transport, run: &Path, timeout_s: f64) -> Outcome<Ranks> {
    let launched = Launched::find(|name| std::env::var(name).ok());
    let timeout = Duration::try_from_secs_f64(timeout_s).unwrap_or(Duration::MAX);
    match transport {
        Transport::None => Ok(Ranks::alone()),
        Transport::Auto if !launched.is_some_and(|l| l.is_mpi_job()) => Ok(Ranks::alone()),
        Transport::Auto | Transport::Mpi => mpi(timeout),
        Transport::Nccl => nccl(launched, run, timeout),
    }
}

#[cfg(feature = "mpi")]
fn mpi(timeout: Duration) -> Outcome<Ranks> {
    Ok(Ranks::join(syrinx_train::ranks::mpi::MpiRank::open, timeout)?)
}

#[cfg(not(feature = "mpi"))]
fn mpi(_: Duration) -> Outcome<Ranks> {
    Err(Failure::usage(
        "this program was built without MPI",
        "build one with `cargo build --features mpi` (libopenmpi-dev, libclang), or train on one rank with --reduce none",
    ))
}

#[cfg(feature = "nccl")]
fn nccl(launched: Option<Launched>, run: &Path, timeout: Duration) -> Outcome<Ranks> {
    use syrinx_train::ranks::nccl::{NcclPlace, NcclRank};
    let Some(Launched { ranks, rank, local_rank, .. }) = launched else {
        return Err(Failure::usage(
            "no launcher told this process its rank",
            "start the ranks with mpirun or srun",
        ));
    };
    // The file name contains the identifier of the job, since an identifier of NCCL is valid for one job only.
    let of_job = ["SLURM_JOB_ID", "PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"];
    let job = of_job.iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    let meeting_file = run.join(format!("nccl-{job}.id"));
    let place = NcclPlace { rank, ranks, gpu: local_rank, meeting_file, timeout, host };
    std::fs::create_dir_all(run).map_err(|e| Failure::writing(&run.display().to_string(), &e))?;
    Ok(Ranks::join(move || NcclRank::open(place), timeout)?)
}

#[cfg(not(feature = "nccl"))]
fn nccl(_: Option<Launched>, _: &Path, _: Duration) -> Outcome<Ranks> {
    Err(Failure::usage(
        "this program was built without NCCL",
        "build one with `cargo build --features nccl`, or use --reduce mpi",
    ))
}

/// Adds the rank to a failure, and ends the job on all ranks.
pub fn ended<T>(ranks: &Ranks, outcome: Outcome<T>) -> Outcome<T> {
    outcome.map_err(|failure| {
        if ranks.is_alone() || failure.exit == Exit::Interrupted {
            return failure;
        }
        let failure =
            Failure { message: format!("{}: {}", ranks.name(), failure.message), ..failure };
        failure.report();
        ranks.abort(failure.exit as i32);
        // The transport may end this process as well.
        std::thread::sleep(Duration::from_secs(2));
        std::process::exit(failure.exit as i32)
    })
}

/// Memory and traffic of a rank.
#[derive(Serialize, Deserialize)]
struct RankReport {
    figures: RankFigures,
    steps: u64,
    threads: usize,
    peak_mib: Option<f64>,
}

/// Prints memory and traffic of every rank, on rank 0.
pub fn report(session: &Session, ranks: &Ranks, trainer: &Trainer<'_>, steps: u64) -> Outcome {
    if ranks.is_alone() {
        return Ok(());
    }
    let threads = rayon::current_num_threads();
    let own = RankReport { figures: trainer.figures(), steps, threads, peak_mib: peak_mib() };
    let all = ranks.gather(&own)?;
    if ranks.leads() {
        all.iter().for_each(|report| session.say(&line(report)));
    }
    Ok(())
}

fn line(report: &RankReport) -> String {
    let mib = |bytes: f64| bytes / f64::from(1 << 20);
    let RankReport { figures, steps, threads, peak_mib } = report;
    let a_step = figures.sent_bytes as f64 / (*steps).max(1) as f64;
    let peak = peak_mib.map_or_else(String::new, |peak| format!(", peak memory {peak:.0} MiB"));
    format!(
        "{}: {threads} threads, weights {:.1} MiB, optimizer state {:.1} MiB{peak}; {:.2} MiB a step to the transport, {:.0} % of the gradients during the backward pass",
        figures.name,
        mib(figures.weight_bytes as f64),
        mib(figures.optimizer_bytes as f64),
        mib(a_step),
        100.0 * figures.early_share
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_memory_and_traffic() {
        let figures = RankFigures {
            name: "rank 1 of 2 (node, mpi)".into(),
            weight_bytes: 8 << 20,
            optimizer_bytes: 12 << 20,
            sent_bytes: 90 << 20,
            early_share: 0.75,
        };
        let report = RankReport { figures, steps: 10, threads: 1, peak_mib: Some(99.6) };
        assert_eq!(
            line(&report),
            "rank 1 of 2 (node, mpi): 1 threads, weights 8.0 MiB, optimizer state 12.0 MiB, peak memory 100 MiB; 9.00 MiB a step to the transport, 75 % of the gradients during the backward pass"
        );
    }
}
