//! Tables that scroll.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::pen::{ClickTarget, Pen, fit, width};

/// Text of a cell, and its style if it differs from the table's.
pub type GridCell = (String, Option<Style>);

/// A scrollable table.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// Titles of the columns; empty for a table without a title line.
    pub titles: Vec<String>,
    /// Rows, each with a cell for every column.
    pub rows: Vec<Vec<GridCell>>,
    /// Index of the selected row.
    pub selected: Option<usize>,
    /// Index of the first right-aligned column; all columns after it are right-aligned, too.
    pub right_from: usize,
    /// Column whose width is adjusted to fill the area.
    pub stretch: usize,
}

/// Space between two columns, in terminal columns.
const GAP: usize = 1;

/// Returns the index of the first row to draw, such that the selected row is visible.
pub fn offset(selected: usize, rows: usize, height: usize) -> usize {
    if height == 0 {
        return 0;
    }
    let middle = selected.saturating_sub(height / 2);
    middle.min(rows.saturating_sub(height))
}

impl Grid {
    /// Draws the table and records its rows as click targets of the pane.
    pub fn draw(&self, pen: &mut Pen<'_>, area: Rect, pane: usize, focused: bool) {
        let widths = self.widths(usize::from(area.width));
        let head = u16::from(!self.titles.is_empty());
        if head == 1 {
            let titles: Vec<GridCell> = self.titles.iter().map(|t| (t.clone(), None)).collect();
            let style = pen.theme.dim;
            self.row(pen, area, 0, &titles, &widths, style);
        }
        let height = usize::from(area.height.saturating_sub(head));
        let first = offset(self.selected.unwrap_or(0), self.rows.len(), height);
        for (i, cells) in self.rows.iter().enumerate().skip(first).take(height) {
            let line = head + (i - first) as u16;
            let selected = self.selected == Some(i);
            let style = match (selected, focused) {
                (true, true) => pen.theme.selected,
                (true, false) => pen.theme.title,
                _ => pen.theme.text,
            };
            let whole = Rect { y: area.y + line, height: 1, ..area };
            pen.hits.push((whole, ClickTarget::Item(pane, i)));
            if selected && focused {
                pen.text(area, 0, line, &" ".repeat(usize::from(area.width)), style);
            }
            self.row(pen, area, line, cells, &widths, style);
        }
    }

    fn row(
        &self,
        pen: &mut Pen<'_>,
        area: Rect,
        line: u16,
        cells: &[GridCell],
        widths: &[usize],
        style: Style,
    ) {
        let mut column = 0;
        for (i, ((text, own), wide)) in cells.iter().zip(widths).enumerate() {
            let text = fit(text, *wide);
            let pad = if i >= self.right_from { wide.saturating_sub(width(&text)) } else { 0 };
            let style = own.map_or(style, |own| style.patch(own));
            pen.text(area, (column + pad) as u16, line, &text, style);
            column += wide + GAP;
        }
    }

    /// Returns the width of each column: that of its widest cell; the column `stretch` fills the area.
    fn widths(&self, room: usize) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).chain([self.titles.len()]).max().unwrap_or(0);
        let widest = |c: usize| {
            let cells = self.rows.iter().filter_map(|r| r.get(c)).map(|(text, _)| width(text));
            cells.chain(self.titles.get(c).map(|t| width(t))).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..columns).map(widest).collect();
        let used: usize = widths.iter().sum::<usize>() + GAP * columns.saturating_sub(1);
        if let Some(stretch) = widths.get_mut(self.stretch) {
            let least = (*stretch).min(4);
            *stretch = (*stretch + room).saturating_sub(used).max(least);
        }
        widths
    }
}

/// Builds a cell in the table's style.
pub fn cell(text: impl Into<String>) -> GridCell {
    (text.into(), None)
}
