//! Distribution of work over machines.

use std::fmt;
use std::str::FromStr;

use crate::DataError;

/// One of `of` equal shares of a list: the items `i` with `i % of == index`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkShare {
    index: usize,
    of: usize,
}

impl WorkShare {
    /// The complete list.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Builds share `index` (from 0) of `of`.
    ///
    /// # Errors
    /// [`DataError::WorkShare`] unless `index < of`.
    pub fn new(index: usize, of: usize) -> Result<Self, DataError> {
        if index >= of {
            return Err(DataError::WorkShare {
                given: format!("{}/{of}", index.saturating_add(1)),
            });
        }
        Ok(Self { index, of })
    }

    /// Returns the index of this share, from 0.
    pub fn index(self) -> usize {
        self.index
    }

    /// Returns the number of shares.
    pub fn of(self) -> usize {
        self.of
    }

    /// Whether the item with this index belongs to the share.
    pub fn has(self, item: usize) -> bool {
        item % self.of == self.index
    }
}

impl Default for WorkShare {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl FromStr for WorkShare {
    type Err = DataError;

    /// Parses `3/16`, the third of sixteen shares, counted from 1.
    fn from_str(given: &str) -> Result<Self, DataError> {
        let parsed = given.split_once('/').and_then(|(n, m)| {
            let n: usize = n.trim().parse().ok()?;
            Self::new(n.checked_sub(1)?, m.trim().parse().ok()?).ok()
        });
        parsed.ok_or_else(|| DataError::WorkShare { given: given.to_owned() })
    }
}

impl fmt::Display for WorkShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.of)
    }
}
