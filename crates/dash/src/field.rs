//! Text field of one line.

use crate::keys::Key;

/// A line of text with the cursor position in characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    text: String,
    cursor: usize,
}

impl Field {
    /// Builds a line with the cursor at its end.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.chars().count(), text }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the cursor, in characters from the beginning.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Inserts pasted text as one line.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars() {
            let c = if c.is_control() { ' ' } else { c };
            self.text.insert(self.byte(self.cursor), c);
            self.cursor += 1;
        }
    }

    /// Handles a key; returns `false` for keys that do not edit text.
    pub fn key(&mut self, key: Key) -> bool {
        let length = self.text.chars().count();
        match key {
            Key::Char(c) => {
                self.text.insert(self.byte(self.cursor), c);
                self.cursor += 1;
            }
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.byte(self.cursor));
            }
            Key::Delete if self.cursor < length => {
                self.text.remove(self.byte(self.cursor));
            }
            Key::Ctrl('u') => *self = Self::default(),
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = (self.cursor + 1).min(length),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = length,
            Key::Backspace | Key::Delete => {}
            _ => return false,
        }
        true
    }

    fn byte(&self, character: usize) -> usize {
        self.text.char_indices().nth(character).map_or(self.text.len(), |(i, _)| i)
    }
}
