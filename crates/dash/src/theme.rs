//! Color themes, one of them without colors.

use ratatui::style::{Color, Modifier, Style};

/// A theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// For dark terminals.
    #[default]
    Dark,
    /// For light terminals.
    Light,
    /// Without colors (`NO_COLOR`).
    Plain,
}

impl ThemeName {
    /// All themes.
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::Plain];

    /// Returns the name of the theme in flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Plain => "plain",
        }
    }

    /// Returns the other of the dark and the light theme; the theme without colors has no other.
    pub fn next(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
            Self::Plain => Self::Plain,
        }
    }
}

/// Number of accent colors for segments and curves.
const ACCENTS: usize = 6;

/// Color theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    /// Name of the theme.
    pub name: ThemeName,
    /// Plain text.
    pub text: Style,
    /// Less important text.
    pub dim: Style,
    /// Titles.
    pub title: Style,
    /// Frames.
    pub frame: Style,
    /// The frame of the pane that keys go to.
    pub focus: Style,
    /// Selected entry.
    pub selected: Style,
    /// Improvement.
    pub good: Style,
    /// Deterioration.
    pub bad: Style,
    /// Warning.
    pub warn: Style,
    /// Colors of categories, by index.
    pub accents: [Style; ACCENTS],
    ramp: Option<&'static [u8]>,
}

/// Black over violet and orange to white, as indices into the 256 colors.
const RAMP_DARK: [u8; 12] = [16, 17, 54, 90, 126, 162, 197, 203, 209, 215, 222, 230];
/// White over blue to black, as indices into the 256 colors.
const RAMP_LIGHT: [u8; 12] = [231, 195, 159, 117, 75, 33, 27, 20, 19, 18, 17, 16];

impl Theme {
    /// Returns the theme of that name.
    pub fn named(name: ThemeName) -> Self {
        let plain = Style::new();
        let fg = |c: u8| Style::new().fg(Color::Indexed(c));
        let bold = |style: Style| style.add_modifier(Modifier::BOLD);
        match name {
            ThemeName::Dark => Self {
                name,
                text: plain,
                dim: fg(245),
                title: bold(fg(117)),
                frame: fg(240),
                focus: fg(117),
                selected: Style::new().bg(Color::Indexed(238)).add_modifier(Modifier::BOLD),
                good: fg(114),
                bad: bold(fg(203)),
                warn: fg(221),
                accents: [114, 117, 215, 176, 221, 203].map(fg),
                ramp: Some(&RAMP_DARK),
            },
            ThemeName::Light => Self {
                name,
                text: plain,
                dim: fg(243),
                title: bold(fg(25)),
                frame: fg(250),
                focus: fg(25),
                selected: Style::new().bg(Color::Indexed(253)).add_modifier(Modifier::BOLD),
                good: fg(28),
                bad: bold(fg(160)),
                warn: fg(130),
                accents: [28, 25, 130, 90, 94, 160].map(fg),
                ramp: Some(&RAMP_LIGHT),
            },
            ThemeName::Plain => Self {
                name,
                text: plain,
                dim: plain.add_modifier(Modifier::DIM),
                title: bold(plain),
                frame: plain.add_modifier(Modifier::DIM),
                focus: bold(plain),
                selected: plain.add_modifier(Modifier::REVERSED),
                good: plain,
                bad: bold(plain),
                warn: bold(plain),
                accents: [plain; ACCENTS],
                ramp: None,
            },
        }
    }

    /// Returns the color of a loudness from 0 to 1; `None` in a theme without colors.
    pub fn heat(&self, level: f32) -> Option<Color> {
        let ramp = self.ramp?;
        let last = ramp.len() - 1;
        let at = (level.clamp(0.0, 1.0) * last as f32).round() as usize;
        Some(Color::Indexed(ramp[at.min(last)]))
    }

    /// Returns the style of the category with this index.
    pub fn accent(&self, number: usize) -> Style {
        self.accents[number % ACCENTS]
    }
}
