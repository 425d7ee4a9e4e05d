//! Evaluations that land in the results store.

use serde_json::json;
use syrinx_config::Settings;
use syrinx_data::WorkShare;
use syrinx_eval::{
    EvalError, EvalOptions, Provenance, Report, Subject, SubjectError, Suite, evaluate_and_keep,
};
use syrinx_results::{ResultsError, RunAbout, RunKeeper, RunStatus, Store, content_hash};
use syrinx_types::{CancelToken, Event, EventSink};

use crate::provenance;

/// Settings with those of a suite's task in them.
pub fn with_suite(mut settings: Settings, suite: &Suite) -> Settings {
    if !suite.settings.is_empty() {
        let own = settings.tasks.entry(suite.task.clone()).or_insert_with(|| json!({}));
        for (key, value) in &suite.settings {
            own[key] = value.clone();
        }
    }
    settings
}

/// Inputs of a recorded evaluation.
#[derive(Clone, Copy)]
pub struct Measured<'a> {
    /// The suite.
    pub suite: &'a Suite,
    /// The model.
    pub subject: &'a dyn Subject,
    /// The settings that it answers with.
    pub settings: &'a Settings,
    /// The ablation and the cell of it that this is part of; empty for an evaluation.
    pub cell: (&'a str, &'a str),
}

/// Runs a suite and keeps it in the store: rows as they come, figures at the end. The store's troubles are warnings,
/// for the run's folder has everything too.
pub fn recorded(
    store: &Store,
    measured: Measured<'_>,
    options: &EvalOptions,
    (cancel, sink): (&CancelToken, &dyn EventSink),
) -> Result<Report, EvalError> {
    let warn = |error: ResultsError| {
        sink.emit(Event::Warning { message: format!("the run isn't kept: {error}") });
    };
    let Measured { suite, subject, .. } = measured;
    let about = about(measured, options);
    let made = Provenance {
        date: provenance::date(),
        revision: about.revision.clone(),
        machine: about.machine.clone(),
        command: provenance::command(),
        seeds: about.seeds.clone(),
        settings: json!({ "decode": measured.settings.decode, "tasks": measured.settings.tasks }),
    };
    let options = &EvalOptions { provenance: made, ..options.clone() };
    let run = match store.begin(&about, provenance::now_s()) {
        Ok(run) => run,
        Err(error) => {
            warn(error);
            return evaluate_and_keep(suite, subject, options, cancel, sink, &());
        }
    };
    let keeper = RunKeeper::new(store, &run, &provenance::now_s);
    let outcome = evaluate_and_keep(suite, subject, options, cancel, sink, &keeper);
    let now_s = provenance::now_s();
    let ended = match &outcome {
        Ok(report) => store.finish(&run, report, now_s),
        Err(EvalError::Cancelled { .. } | EvalError::Subject(SubjectError::Cancelled)) => {
            store.end(&run, RunStatus::Stopped, "", now_s)
        }
        Err(error) => store.end(&run, RunStatus::Failed, &error.to_string(), now_s),
    };
    // A finished report brought all rows once more, so a row that got lost on the way doesn't matter then.
    let lost = keeper.failure().filter(|_| outcome.is_err());
    if let Some(error) = ended.err().or(lost) {
        warn(error);
    }
    outcome
}

fn about(measured: Measured<'_>, options: &EvalOptions) -> RunAbout {
    let Measured { suite, subject, settings: used, cell: (ablation, cell) } = measured;
    let applied = options.applied(suite);
    let mut settings = json!({
        "suite": applied,
        "decode": used.decode,
        "tasks": used.tasks,
    });
    if options.part != WorkShare::WHOLE {
        settings["part"] = json!(options.part.to_string());
    }
    RunAbout {
        suite: suite.name.clone(),
        task: suite.task.clone(),
        model: subject.name(),
        fingerprint: subject.fingerprint(),
        config_hash: content_hash(&[&settings.to_string()]),
        settings,
        revision: provenance::revision(),
        seeds: applied.seeds,
        machine: provenance::machine(),
        folder: std::path::absolute(&options.out).unwrap_or_else(|_| options.out.clone()),
        ablation: ablation.to_owned(),
        cell: cell.to_owned(),
    }
}
