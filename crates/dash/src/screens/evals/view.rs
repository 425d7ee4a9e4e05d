//! Drawing of evaluations.

use ratatui::layout::Rect;
use syrinx_eval::{Comparison, Moved, figure_kind, range, said};
use syrinx_results::{RunStatus, date};

use crate::SuiteCard;
use crate::grid::{Grid, cell};
use crate::pen::{Pen, above, left};
use crate::screens::evals::{Evals, LIMITS, ROWS, RUNS, SUITES, rows};

/// Most lines for the figures of a run.
const FIGURE_LINES: usize = 8;

impl Evals {
    /// Draws the screen.
    pub(super) fn view(&self, pen: &mut Pen<'_>, area: Rect) {
        if pen.compact {
            match self.pane {
                SUITES => self.draw_suites(pen, area),
                RUNS => self.draw_runs(pen, area),
                _ => self.draw_rows(pen, area),
            }
            return;
        }
        let (suites, rest) = left(area, 22);
        self.draw_suites(pen, suites);
        let live = self.live.len().min(3) as u16 * 2;
        let (bars, rest) = above(rest, live);
        self.draw_live(pen, bars);
        let (runs, rows) = above(rest, rest.height / 2);
        self.draw_runs(pen, runs);
        self.draw_rows(pen, rows);
    }

    fn draw_suites(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == SUITES;
        let inner = pen.frame(area, "Suites", SUITES, focused);
        let (list, foot) = above(inner, inner.height.saturating_sub(3));
        let sign = |s: &SuiteCard| if self.picked.contains(&s.name) { "●" } else { " " };
        let rows = self.suites.iter().map(|s| vec![cell(sign(s)), cell(&s.name)]);
        let selected = Some(self.suite);
        let grid =
            Grid { rows: rows.collect(), selected, right_from: 9, stretch: 1, ..Grid::default() };
        grid.draw(pen, list, SUITES, focused);
        let model = self.models.get(self.model).map_or("?", |m| m.name.as_str());
        let items = LIMITS[self.limit].map_or("all".to_owned(), |n| format!("first {n}"));
        pen.line(foot, 0, &[("model ", pen.theme.dim), (model, pen.theme.text)]);
        pen.line(foot, 1, &[("items ", pen.theme.dim), (&items, pen.theme.text)]);
        let baseline = self.baseline.as_deref().unwrap_or("none");
        pen.line(foot, 2, &[("base  ", pen.theme.dim), (baseline, pen.theme.text)]);
    }

    fn draw_live(&self, pen: &mut Pen<'_>, area: Rect) {
        for (i, live) in self.live.values().enumerate() {
            let total = live.total.unwrap_or(0);
            let share = if total > 0 { live.done as f64 / total as f64 } else { 0.0 };
            let text = format!("{} · {}: {} of {total}", live.suite, live.model, live.done);
            pen.gauge(area, i as u16 * 2, share, &text);
            if let Some((id, figures)) = live.arrived.last() {
                let shown: Vec<String> = figures
                    .iter()
                    .take(3)
                    .map(|(n, v)| format!("{n} {}", figure_kind(n).unit.show(*v)))
                    .collect();
                let text = format!("{id}: {}", shown.join(", "));
                pen.text(area, 1, i as u16 * 2 + 1, &text, pen.theme.dim);
            }
        }
    }

    fn draw_runs(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == RUNS;
        let inner = pen.frame(area, "Runs", RUNS, focused);
        if self.runs.is_empty() {
            pen.text(inner, 0, 0, "the store is empty: run a suite", pen.theme.dim);
            return;
        }
        let rows = self.runs.iter().map(|run| {
            let moved = self.compared.get(&run.id);
            let (sign, style) = match moved {
                _ if self.baseline.as_ref() == Some(&run.id) => ("base", pen.theme.title),
                Some(c) if c.regressed() => ("WORSE", pen.theme.bad),
                Some(c) if c.moves.iter().any(|m| m.moved == Moved::Better) => {
                    ("better", pen.theme.good)
                }
                Some(_) => ("same", pen.theme.dim),
                None => ("", pen.theme.dim),
            };
            let status = match run.status {
                RunStatus::Finished => cell(run.rows.to_string()),
                other => (format!("{} {}", other.name(), run.rows), Some(pen.theme.warn)),
            };
            let headline =
                run.figures.first().map(|f| format!("{} {}", f.name, f.unit.show(f.value)));
            vec![
                cell(run.id.chars().take(5).collect::<String>()),
                cell(date(run.started_s).get(5..).unwrap_or_default()),
                cell(&run.about.suite),
                cell(&run.about.model),
                status,
                cell(headline.unwrap_or_default()),
                (sign.to_owned(), Some(style)),
            ]
        });
        let titles = ["run", "begun", "suite", "model", "rows", "figure", ""];
        let grid = Grid {
            titles: titles.map(str::to_owned).to_vec(),
            rows: rows.collect(),
            selected: Some(self.run),
            right_from: 4,
            stretch: 3,
        };
        grid.draw(pen, inner, RUNS, focused);
    }

    fn draw_rows(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == ROWS;
        let id = self.rows.run().map_or("Rows", String::as_str);
        let live = self.live.values().next().filter(|_| self.rows.run().is_none());
        let title =
            live.map_or_else(|| self.rows.title(id), |l| format!("{}: rows as they come", l.suite));
        let inner = pen.frame(area, &title, ROWS, focused);
        if let Some(live) = live {
            let rows: Vec<(String, Vec<(String, f64)>)> =
                live.arrived.iter().rev().cloned().collect();
            rows::draw_arrived(pen, inner, &rows);
            return;
        }
        let moves = self.rows.run().and_then(|run| self.compared.get(run));
        let (figures, list) = above(inner, (inner.height / 2).min(self.figure_lines() + 1));
        self.draw_figures(pen, figures, moves);
        self.rows.draw(pen, list, ROWS, focused);
    }

    fn figure_lines(&self) -> u16 {
        self.shown_run().map_or(0, |run| run.figures.len().min(FIGURE_LINES) as u16)
    }

    /// Figures of the shown run with their changes.
    fn draw_figures(&self, pen: &mut Pen<'_>, area: Rect, moves: Option<&Comparison>) {
        let Some(run) = self.shown_run() else { return };
        let shown = run.figures.iter().skip(self.first_figure).take(usize::from(area.height));
        let rows = shown.map(|f| {
            let moved = moves.and_then(|c| c.of(&f.name, &f.variant));
            let (before, word, style) = moved.map_or((String::new(), "", pen.theme.dim), |m| {
                let style = match m.moved {
                    Moved::Worse => pen.theme.bad,
                    Moved::Better => pen.theme.good,
                    _ => pen.theme.dim,
                };
                (f.unit.show(m.old), said(m.moved), style)
            });
            vec![
                cell(&f.name),
                cell(&f.variant),
                cell(f.unit.show(f.value)),
                cell(range(f)),
                cell(before),
                (word.to_owned(), Some(style)),
            ]
        });
        let grid = Grid { rows: rows.collect(), right_from: 2, stretch: 1, ..Grid::default() };
        grid.draw(pen, area, ROWS, false);
    }
}
