//! Contents of the segments of a layout, from a request or a training example.

use std::collections::BTreeMap;

use syrinx_types::{Coded, Codes, Latents};

/// Contents by segment name. Special tokens need none.
pub type Contents = BTreeMap<String, Content>;

/// Content of one segment.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text tokens.
    Text(TextContent),
    /// Codec frames.
    Codes(Codes),
    /// Codec frames with their latents before quantization: frame-aligned conditioning.
    Coded(Coded),
    /// Latents of a recording to be recognized, without codes.
    Latents(Latents),
    /// Blend of several recordings: at every frame the weighted sum of their embeddings. As long as the shortest
    /// recording. Not for responses.
    Blend(Vec<WeightedCodes>),
}

/// One recording of a blend.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedCodes {
    /// Factor of the recording's embeddings.
    pub weight: f32,
    /// Codec frames of the recording.
    pub codes: Codes,
}

/// Text tokens, with the aligned ones among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextContent {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Indices into `ids` of the tokens that take time (phones and pauses, not word boundaries), in order. Empty for
    /// text without alignment.
    pub aligned: Vec<u32>,
}

impl TextContent {
    /// Builds text without alignment.
    pub fn plain(ids: Vec<u32>) -> Self {
        Self { ids, aligned: Vec::new() }
    }
}

/// Target of training.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// Codes and, for aligned stages, the phone index at every frame.
    Codes {
        /// All levels.
        codes: Codes,
        /// One a frame, or empty without alignment.
        pointer: Vec<u32>,
    },
    /// Response of a stage with frame-aligned conditioning.
    Coded(Coded),
    /// Text token ids, without begin and end.
    Text(Vec<u32>),
    /// Phone labels, `per_frame` for each frame; [`crate::IGNORE`] where unknown.
    Phones(Vec<u32>),
}

/// One training example of one stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Contents of the segments that are given.
    pub contents: Contents,
    /// Target.
    pub response: Response,
}
