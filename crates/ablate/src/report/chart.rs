//! Charts of a figure over an axis, as SVG.

use std::collections::BTreeMap;
use std::error::Error;

use plotters::prelude::*;
use serde_json::Value;
use syrinx_eval::{Unit, title};

use crate::plan::{named, shown};
use crate::{Findings, SuiteFindings};

const SIZE: (u32, u32) = (760, 400);

/// Palette of Okabe and Ito without its yellow; distinguishable with colour vision deficiency.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
];

/// Position on the x axis, value, lower and upper end of the interval.
type Bar = (f64, f64, f64, f64);

/// A series of the chart: one combination of the axes that are not the x axis.
struct Series {
    name: String,
    bars: Vec<Bar>,
}

/// Returns the chart of a figure, or `None` with fewer than two values. The axis with the most values is the x axis;
/// each combination of the other axes is a series.
pub(super) fn draw(
    findings: &Findings,
    suite: &SuiteFindings,
    figure: &str,
) -> Result<Option<String>, Box<dyn Error + Send + Sync>> {
    let (axis, names) = across(findings, suite);
    let (series, unit) = series(suite, figure, &axis, &names);
    let drawn = series.iter().flat_map(|s| &s.bars).count();
    let Some(unit) = unit.filter(|_| drawn > 1) else { return Ok(None) };
    let mut svg = String::new();
    plot(&mut svg, &title(figure), &axis, &names, &series, unit)?;
    Ok(Some(svg))
}

/// Returns the axis with the most values, and the names of these values in order.
fn across(findings: &Findings, suite: &SuiteFindings) -> (String, Vec<String>) {
    let values = |axis: &String| -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for value in suite.points.iter().filter_map(|p| p.axes.get(axis)) {
            if !names.contains(&shown(value)) {
                names.push(shown(value));
            }
        }
        names
    };
    let all = findings.axes.iter().map(|axis| (axis.clone(), values(axis)));
    // `max_by_key` returns the last maximum; reversed, it is the first axis.
    all.rev().max_by_key(|(_, names)| names.len()).unwrap_or_default()
}

fn series(
    suite: &SuiteFindings,
    figure: &str,
    axis: &str,
    names: &[String],
) -> (Vec<Series>, Option<Unit>) {
    let mut all: Vec<Series> = Vec::new();
    let mut unit = None;
    for point in &suite.points {
        let Some(found) = point.figures.iter().find(|f| f.name == figure) else { continue };
        let place = point.axes.get(axis).map(shown);
        let Some(at) = names.iter().position(|n| Some(n) == place.as_ref()) else { continue };
        unit = Some(found.unit);
        let rest: BTreeMap<String, Value> = point
            .axes
            .iter()
            .filter(|(a, _)| *a != axis)
            .map(|(a, v)| (a.clone(), v.clone()))
            .collect();
        let name = if rest.is_empty() { String::new() } else { named(&rest) };
        let bar = (at as f64, found.value, found.low, found.high);
        match all.iter_mut().find(|s| s.name == name) {
            Some(series) => series.bars.push(bar),
            None => all.push(Series { name, bars: vec![bar] }),
        }
    }
    (all, unit)
}

/// Returns the lower and upper end of the y axis, with a margin of 8 %.
fn ends(series: &[Series]) -> (f64, f64) {
    let all = || series.iter().flat_map(|s| &s.bars).flat_map(|b| [b.1, b.2, b.3]);
    let low = all().fold(f64::INFINITY, f64::min);
    let high = all().fold(f64::NEG_INFINITY, f64::max);
    let air = if high > low { 0.08 * (high - low) } else { high.abs().max(1.0) * 0.1 };
    (low - air, high + air)
}

fn plot(
    svg: &mut String,
    title: &str,
    axis: &str,
    names: &[String],
    series: &[Series],
    unit: Unit,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (low, high) = ends(series);
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(14)
        .caption(title, ("sans-serif", 18))
        .x_label_area_size(44)
        .y_label_area_size(76)
        .build_cartesian_2d(-0.5..names.len() as f64 - 0.5, low..high)?;
    let label = |x: &f64| {
        let near = (x - x.round()).abs() < 1e-6 && *x > -0.25;
        let name = near.then(|| names.get(x.round() as usize)).flatten();
        name.cloned().unwrap_or_default()
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(names.len() + 1)
        .y_labels(8)
        .max_light_lines(0)
        .x_label_formatter(&label)
        .y_label_formatter(&|y| unit.show(*y))
        .x_desc(axis)
        .draw()?;
    for (i, one) in series.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        // The bars of different series are drawn side by side.
        let offset = 0.5 * (i as f64 - (series.len() - 1) as f64 / 2.0) / series.len() as f64;
        let bars = one.bars.iter().map(|&(x, value, low, high)| {
            ErrorBar::new_vertical(x + offset, low, value, high, colour.filled(), 8)
        });
        let drawn = chart.draw_series(bars)?;
        if series.len() > 1 {
            drawn.label(&one.name).legend(move |at| Circle::new(at, 4, colour.filled()));
        }
    }
    if series.len() > 1 {
        chart
            .configure_series_labels()
            .border_style(BLACK.mix(0.4))
            .background_style(WHITE.mix(0.85))
            .draw()?;
    }
    root.present()?;
    Ok(())
}
