//! `results`: results of evaluations and ablations.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};
use serde_json::json;
use syrinx_eval::{Comparison, Figure, figure_kind, range, said, title};
use syrinx_recipes::keep_figures;
use syrinx_results::{Run, RunFilter, Store, date, to_csv, to_json};

use crate::answer::write_bytes;
use crate::failure::{Exit, Failure, Outcome};
use crate::provenance::origin;
use crate::session::Session;
use crate::table::{fields, table};

/// `results`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx results list --suite tts\n  syrinx results show latest --rows 10\n  syrinx results compare 1f3a latest\n  syrinx results export csv -o results.csv\n  syrinx results merge other-machine.db\n\nA run is named by its identifier, the beginning of it, or `latest`. The store is an SQLite file:\nruns/results.db, unless --results or the setting `results` names another."
)]
pub struct ResultsArgs {
    #[command(subcommand)]
    what: Option<ResultsCommand>,
    /// The results store
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    results: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum ResultsCommand {
    /// List runs, the latest first
    List(Filter),
    /// Show a run: its settings, figures and worst rows
    Show {
        /// The run
        run: String,
        /// Number of rows to show, the worst first
        #[arg(long, value_name = "N")]
        rows: Option<usize>,
        /// Sort the rows by this figure, the worst first; by all figures if not given
        #[arg(long, value_name = "FIGURE")]
        sort: Option<String>,
    },
    /// Compare two runs: paired bootstrap over the rows that both have
    Compare {
        /// The older run
        old: String,
        /// The newer run
        new: String,
    },
    /// Write out every row of runs
    Export {
        /// One line a figure, or runs with their rows
        #[arg(value_parser = ["csv", "json"])]
        form: String,
        /// Write here instead of standard output
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
        #[command(flatten)]
        filter: Filter,
    },
    /// Copy the runs of other stores into this one
    Merge {
        /// The other stores
        #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
        stores: Vec<PathBuf>,
    },
    /// Keep figures that another program measured
    Add {
        /// Name of the measurement, stored as its suite
        suite: String,
        /// Figures, a JSON list as in report.json
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        figures: PathBuf,
    },
}

/// Filter of runs.
#[derive(Debug, Clone, Default, Args)]
struct Filter {
    /// Only runs of this suite
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// Only runs of this task
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    /// Only runs of models with this in their name
    #[arg(long, value_name = "PART")]
    model_name: Option<String>,
    /// Only runs of this ablation
    #[arg(long, value_name = "NAME")]
    ablation: Option<String>,
    /// Largest number of runs
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl From<&Filter> for RunFilter {
    fn from(filter: &Filter) -> Self {
        Self {
            suite: filter.suite.clone(),
            task: filter.task.clone(),
            model: filter.model_name.clone(),
            ablation: filter.ablation.clone(),
            cell: None,
            limit: filter.limit,
        }
    }
}

/// Runs `results`.
pub fn run(session: &Session, args: &ResultsArgs) -> Outcome {
    let path = session.results(args.results.as_deref(), &session.settings(&[])?.value);
    let writes =
        matches!(args.what, Some(ResultsCommand::Merge { .. } | ResultsCommand::Add { .. }));
    let store = if writes { Store::open(&path)? } else { Store::open_existing(&path)? };
    match &args.what {
        None => list(session, &store, &Filter::default()),
        Some(ResultsCommand::List(filter)) => list(session, &store, filter),
        Some(ResultsCommand::Show { run, rows, sort }) => {
            show(session, &store, run, *rows, sort.as_deref())
        }
        Some(ResultsCommand::Compare { old, new }) => compare(session, &store, old, new),
        Some(ResultsCommand::Export { form, out, filter }) => {
            let filter = RunFilter::from(filter);
            let text = match form.as_str() {
                "csv" => to_csv(&store, &filter)?,
                _ => to_json(&store, &filter)?,
            };
            match out {
                None => session.print(text.trim_end()),
                Some(path) => {
                    write_bytes(path, text.as_bytes())?;
                    session.say(&format!("wrote {}", path.display()));
                    Ok(())
                }
            }
        }
        Some(ResultsCommand::Merge { stores }) => {
            for other in stores {
                let merged = store.merge(other)?;
                if session.globals.json {
                    session.print_json(&json!({ "store": other, "merged": merged }))?;
                } else {
                    session.print(&format!(
                        "{}: {} runs with {} rows, {} cells",
                        other.display(),
                        merged.runs,
                        merged.rows,
                        merged.cells
                    ))?;
                }
            }
            Ok(())
        }
        Some(ResultsCommand::Add { suite, figures }) => add(session, &store, suite, figures),
    }
}

/// Stores the figures of a file as a finished run without rows, and prints the run's identifier.
fn add(session: &Session, store: &Store, suite: &str, path: &Path) -> Outcome {
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| Failure::reading(&place, &e))?;
    let figures: Vec<Figure> = serde_json::from_str(&text).map_err(|e| {
        Failure::new(Exit::BadInput, format!("{place}: {e}"))
            .hint("a figure has name, value, low, high, rows, unit and better, as in report.json")
    })?;
    let run = keep_figures(store, suite, &figures, &place, &origin())?;
    if session.globals.json {
        return session.print_json(&json!({ "run": run, "figures": figures.len() }));
    }
    session.print(&format!("{run}: {} figures", figures.len()))
}

fn list(session: &Session, store: &Store, filter: &Filter) -> Outcome {
    let runs = store.selected_runs(&filter.into())?;
    if session.globals.json {
        return session.print_json(&runs);
    }
    let rows: Vec<[String; 7]> = runs
        .iter()
        .map(|run| {
            [
                run.id.clone(),
                date(run.started_s),
                run.about.suite.clone(),
                run.about.model.clone(),
                run.status.name().to_owned(),
                run.rows.to_string(),
                headline(run),
            ]
        })
        .collect();
    session
        .print(&table(["RUN", "BEGUN (UTC)", "SUITE", "MODEL", "STATUS", "ROWS", "FIGURES"], &rows))
}

/// Returns the first figures of a run as one line.
fn headline(run: &Run) -> String {
    let figures = run.figures.iter().take(3);
    let shown = figures.map(|f| format!("{} {}", f.name, f.unit.show(f.value)));
    shown.collect::<Vec<_>>().join(", ")
}

fn show(
    session: &Session,
    store: &Store,
    name: &str,
    rows: Option<usize>,
    sort: Option<&str>,
) -> Outcome {
    let run = store.run(name)?;
    let mut all = store.worst_rows(&run, sort)?;
    all.truncate(rows.unwrap_or(if session.globals.json { usize::MAX } else { 0 }));
    if session.globals.json {
        let mut json = json!(run);
        json["utterances"] = json!(all);
        return session.print_json(&json);
    }
    let about = &run.about;
    let seeds: Vec<String> = about.seeds.iter().map(u64::to_string).collect();
    let known = [
        ("run", run.id.clone()),
        ("suite", about.suite.clone()),
        ("task", about.task.clone()),
        ("model", format!("{} ({})", about.model, about.fingerprint)),
        ("settings", about.config_hash.clone()),
        ("revision", about.revision.clone()),
        ("seeds", seeds.join(", ")),
        ("machine", about.machine.clone()),
        ("folder", about.folder.display().to_string()),
        ("ablation", format!("{} {}", about.ablation, about.cell).trim().to_owned()),
        ("begun", date(run.started_s)),
        ("ended", run.ended_s.map(date).unwrap_or_default()),
        ("status", format!("{} {}", run.status.name(), run.note).trim().to_owned()),
    ];
    let known: Vec<(&str, String)> =
        known.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let mut text = fields(&known) + "\n";
    let figures: Vec<[String; 5]> = run
        .figures
        .iter()
        .map(|f| {
            [title(&f.name), f.variant.clone(), f.unit.show(f.value), range(f), f.rows.to_string()]
        })
        .collect();
    text.push_str(&format!(
        "\n{}\n",
        table(["FIGURE", "VARIANT", "VALUE", "95 % INTERVAL", "ROWS"], &figures)
    ));
    if !all.is_empty() {
        let lines: Vec<[String; 4]> = all.iter().map(row_line).collect();
        text.push_str(&format!(
            "\n{}\n",
            table(["ROW", "FIGURES", "REFERENCE", "TRANSCRIPT"], &lines)
        ));
    }
    session.print(text.trim_end())
}

fn row_line(row: &syrinx_eval::Row) -> [String; 4] {
    let figures: Vec<String> = row
        .all_measures()
        .iter()
        .filter_map(|(name, m)| Some(format!("{name} {}", figure_kind(name).unit.show(m.alone()?))))
        .take(3)
        .collect();
    let transcript = match &row.error {
        Some(error) => format!("({error})"),
        None => row.transcript().unwrap_or_default().to_owned(),
    };
    [row.id.clone(), figures.join(", "), row.reference.clone(), transcript]
}

fn compare(session: &Session, store: &Store, old: &str, new: &str) -> Outcome {
    let comparison = store.compare(old, new)?;
    if session.globals.json {
        return session.print_json(&comparison);
    }
    let new = store.run(new)?;
    session.print(&moves(&comparison, &new))
}

/// Formats the changes as a table.
fn moves(comparison: &Comparison, new: &Run) -> String {
    let rows: Vec<[String; 6]> = comparison
        .moves
        .iter()
        .map(|m| {
            let unit = figure_kind(&m.figure).unit;
            let change = format!("{} to {}", unit.show(m.low), unit.show(m.high));
            let (old, now) = (unit.show(m.old), unit.show(m.new));
            [title(&m.figure), m.variant.clone(), old, now, change, said(m.moved).to_owned()]
        })
        .collect();
    format!(
        "{} ({}) against {} ({}), {} rows in common{}\n\n{}",
        new.id,
        new.about.model,
        comparison.baseline,
        comparison.model,
        comparison.rows,
        if comparison.regressed() { ": WORSE beyond noise" } else { "" },
        table(["FIGURE", "VARIANT", "BEFORE", "AFTER", "CHANGE, 95 %", "MOVED"], &rows)
    )
}
