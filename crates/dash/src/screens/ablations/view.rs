//! Drawing of ablations: the lists of grids and cells, and the confirmation before a start.

use ratatui::layout::Rect;
use ratatui::style::Style;
use syrinx_eval::range;
use syrinx_results::{Cell, CellState};

use crate::AblationCard;
use crate::grid::{Grid, cell};
use crate::overlay::centred;
use crate::pen::{Pen, above, left};
use crate::screens::ablations::{ABLATIONS, Ablations, CELLS, shown};

/// Time without a heartbeat after which a running cell counts as killed, seconds.
const SILENT_S: f64 = 120.0;

impl Ablations {
    /// Draws the screen.
    pub(super) fn view(&self, pen: &mut Pen<'_>, area: Rect) {
        if pen.compact {
            match self.pane {
                ABLATIONS => self.draw_ablations(pen, area),
                _ => self.draw_cells(pen, area),
            }
        } else {
            let (ablations, rest) = left(area, 26);
            self.draw_ablations(pen, ablations);
            let (cells, chart) = above(rest, rest.height - rest.height * 2 / 5);
            self.draw_cells(pen, cells);
            self.draw_chart(pen, chart);
        }
        if let Some(card) = &self.asked {
            ask(pen, area, card);
        }
    }

    fn draw_ablations(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == ABLATIONS;
        let inner = pen.frame(area, "Ablations", ABLATIONS, focused);
        if self.ablations.is_empty() {
            let text = "no ablation in the store or in configs/ablations";
            pen.paragraph(inner, text, pen.theme.dim);
        }
        let rows = self.ablations.iter().map(|(name, cells)| {
            let finished = cells.iter().filter(|c| c.state == CellState::Finished).count();
            let (state, style) = match cells.len() {
                _ if self.live.values().any(|live| live == name) => ("runs", pen.theme.warn),
                0 => ("ready", pen.theme.good),
                all => (&*format!("{finished}/{all}"), pen.theme.text),
            };
            vec![cell(name), (state.to_owned(), Some(style))]
        });
        let selected = Some(self.ablation);
        let grid =
            Grid { rows: rows.collect(), selected, right_from: 1, stretch: 0, ..Grid::default() };
        grid.draw(pen, inner, ABLATIONS, focused);
    }

    fn draw_cells(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == CELLS;
        let name = self.ablations.get(self.ablation).map_or("Cells", |(name, _)| name);
        let inner = pen.frame(area, name, CELLS, focused);
        if self.cells().is_empty()
            && let Some(card) = self.card()
        {
            let trains = if card.trains { ", each trains a model" } else { "" };
            let text = format!(
                "{} {} cells{trains}; not run yet. Enter starts it.",
                card.question, card.cells
            );
            let used = pen.paragraph(inner, &text, pen.theme.text);
            pen.paragraph(above(inner, used).1, &self.said, pen.theme.warn);
            return;
        }
        let axes = self.axes();
        let figure = self.wanted().map_or("figure".to_owned(), |(f, v)| shown_name(&f, &v));
        let mut titles = axes.clone();
        titles.extend(["seed".into(), "state".into(), figure, "95 % interval".into()]);
        let rows = self.cells().iter().map(|c| {
            let mut row: Vec<_> = axes.iter().map(|a| cell(shown(c.axes.get(a)))).collect();
            row.push(cell(c.seed.to_string()));
            row.push((state(c, pen.now_s), Some(style(c.state, pen))));
            let figure = self.figure_of(c);
            row.push(cell(figure.map_or("-".into(), |f| f.unit.show(f.value))));
            row.push(cell(figure.map_or(String::new(), range)));
            row
        });
        let grid = Grid {
            titles,
            rows: rows.collect(),
            selected: Some(self.at),
            right_from: axes.len() + 2,
            stretch: axes.len() + 1,
        };
        let (table, note) = above(inner, inner.height.saturating_sub(1));
        grid.draw(pen, table, CELLS, focused);
        if let Some(cell) = self.cells().get(self.at).filter(|c| !c.note.is_empty()) {
            pen.text(note, 0, 0, &cell.note, style(cell.state, pen));
        } else {
            pen.text(note, 0, 0, &self.said, pen.theme.dim);
        }
    }
}

/// Draws the confirmation to start an ablation.
fn ask(pen: &mut Pen<'_>, area: Rect, card: &AblationCard) {
    let trains = if card.trains { " It trains models, which may take hours." } else { "" };
    let text = format!(
        "{} {} cells, finished ones are not run again.{trains} y: start, n: not now",
        card.question, card.cells
    );
    let box_ = centred(area, 60, 8);
    pen.clear(box_);
    let inner = pen.frame(box_, &format!("Start {}?", card.name), usize::MAX, true);
    pen.paragraph(inner, &text, pen.theme.text);
}

fn shown_name(figure: &str, variant: &str) -> String {
    if variant.is_empty() { figure.to_owned() } else { format!("{figure}, {variant}") }
}

fn state(cell: &Cell, now_s: f64) -> String {
    let name = cell.state.name();
    if !cell.state.is_active() {
        return name.to_owned();
    }
    let silent = now_s - cell.updated_s > SILENT_S;
    format!("{name} {:.0} %{}", 100.0 * cell.done, if silent { ", silent" } else { "" })
}

fn style(state: CellState, pen: &Pen<'_>) -> Style {
    match state {
        CellState::Finished => pen.theme.good,
        CellState::Failed => pen.theme.bad,
        CellState::Stopped => pen.theme.warn,
        CellState::Planned => pen.theme.dim,
        _ => pen.theme.text,
    }
}
