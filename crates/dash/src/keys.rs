//! Keys and tables of their actions.
//!
//! A component has one table of [`Binding`]s. Key handling, help and status bar all read this table, so that they
//! cannot disagree.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key that the dashboard distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A printable character.
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
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
}

impl Key {
    /// Returns the key of an event; `None` for key releases and unsupported keys.
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

    /// Returns the name of the key in help texts.
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

/// Keys with their action.
#[derive(Debug, Clone, Copy)]
pub struct Binding<A> {
    /// Alternative keys.
    pub keys: &'static [Key],
    /// Effect of the keys.
    pub action: A,
    /// Word for the status bar; empty if the keys are not shown there.
    pub bar: &'static str,
    /// Help text.
    pub help: &'static str,
}

/// Builds a row of a key table.
pub const fn bind<A>(
    keys: &'static [Key],
    action: A,
    bar: &'static str,
    help: &'static str,
) -> Binding<A> {
    Binding { keys, action, bar, help }
}

/// Returns the action of a key in a table.
pub fn action<A: Copy>(table: &[Binding<A>], key: Key) -> Option<A> {
    table.iter().find(|b| b.keys.contains(&key)).map(|b| b.action)
}

/// Description of a row of a key table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHelp {
    /// The keys' names.
    pub keys: String,
    /// Word for the status bar; empty if the keys are not shown there.
    pub bar: &'static str,
    /// Effect of the keys.
    pub help: &'static str,
}

/// Returns the descriptions of a table's rows.
pub fn helps<A>(table: &[Binding<A>]) -> Vec<KeyHelp> {
    let row = |b: &Binding<A>| KeyHelp {
        keys: b.keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(" "),
        bar: b.bar,
        help: b.help,
    };
    table.iter().map(row).collect()
}

/// Movement of the selection in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One item up.
    Up,
    /// One item down.
    Down,
    /// Ten items up.
    PageUp,
    /// Ten items down.
    PageDown,
    /// First item.
    First,
    /// Last item.
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
    /// Returns the index after a movement from index `at`, in a list of `len` items.
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
