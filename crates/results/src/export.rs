//! Exports of runs and rows as JSON and CSV.

use serde::Serialize;
use syrinx_eval::Row;

use crate::{ResultsError, Run, RunFilter, Store};

/// A run with its rows.
#[derive(Serialize)]
struct ExportedRun<'a> {
    #[serde(flatten)]
    run: &'a Run,
    utterances: Vec<Row>,
}

fn fault(error: impl std::error::Error + Send + Sync + 'static) -> ResultsError {
    ResultsError::Export { cause: error.into() }
}

/// Returns runs with their rows as a JSON array.
///
/// # Errors
/// The errors of [`Store::selected_runs`] and [`Store::rows`]; [`ResultsError::Export`] if serialization fails.
pub fn to_json(store: &Store, filter: &RunFilter) -> Result<String, ResultsError> {
    let runs = store.selected_runs(filter)?;
    let whole: Vec<ExportedRun<'_>> = runs
        .iter()
        .map(|run| Ok(ExportedRun { run, utterances: store.rows(&run.id)? }))
        .collect::<Result<_, ResultsError>>()?;
    serde_json::to_string_pretty(&whole).map_err(fault)
}

/// Columns of [`to_csv`].
const COLUMNS: [&str; 19] = [
    "run",
    "suite",
    "task",
    "model",
    "fingerprint",
    "config_hash",
    "revision",
    "machine",
    "status",
    "ablation",
    "cell",
    "id",
    "speaker",
    "variant",
    "seed",
    "audio",
    "error",
    "figure",
    "value",
];

/// Returns runs as CSV in long form: one line per figure of a row, each with the columns of its run and row. A row
/// without figures has one line with an empty figure.
///
/// # Errors
/// The errors of [`Store::selected_runs`] and [`Store::rows`]; [`ResultsError::Export`] if serialization fails.
pub fn to_csv(store: &Store, filter: &RunFilter) -> Result<String, ResultsError> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS).map_err(fault)?;
    for run in store.selected_runs(filter)? {
        for row in store.rows(&run.id)? {
            let mut lines: Vec<(String, String)> = row
                .all_measures()
                .into_iter()
                .filter_map(|(figure, measure)| Some((figure, measure.alone()?.to_string())))
                .collect();
            if lines.is_empty() {
                lines.push((String::new(), String::new()));
            }
            for (figure, value) in lines {
                out.write_record(record(&run, &row, &figure, &value)).map_err(fault)?;
            }
        }
    }
    let bytes = out.into_inner().map_err(fault)?;
    String::from_utf8(bytes).map_err(fault)
}

fn record(run: &Run, row: &Row, figure: &str, value: &str) -> [String; 19] {
    let about = &run.about;
    let audio = row.audio.as_ref().map(|name| about.folder.join(name).display().to_string());
    [
        run.id.clone(),
        about.suite.clone(),
        about.task.clone(),
        about.model.clone(),
        about.fingerprint.clone(),
        about.config_hash.clone(),
        about.revision.clone(),
        about.machine.clone(),
        run.status.name().to_owned(),
        about.ablation.clone(),
        about.cell.clone(),
        row.id.clone(),
        row.group.clone(),
        row.variant.clone(),
        row.seed.to_string(),
        audio.unwrap_or_default(),
        row.error.clone().unwrap_or_default(),
        figure.to_owned(),
        value.to_owned(),
    ]
}
