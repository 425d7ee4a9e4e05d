//! Drawing of clipped text, frames and click targets.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::{ProgramError, Theme};

/// Target of a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClickTarget {
    /// A screen, by its index.
    Screen(usize),
    /// A pane of the screen, by its index.
    Pane(usize),
    /// An item of a pane: index of the pane, index of the item.
    Item(usize, usize),
}

/// Draws on a buffer and records click targets.
pub struct Pen<'a> {
    /// The buffer.
    pub buf: &'a mut Buffer,
    /// Color theme.
    pub theme: &'a Theme,
    /// Click targets in drawing order; a later one covers earlier ones.
    pub hits: &'a mut Vec<(Rect, ClickTarget)>,
    /// Seconds since 1970.
    pub now_s: f64,
    /// Whether the terminal has space for one pane only.
    pub compact: bool,
}

/// Returns the number of columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Removes control characters from a text and truncates it to `columns` columns, with an ellipsis at the end.
pub fn fit(text: &str, columns: usize) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    if clean.width() <= columns {
        return clean;
    }
    let (mut out, mut used) = (String::new(), 0);
    for c in clean.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        out.push(c);
        used += wide;
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// Wraps a text into lines of at most `columns` columns, at spaces where possible.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

impl Pen<'_> {
    /// Draws a text at a column and line of an area, clipped to the area. Returns the number of columns drawn.
    pub fn text(&mut self, area: Rect, column: u16, line: u16, text: &str, style: Style) -> u16 {
        let area = area.intersection(self.buf.area);
        if column >= area.width || line >= area.height {
            return 0;
        }
        let room = usize::from(area.width - column);
        let text = fit(text, room);
        self.buf.set_stringn(area.x + column, area.y + line, &text, room, style);
        u16::try_from(text.width()).unwrap_or(u16::MAX)
    }

    /// Draws texts next to each other, each in its own style.
    pub fn line(&mut self, area: Rect, line: u16, parts: &[(&str, Style)]) {
        let mut column = 0;
        for (text, style) in parts {
            column += self.text(area, column, line, text, *style);
        }
    }

    /// Draws a wrapped text, clipped to the area. Returns the number of lines drawn.
    pub fn paragraph(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let lines = wrap(text, usize::from(area.width));
        for (i, line) in (0..area.height).zip(&lines) {
            self.text(area, 0, i, line, style);
        }
        u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height)
    }

    /// Draws an error with its remedy below.
    pub fn failure(&mut self, area: Rect, error: &ProgramError) {
        let used = self.paragraph(area, &format!("! {error}"), self.theme.bad);
        if let Some(hint) = &error.hint {
            self.paragraph(above(area, used).1, hint, self.theme.dim);
        }
    }

    /// Draws a frame with a title; returns the area inside. A click on it selects the pane.
    pub fn frame(&mut self, area: Rect, title: &str, pane: usize, focused: bool) -> Rect {
        let area = area.intersection(self.buf.area);
        self.hits.push((area, ClickTarget::Pane(pane)));
        if area.width < 3 || area.height < 3 {
            return Rect { width: 0, height: 0, ..area };
        }
        let style = if focused { self.theme.focus } else { self.theme.frame };
        // The line is thicker, too, so that the focus is visible without colors.
        let kind = if focused { BorderType::Thick } else { BorderType::Plain };
        let block = Block::bordered().border_type(kind).border_style(style);
        let inner = block.inner(area);
        block.render(area, self.buf);
        let title = format!(" {} ", fit(title, usize::from(area.width.saturating_sub(6))));
        let style = if focused { self.theme.title } else { self.theme.dim };
        self.text(area, 2, 0, &title, style);
        inner
    }

    /// Draws a bar that is filled up to `share` (0..=1) and contains a text.
    pub fn gauge(&mut self, area: Rect, line: u16, share: f64, text: &str) {
        let columns = usize::from(area.width);
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let full = (share * columns as f64).round() as usize;
        let bar: String = (0..columns).map(|i| if i < full { '█' } else { '░' }).collect();
        self.text(area, 0, line, &bar, self.theme.dim);
        let text = format!(" {} ", fit(text, columns.saturating_sub(2)));
        let column = (columns.saturating_sub(text.width()) / 2) as u16;
        self.text(area, column, line, &text, self.theme.text);
    }

    /// Clears an area.
    pub fn clear(&mut self, area: Rect) {
        Clear.render(area.intersection(self.buf.area), self.buf);
    }
}

/// Splits an area into the upper `lines` lines and the remainder.
pub fn above(area: Rect, lines: u16) -> (Rect, Rect) {
    let lines = lines.min(area.height);
    (
        Rect { height: lines, ..area },
        Rect { y: area.y + lines, height: area.height - lines, ..area },
    )
}

/// Splits an area into the left `columns` columns and the remainder.
pub fn left(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    (
        Rect { width: columns, ..area },
        Rect { x: area.x + columns, width: area.width - columns, ..area },
    )
}
