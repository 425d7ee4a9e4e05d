//! The report as Markdown.

use std::fmt::Write as _;

use serde_json::Value;
use syrinx_eval::{Figure, Moved, figure_kind, range, title};
use syrinx_results::date;

use crate::plan::{named, shown};
use crate::report::sentences::{self, is_judged};
use crate::work::TRAINING;
use crate::{Findings, Point, SuiteFindings};

/// Suite, figure and file of a chart.
type ChartFile = (String, String, String);

/// Returns the report as Markdown.
pub(super) fn page(findings: &Findings, charts: &[ChartFile]) -> String {
    let mut page = format!("# {}\n\n{}\n", findings.title, findings.question);
    let several = findings.suites.len() > 1;
    page.push_str("\n## Answer\n");
    if !findings.reading.is_empty() {
        let _ = write!(page, "\n{}\n", findings.reading);
    }
    for suite in &findings.suites {
        let said = sentences::answer(findings, suite);
        if several && !said.is_empty() {
            let _ = write!(page, "\n### {}\n", suite.suite);
        }
        for paragraph in said {
            let _ = write!(page, "\n{paragraph}\n");
        }
    }
    if !findings.notes.is_empty() {
        let _ = write!(page, "\n{}\n", findings.notes);
    }
    for suite in &findings.suites {
        section(&mut page, findings, suite, charts);
    }
    unfinished(&mut page, findings);
    sources(&mut page, findings);
    page
}

fn section(page: &mut String, findings: &Findings, suite: &SuiteFindings, charts: &[ChartFile]) {
    let _ = write!(page, "\n## {}\n\n{}.\n\n", suite.suite, suite.summary.trim_end_matches('.'));
    let mut head = findings.axes.clone();
    head.extend(suite.figures.iter().map(|f| title(f)));
    if suite.suite != TRAINING {
        head.push("rows".into());
    }
    line(page, &head);
    let rule: Vec<String> = head
        .iter()
        .enumerate()
        .map(|(i, _)| if i < findings.axes.len() { "---".into() } else { "--:".into() })
        .collect();
    line(page, &rule);
    for point in &suite.points {
        line(page, &cells(findings, suite, point));
    }
    for (_, figure, file) in charts.iter().filter(|(of, _, _)| *of == suite.suite) {
        let _ = write!(page, "\n![{}]({file})\n", title(figure));
    }
}

/// Returns the cells of a point's row: `41.2 % (35.0 – 47.3 %) ▲`.
fn cells(findings: &Findings, suite: &SuiteFindings, point: &Point) -> Vec<String> {
    let value = |axis: &String| point.axes.get(axis).map_or("-".into(), shown);
    let mut cells: Vec<String> = findings.axes.iter().map(value).collect();
    if point.baseline {
        cells.iter_mut().for_each(|c| *c = format!("**{c}**"));
    }
    cells.extend(suite.figures.iter().map(|name| {
        let figure = point.figures.iter().find(|f| f.name == *name);
        figure.map_or("-".into(), |f| format!("{}{}", with_range(f), mark(point, name)))
    }));
    if suite.suite != TRAINING {
        let missing = if point.missing > 0 {
            format!(", {} without an answer", point.missing)
        } else {
            String::new()
        };
        cells.push(format!("{}{missing}", point.rows));
    }
    cells
}

fn with_range(figure: &Figure) -> String {
    let value = figure.unit.show(figure.value);
    // With one seed, the range over seeds is a single value.
    if figure.low == figure.high { value } else { format!("{value} ({})", range(figure)) }
}

/// Returns the sign of a significant change from the baseline, or nothing.
fn mark(point: &Point, figure: &str) -> &'static str {
    let judged = point.moves.iter().find(|m| m.figure == figure && is_judged(figure));
    match judged.map(|m| m.moved) {
        Some(Moved::Better) => " ▲",
        Some(Moved::Worse) => " ▼",
        Some(Moved::Changed) => " ◆",
        _ => "",
    }
}

fn line(page: &mut String, cells: &[String]) {
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

fn unfinished(page: &mut String, findings: &Findings) {
    if findings.unfinished.is_empty() {
        return;
    }
    let _ = write!(
        page,
        "\n## Not finished\n\n{} of {} cells have no figures:\n\n",
        findings.unfinished.len(),
        findings.cells
    );
    for cell in &findings.unfinished {
        let note = if cell.note.is_empty() { String::new() } else { format!(": {}", cell.note) };
        let _ = writeln!(page, "- {}, seed {}: {}{note}", named(&cell.axes), cell.seed, cell.state);
    }
}

fn sources(page: &mut String, findings: &Findings) {
    let known = &findings.known;
    let list = |all: &std::collections::BTreeSet<String>| {
        all.iter().cloned().collect::<Vec<_>>().join("; ")
    };
    let seeds: Vec<String> = findings.seeds.iter().map(u64::to_string).collect();
    page.push_str("\n## How this was measured\n\n");
    let base: Vec<String> = findings.baseline.values().map(|v: &Value| shown(v)).collect();
    let _ = writeln!(
        page,
        "- Again: `cargo xtask ablate {}`; figures in [{0}.json]({0}.json).",
        findings.name
    );
    let _ = writeln!(page, "- Model: {}.", list(&known.models));
    let _ = writeln!(page, "- Seeds: {}. Last run: {} UTC.", seeds.join(", "), date(known.ended_s));
    let _ = writeln!(page, "- Machine: {}.", list(&known.machines));
    if !known.revisions.is_empty() {
        let _ = writeln!(page, "- Revision: {}.", list(&known.revisions));
    }
    if !known.judges.is_empty() {
        let _ = writeln!(page, "- Judges: {}.", list(&known.judges));
    }
    let _ = writeln!(
        page,
        "- In brackets: 95 % intervals by bootstrap over speakers. ▲ better and ▼ worse than the baseline (**{}**) \
         beyond noise, ◆ other: paired bootstrap over the rows that both have, in the same direction with every seed.",
        base.join(", ")
    );
    let mut said: Vec<&str> = Vec::new();
    for figure in findings.suites.iter().flat_map(|s| &s.figures) {
        let kind = figure_kind(figure);
        if !kind.title.is_empty() && !said.contains(&kind.title) {
            said.push(kind.title);
            let _ = writeln!(page, "- *{}*: {}", kind.title, kind.meaning);
        }
    }
}
