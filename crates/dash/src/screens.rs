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

/// A screen: state that takes keys and news, and can be drawn.
pub(crate) trait Component {
    /// Returns titles and key tables of the current state, the most important first.
    fn keys(&self) -> Vec<(&'static str, Vec<KeyHelp>)>;

    /// Takes a key; `false` if it means nothing here.
    fn key(&mut self, key: Key, context: &mut ScreenContext<'_>) -> bool;

    /// Takes pasted text.
    fn paste(&mut self, _text: &str) {}

    /// Takes a click on a pane or on one of its items.
    fn click(&mut self, target: ClickTarget, context: &mut ScreenContext<'_>);

    /// Takes the wheel over a pane.
    fn scroll(&mut self, pane: usize, down: bool, context: &mut ScreenContext<'_>);

    /// Takes news. All screens get all of them.
    fn news(&mut self, news: &News, context: &mut ScreenContext<'_>);

    /// Reacts to the screen being shown.
    fn shown(&mut self, _context: &mut ScreenContext<'_>) {}

    /// Draws it.
    fn draw(&self, pen: &mut Pen<'_>, area: Rect);
}

/// Context of a screen that handles a message.
pub(crate) struct ScreenContext<'a> {
    /// Seconds since 1970.
    pub(crate) now_s: f64,
    /// Effects to run.
    pub(crate) effects: Vec<Effect>,
    /// The last job's number.
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

/// Seconds as people say them.
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

/// Returns the bounds of values with a little room around them; none for nothing.
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

/// Returns a number in few signs.
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
