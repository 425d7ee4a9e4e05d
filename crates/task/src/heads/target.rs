//! Outputs of the network that heads read, and their targets in training.

use crate::{IGNORE, LayoutIssue, Sequence};

/// Output of the model that a loss is computed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadOutput {
    /// Codes of level 1 and the stop, for one frame of a group.
    FirstLevel {
        /// Frame within the group.
        member: usize,
    },
    /// Codes of level 1 in place.
    MaskedLevel,
    /// Codes of a further level, from 1.
    Level(usize),
    /// Residual of the latent at this level: the sum of the entries of this level and the deeper ones.
    Residual(usize),
    /// Advance of the pointer; for a response of latents without a pointer, whether it ends.
    Advances,
    /// The next frame's latent.
    Latents,
    /// Difference of the response's latents from those of the frame-aligned conditioning.
    LatentDifference,
    /// Duration of a phone, frames.
    Durations,
    /// Text token.
    Text,
    /// Phone labels of a frame.
    Phones,
}

impl HeadOutput {
    /// Whether classifier-free guidance applies to the output.
    pub fn is_guided(self) -> bool {
        self != Self::LatentDifference
    }
}

/// Target of one output, aligned with the response's positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Name of the loss: `codes.1`, `advances`, ...
    pub name: String,
    /// Output that is scored.
    pub output: HeadOutput,
    /// Class at each position, or at each prediction where a position has several; [`IGNORE`] where none counts.
    /// Empty for latents, which are compared with those of the response.
    pub classes: Vec<u32>,
    /// Weight within the loss of the stage.
    pub weight: f64,
    /// Whether the output is computed only at positions with a class.
    pub sparse: bool,
}

impl Target {
    /// Builds a target with a class at each position.
    pub(super) fn classes(name: impl Into<String>, output: HeadOutput, classes: Vec<u32>) -> Self {
        Self { name: name.into(), output, classes, weight: 1.0, sparse: false }
    }

    /// Builds a target that consists of the response's latents.
    pub(super) fn latents(name: impl Into<String>, output: HeadOutput) -> Self {
        Self::classes(name, output, Vec::new())
    }
}

impl Sequence {
    /// Returns the target classes of an output, if the sequence has any.
    pub fn classes(&self, output: HeadOutput) -> Option<&[u32]> {
        let target = self.targets.iter().find(|t| t.output == output);
        target.map(|target| target.classes.as_slice())
    }

    /// Adds the targets of the pointer's advances, unless the timing is given.
    pub(super) fn push_advances(&mut self, advances: Vec<u32>) {
        if advances.iter().any(|&advance| advance != IGNORE) {
            self.targets.push(Target::classes("advances", HeadOutput::Advances, advances));
        }
    }

    /// Checks that a response has as many frames as its frame-aligned conditioning.
    pub(super) fn check_frame_aligned(&self, frames: usize) -> Result<(), LayoutIssue> {
        match &self.frame_aligned {
            Some(given) if given.frames() != frames => {
                Err(LayoutIssue::ResponseFrames { frames, conditioning: given.frames() })
            }
            _ => Ok(()),
        }
    }

    /// Checks that a response has frames, each with a phone index where there is an aligned text.
    pub(super) fn check_frames(&self, frames: usize, pointer: &[u32]) -> Result<(), LayoutIssue> {
        let aligned = !self.encoder.aligned.is_empty();
        if frames == 0 || (aligned && pointer.len() != frames) {
            return Err(LayoutIssue::Pointer { pointer: pointer.len(), frames });
        }
        self.check_frame_aligned(frames)
    }
}
