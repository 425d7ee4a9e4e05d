//! Latents of a codec, before quantization.

use crate::Codes;

/// Frames of a recording as a codec's latents: `dim` numbers each, in the codec's scale.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Latents {
    dim: usize,
    values: Vec<f32>, // (frames, dim), row by row
}

impl Latents {
    /// Returns the latents from values in (frames, dim) order; `None` if the rows aren't whole.
    pub fn new(dim: usize, values: Vec<f32>) -> Option<Self> {
        (dim > 0 && values.len().is_multiple_of(dim)).then_some(Self { dim, values })
    }

    /// Returns the number of values in a frame.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns the number of frames.
    pub fn frames(&self) -> usize {
        self.values.len().checked_div(self.dim).unwrap_or(0)
    }

    /// Returns one frame.
    pub fn frame(&self, frame: usize) -> &[f32] {
        &self.values[frame * self.dim..(frame + 1) * self.dim]
    }

    /// Returns the frames `start..end`, without those beyond the end.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let end = end.min(self.frames());
        let start = start.min(end);
        Self { dim: self.dim, values: self.values[start * self.dim..end * self.dim].to_vec() }
    }

    /// Returns the values in (frames, dim) order.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// An encoded recording: codes and, if known, the latents before quantization.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Coded {
    /// All levels, all frames.
    pub codes: Codes,
    /// Latents before quantization, as many frames as `codes`.
    pub latents: Option<Latents>,
}

impl From<Codes> for Coded {
    fn from(codes: Codes) -> Self {
        Self { codes, latents: None }
    }
}

impl Coded {
    /// Returns the number of frames.
    pub fn frames(&self) -> usize {
        self.codes.frames()
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Returns the frames `start..end`, without those beyond the end.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let latents = self.latents.as_ref().map(|latents| latents.slice(start, end));
        Self { codes: self.codes.slice(start, end), latents }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_latents_are_cut_alike() {
        assert_eq!(Latents::new(2, vec![0.0; 3]), None);
        assert_eq!(Latents::new(0, Vec::new()), None);
        let latents = Latents::new(2, vec![0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
        let codes = Codes::new(1, vec![7, 8, 9]).unwrap();
        let part = Coded { codes, latents }.slice(1, 9);
        assert_eq!((part.frames(), part.codes.values()), (2, &[8, 9][..]));
        let latents = part.latents.unwrap();
        assert_eq!((latents.frames(), latents.frame(1)), (2, &[2.0, 2.5][..]));
    }
}
