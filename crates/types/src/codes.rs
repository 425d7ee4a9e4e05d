//! Codes of a codec.

use serde::{Deserialize, Serialize};

/// Codes of a residual vector quantiser: `frames` rows of `levels` entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Codes {
    levels: usize,
    values: Vec<u16>, // (frames, levels), row by row
}

/// Error of a code table.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum CodesError {
    /// The number of values is not a multiple of the number of levels.
    #[error("{values} codes don't fill rows of {levels} levels")]
    Ragged {
        /// Values given.
        values: usize,
        /// Levels a row.
        levels: usize,
    },
    /// A code lies outside the codebook.
    #[error("code {code} at frame {frame}, level {level} is outside a codebook of {size}")]
    OutOfRange {
        /// The code.
        code: u16,
        /// Frame of the code.
        frame: usize,
        /// Level of the code, from 0.
        level: usize,
        /// Entries of the codebook.
        size: usize,
    },
}

impl Codes {
    /// Returns the codes from values in (frames, levels) order.
    pub fn new(levels: usize, values: Vec<u16>) -> Result<Self, CodesError> {
        if levels == 0 || !values.len().is_multiple_of(levels) {
            return Err(CodesError::Ragged { values: values.len(), levels });
        }
        Ok(Self { levels, values })
    }

    /// Builds codes of `levels` levels without frames.
    pub fn empty(levels: usize) -> Self {
        Self { levels, values: Vec::new() }
    }

    /// Returns the number of levels (codebooks).
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// Returns the number of frames.
    pub fn frames(&self) -> usize {
        self.values.len().checked_div(self.levels).unwrap_or(0)
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns all levels of one frame.
    pub fn frame(&self, frame: usize) -> &[u16] {
        &self.values[frame * self.levels..(frame + 1) * self.levels]
    }

    /// Returns one code.
    pub fn at(&self, frame: usize, level: usize) -> u16 {
        self.values[frame * self.levels + level]
    }

    /// Sets one code.
    pub fn set(&mut self, frame: usize, level: usize, code: u16) {
        self.values[frame * self.levels + level] = code;
    }

    /// Appends a frame; its length must be the number of levels.
    pub fn push(&mut self, frame: &[u16]) {
        assert_eq!(frame.len(), self.levels, "a frame has one code a level");
        self.values.extend_from_slice(frame);
    }

    /// Appends all frames of codes with as many levels.
    pub fn append(&mut self, codes: &Self) {
        assert_eq!(codes.levels, self.levels, "frames have one code a level");
        self.values.extend_from_slice(&codes.values);
    }

    /// Returns the frames `start..end`, without those beyond the end.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let (end, n) = (end.min(self.frames()), self.levels);
        let start = start.min(end);
        Self { levels: n, values: self.values[start * n..end * n].to_vec() }
    }

    /// Returns the codes of the first `levels` levels only.
    pub fn first_levels(&self, levels: usize) -> Self {
        let levels = levels.min(self.levels);
        let values =
            (0..self.frames()).flat_map(|t| self.frame(t)[..levels].iter().copied()).collect();
        Self { levels, values }
    }

    /// Returns one level as a list over time.
    pub fn level(&self, level: usize) -> Vec<u16> {
        (0..self.frames()).map(|t| self.at(t, level)).collect()
    }

    /// Returns the values in (frames, levels) order.
    pub fn values(&self) -> &[u16] {
        &self.values
    }

    /// Checks that every code is below `size`.
    pub fn check(&self, size: usize) -> Result<(), CodesError> {
        match self.values.iter().position(|&c| usize::from(c) >= size) {
            None => Ok(()),
            Some(i) => Err(CodesError::OutOfRange {
                code: self.values[i],
                frame: i / self.levels,
                level: i % self.levels,
                size,
            }),
        }
    }
}
