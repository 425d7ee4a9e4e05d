//! Evaluations that are kept in the results store.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use syrinx_config::Settings;
use syrinx_data::WorkShare;
use syrinx_eval::{
    EvalError, EvalOptions, Provenance, Report, Subject, SubjectError, Suite, evaluate_and_keep,
};
use syrinx_results::{ResultsError, RunAbout, RunKeeper, RunStatus, Store, content_hash};
use syrinx_types::{Event, RunContext};

/// Returns the settings with those of a suite's task in them.
pub fn with_suite(mut settings: Settings, suite: &Suite) -> Settings {
    if !suite.settings.is_empty() {
        let own = settings.tasks.entry(suite.task.clone()).or_insert_with(|| json!({}));
        for (key, value) in &suite.settings {
            own[key] = value.clone();
        }
    }
    settings
}

/// Origin of a result: facts about program and computer that a library does not read by itself.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Revision of the program's sources; empty if unknown.
    pub revision: String,
    /// Computer and its number of cores.
    pub machine: String,
    /// Command line.
    pub command: String,
    /// Clock: seconds since 1970, UTC.
    pub now_s: fn() -> f64,
}

impl Origin {
    /// Date and time, as in RFC 3339, UTC.
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

/// An evaluation whose rows and figures are kept in a store.
#[derive(Clone, Copy)]
pub struct KeptEvaluation<'a> {
    /// Results store.
    pub store: &'a Store,
    /// Suite.
    pub suite: &'a Suite,
    /// Model that answers.
    pub subject: &'a dyn Subject,
    /// Settings of its answers.
    pub settings: &'a Settings,
    /// Cell of an ablation that the evaluation belongs to.
    pub cell: Option<CellOf<'a>>,
    /// Origin of the report.
    pub origin: &'a Origin,
}

impl KeptEvaluation<'_> {
    /// Runs the suite and keeps it in the store: rows as they come, figures at the end. Errors of the store are
    /// warnings, since the folder of the run has everything as well.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn run(&self, options: &EvalOptions, run: RunContext<'_>) -> Result<Report, EvalError> {
        let Self { store, suite, subject, settings, origin, .. } = *self;
        let warn = |error: ResultsError| {
            run.events.emit(Event::Warning { message: format!("the run isn't kept: {error}") });
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
        // A finished report brought all rows once more, so that a lost row is an error only without one.
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
