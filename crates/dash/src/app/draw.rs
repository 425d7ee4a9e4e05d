//! Drawing of the state: tabs, the shown screen, the status bar.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::pen::{ClickTarget, Pen, above, width};
use crate::screen::Screen;

/// Columns and lines of the smallest terminal that shows all panes; a smaller one shows one pane at a time.
const FULL: (u16, u16) = (80, 24);
/// Time for which the status bar shows a message, seconds.
const SAID_S: f64 = 8.0;

impl App {
    /// Draws the state on a terminal's frame.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        self.draw_on(frame.buffer_mut(), area);
    }

    /// Draws the state on an area of a buffer and records the click targets.
    pub fn draw_on(&mut self, buf: &mut Buffer, area: Rect) {
        let mut hits = Vec::new();
        let compact = area.width < FULL.0 || area.height < FULL.1;
        let mut pen = Pen { buf, theme: &self.theme, hits: &mut hits, now_s: self.now_s, compact };
        let (tabs, rest) = above(area, 1);
        let (body, bar) = above(rest, rest.height.saturating_sub(1));
        self.draw_tabs(&mut pen, tabs);
        self.shown_screen().draw(&mut pen, body);
        self.draw_bar(&mut pen, bar);
        if let Some(overlay) = &self.overlay {
            overlay.draw(&mut pen, area, &self.helps());
        }
        self.hits = hits;
    }

    fn draw_tabs(&self, pen: &mut Pen<'_>, area: Rect) {
        let mut column = pen.text(area, 0, 0, " Syrinx ", pen.theme.title);
        for (i, screen) in Screen::ALL.iter().enumerate() {
            let here = *screen == self.screen;
            let name = match (here, pen.compact) {
                (true, _) => format!("[{} {}]", i + 1, screen.name()),
                (false, false) => format!(" {} {} ", i + 1, screen.name()),
                (false, true) => format!(" {} ", i + 1),
            };
            let style = if here { pen.theme.title } else { pen.theme.dim };
            let wide = pen.text(area, column, 0, &name, style);
            let place = Rect { x: area.x.saturating_add(column), width: wide, ..area };
            pen.hits.push((place.intersection(area), ClickTarget::Screen(i)));
            column += wide;
        }
        if self.is_working() {
            let spinner = ['|', '/', '-', '\\'][(self.now_s * 4.0) as u64 as usize % 4];
            let text = format!("{spinner} {} running ", self.working.len());
            let at = usize::from(area.width).saturating_sub(width(&text));
            if at > usize::from(column) {
                pen.text(area, at as u16, 0, &text, pen.theme.warn);
            }
        }
    }

    fn draw_bar(&self, pen: &mut Pen<'_>, area: Rect) {
        if let Some((text, trouble, at_s)) = &self.said
            && self.now_s - at_s < SAID_S
        {
            let (sign, style) = if *trouble { ("! ", pen.theme.bad) } else { ("", pen.theme.text) };
            pen.line(area, 0, &[(" ", style), (sign, style), (text, style)]);
            return;
        }
        // The keys for help and quitting are always shown, right-aligned.
        const ALWAYS: [(&str, &str); 2] = [("?", "help"), ("q", "quit")];
        let room: usize = ALWAYS.iter().map(|(key, word)| width(key) + width(word) + 3).sum();
        let end = usize::from(area.width).saturating_sub(room);
        let mut right = end as u16 + 1;
        for (key, word) in ALWAYS {
            right += pen.text(area, right, 0, key, pen.theme.title) + 1;
            right += pen.text(area, right, 0, word, pen.theme.dim) + 2;
        }
        let mut column = 1;
        for row in self.helps().into_iter().flat_map(|(_, rows)| rows) {
            let key = row.keys.split(' ').next().unwrap_or_default();
            let wanted = width(key) + width(row.bar) + 3;
            let always = ALWAYS.iter().any(|(name, _)| *name == key);
            if row.bar.is_empty() || always || usize::from(column) + wanted > end {
                continue;
            }
            column += pen.text(area, column, 0, key, pen.theme.title) + 1;
            column += pen.text(area, column, 0, row.bar, pen.theme.dim) + 2;
        }
    }
}
