//! A table of learned rows that can grow without a change to existing rows.

use candle_core::{Result, Tensor};

use crate::ops::{self, NONE};
use crate::{Init, Kernels, NnError, Scope};

/// Learned rows, selected by index.
#[derive(Clone)]
pub struct Table {
    /// Rows of the model before it was adapted, (fixed, dim).
    fixed: Option<Tensor>,
    /// The rows after them, (rows - fixed, dim).
    rows: Tensor,
    kernels: Kernels,
}

/// Suffix of a table's name for the rows that an adapter adds.
pub const ADDED: &str = "added";

impl Table {
    /// Returns the table `name` of `scope`. Where a model is adapted and has fewer rows, the others are its own
    /// parameter `NAME.added`.
    pub fn new(
        scope: &Scope,
        name: &str,
        rows: usize,
        dim: usize,
        init: Init,
        kernels: Kernels,
    ) -> std::result::Result<Self, NnError> {
        let fixed = scope.rows_before(name).filter(|&before| before < rows);
        let Some(before) = fixed else {
            return Ok(Self { fixed: None, rows: scope.get(name, &[rows, dim], init)?, kernels });
        };
        Ok(Self {
            fixed: Some(scope.get(name, &[before, dim], init.clone())?),
            rows: scope.pp(name).get(ADDED, &[rows - before, dim], init)?,
            kernels,
        })
    }

    /// Returns the rows of these numbers, zeros for [`NONE`]: (numbers, dim).
    pub fn forward(&self, numbers: &[u32]) -> Result<Tensor> {
        let Some(fixed) = &self.fixed else {
            return ops::embed(&self.rows, numbers, 1, self.kernels);
        };
        let count = fixed.dim(0)? as u32;
        let old: Vec<u32> = numbers.iter().map(|&n| if n < count { n } else { NONE }).collect();
        let added = |&n: &u32| if n == NONE || n < count { NONE } else { n - count };
        let added: Vec<u32> = numbers.iter().map(added).collect();
        ops::embed(fixed, &old, 1, self.kernels)? + ops::embed(&self.rows, &added, 1, self.kernels)?
    }
}
