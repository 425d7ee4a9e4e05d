//! Overlays of the screens: the help, and the confirmation before quitting with running jobs.

use ratatui::layout::Rect;

use crate::keys::{Key, KeyHelp, LIST, action};
use crate::pen::{Pen, width};

/// Overlay of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlay {
    /// Help with all keys.
    Help {
        /// Index of the first line shown.
        scroll: usize,
    },
    /// Confirmation to quit while jobs are running.
    Leave,
}

/// Outcome of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OverlayOutcome {
    /// The overlay stays open.
    Stay,
    /// The overlay closes.
    Close,
    /// The dashboard quits.
    Leave,
}

/// Upper bound of the number of help lines.
const MOST_LINES: usize = 400;

impl Overlay {
    pub(crate) fn key(&mut self, key: Key) -> OverlayOutcome {
        match self {
            Self::Help { scroll } => match action(LIST, key) {
                Some(step) => {
                    *scroll = step.from(*scroll, MOST_LINES);
                    OverlayOutcome::Stay
                }
                None => OverlayOutcome::Close,
            },
            Self::Leave => match key {
                Key::Char('y' | 'Y' | 'q') | Key::Enter | Key::Ctrl('c') => OverlayOutcome::Leave,
                Key::Char('n' | 'N') | Key::Esc => OverlayOutcome::Close,
                _ => OverlayOutcome::Stay,
            },
        }
    }

    pub(crate) fn draw(
        self,
        pen: &mut Pen<'_>,
        area: Rect,
        helps: &[(&'static str, Vec<KeyHelp>)],
    ) {
        match self {
            Self::Help { scroll } => draw_help(pen, area, helps, scroll),
            Self::Leave => {
                let box_ = centred(area, 46, 5);
                pen.clear(box_);
                let inner = pen.frame(box_, "Quit?", usize::MAX, true);
                let text = "Jobs are running and will be stopped. Finished results are kept. \
                            y: quit, n: stay";
                pen.paragraph(inner, text, pen.theme.text);
            }
        }
    }
}

/// Returns a rectangle of `columns` × `lines` in the middle of an area, clipped to it.
pub(crate) fn centred(area: Rect, columns: u16, lines: u16) -> Rect {
    let (columns, lines) = (columns.min(area.width), lines.min(area.height));
    Rect {
        x: area.x + (area.width - columns) / 2,
        y: area.y + (area.height - lines) / 2,
        width: columns,
        height: lines,
    }
}

fn draw_help(pen: &mut Pen<'_>, area: Rect, helps: &[(&'static str, Vec<KeyHelp>)], scroll: usize) {
    let keys = helps.iter().flat_map(|(_, rows)| rows).map(|r| width(&r.keys)).max().unwrap_or(0);
    let mut lines: Vec<(String, bool)> = Vec::new();
    for (title, rows) in helps {
        lines.push(((*title).to_owned(), true));
        for row in rows {
            let pad = " ".repeat(keys - width(&row.keys));
            lines.push((format!("  {}{pad}  {}", row.keys, row.help), false));
        }
    }
    let wide = lines.iter().map(|(text, _)| width(text)).max().unwrap_or(0) as u16;
    let box_ = centred(area, wide.saturating_add(4), lines.len() as u16 + 2);
    pen.clear(box_);
    let inner = pen.frame(box_, "Keys (any key closes)", usize::MAX, true);
    let first = scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    for (i, (text, title)) in lines.iter().skip(first).enumerate().take(inner.height.into()) {
        let style = if *title { pen.theme.title } else { pen.theme.text };
        pen.text(inner, 1, i as u16, text, style);
    }
}
