//! Codebooks: search of the nearest entry, and look-up.

use candle_core::{D, Result, Tensor};

/// Number of rows that are compared with all entries at once, which bounds memory.
const ROWS: usize = 4096;

/// Entries of a codebook.
#[derive(Debug, Clone)]
pub struct Codebook {
    entries: Tensor,    // (size, dim)
    compared: Tensor,   // (dim, size): the entries as the search compares them
    half_norms: Tensor, // (1, size): half of their squared lengths
    normalised: bool,
}

/// Distance measure of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// Euclidean distance.
    Euclidean,
    /// Euclidean distance between vectors normalized to length 1, which orders entries as cosine similarity does.
    Cosine,
}

/// Normalizes the last axis to length 1.
fn unit(x: &Tensor) -> Result<Tensor> {
    let length = x.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?;
    x.broadcast_div(&length.maximum(1e-12)?)
}

impl Codebook {
    /// Builds a codebook from entries of shape (size, dim).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn new(entries: Tensor, distance: Distance) -> Result<Self> {
        let normalised = distance == Distance::Cosine;
        let rows = if normalised { unit(&entries)? } else { entries.clone() };
        let half_norms = (rows.sqr()?.sum_keepdim(1)?.t()? * 0.5)?.contiguous()?; // (1, size)
        Ok(Self { compared: rows.t()?.contiguous()?, half_norms, entries, normalised })
    }

    /// Returns the index of the nearest entry for each row of (frames, dim). // (frames)
    ///
    /// # Errors
    /// Errors of candle.
    pub fn nearest(&self, rows: &Tensor) -> Result<Vec<u32>> {
        let frames = rows.dim(0)?;
        let rows = if self.normalised { unit(rows)? } else { rows.clone() };
        let mut nearest = Vec::with_capacity(frames);
        for start in (0..frames).step_by(ROWS) {
            let some = rows.narrow(0, start, ROWS.min(frames - start))?.contiguous()?;
            let likeness = some.matmul(&self.compared)?.broadcast_sub(&self.half_norms)?; // (rows, size)
            nearest.extend(likeness.argmax(1)?.to_vec1::<u32>()?);
        }
        Ok(nearest)
    }

    /// Returns the entries of codes. // (frames, dim)
    ///
    /// # Errors
    /// Errors of candle.
    pub fn look_up(&self, codes: &[u32]) -> Result<Tensor> {
        self.entries.index_select(&Tensor::new(codes, self.entries.device())?, 0)
    }

    /// Returns all entries row by row. // (size, dim)
    ///
    /// # Errors
    /// Errors of candle.
    pub fn values(&self) -> Result<Vec<f32>> {
        self.entries.flatten_all()?.to_vec1()
    }
}
