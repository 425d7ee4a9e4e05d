//! Contexts of decoders without state.

/// Context of a decoder without state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// Frames on either side that a sample depends on.
    pub(crate) reach: usize,
    /// Frames that are decoded together or not at all: a window of attention.
    pub(crate) block: usize,
    /// Frames on either side of a block that it depends on.
    pub(crate) margin: usize,
}

impl Window {
    /// Most frames after a frame that decide its samples.
    pub(crate) fn look_ahead_frames(self) -> usize {
        self.reach + self.block - 1 + self.margin
    }

    /// First frame of the context of frame `at`.
    pub(crate) fn start(self, at: usize) -> usize {
        let blocks = |frame: usize| frame / self.block * self.block;
        blocks(blocks(at.saturating_sub(self.reach)).saturating_sub(self.margin))
    }

    /// End of the frames whose samples are decided by the first `count` frames.
    pub(crate) fn end(self, count: usize) -> usize {
        let whole = count.saturating_sub(self.margin) / self.block * self.block;
        whole.saturating_sub(self.reach)
    }
}
