//! Reading of runs and their rows, and comparison of two runs.

use std::collections::BTreeSet;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row as SqlRow};
use serde::de::DeserializeOwned;
use serde_json::Value;
use syrinx_eval::{Comparison, Figure, Row, figures};

use crate::{ContentFault, FilterField, ResultsError, Run, RunAbout, RunStatus, Store};

/// Filter of runs. The default selects all runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunFilter {
    /// Suite of the runs.
    pub suite: Option<String>,
    /// Task of the runs.
    pub task: Option<String>,
    /// Text that the name of the model contains.
    pub model: Option<String>,
    /// Ablation of the runs; `Some("")` selects evaluations outside ablations.
    pub ablation: Option<String>,
    /// Cell of the runs.
    pub cell: Option<String>,
    /// Maximum number of runs; the latest are kept.
    pub limit: Option<usize>,
}

impl RunFilter {
    /// Returns field and value of each condition.
    fn values(&self) -> impl Iterator<Item = (FilterField, &str)> {
        let values = [
            (FilterField::Suite, &self.suite),
            (FilterField::Task, &self.task),
            (FilterField::Model, &self.model),
            (FilterField::Ablation, &self.ablation),
            (FilterField::Cell, &self.cell),
        ];
        values.into_iter().filter_map(|(field, value)| Some((field, value.as_deref()?)))
    }

    /// Returns the SQL condition and the values of its placeholders.
    fn conditions(&self) -> (String, Vec<Sql>) {
        let (mut text, mut values) = (String::from("1"), Vec::new());
        let equal = [
            ("suite", &self.suite),
            ("task", &self.task),
            ("ablation", &self.ablation),
            ("cell", &self.cell),
        ];
        for (column, value) in equal {
            if let Some(value) = value {
                text.push_str(&format!(" AND {column} = ?"));
                values.push(Sql::Text(value.clone()));
            }
        }
        if let Some(part) = &self.model {
            text.push_str(" AND instr(model, ?) > 0");
            values.push(Sql::Text(part.clone()));
        }
        (text, values)
    }
}

/// Returns the value of a field.
fn value_of(run: &Run, field: FilterField) -> &str {
    let about = &run.about;
    match field {
        FilterField::Suite => &about.suite,
        FilterField::Task => &about.task,
        FilterField::Model => &about.model,
        FilterField::Ablation => &about.ablation,
        FilterField::Cell => &about.cell,
    }
}

const COLUMNS: &str = "id, suite, task, model, fingerprint, config_hash, settings, revision, seeds, machine, folder, \
     ablation, cell, status, note, started_s, updated_s, ended_s, (SELECT count(*) FROM rows WHERE run = runs.id)";

impl Store {
    /// Returns the selected runs, the latest first.
    ///
    /// # Errors
    /// [`ResultsError::Database`] if reading fails, [`ResultsError::Content`] for a run that can't be parsed.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, ResultsError> {
        let (conditions, values) = filter.conditions();
        let limit = filter.limit.map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX));
        let query = format!(
            "SELECT {COLUMNS} FROM runs WHERE {conditions} ORDER BY started_s DESC, id LIMIT {limit}"
        );
        self.selected(&query, values)
    }

    /// Returns the selected runs, the latest first, as [`Store::runs`] does, but an empty selection is an error. The
    /// default filter may select nothing.
    ///
    /// # Errors
    /// [`ResultsError::UnknownValue`] for a value that no run has, [`ResultsError::NothingSelected`] if no run passes
    /// all filters, and the errors of [`Store::runs`].
    pub fn selected_runs(&self, filter: &RunFilter) -> Result<Vec<Run>, ResultsError> {
        let found = self.runs(filter)?;
        if !found.is_empty() || *filter == RunFilter::default() {
            return Ok(found);
        }
        let all = self.runs(&RunFilter::default())?;
        for (field, value) in filter.values() {
            let known: BTreeSet<&str> = all.iter().map(|run| value_of(run, field)).collect();
            let fits = |known: &&str| match field {
                FilterField::Model => known.contains(value),
                _ => **known == *value,
            };
            if !known.iter().any(fits) {
                let known =
                    known.into_iter().filter(|k| !k.is_empty()).map(str::to_owned).collect();
                let (path, value) = (self.path.clone(), value.to_owned());
                return Err(ResultsError::UnknownValue { path, field, value, known });
            }
        }
        Err(ResultsError::NothingSelected { path: self.path.clone() })
    }

    /// Returns a run by its identifier, by the beginning of its identifier, or, for `latest`, the run that started
    /// last.
    ///
    /// # Errors
    /// [`ResultsError::NoRun`] or [`ResultsError::Ambiguous`] unless exactly one run matches, and the errors of
    /// [`Store::runs`].
    pub fn run(&self, name: &str) -> Result<Run, ResultsError> {
        let mut found = if name == "latest" {
            self.runs(&RunFilter { limit: Some(1), ..RunFilter::default() })?
        } else {
            let query = format!("SELECT {COLUMNS} FROM runs WHERE substr(id, 1, ?1) = ?2");
            let length = name.chars().count() as i64;
            self.selected(&query, vec![Sql::Integer(length), Sql::Text(name.to_owned())])?
        };
        let (path, name) = (self.path.clone(), name.to_owned());
        match found.len() {
            1 if !name.is_empty() => Ok(found.remove(0)),
            0 => Err(ResultsError::NoRun { path, name }),
            count => Err(ResultsError::Ambiguous { path, name, count }),
        }
    }

    /// Returns the rows of a run in the order in which they were stored.
    ///
    /// # Errors
    /// [`ResultsError::Database`] if reading fails, [`ResultsError::Content`] for a row that can't be parsed.
    pub fn rows(&self, run: &str) -> Result<Vec<Row>, ResultsError> {
        rows_of(&self.connection(), run)
            .map_err(ResultsError::database(&self.path, "read rows"))?
            .iter()
            .map(|json| self.parsed(json, &format!("a row of run {run}")))
            .collect()
    }

    /// Compares an older run with a newer one, by paired bootstrap over speakers on the rows that both have.
    ///
    /// # Errors
    /// [`ResultsError::Incomparable`] without common rows, and the errors of [`Store::run`] and [`Store::rows`].
    pub fn compare(&self, old: &str, new: &str) -> Result<Comparison, ResultsError> {
        let (old, new) = (self.run(old)?, self.run(new)?);
        let (before, now) = (self.rows(&old.id)?, self.rows(&new.id)?);
        Comparison::between(&old.id, &old.about.model, &before, &now)
            .ok_or(ResultsError::Incomparable { old: old.id, new: new.id })
    }

    fn selected(&self, query: &str, values: Vec<Sql>) -> Result<Vec<Run>, ResultsError> {
        let connection = self.connection();
        let raw = read_runs(&connection, query, values)
            .map_err(ResultsError::database(&self.path, "read runs"))?;
        raw.into_iter().map(|raw| self.finished(raw)).collect()
    }

    /// Parses the JSON of a run, and computes the figures of an unfinished run from its rows.
    fn finished(&self, raw: Raw) -> Result<Run, ResultsError> {
        let Raw { mut run, settings, seeds, status, figures: stored, rows } = raw;
        let what = format!("run {}", run.id);
        run.about.settings = self.parsed(&settings, &what)?;
        run.about.seeds = self.parsed(&seeds, &what)?;
        run.status = RunStatus::parse(&status)
            .ok_or_else(|| self.broken(&what, ContentFault::Status { status }))?;
        run.figures = match rows {
            None => stored
                .into_iter()
                .map(|(figure, unit, better)| {
                    let word = |w: &str| Value::String(w.to_owned()).to_string();
                    Ok(Figure {
                        unit: self.parsed(&word(&unit), &what)?,
                        better: self.parsed(&word(&better), &what)?,
                        ..figure
                    })
                })
                .collect::<Result<_, ResultsError>>()?,
            Some(rows) => {
                let rows: Vec<Row> =
                    rows.iter().map(|json| self.parsed(json, &what)).collect::<Result<_, _>>()?;
                figures(&rows, &[])
            }
        };
        Ok(run)
    }

    pub(crate) fn parsed<T: DeserializeOwned>(
        &self,
        json: &str,
        what: &str,
    ) -> Result<T, ResultsError> {
        serde_json::from_str(json).map_err(|e| self.broken(what, e.into()))
    }

    pub(crate) fn broken(&self, object: &str, fault: ContentFault) -> ResultsError {
        ResultsError::Content { path: self.path.clone(), object: object.to_owned(), fault }
    }
}

/// A run as the database holds it. `rows` are read for unfinished runs, which have no stored figures.
struct Raw {
    run: Run,
    settings: String,
    seeds: String,
    status: String,
    figures: Vec<(Figure, String, String)>,
    rows: Option<Vec<String>>,
}

fn read_runs(connection: &Connection, query: &str, values: Vec<Sql>) -> rusqlite::Result<Vec<Raw>> {
    let mut statement = connection.prepare_cached(query)?;
    let mut raws: Vec<Raw> = statement
        .query_map(rusqlite::params_from_iter(values), raw)?
        .collect::<rusqlite::Result<_>>()?;
    for raw in &mut raws {
        raw.figures = figures_of(connection, &raw.run.id)?;
        if raw.status != RunStatus::Finished.name() {
            raw.rows = Some(rows_of(connection, &raw.run.id)?);
        }
    }
    Ok(raws)
}

fn raw(row: &SqlRow<'_>) -> rusqlite::Result<Raw> {
    let about = RunAbout {
        suite: row.get(1)?,
        task: row.get(2)?,
        model: row.get(3)?,
        fingerprint: row.get(4)?,
        config_hash: row.get(5)?,
        settings: Value::Null,
        revision: row.get(7)?,
        seeds: Vec::new(),
        machine: row.get(9)?,
        folder: row.get::<_, String>(10)?.into(),
        ablation: row.get(11)?,
        cell: row.get(12)?,
    };
    let run = Run {
        id: row.get(0)?,
        about,
        status: RunStatus::Running,
        note: row.get(14)?,
        started_s: row.get(15)?,
        updated_s: row.get(16)?,
        ended_s: row.get(17)?,
        rows: row.get::<_, i64>(18)?.unsigned_abs() as usize,
        figures: Vec::new(),
    };
    let (settings, seeds, status) = (row.get(6)?, row.get(8)?, row.get(13)?);
    Ok(Raw { run, settings, seeds, status, figures: Vec::new(), rows: None })
}

fn figures_of(
    connection: &Connection,
    run: &str,
) -> rusqlite::Result<Vec<(Figure, String, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT figure, variant, value, low, high, rows, unit, better FROM figures WHERE run = ?1 ORDER BY place",
    )?;
    let figure = |row: &SqlRow<'_>| {
        let figure = Figure {
            name: row.get(0)?,
            variant: row.get(1)?,
            value: row.get(2)?,
            low: row.get(3)?,
            high: row.get(4)?,
            rows: row.get::<_, i64>(5)?.unsigned_abs() as usize,
            unit: syrinx_eval::Unit::Number,
            better: syrinx_eval::Better::Neither,
        };
        Ok((figure, row.get(6)?, row.get(7)?))
    };
    statement.query_map([run], figure)?.collect()
}

fn rows_of(connection: &Connection, run: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        connection.prepare_cached("SELECT json FROM rows WHERE run = ?1 ORDER BY rowid")?;
    statement.query_map([run], |row| row.get(0))?.collect()
}
