//! Keys and tables of their actions.
//!
//! A component has one table ([`Binding`]s). Pressing a key looks its action up there, and so do the help and the
//! status bar: a key that works is explained, and one that is explained works.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key that the dashboard distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A letter, digit or sign, as it is typed.
    Char(char),
    /// A letter with Ctrl.
    Ctrl(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tabulator.
    Tab,
    /// Shift and tabulator.
    BackTab,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// A page back.
    PageUp,
    /// A page on.
    PageDown,
    /// Delete backwards.
    Backspace,
    /// Delete forwards.
    Delete,
}

impl Key {
    /// Returns the key of an event; none for releases and for keys that mean nothing here.
    pub fn of(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        Some(match event.code {
            KeyCode::Char(c) if ctrl => Self::Ctrl(c.to_ascii_lowercase()),
            KeyCode::Char(c) => Self::Char(c),
            KeyCode::Enter => Self::Enter,
            KeyCode::Esc => Self::Esc,
            KeyCode::Tab => Self::Tab,
            KeyCode::BackTab => Self::BackTab,
            KeyCode::Up => Self::Up,
            KeyCode::Down => Self::Down,
            KeyCode::Left => Self::Left,
            KeyCode::Right => Self::Right,
            KeyCode::Home => Self::Home,
            KeyCode::End => Self::End,
            KeyCode::PageUp => Self::PageUp,
            KeyCode::PageDown => Self::PageDown,
            KeyCode::Backspace => Self::Backspace,
            KeyCode::Delete => Self::Delete,
            _ => return None,
        })
    }

    /// As the help writes it.
    pub fn name(self) -> String {
        match self {
            Self::Char(' ') => "space".into(),
            Self::Char(c) => c.to_string(),
            Self::Ctrl(c) => format!("^{}", c.to_ascii_uppercase()),
            Self::Enter => "enter".into(),
            Self::Esc => "esc".into(),
            Self::Tab => "tab".into(),
            Self::BackTab => "shift-tab".into(),
            Self::Up => "↑".into(),
            Self::Down => "↓".into(),
            Self::Left => "←".into(),
            Self::Right => "→".into(),
            Self::Home => "home".into(),
            Self::End => "end".into(),
            Self::PageUp => "pgup".into(),
            Self::PageDown => "pgdn".into(),
            Self::Backspace => "bksp".into(),
            Self::Delete => "del".into(),
        }
    }
}

/// Keys with their effect.
#[derive(Debug, Clone, Copy)]
pub struct Binding<A> {
    /// Any of these.
    pub keys: &'static [Key],
    /// Effect of the keys.
    pub action: A,
    /// A word for the status bar; empty where it isn't shown there.
    pub bar: &'static str,
    /// Help text.
    pub help: &'static str,
}

/// Returns a row of a table.
pub const fn bind<A>(
    keys: &'static [Key],
    action: A,
    bar: &'static str,
    help: &'static str,
) -> Binding<A> {
    Binding { keys, action, bar, help }
}

/// Returns a key's action by a table.
pub fn action<A: Copy>(table: &[Binding<A>], key: Key) -> Option<A> {
    table.iter().find(|b| b.keys.contains(&key)).map(|b| b.action)
}

/// A row of a table for those who read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHelp {
    /// The keys' names.
    pub keys: String,
    /// A word for the status bar; empty where it isn't shown there.
    pub bar: &'static str,
    /// Effect of the keys.
    pub help: &'static str,
}

/// Returns a table for those who read it.
pub fn helps<A>(table: &[Binding<A>]) -> Vec<KeyHelp> {
    let row = |b: &Binding<A>| KeyHelp {
        keys: b.keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(" "),
        bar: b.bar,
        help: b.help,
    };
    table.iter().map(row).collect()
}

/// Moving in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One up.
    Up,
    /// One down.
    Down,
    /// Ten up.
    PageUp,
    /// Ten down.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
}

/// Keys of every list.
pub const LIST: &[Binding<Step>] = &[
    bind(&[Key::Up, Key::Char('k')], Step::Up, "", "up"),
    bind(&[Key::Down, Key::Char('j')], Step::Down, "", "down"),
    bind(&[Key::PageUp], Step::PageUp, "", "a page up"),
    bind(&[Key::PageDown], Step::PageDown, "", "a page down"),
    bind(&[Key::Home, Key::Char('g')], Step::First, "", "to the first"),
    bind(&[Key::End, Key::Char('G')], Step::Last, "", "to the last"),
];

impl Step {
    /// Returns the place after the step, in a list of `len`.
    pub fn from(self, at: usize, len: usize) -> usize {
        const PAGE: usize = 10;
        let last = len.saturating_sub(1);
        match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at + 1,
            Self::PageUp => at.saturating_sub(PAGE),
            Self::PageDown => at + PAGE,
            Self::First => 0,
            Self::Last => last,
        }
        .min(last)
    }
}
