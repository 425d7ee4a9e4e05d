//! Map from tokens to rows of the model's tables. The tables have these shapes; no other module knows the offsets.

use serde::{Deserialize, Serialize};

use crate::CodeTable;

/// Sizes of the token spaces that a model was built for. Saved with its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenSpace {
    /// Number of text tokens.
    pub text_tokens: usize,
    /// First text id that is a phone.
    pub first_phone: u32,
    /// Number of phones (labels of the phone head).
    pub phones: usize,
    /// Id that begins a text response.
    pub text_begin: u32,
    /// Id that ends a text response.
    pub text_end: u32,
    /// Levels of the codec.
    pub levels: usize,
    /// Entries a level.
    pub codebook_size: usize,
    /// Frames a second of the codec.
    pub frame_rate_hz: f64,
    /// Frames that the AR predicts at a step (grouped codes, VALL-E 2).
    pub group: usize,
    /// Names of the learned vectors, in the order of their rows. New ones are appended.
    pub special_tokens: Vec<String>,
}

/// Sizes of a codec's codebooks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodebookSizes {
    /// Levels of the codec.
    pub levels: usize,
    /// Entries a level.
    pub codebook_size: usize,
    /// Frames a second.
    pub frame_rate_hz: f64,
}

/// The special token that closes a segment.
pub(crate) const SEPARATOR: &str = "sep";

impl TokenSpace {
    /// Builds a space for a codec and the English vocabulary, with the special tokens of these layouts.
    pub fn new(
        vocab: &syrinx_text::TextVocab,
        codebooks: CodebookSizes,
        group: usize,
        special_tokens: impl IntoIterator<Item = String>,
    ) -> Self {
        let CodebookSizes { levels, codebook_size, frame_rate_hz } = codebooks;
        let mut space = Self {
            text_tokens: vocab.len(),
            first_phone: vocab.phones_range().start,
            phones: vocab.phones_range().len(),
            text_begin: vocab.bos(),
            text_end: vocab.eos(),
            levels,
            codebook_size,
            frame_rate_hz,
            group,
            special_tokens: vec![SEPARATOR.into()],
        };
        space.special_tokens.extend((0..levels).map(|l| format!("level:{}", l + 1)));
        space.add_special_tokens(special_tokens);
        space
    }

    /// Appends missing special tokens. Existing rows keep their indices.
    pub fn add_special_tokens(&mut self, special_tokens: impl IntoIterator<Item = String>) {
        for special_token in special_tokens {
            if !self.special_tokens.contains(&special_token) {
                self.special_tokens.push(special_token);
            }
        }
    }

    /// Returns the row of a special token.
    pub fn special_token(&self, name: &str) -> Option<u32> {
        self.special_tokens.iter().position(|m| m == name).map(|i| i as u32)
    }

    /// Returns the row of the special token that names a level, from 0.
    pub fn level_token(&self, level: usize) -> u32 {
        1 + level as u32
    }

    /// Returns the number of rows of a code table: the entries and one for an empty history.
    pub fn table_rows(&self) -> usize {
        self.codebook_size + 1
    }

    /// Returns the number of code tables: prompt levels, AR group members, NAR levels.
    pub fn code_tables(&self) -> usize {
        2 * self.levels + self.group
    }

    /// Returns the table of a level (or group member) of a kind.
    pub fn code_table(&self, table: CodeTable, level: usize) -> usize {
        match table {
            CodeTable::Prompt => level,
            CodeTable::ResponseAr => self.levels + level,
            CodeTable::ResponseNar => self.levels + self.group + level,
        }
    }

    /// Returns the row of a code in the concatenated code tables.
    pub fn code(&self, table: CodeTable, level: usize, code: u16) -> u32 {
        (self.code_table(table, level) * self.table_rows() + usize::from(code)) as u32
    }

    /// Returns the row of a code that an AR stage predicted. Level 1 has a table of its own. Further levels share the
    /// tables of the NAR, since no layout has both.
    pub fn history_code(&self, level: usize, code: u16) -> u32 {
        match level {
            0 => self.code(CodeTable::ResponseAr, 0, code),
            _ => self.code(CodeTable::ResponseNar, level, code),
        }
    }

    /// Returns the row of an empty history in the table that contains `row`.
    pub(crate) fn nothing_in_table_of(&self, row: u32) -> u32 {
        let rows = self.table_rows() as u32;
        row / rows * rows + u32::from(self.no_code())
    }

    /// Returns the code of an empty history in a table, and of "stop" in the first-level head.
    pub fn no_code(&self) -> u16 {
        self.codebook_size as u16
    }

    /// Returns the number of code slots of a position.
    pub fn code_slots(&self) -> usize {
        self.levels.max(self.group)
    }

    /// Returns the number of classes of the first-level head: the codes and "stop".
    pub fn first_level_classes(&self) -> usize {
        self.codebook_size + 1
    }

    /// Returns the number of classes of the pointer head: advances from 0 to the largest, and "end".
    pub fn advance_classes(&self) -> usize {
        self.max_advance() + 2
    }

    /// Returns the class of an advance from one phone index to the next; the end where there is none.
    pub(crate) fn advance_class(&self, phone_index: usize, next: Option<usize>) -> u32 {
        match next {
            Some(next) => (next - phone_index).min(self.max_advance()) as u32,
            None => self.advance_classes() as u32 - 1,
        }
    }

    /// Returns the largest advance of the pointer in one step.
    pub fn max_advance(&self) -> usize {
        crate::MAX_ADVANCE * self.group
    }
}
