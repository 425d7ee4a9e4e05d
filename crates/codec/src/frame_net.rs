//! Network architecture of vocoder and pitch predictor: a causal sliding-window transformer over frames with a few
//! frames of look-ahead at its input.

use candle_core::{Device, Tensor};
use syrinx_nn::{AttentionPlan, BlockConfig, Kernels, Linear, Scope, Span, Stack, StackCache};

use crate::CodecError;

/// Length of the first blocks of a stream, frames. Blocks depend only on their position in the stream, so that the
/// order of sums does not depend on the division into calls.
pub(crate) const BLOCK_FRAMES: usize = 16;

/// Length of the blocks of a stream after its first [`LATER_BLOCK_FRAMES`] frames. Playback is that far behind by then,
/// and large blocks cost less, since every weight is read once per block.
const LATER_BLOCK_FRAMES: usize = 64;

/// Returns the attention of `sequences` sequences of `frames` rows each, in which a row attends to `window` rows,
/// itself included.
pub(crate) fn windowed_plan(
    sequences: usize,
    frames: usize,
    block: &BlockConfig,
    window: usize,
) -> AttentionPlan {
    let spans = (0..sequences).map(|s| Span { start: s * frames, len: frames, prefix: 0 });
    let positions: Vec<u32> = (0..sequences * frames).map(|i| (i % frames) as u32).collect();
    AttentionPlan::new(spans.collect(), &positions, block.heads, block.dim, Some(window))
}

/// Sizes of a [`FrameNet`].
#[derive(Debug, Clone)]
pub(crate) struct FrameNetShape {
    /// Values of an input frame.
    pub(crate) width: usize,
    /// Frames of look-ahead, and as many of history, concatenated at the input.
    pub(crate) ahead: usize,
    /// Number of frames that a frame attends to, itself included.
    pub(crate) window: usize,
    pub(crate) block: BlockConfig,
}

/// Network from frames (n, width) to hidden rows (n, dim). Cloning shares the weights.
#[derive(Clone)]
pub(crate) struct FrameNet {
    shape: FrameNetShape,
    input: Linear,
    stack: Stack,
}

impl FrameNet {
    pub(crate) fn new(root: &Scope, shape: FrameNetShape) -> Result<Self, CodecError> {
        let kernels = Kernels::Fused;
        let inputs = (2 * shape.ahead + 1) * shape.width;
        let deviation = 1.0 / (inputs as f64).sqrt();
        let input =
            Linear::with_bias(&root.pp("input"), inputs, shape.block.dim, deviation, kernels)?;
        let stack = Stack::new(root, &shape.block, kernels)?;
        Ok(Self { shape, input: input.in_panels()?, stack: stack.in_panels()? })
    }

    pub(crate) fn shape(&self) -> &FrameNetShape {
        &self.shape
    }

    /// Appends the input rows of frames `from..to`, with the end frames repeated beyond the ends: (to - from,
    /// neighbours * width).
    fn rows(&self, features: &[f32], from: usize, to: usize, rows: &mut Vec<f32>) {
        let (width, ahead) = (self.shape.width, self.shape.ahead);
        let frames = features.len() / width;
        for t in from..to {
            for i in 0..=2 * ahead {
                let at = (t + i).saturating_sub(ahead).min(frames - 1);
                rows.extend_from_slice(&features[at * width..][..width]);
            }
        }
    }

    fn input(&self, rows: Vec<f32>) -> Result<Tensor, CodecError> {
        let inputs = (2 * self.shape.ahead + 1) * self.shape.width;
        let count = rows.len() / inputs;
        let rows = Tensor::from_vec(rows, (count, inputs), &Device::Cpu)?;
        Ok(self.input.forward(&rows)?)
    }

    /// Returns the hidden rows of a batch of clips of `frames` frames each, (clips * frames, dim); differentiable with
    /// respect to the weights.
    pub(crate) fn forward(&self, features: &[f32], frames: usize) -> Result<Tensor, CodecError> {
        let clip = (frames * self.shape.width).max(1);
        let clips = features.len() / clip;
        let mut rows = Vec::new();
        for features in features.chunks_exact(clip) {
            self.rows(features, 0, frames, &mut rows);
        }
        let plan = windowed_plan(clips, frames, &self.shape.block, self.shape.window);
        Ok(self.stack.forward(&self.input(rows)?, &plan)?)
    }

    fn plan(&self, spans: Vec<Span>, positions: &[u32]) -> AttentionPlan {
        let BlockConfig { heads, dim, .. } = self.shape.block;
        AttentionPlan::new(spans, positions, heads, dim, Some(self.shape.window))
    }

    /// Returns a stream whose blocks end `lead` frames earlier, to compensate for frames that arrive as many frames
    /// late.
    pub(crate) fn stream(&self, lead: usize) -> FrameNetStream {
        FrameNetStream {
            cache: StackCache::new(self.shape.block.layers),
            net: self.clone(),
            lead,
            features: Vec::new(),
            first: 0,
            taken: 0,
            received: 0,
        }
    }
}

/// Hidden rows of some frames of a stream.
pub(crate) struct FrameBlock {
    /// (count, dim)
    pub(crate) hidden: Tensor,
    /// Features of these frames, (count, width).
    pub(crate) features: Vec<f32>,
}

/// Stream from frames to hidden rows, in blocks that don't depend on the division into calls.
pub(crate) struct FrameNetStream {
    net: FrameNet,
    cache: StackCache,
    lead: usize,
    /// Features of the frames from `first` on, which later blocks still need.
    features: Vec<f32>,
    first: usize,
    /// Number of frames that the network has processed.
    taken: usize,
    /// Number of frames received in complete blocks.
    received: usize,
}

impl FrameNetStream {
    /// Appends features (n, width); returns the blocks that later features do not change.
    pub(crate) fn push(&mut self, features: &[f32]) -> Result<Vec<FrameBlock>, CodecError> {
        let (width, ahead) = (self.net.shape.width, self.net.shape.ahead);
        let mut out = Vec::new();
        // Block by block: a long recording is not copied as a whole.
        for piece in features.chunks(BLOCK_FRAMES * width) {
            self.features.extend_from_slice(piece);
            while self.first + self.features.len() / width >= self.next_end() {
                self.received = self.next_end();
                let (upto, visible) = (self.received.saturating_sub(ahead), self.received);
                out.extend(self.take(upto, visible)?);
            }
        }
        Ok(out)
    }

    /// Returns the number of frames received when the next block is complete.
    fn next_end(&self) -> usize {
        if self.received == 0 {
            return BLOCK_FRAMES - self.lead;
        }
        let early = self.received + self.lead < LATER_BLOCK_FRAMES;
        self.received + if early { BLOCK_FRAMES } else { LATER_BLOCK_FRAMES }
    }

    /// Returns the remaining frames.
    pub(crate) fn finish(&mut self) -> Result<Option<FrameBlock>, CodecError> {
        let end = self.first + self.features.len() / self.net.shape.width;
        self.take(end, end)
    }

    /// Processes the frames from `taken` to `upto`, with look-ahead up to `visible`.
    fn take(&mut self, upto: usize, visible: usize) -> Result<Option<FrameBlock>, CodecError> {
        let count = upto.saturating_sub(self.taken);
        if count == 0 {
            return Ok(None);
        }
        let (width, ahead) = (self.net.shape.width, self.net.shape.ahead);
        let seen = &self.features[..(visible - self.first) * width];
        let mut rows = Vec::with_capacity(count * (2 * ahead + 1) * width);
        self.net.rows(seen, self.taken - self.first, upto - self.first, &mut rows);
        let features =
            seen[(self.taken - self.first) * width..(upto - self.first) * width].to_vec();
        let positions: Vec<u32> = (self.taken..upto).map(|p| p as u32).collect();
        let plan = self.net.plan(vec![Span { start: 0, len: count, prefix: 0 }], &positions);
        let x = self.net.input(rows)?;
        let hidden = self.net.stack.step(&x, &plan, &mut [&mut self.cache])?; // (count, dim)
        self.taken = upto;
        let keep = upto.saturating_sub(ahead);
        self.features.drain(..(keep - self.first) * width);
        self.first = keep;
        Ok(Some(FrameBlock { hidden, features }))
    }
}
