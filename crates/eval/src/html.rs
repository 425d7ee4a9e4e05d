//! The report as a self-contained HTML page.

use std::collections::BTreeSet;
use std::path::Path;

use askama::Template;
use syrinx_types::Audio;

use crate::catalogue::{figure_kind, rank, title};
use crate::summary::badness;
use crate::table::{range, said};
use crate::{Better, Comparison, Figure, JudgeConfig, Moved, Report, Row, Suite};

mod card;
mod spectrogram;
mod words;

use card::{Card, Media};
use words::{Word, differences};

/// Largest number of figures in the table of speakers.
const ACROSS: usize = 8;

/// Values of the template `templates/report.html`.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    facts: Vec<(&'static str, String)>,
    compared: Option<String>,
    figures: Vec<FigureLine>,
    group_titles: Vec<String>,
    groups: Vec<GroupLine>,
    sections: Vec<Section>,
    row_titles: Vec<String>,
    rows: Vec<RowLine>,
    meanings: Vec<(&'static str, &'static str)>,
}

/// Line of the table of figures.
struct FigureLine {
    /// Variant that begins with this line.
    opens: Option<String>,
    title: String,
    arrow: &'static str,
    arrow_title: &'static str,
    value: String,
    range: String,
    bar: Option<Bar>,
    rows: usize,
    moved: Option<MovedCell>,
}

/// Interval on the scale from 0 to 100 %.
struct Bar {
    low: String,
    high: String,
    at: String,
}

/// Change since the older report.
struct MovedCell {
    before: String,
    class: &'static str,
    text: String,
}

/// Figures of a speaker.
struct GroupLine {
    name: String,
    cells: Vec<TableCell>,
    rows: usize,
}

/// Figure in a table that can be sorted.
struct TableCell {
    value: String,
    /// Number to sort by; empty where there is none.
    sort: String,
    range: String,
}

/// Rows with players under a title.
struct Section {
    title: &'static str,
    cards: Vec<Card>,
}

/// Row of the table of all rows.
struct RowLine {
    id: String,
    group: String,
    reference: String,
    error: Option<String>,
    words: Vec<Word>,
    cells: Vec<TableCell>,
}

/// Renders the page. `read` returns a recording, if it can be read.
pub(crate) fn page(
    report: &Report,
    suite: &Suite,
    folder: &Path,
    read: &dyn Fn(&Path) -> Option<Audio>,
) -> String {
    let mut order: Vec<&Row> = report.rows.iter().collect();
    order.sort_by(|a, b| badness(b).total_cmp(&badness(a)).then_with(|| a.id.cmp(&b.id)));
    let worst = &order[..suite.players.worst.min(order.len())];
    let rest: Vec<&Row> = order[worst.len()..].to_vec();
    let others = crate::items::spread(rest, Some(suite.players.others));
    let media = Media { suite: &suite.folder, run: folder, read };
    let section = |title, rows: &[&Row]| Section {
        title,
        cards: rows.iter().map(|row| Card::of(row, &media)).collect(),
    };
    let sections = [section("Worst first", worst), section("Others, from bad to good", &others)];
    let leading: Vec<&str> = report.figures.iter().take(ACROSS).map(|f| f.name.as_str()).collect();
    let figures = leading_figures(report);
    let page = Page {
        report,
        facts: facts(report),
        compared: report.comparison.as_ref().map(compared),
        figures: figure_lines(report),
        group_titles: leading.iter().map(|name| title(name)).collect(),
        groups: group_lines(report, &leading),
        sections: sections.into_iter().filter(|s| !s.cards.is_empty()).collect(),
        row_titles: figures.iter().map(|name| title(name)).collect(),
        rows: order.iter().map(|row| row_line(row, &figures)).collect(),
        meanings: meanings(report),
    };
    page.render().expect("rendering into memory does not fail")
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let judge = |judge: &JudgeConfig| match judge {
        JudgeConfig::Own { name, .. } => format!("{name} (the model's own recognizer)"),
        other => other.name().to_owned(),
    };
    let made = &report.provenance;
    let list = |seeds: &[u64]| seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let all = [
        ("model", format!("{} ({})", report.model, report.fingerprint)),
        ("task", report.task.clone()),
        ("rows", format!("{}, {} without an answer", report.rows.len(), report.missing)),
        ("judges", report.judges.iter().map(judge).collect::<Vec<_>>().join(", ")),
        ("date", made.date.clone()),
        ("revision", made.revision.clone()),
        ("machine", made.machine.clone()),
        ("command", made.command.clone()),
        ("seeds", list(&made.seeds)),
        (
            "settings",
            if made.settings.is_null() { String::new() } else { made.settings.to_string() },
        ),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn compared(comparison: &Comparison) -> String {
    let verdict = match comparison.regressed() {
        true => "significantly worse",
        false => "no figure is significantly worse",
    };
    format!(
        "Compared with {} ({}), over the {} rows of both: {verdict}.",
        comparison.baseline, comparison.model, comparison.rows
    )
}

fn figure_lines(report: &Report) -> Vec<FigureLine> {
    let mut variant = "";
    let mut lines = Vec::new();
    for figure in &report.figures {
        let opens = (figure.variant != variant).then(|| figure.variant.clone());
        variant = &figure.variant;
        let (arrow, arrow_title) = match figure.better {
            Better::Lower => ("↓", "less is better"),
            Better::Higher => ("↑", "more is better"),
            Better::Neither => ("", ""),
        };
        lines.push(FigureLine {
            opens,
            title: title(&figure.name),
            arrow,
            arrow_title,
            value: figure.unit.show(figure.value),
            range: range(figure),
            bar: bar(figure),
            rows: figure.rows,
            moved: report.comparison.as_ref().map(|comparison| moved(comparison, figure)),
        });
    }
    lines
}

fn moved(comparison: &Comparison, figure: &Figure) -> MovedCell {
    let Some(change) = comparison.of(&figure.name, &figure.variant) else {
        return MovedCell { before: "–".into(), class: "", text: String::new() };
    };
    let class = match change.moved {
        Moved::Better => "better",
        Moved::Worse => "worse",
        Moved::No | Moved::Changed => "",
    };
    let by = change.new - change.old;
    let sign = if by > 0.0 { "+" } else { "" };
    let text = format!("{} ({sign}{})", said(change.moved), figure.unit.show(by));
    MovedCell { before: figure.unit.show(change.old), class, text }
}

/// Returns the interval of a share for drawing; other units have no common scale.
fn bar(figure: &Figure) -> Option<Bar> {
    let at = |v: f64| 100.0 * v.clamp(0.0, 1.0);
    let show = |v: f64| format!("{v:.1}");
    (figure.unit == crate::Unit::Share).then(|| Bar {
        low: show(at(figure.low)),
        high: show(at(figure.high).max(at(figure.low) + 0.5)),
        at: show(at(figure.value)),
    })
}

fn group_lines(report: &Report, names: &[&str]) -> Vec<GroupLine> {
    let line = |group: &crate::GroupFigures| GroupLine {
        name: group.group.clone(),
        cells: names
            .iter()
            .map(|name| match group.figures.iter().find(|f| f.name == *name) {
                None => {
                    TableCell { value: "–".into(), sort: String::new(), range: String::new() }
                }
                Some(f) => TableCell {
                    value: f.unit.show(f.value),
                    sort: f.value.to_string(),
                    range: range(f),
                },
            })
            .collect(),
        rows: group.figures.iter().map(|f| f.rows).max().unwrap_or(0),
    };
    report.groups.iter().map(line).collect()
}

/// Returns the names of the figures that rows have, in the order of the report's table.
fn leading_figures(report: &Report) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for row in &report.rows {
        names.extend(row.all_measures().into_keys());
    }
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_key(|name| rank(name));
    names
}

fn row_line(row: &Row, figures: &[String]) -> RowLine {
    let measures = row.all_measures();
    let cell = |name: &String| match measures.get(name).and_then(|m| m.alone()) {
        None => TableCell { value: String::new(), sort: String::new(), range: String::new() },
        Some(value) => TableCell {
            value: figure_kind(name).unit.show(value),
            sort: value.to_string(),
            range: String::new(),
        },
    };
    let words = match (&row.error, row.transcript()) {
        (None, Some(transcript)) => differences(&row.reference, transcript),
        _ => Vec::new(),
    };
    RowLine {
        id: row.id.clone(),
        group: row.group.clone(),
        reference: row.reference.clone(),
        error: row.error.clone(),
        words,
        cells: figures.iter().map(cell).collect(),
    }
}

fn meanings(report: &Report) -> Vec<(&'static str, &'static str)> {
    let mut seen = BTreeSet::new();
    let kinds = report.figures.iter().map(|figure| figure_kind(&figure.name));
    let known = kinds.filter(|kind| !kind.title.is_empty() && seen.insert(kind.name));
    known.map(|kind| (kind.title, kind.meaning)).collect()
}
