//! `ablate`: runs the grid of an ablation and writes its report.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::json;
use syrinx_ablate::{Ablation, AblationPlan, WorkOptions};
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::{AblationOutcome, AblationRun, CellData, SettingsRunner};
use syrinx_results::{CellState, Store};
use syrinx_types::RunContext;

use crate::array::ArrayArgs;
use crate::corpora;
use crate::failure::{Exit, Failure, Outcome};
use crate::provenance;
use crate::session::Session;
use crate::table::table;

/// `ablate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx ablate configs/ablations/sampling.toml\n  syrinx ablate configs/ablations/sampling.toml --dry-run\n  syrinx ablate configs/ablations/alignment.toml --data shards --shard 2/3\n  syrinx ablate configs/ablations/sampling.toml --array-env --results part.db    # in an array job\n  syrinx results merge other.db && syrinx ablate configs/ablations/alignment.toml --report\n\nA cell is identified by everything that its result depends on; a finished one isn't run again.\nCtrl-C keeps what is done, and the same command resumes it. The dashboard shows, stops and\nresumes cells."
)]
pub struct AblateArgs {
    /// The ablation
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    ablation: PathBuf,
    /// Show the grid and the progress of its cells, and do nothing else
    #[arg(long, conflicts_with = "report")]
    dry_run: bool,
    /// Write the report of the finished cells, and do nothing else
    #[arg(long)]
    report: bool,
    #[command(flatten)]
    array: ArrayArgs,
    /// Folder of models, rows and recordings; runs/ablations/NAME if not given
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// Folder of the report
    #[arg(long, value_name = "DIR", default_value = "evals/reports", value_hint = ValueHint::DirPath)]
    reports: PathBuf,
    /// Token shards to train on (`syrinx data encode`), for ablations that train
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data: Option<PathBuf>,
    /// The codec of the shards and of codec suites; that of the model if not given
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    codec: Option<CodecSpec>,
    /// Split of the corpus to learn from; all of it if no utterance has a split
    #[arg(long, default_value = "train", value_name = "NAME")]
    train_split: String,
    /// Split of the corpus to evaluate while training; `test` if not given and there is one
    #[arg(long, value_name = "NAME")]
    watch_split: Option<String>,
    /// Results store; runs/results.db if not given
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    results: Option<PathBuf>,
}

/// Runs the unfinished cells and writes the report.
pub fn run(session: &Session, args: &AblateArgs) -> Outcome {
    let ablation = Ablation::load(&args.ablation)?;
    let part = args.array.part()?;
    let settings = session.settings(&[])?.value;
    let store = Store::open(&session.results(args.results.as_deref(), &settings))?;
    let data = CellData {
        corpus: args.data.as_deref().map(corpora::named),
        codec: args.codec.clone(),
        train_split: args.train_split.clone(),
        watch_split: args.watch_split.clone(),
    };
    let (layers, base) = (session.layers()?, session.base_settings()?);
    let runner = SettingsRunner::new(layers, base, &store, data, provenance::origin());
    let work = AblationRun::new(ablation, &runner, &store)?;
    session.check()?;
    if args.dry_run {
        return grid(session, work.plan(), &store);
    }
    if args.report {
        say_report(session, &work.report(&args.reports)?);
        return Ok(());
    }
    let name = &work.plan().ablation.name;
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("runs/ablations").join(name));
    let options = WorkOptions { folder, part };
    let run = RunContext::new(&session.cancel, session.sink());
    let AblationOutcome { tally, report } = work.run(&options, &args.reports, run)?;
    if session.globals.json {
        session.print_json(&json!({ "ablation": name, "cells": tally }))?;
    } else {
        session.say(&format!(
            "{} cells done, {} done before, {} failed, {} stopped; results: {}",
            tally.finished,
            tally.known,
            tally.failed,
            tally.stopped,
            store.path().display()
        ));
    }
    if session.cancel.is_cancelled() {
        return Err(Failure::interrupted("what is done is kept; the same command goes on"));
    }
    say_report(session, &report);
    if tally.failed > 0 {
        return Err(Failure {
            exit: Exit::BadInput,
            message: format!("{} cells of ablation `{name}` failed", tally.failed),
            hint: Some("their errors are above; the same command tries them again".into()),
        });
    }
    Ok(())
}

/// Prints the cells of the grid with their progress.
fn grid(session: &Session, plan: &AblationPlan, store: &Store) -> Outcome {
    let stored = store.cells(&plan.ablation.name)?;
    let state = |key: &str| {
        let known = stored.iter().find(|c| c.key == key);
        known.map_or(CellState::Planned, |c| c.state)
    };
    if session.globals.json {
        let cells: Vec<_> = plan
            .cells
            .iter()
            .map(|c| {
                json!({"place": c.place, "axes": c.axes, "seed": c.seed, "key": c.key,
                    "state": state(&c.key), "problem": c.fault.as_ref().map(ToString::to_string),
                    "hint": c.fault.as_ref().and_then(|fault| fault.hint())})
            })
            .collect();
        return session.print_json(&cells);
    }
    let rows: Vec<[String; 5]> = plan
        .cells
        .iter()
        .map(|c| {
            let fault = c.fault.as_ref().map(ToString::to_string).unwrap_or_default();
            let state = format!("{} {fault}", state(&c.key).name());
            let short = c.key.get(..8).unwrap_or(&c.key).to_owned();
            [(c.place + 1).to_string(), c.named(), c.seed.to_string(), short, state]
        })
        .collect();
    let suites: Vec<&str> = plan.suites.iter().map(|s| s.name.as_str()).collect();
    session.print(&format!(
        "{}\n{} cells; suites: {}\n\n{}",
        plan.ablation.title,
        plan.cells.len(),
        suites.join(", "),
        table(["CELL", "VALUES", "SEED", "KEY", "STATE"], &rows)
    ))
}

fn say_report(session: &Session, files: &[PathBuf]) {
    if let Some(page) = files.first() {
        session.say(&format!("report: {}", page.display()));
    }
}
