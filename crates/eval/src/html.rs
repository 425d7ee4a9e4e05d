//! The report to look at and listen to: one file that needs no other and no network.

use std::fmt::Write as _;
use std::path::Path;

use crate::catalogue::{figure_kind, title};
use crate::summary::badness;
use crate::table::{range, said};
use crate::{Better, Comparison, Figure, Moved, Report, Row, Suite};

mod png;
mod rows;

use rows::{Media, cards, full_table};

/// Colours and layout; both light and dark.
const STYLE: &str = include_str!("html/style.css");

/// The whole page.
pub(crate) fn page(report: &Report, suite: &Suite, folder: &Path) -> String {
    let mut order: Vec<&Row> = report.rows.iter().collect();
    order.sort_by(|a, b| badness(b).total_cmp(&badness(a)).then_with(|| a.id.cmp(&b.id)));
    let worst = &order[..suite.players.worst.min(order.len())];
    let rest: Vec<&Row> = order[worst.len()..].to_vec();
    let others = crate::items::spread(rest, Some(suite.players.others));
    let media = Media { suite: &suite.folder, run: folder };

    let mut out = String::new();
    let name = escape(&report.suite);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name} – Syrinx evaluation</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    header(&mut out, report);
    figures(&mut out, report);
    groups(&mut out, report);
    if !worst.is_empty() {
        out.push_str("<h2>Worst first</h2>\n");
        out.push_str(&cards(worst, &media));
    }
    if !others.is_empty() {
        out.push_str("<h2>Others, from bad to good</h2>\n");
        out.push_str(&cards(&others, &media));
    }
    out.push_str(&full_table(&order));
    meanings(&mut out, report);
    out.push_str("</body>\n</html>\n");
    out
}

fn header(out: &mut String, report: &Report) {
    let _ = write!(
        out,
        "<header>\n<h1>{}</h1>\n<p>{}</p>\n<dl>\n",
        escape(&report.suite),
        escape(&report.summary)
    );
    let judges: Vec<&str> = report.judges.iter().map(crate::JudgeConfig::name).collect();
    let facts = [
        ("model", format!("{} ({})", report.model, report.fingerprint)),
        ("task", report.task.clone()),
        ("rows", format!("{}, of which {} gave no answer", report.rows.len(), report.missing)),
        ("judges", judges.join(", ")),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", escape(value));
    }
    out.push_str("</dl>\n</header>\n");
}

fn figures(out: &mut String, report: &Report) {
    out.push_str("<h2>Figures</h2>\n<div class=\"scroll\"><table class=\"figures\">\n<thead><tr>");
    out.push_str("<th>figure<th class=\"n\">value<th>95 % interval<th class=\"n\">rows");
    if let Some(comparison) = &report.comparison {
        let _ = write!(out, "<th class=\"n\">before<th>moved</tr>");
        let _ = write!(out, "<caption>{}</caption>", escape(&compared(comparison)));
    } else {
        out.push_str("</tr>");
    }
    out.push_str("</thead>\n<tbody>\n");
    let mut variant = "";
    for figure in &report.figures {
        if figure.variant != variant {
            variant = &figure.variant;
            let _ = writeln!(
                out,
                "<tr><th colspan=\"6\" class=\"variant\">{}</th></tr>",
                escape(variant)
            );
        }
        figure_row(out, figure, report);
    }
    out.push_str("</tbody>\n</table></div>\n");
}

fn compared(comparison: &Comparison) -> String {
    let verdict = match comparison.regressed() {
        true => "worse beyond noise",
        false => "nothing that counts is worse beyond noise",
    };
    format!(
        "Compared with {} ({}), over the {} rows of both: {verdict}.",
        comparison.baseline, comparison.model, comparison.rows
    )
}

fn figure_row(out: &mut String, figure: &Figure, report: &Report) {
    let arrow = match figure.better {
        Better::Lower => " <small title=\"less is better\">↓</small>",
        Better::Higher => " <small title=\"more is better\">↑</small>",
        Better::Neither => "",
    };
    let _ = write!(
        out,
        "<tr><td>{}{arrow}<td class=\"n\"><b>{}</b><td>{}{}<td class=\"n\">{}",
        escape(&title(&figure.name)),
        figure.unit.show(figure.value),
        bar(figure),
        range(figure),
        figure.rows
    );
    if let Some(comparison) = &report.comparison {
        match comparison.of(&figure.name, &figure.variant) {
            None => out.push_str("<td class=\"n\">–<td>"),
            Some(m) => {
                let class = match m.moved {
                    Moved::Better => "better",
                    Moved::Worse => "worse",
                    Moved::No | Moved::Changed => "",
                };
                let change = m.new - m.old;
                let sign = if change > 0.0 { "+" } else { "" };
                let _ = write!(
                    out,
                    "<td class=\"n\">{}<td class=\"{class}\">{} ({sign}{})",
                    figure.unit.show(m.old),
                    said(m.moved),
                    figure.unit.show(change)
                );
            }
        }
    }
    out.push_str("</tr>\n");
}

/// The interval as a line with a dot, for shares: those have a scale that all readers know.
fn bar(figure: &Figure) -> String {
    if figure.unit != crate::Unit::Share {
        return String::new();
    }
    let at = |v: f64| 100.0 * v.clamp(0.0, 1.0);
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <path d=\"M0 5H100\" class=\"rail\"/><path d=\"M{:.1} 5H{:.1}\" class=\"span\"/>\
         <path d=\"M{:.1} 1V9\" class=\"dot\"/></svg> ",
        at(figure.low),
        at(figure.high).max(at(figure.low) + 0.5),
        at(figure.value)
    )
}

/// Speakers down, the leading figures across.
fn groups(out: &mut String, report: &Report) {
    const ACROSS: usize = 8;
    if report.groups.is_empty() {
        return;
    }
    let names: Vec<&str> = report.figures.iter().take(ACROSS).map(|f| f.name.as_str()).collect();
    out.push_str("<h2>By speaker</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>speaker");
    for name in &names {
        let _ = write!(out, "<th class=\"n\">{}", escape(&title(name)));
    }
    out.push_str("<th class=\"n\">rows</tr></thead>\n<tbody>\n");
    for group in &report.groups {
        let _ = write!(out, "<tr><td>{}", escape(&group.group));
        for name in &names {
            match group.figures.iter().find(|f| f.name == *name) {
                None => out.push_str("<td class=\"n\">–"),
                Some(f) => {
                    let _ = write!(
                        out,
                        "<td class=\"n\" title=\"{}\">{}",
                        range(f),
                        f.unit.show(f.value)
                    );
                }
            }
        }
        let rows = group.figures.iter().map(|f| f.rows).max().unwrap_or(0);
        let _ = writeln!(out, "<td class=\"n\">{rows}</tr>");
    }
    out.push_str("</tbody>\n</table></div>\n");
}

fn meanings(out: &mut String, report: &Report) {
    let mut seen = std::collections::BTreeSet::new();
    out.push_str("<h2>What the figures mean</h2>\n<dl class=\"meanings\">\n");
    for figure in &report.figures {
        let kind = figure_kind(&figure.name);
        if !kind.title.is_empty() && seen.insert(kind.name) {
            let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", kind.title, escape(kind.meaning));
        }
    }
    out.push_str(
        "</dl>\n<p>Intervals: 95 %, percentile bootstrap over speakers (over rows where there is one speaker). \
         A row without an answer counts as all wrong.</p>\n",
    );
}

/// Text as HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
