//! What the engine is asked to compute, and what it gives back.

use syrinx_types::Codes;

use crate::Contents;

/// What has to be generated for one request: independent rows, which the engine may batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// Rows, in the order of the answer.
    pub rows: Vec<RowPlan>,
}

/// One row: stages one after another. Codes and pointers of an AR stage are the response of the NAR stages after it.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPlan {
    /// Stages to run.
    pub stages: Vec<StageRun>,
}

/// One stage with what is given to it.
#[derive(Debug, Clone, PartialEq)]
pub struct StageRun {
    /// Name of the stage in the task's layout.
    pub stage: String,
    /// Contents of its segments.
    pub contents: Contents,
    /// The most that may be generated, in frames or tokens.
    pub limit: usize,
}

/// What came out of one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Generated {
    /// Codes, of as many levels as the stages made.
    pub codes: Option<Codes>,
    /// The stop under the pointer at every frame, for aligned stages.
    pub pointer: Vec<u32>,
    /// Text token ids.
    pub text: Vec<u32>,
    /// Phone scores of every part of a frame.
    pub phones: Option<FrameScores>,
    /// Mean log-probability a generated token, in nats.
    pub score: f64,
    /// Whether it stopped by itself, not at its limit.
    pub finished: bool,
}

/// Log-probabilities of the phone labels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FrameScores {
    /// (parts, labels), natural logarithms.
    pub log_probs: Vec<f32>,
    /// Labels: the phones of the inventory in its order.
    pub labels: usize,
    /// Parts a second.
    pub rate_hz: f64,
}
