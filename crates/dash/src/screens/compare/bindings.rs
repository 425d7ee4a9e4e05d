//! Key bindings of the comparison.

use crate::keys::{Binding, Key, bind};

#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    All,
    One,
    Left,
    Right,
    Add,
    Remove,
    Task,
    Model,
    Seed,
    Voice,
    Settings,
    Input,
    Save,
    Play,
    Stop,
}

/// Keys of the columns.
pub(super) const KEYS: &[Binding<Act>] = &[
    bind(&[Key::Enter, Key::Char('r')], Act::All, "run", "run all columns"),
    bind(&[Key::Char('R')], Act::One, "", "run this column"),
    bind(&[Key::Char('i'), Key::Tab], Act::Input, "input", "edit text, file and voice"),
    bind(&[Key::Char('e')], Act::Settings, "settings", "edit this column's settings"),
    bind(&[Key::Left, Key::Char('h')], Act::Left, "", "the column on the left"),
    bind(&[Key::Right, Key::Char('l')], Act::Right, "", "the column on the right"),
    bind(&[Key::Char('a')], Act::Add, "add", "add a column like this one"),
    bind(&[Key::Char('d')], Act::Remove, "remove", "remove this column"),
    bind(&[Key::Char('t')], Act::Task, "task", "the next task"),
    bind(&[Key::Char('m')], Act::Model, "model", "the next model"),
    bind(&[Key::Char('s')], Act::Seed, "seed", "the next seed"),
    bind(&[Key::Char('v')], Act::Voice, "voice", "the next voice"),
    bind(&[Key::Char('w')], Act::Save, "write", "write this column's answer to files"),
    bind(&[Key::Char('p')], Act::Play, "play", "play this column's audio"),
    bind(&[Key::Char('x')], Act::Stop, "stop", "stop the running columns"),
];

#[derive(Debug, Clone, Copy)]
pub(super) enum Typing {
    Run,
    Next,
    Previous,
    Leave,
}

/// Keys while a field has the focus.
pub(super) const TYPING: &[Binding<Typing>] = &[
    bind(&[Key::Enter], Typing::Run, "run", "run all columns"),
    bind(&[Key::Tab, Key::Down], Typing::Next, "next field", "text, file, voice, columns"),
    bind(&[Key::BackTab, Key::Up], Typing::Previous, "", "the previous field"),
    bind(&[Key::Esc], Typing::Leave, "columns", "back to the columns"),
];

#[derive(Debug, Clone, Copy)]
pub(super) enum Knobs {
    More,
    Less,
    Type,
    Reset,
    Run,
    Leave,
}

/// Keys of the settings.
pub(super) const KNOBS: &[Binding<Knobs>] = &[
    bind(
        &[Key::Right, Key::Char('+'), Key::Char('l')],
        Knobs::More,
        "more",
        "increase, or switch on",
    ),
    bind(
        &[Key::Left, Key::Char('-'), Key::Char('h')],
        Knobs::Less,
        "less",
        "decrease, or switch off",
    ),
    bind(&[Key::Enter], Knobs::Type, "type", "type a value; enter confirms it"),
    bind(&[Key::Backspace, Key::Char('0')], Knobs::Reset, "reset", "back to the default"),
    bind(&[Key::Char('r')], Knobs::Run, "run", "run this column with these settings"),
    bind(&[Key::Esc, Key::Char('e'), Key::Tab], Knobs::Leave, "columns", "back to the columns"),
];
