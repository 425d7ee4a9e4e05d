//! Contexts of decoders without state.

/// Context that a decoder without state needs around a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// Frames on either side that a sample depends on.
    pub(crate) reach: usize,
    /// Frames that are decoded together: an attention window.
    pub(crate) block: usize,
    /// Frames on either side of a block that the block depends on.
    pub(crate) margin: usize,
}

impl Window {
    /// Returns the maximum number of later frames that a frame's samples depend on.
    pub(crate) fn look_ahead_frames(self) -> usize {
        self.reach + self.block - 1 + self.margin
    }

    /// Returns the first frame of the context of frame `at`.
    pub(crate) fn start(self, at: usize) -> usize {
        let blocks = |frame: usize| frame / self.block * self.block;
        blocks(blocks(at.saturating_sub(self.reach)).saturating_sub(self.margin))
    }

    /// Returns the end of the frames whose samples depend only on the first `count` frames.
    pub(crate) fn end(self, count: usize) -> usize {
        let whole = count.saturating_sub(self.margin) / self.block * self.block;
        whole.saturating_sub(self.reach)
    }
}
