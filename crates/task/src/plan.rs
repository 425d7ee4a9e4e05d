//! Plans, and the rows that are generated for them.

use syrinx_types::Codes;

use crate::{Contents, LayoutIssue, TaskError};

/// Rows to generate for one request. Rows that do not follow each other may be batched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// Rows, in the order of the answer; none where nothing is to be generated.
    pub rows: Vec<RowPlan>,
}

/// A row: stages one after another. Codes and pointer of an AR stage are the response of the NAR stages after it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowPlan {
    /// Stages to run.
    pub stages: Vec<StageRun>,
    /// Continuation of the previous row, if the row continues it.
    pub follow: Option<Follow>,
}

impl RowPlan {
    /// Builds an independent row.
    pub fn new(stages: Vec<StageRun>) -> Self {
        Self { stages, follow: None }
    }

    /// Returns the row after the previous one is generated: an independent row with the end of the previous one given.
    pub fn after(&self, previous: &Generated) -> Self {
        let Some(follow) = self.follow else { return self.clone() };
        let start = follow.start(previous);
        let given = previous.codes.as_ref().map(|c| c.slice(start, c.frames()));
        let frames = given.as_ref().map_or(0, Codes::frames);
        let phone_index = |&p: &u32| p - follow.from_phone + follow.at_phone;
        let pointer: Vec<u32> =
            previous.pointer.get(start..).unwrap_or_default().iter().map(phone_index).collect();
        let follows = |run: &StageRun| StageRun {
            pointer: pointer.clone(),
            given: given.clone().filter(|g| !g.is_empty()),
            limit: run.limit + frames,
            ..run.clone()
        };
        Self::new(self.stages.iter().map(follows).collect())
    }
}

/// Continuation of a row: the end of its speech is the beginning of the next row, and both rows contain the text of
/// this shared speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follow {
    /// Phone index of the previous row at which the shared text begins.
    pub from_phone: u32,
    /// Phone index of this row at which the shared text begins.
    pub at_phone: u32,
}

impl Follow {
    /// Returns the first frame of the previous row that is given to this one.
    pub fn start(&self, previous: &Generated) -> usize {
        let earlier = previous.pointer.iter().take_while(|&&p| p < self.from_phone);
        if previous.pointer.is_empty() {
            previous.codes.as_ref().map_or(0, Codes::frames)
        } else {
            earlier.count()
        }
    }

    /// Returns the number of frames of the previous row that are given to this one.
    pub fn frames(&self, previous: &Generated) -> usize {
        let all = previous.codes.as_ref().map_or(0, Codes::frames);
        all - self.start(previous).min(all)
    }
}

/// One stage with its inputs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StageRun {
    /// Name of the stage in the task's layout.
    pub stage: String,
    /// Contents of its segments.
    pub contents: Contents,
    /// Largest length of the response in frames or tokens, given ones included.
    pub limit: usize,
    /// For aligned AR stages over codes: the phone index at the first frames, where it is known (speech in a given
    /// timing). After its last entry the model predicts the advance; a pointer as long as `limit` ends the row.
    pub pointer: Vec<u32>,
    /// For stages over codes: the first frames of the response, where they are known (a recording that is continued).
    /// An AR stage continues after them, a NAR stage keeps them. An aligned AR stage needs their pointer, too.
    pub given: Option<Codes>,
    /// For stages over text: the whole response, where it is known. Nothing is generated then; the score of the row is the
    /// log-probability of these tokens and of the end after them.
    pub text: Option<Vec<u32>>,
}

impl StageRun {
    /// Builds a stage that generates all of its response.
    pub fn new(stage: impl Into<String>, contents: Contents, limit: usize) -> Self {
        Self { stage: stage.into(), contents, limit, ..Self::default() }
    }

    /// Checks the known part of the response. `phones` is the number of aligned tokens; 0 for a stage without
    /// alignment.
    pub fn check_known(&self, phones: usize) -> Result<(), TaskError> {
        let fault = |issue: LayoutIssue| issue.of(self.stage.clone());
        let given = self.given.as_ref().map_or(0, Codes::frames);
        let known = self.pointer.len();
        if phones == 0 && known > 0 {
            return Err(fault(LayoutIssue::PointerWithoutText));
        }
        if phones > 0 && known < given {
            return Err(fault(LayoutIssue::KnownPointer { frames: given, pointer: known }));
        }
        if known.max(given) > self.limit {
            let (frames, limit) = (known.max(given), self.limit);
            return Err(fault(LayoutIssue::Limit { frames, limit }));
        }
        let back = self.pointer.windows(2).any(|w| w[1] < w[0]);
        if back || self.pointer.last().is_some_and(|&last| last as usize >= phones) {
            return Err(fault(LayoutIssue::PointerOrder { phones }));
        }
        Ok(())
    }
}

/// Result of one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Generated {
    /// Codes, with the levels that the stages generated.
    pub codes: Option<Codes>,
    /// Phone index at every frame, for aligned stages.
    pub pointer: Vec<u32>,
    /// Latents predicted by stages with frame-aligned conditioning, (frames, latent_dim) in the codec's scale; empty
    /// from other stages and from models without latents.
    pub latents: Vec<f32>,
    /// Text token ids.
    pub text: Vec<u32>,
    /// Number of frames that a stage of lengths predicted for the response.
    pub length: Option<usize>,
    /// Phone scores of every part of a frame.
    pub phones: Option<FrameScores>,
    /// Mean log-probability per generated token, nats.
    pub score: f64,
    /// Whether the response ended before its limit.
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
