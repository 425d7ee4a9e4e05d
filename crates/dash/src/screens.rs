//! The five screens and their common interface.

pub(crate) mod ablations;
pub(crate) mod compare;
pub(crate) mod evals;
pub(crate) mod tasks;
pub(crate) mod training;

use ratatui::layout::Rect;

use crate::keys::{Key, KeyHelp};
use crate::message::{Effect, JobId, News};
use crate::pen::{ClickTarget, Pen};

/// A screen: state that handles keys and messages of workers, and draws itself.
pub(crate) trait Component {
    /// Returns titles and key tables of the current state, the most important first.
    fn keys(&self) -> Vec<(&'static str, Vec<KeyHelp>)>;

    /// Handles a key; returns `false` for a key without an action.
    fn key(&mut self, key: Key, context: &mut ScreenContext<'_>) -> bool;

    /// Handles pasted text.
    fn paste(&mut self, _text: &str) {}

    /// Handles a click on a pane or on one of its items.
    fn click(&mut self, target: ClickTarget, context: &mut ScreenContext<'_>);

    /// Handles the mouse wheel over a pane.
    fn scroll(&mut self, pane: usize, down: bool, context: &mut ScreenContext<'_>);

    /// Handles a message of a worker. Every screen receives all of them.
    fn news(&mut self, news: &News, context: &mut ScreenContext<'_>);

    /// Called when the screen becomes the current one.
    fn shown(&mut self, _context: &mut ScreenContext<'_>) {}

    /// Draws the screen on an area.
    fn draw(&self, pen: &mut Pen<'_>, area: Rect);
}

/// Context of a screen that handles a message.
pub(crate) struct ScreenContext<'a> {
    /// Seconds since 1970.
    pub(crate) now_s: f64,
    /// Effects to run.
    pub(crate) effects: Vec<Effect>,
    /// Number of the latest job.
    pub(crate) last_job: &'a mut u64,
}

impl ScreenContext<'_> {
    /// Returns an unused job number.
    pub(crate) fn job(&mut self) -> JobId {
        *self.last_job += 1;
        JobId(*self.last_job)
    }

    /// Requests an effect.
    pub(crate) fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}

/// Formats seconds: `1.5 s`, `2 min 05 s`, `1 h 30 min`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "?".into();
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// Returns the range of the finite values with a margin of 5 %; `None` without finite values.
pub(crate) fn bounds(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return None;
    }
    let room = if high > low { (high - low) * 0.05 } else { low.abs().max(1.0) * 0.05 };
    Some([low - room, high + room])
}

/// Formats a number in few characters.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".into()
    } else if (0.001..10_000.0).contains(&size) {
        let digits = if size >= 100.0 {
            0
        } else if size >= 1.0 {
            2
        } else {
            4
        };
        format!("{value:.digits$}")
    } else {
        format!("{value:.1e}")
    }
}
