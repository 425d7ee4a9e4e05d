//! Significant and insignificant changes, as sentences.

use syrinx_eval::{Better, Move, Moved, Unit, figure_kind, title};

use crate::findings::FEWEST_PAIRS;
use crate::plan::named;
use crate::{Findings, Point, SuiteFindings, Tolerance};

/// Minimum number of speakers; bootstrap intervals over fewer are too narrow.
const ENOUGH_SPEAKERS: usize = 6;

/// Returns the paragraphs that answer the question for a suite.
pub(super) fn answer(findings: &Findings, suite: &SuiteFindings) -> Vec<String> {
    let Some(base) = suite.points.iter().find(|p| p.baseline) else {
        return vec!["The baseline isn't finished, so nothing can be compared.".into()];
    };
    let others: Vec<&Point> = suite.points.iter().filter(|p| !p.baseline).collect();
    let few = |p: &&Point| p.rows > 0 && p.moves.is_empty();
    if !others.is_empty() && others.iter().all(few) {
        return vec![format!(
            "Fewer than {FEWEST_PAIRS} rows are in common with the baseline: not enough to test for a difference."
        )];
    }
    if others.iter().flat_map(|p| &p.moves).all(|m| !is_judged(&m.figure)) {
        return Vec::new();
    }
    let mut all = beyond(base, &others);
    all.extend(within(&others));
    let tolerance = findings.tolerance.as_ref();
    all.extend(tolerance.and_then(|tolerance| tolerated(tolerance, &others)));
    if base.speakers < ENOUGH_SPEAKERS {
        all.push(format!(
            "There are only {} speakers. Bootstrap intervals over so few are too narrow: treat differences beyond noise as indications.",
            base.speakers
        ));
    }
    if findings.seeds.len() == 1 && suite.is_drawn {
        all.push(
            "There is only one seed: a difference beyond noise may be due to the seed of training or sampling, which the intervals do not contain.".into(),
        );
    }
    let of_result = |m: &&Move| is_judged(&m.figure) && counts(m);
    let compared = others.iter().flat_map(|p| &p.moves).filter(of_result).count();
    if compared >= 10 {
        all.push(format!(
            "These are {compared} comparisons at 95 % each: without any effect, one in twenty would still be beyond noise."
        ));
    }
    all
}

/// Whether a change of a figure is attributed to the cell. Times are excluded: they depend on the load of the computer
/// too, which intervals over rows do not contain.
pub(super) fn is_judged(figure: &str) -> bool {
    let kind = figure_kind(figure);
    kind.gate || kind.better == Better::Neither
}

/// Whether a higher or a lower value of the figure is better.
fn counts(of: &Move) -> bool {
    figure_kind(&of.figure).better != Better::Neither
}

/// Returns a paragraph with the significant changes of each cell.
fn beyond(base: &Point, others: &[&Point]) -> Vec<String> {
    let mut lines = Vec::new();
    for point in others {
        let moved: Vec<String> = point.moves.iter().filter(is_news).map(moved).collect();
        if !moved.is_empty() {
            lines.push(format!("- **{}**: {}.", named(&point.axes), moved.join("; ")));
        }
    }
    let against = named(&base.axes);
    if lines.is_empty() {
        return vec![format!("**Nothing is beyond noise** against {against}.")];
    }
    vec![format!("**Beyond noise** against {against}:\n\n{}", lines.join("\n"))]
}

/// Whether a change is significant and attributed to the cell.
fn is_news(of: &&Move) -> bool {
    of.moved != Moved::No && is_judged(&of.figure)
}

/// Returns a change as text: `word error rate (own) is worse, 48.2 % after 41.0 % (+2.1 to +12.0 points)`.
fn moved(of: &Move) -> String {
    let unit = figure_kind(&of.figure).unit;
    let how = match of.moved {
        Moved::Better => "is better",
        Moved::Worse => "is worse",
        _ => "differs",
    };
    format!(
        "{} {how}, {} after {} ({})",
        title(&of.figure),
        unit.show(of.new),
        unit.show(of.old),
        interval(unit, of)
    )
}

/// Returns the interval of a change, with signs. Changes of percentages are in percentage points.
fn interval(unit: Unit, of: &Move) -> String {
    if unit == Unit::Share {
        return format!("{:+.1} to {:+.1} points", 100.0 * of.low, 100.0 * of.high);
    }
    let signed = |change: f64| {
        let shown = unit.show(change);
        if change > 0.0 { format!("+{shown}") } else { shown }
    };
    format!("{} to {}", signed(of.low), signed(of.high))
}

/// Returns a paragraph with the insignificant changes of each cell.
fn within(others: &[&Point]) -> Option<String> {
    let still = |point: &&&Point| -> Option<String> {
        let names: Vec<String> = point
            .moves
            .iter()
            .filter(|m| m.moved == Moved::No && counts(m) && is_judged(&m.figure))
            .map(|m| title(&m.figure))
            .collect();
        (!names.is_empty()).then(|| format!("- {}: {}", named(&point.axes), names.join(", ")))
    };
    let lines: Vec<String> = others.iter().filter_map(|p| still(&p)).collect();
    (!lines.is_empty()).then(|| format!("**Not beyond noise:**\n\n{}", lines.join("\n")))
}

/// Returns a paragraph with the cells whose loss is within the tolerance.
fn tolerated(tolerance: &Tolerance, others: &[&Point]) -> Option<String> {
    let kind = figure_kind(&tolerance.figure);
    // Estimate, upper and lower end of the loss. A figure for which higher is better loses by falling.
    let loss = |m: &Move| match kind.better {
        Better::Higher => (m.old - m.new, -m.low, -m.high),
        _ => (m.new - m.old, m.high, m.low),
    };
    let (mut surely, mut perhaps, mut not) = (Vec::new(), Vec::new(), Vec::new());
    for point in others {
        let named = named(&point.axes);
        let same = |m: &&Move| {
            m.figure == tolerance.figure
                || m.figure.split('@').next() == Some(tolerance.figure.as_str())
        };
        let Some(of) = point.moves.iter().find(same) else { continue };
        let (estimate, most, least) = loss(of);
        if most < tolerance.loss {
            surely.push(named);
        } else if estimate < tolerance.loss {
            perhaps.push(named);
        } else if least < tolerance.loss {
            not.push(format!("{named} (although its interval includes smaller losses)"));
        } else {
            not.push(named);
        }
    }
    if surely.len() + perhaps.len() + not.len() == 0 {
        return None;
    }
    let list = |names: Vec<String>| {
        if names.is_empty() { "none".to_owned() } else { names.join("; ") }
    };
    let loss = match kind.unit {
        Unit::Share => format!("{:.1} points", 100.0 * tolerance.loss),
        unit => unit.show(tolerance.loss),
    };
    Some(format!(
        "**Losing less than {loss} of {}**: by the whole interval: {}. By the estimate alone: {}. Not: {}.",
        title(&tolerance.figure),
        list(surely),
        list(perhaps),
        list(not)
    ))
}
