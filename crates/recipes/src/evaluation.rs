//! Evaluations with results in the results store.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use syrinx_config::Settings;
use syrinx_data::WorkShare;
use syrinx_eval::{
    EvalError, EvalOptions, Provenance, Report, Subject, SubjectError, Suite, evaluate_and_keep,
};
use syrinx_results::{ResultsError, RunAbout, RunKeeper, RunStatus, Store, content_hash};
use syrinx_types::{Event, RunContext};

/// Returns the settings with the task settings of the suite.
pub fn with_suite(mut settings: Settings, suite: &Suite) -> Settings {
    if !suite.settings.is_empty() {
        let own = settings.tasks.entry(suite.task.clone()).or_insert_with(|| json!({}));
        for (key, value) in &suite.settings {
            own[key] = value.clone();
        }
    }
    settings
}

/// Origin of a result: the program and computer, which a library does not determine itself.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Source revision of the program; empty if unknown.
    pub revision: String,
    /// Name of the computer and its number of cores.
    pub machine: String,
    /// Command line of the program.
    pub command: String,
    /// Clock in seconds since 1970-01-01, UTC.
    pub now_s: fn() -> f64,
}

impl Origin {
    /// Returns the date and time in UTC as in RFC 3339.
    pub fn date(&self) -> String {
        let now = UNIX_EPOCH + Duration::try_from_secs_f64((self.now_s)()).unwrap_or_default();
        humantime::format_rfc3339_seconds(now).to_string()
    }
}

/// Cell of an ablation that an evaluation belongs to.
#[derive(Debug, Clone, Copy)]
pub struct CellOf<'a> {
    /// Name of the ablation.
    pub ablation: &'a str,
    /// Key of the cell.
    pub key: &'a str,
}

/// An evaluation whose rows and figures are written to a results store.
#[derive(Clone, Copy)]
pub struct KeptEvaluation<'a> {
    /// Results store to write to.
    pub store: &'a Store,
    /// Suite to run.
    pub suite: &'a Suite,
    /// Model to evaluate.
    pub subject: &'a dyn Subject,
    /// Settings of the model's answers.
    pub settings: &'a Settings,
    /// Cell of an ablation; `None` for a separate evaluation.
    pub cell: Option<CellOf<'a>>,
    /// Origin of the results.
    pub origin: &'a Origin,
}

impl KeptEvaluation<'_> {
    /// Runs the suite. Writes rows to the store as they arrive and figures at the end. Errors of the store become
    /// warnings, since the output folder also has all results.
    ///
    /// # Errors
    /// [`EvalError`] if the suite fails or is cancelled.
    pub fn run(&self, options: &EvalOptions, run: RunContext<'_>) -> Result<Report, EvalError> {
        let Self { store, suite, subject, settings, origin, .. } = *self;
        let warn = |error: ResultsError| {
            run.events.emit(Event::Warning {
                message: format!("the run is not in the results store: {error}"),
            });
        };
        let about = self.about(options);
        let provenance = Provenance {
            date: origin.date(),
            revision: about.revision.clone(),
            machine: about.machine.clone(),
            command: origin.command.clone(),
            seeds: about.seeds.clone(),
            settings: json!({ "decode": settings.decode, "tasks": settings.tasks }),
        };
        let options = &EvalOptions { provenance, ..options.clone() };
        let stored = match store.begin(&about, (origin.now_s)()) {
            Ok(stored) => stored,
            Err(error) => {
                warn(error);
                return evaluate_and_keep(suite, subject, options, run.cancel, run.events, &());
            }
        };
        let keeper = RunKeeper::new(store, &stored, &origin.now_s);
        let outcome = evaluate_and_keep(suite, subject, options, run.cancel, run.events, &keeper);
        let now_s = (origin.now_s)();
        let ended = match &outcome {
            Ok(report) => store.finish(&stored, report, now_s),
            Err(EvalError::Cancelled { .. } | EvalError::Subject(SubjectError::Cancelled)) => {
                store.end(&stored, RunStatus::Stopped, "", now_s)
            }
            Err(error) => store.end(&stored, RunStatus::Failed, &error.to_string(), now_s),
        };
        // A finished report writes all rows again, so an earlier failed row matters only if there is no report.
        let lost = keeper.failure().filter(|_| outcome.is_err());
        if let Some(error) = ended.err().or(lost) {
            warn(error);
        }
        outcome
    }

    fn about(&self, options: &EvalOptions) -> RunAbout {
        let Self { suite, subject, settings: used, origin, .. } = *self;
        let applied = options.applied(suite);
        let mut settings = json!({
            "suite": applied,
            "decode": used.decode,
            "tasks": used.tasks,
        });
        if options.part != WorkShare::WHOLE {
            settings["part"] = json!(options.part.to_string());
        }
        let (ablation, cell) = self.cell.map_or(("", ""), |cell| (cell.ablation, cell.key));
        RunAbout {
            suite: suite.name.clone(),
            task: suite.task.clone(),
            model: subject.name(),
            fingerprint: subject.fingerprint(),
            config_hash: content_hash(&[&settings.to_string()]),
            settings,
            revision: origin.revision.clone(),
            seeds: applied.seeds,
            machine: origin.machine.clone(),
            folder: std::path::absolute(&options.out).unwrap_or_else(|_| options.out.clone()),
            ablation: ablation.to_owned(),
            cell: cell.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_the_clock() {
        let origin = Origin {
            revision: String::new(),
            machine: String::new(),
            command: String::new(),
            now_s: || 86_400.5,
        };
        assert_eq!(origin.date(), "1970-01-02T00:00:00Z");
    }
}
