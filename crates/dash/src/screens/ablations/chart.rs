//! Chart of a figure of the cells against an axis of the grid.

use std::collections::BTreeMap;

use ratatui::layout::Rect;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};
use serde_json::Value;
use syrinx_eval::{Figure, title};

use crate::pen::Pen;
use crate::screens::ablations::{Ablations, CHART, shown};
use crate::screens::{bounds, number};

/// A finished cell in the chart.
struct Point {
    x: f64,
    figure: Figure,
}

impl Ablations {
    pub(super) fn draw_chart(&self, pen: &mut Pen<'_>, area: Rect) {
        let axes = self.axes();
        let axis = axes.get(self.axis % axes.len().max(1)).cloned().unwrap_or_default();
        let wanted = self.wanted();
        let name = wanted.map_or("no figure yet".to_owned(), |(f, v)| {
            let name = if v.is_empty() { title(&f) } else { format!("{}, {v}", title(&f)) };
            format!("{name} against {axis}")
        });
        let inner = pen.frame(area, &name, CHART, self.pane == CHART);
        let (points, names) = self.points(&axis);
        let ends = points.iter().flat_map(|p| [p.figure.low, p.figure.high, p.figure.value]);
        let (Some(x), Some(y)) = (bounds(points.iter().map(|p| p.x)), bounds(ends)) else {
            pen.text(inner, 0, 0, "no finished cell has this figure", pen.theme.dim);
            return;
        };
        if inner.width < 16 || inner.height < 4 {
            return;
        }
        let unit = points[0].figure.unit;
        let values: Vec<(f64, f64)> = points.iter().map(|p| (p.x, p.figure.value)).collect();
        let bars: Vec<[(f64, f64); 2]> =
            points.iter().map(|p| [(p.x, p.figure.low), (p.x, p.figure.high)]).collect();
        let mut sets: Vec<Dataset<'_>> = bars
            .iter()
            .map(|bar| {
                Dataset::default()
                    .marker(Marker::Braille)
                    .graph_type(GraphType::Line)
                    .style(pen.theme.dim)
                    .data(bar)
            })
            .collect();
        sets.push(
            Dataset::default()
                .marker(Marker::Dot)
                .graph_type(GraphType::Scatter)
                .style(pen.theme.accent(0))
                .data(&values),
        );
        let label = |v: f64| Line::from(unit.show(v));
        let x_labels: Vec<Line<'_>> = match names.as_slice() {
            [] => [x[0], (x[0] + x[1]) / 2.0, x[1]].map(|v| Line::from(number(v))).to_vec(),
            names => names.iter().map(|n| Line::from(n.clone())).collect(),
        };
        let chart = Chart::new(sets)
            .x_axis(Axis::default().style(pen.theme.dim).bounds(x).labels(x_labels))
            .y_axis(
                Axis::default().style(pen.theme.dim).bounds(y).labels([label(y[0]), label(y[1])]),
            )
            .legend_position(None);
        chart.render(inner, pen.buf);
    }

    /// Returns the points of the chart, and the labels of an axis whose values are not numbers. The x coordinate of a
    /// point on such an axis is the index of its label.
    fn points(&self, axis: &str) -> (Vec<Point>, Vec<String>) {
        let cells: Vec<(&Value, &Figure)> = self
            .cells()
            .iter()
            .filter_map(|c| Some((c.axes.get(axis)?, self.figure_of(c)?)))
            .filter(|(_, f)| [f.value, f.low, f.high].iter().all(|v| v.is_finite()))
            .collect();
        let point = |x: f64, figure: &Figure| Point { x, figure: figure.clone() };
        if cells.iter().all(|(value, _)| value.is_number()) {
            let x = |value: &Value| value.as_f64().unwrap_or_default();
            return (cells.iter().map(|(value, f)| point(x(value), f)).collect(), Vec::new());
        }
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut names: Vec<String> = Vec::new();
        let mut points = Vec::new();
        for (value, figure) in cells {
            let name = shown(Some(value));
            let place = *places.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            });
            points.push(point(place as f64, figure));
        }
        (points, names)
    }
}
