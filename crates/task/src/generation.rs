//! Decoding steps of heads: what a head does with the outputs of the network at each step. The loop over the steps, the
//! network and the batches belong to `syrinx_decode`.

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use syrinx_types::Codes;

use crate::{
    Content, DecodeConfig, Generated, HeadOutput, LayoutIssue, Sequence, Stage, StageRun,
    TaskError, TokenSpace, resolve,
};

/// Inputs and settings of a row while one of its stages runs.
#[derive(Clone, Copy)]
pub struct RowContext<'a> {
    /// Stage that runs.
    pub stage: &'a Stage,
    /// Inputs of the stage.
    pub run: &'a StageRun,
    /// Settings of generation.
    pub config: &'a DecodeConfig,
    /// Token spaces.
    pub space: &'a TokenSpace,
    /// Entries of the codec's codebooks, one list a level. // (codebook_size, latent_dim)
    pub codebooks: &'a [Vec<f32>],
    /// Whether the network predicts the residual of a level.
    pub predicts_residual: bool,
}

impl<'a> RowContext<'a> {
    /// Returns the sequence before the response of a causal stage.
    ///
    /// # Errors
    /// [`TaskError::Layout`] for contents that do not fit the stage, and for a known part that does not fit the text.
    pub fn sequence(&self) -> Result<Sequence, TaskError> {
        let sequence = resolve(self.stage, &self.run.contents, None, 0, self.space)?;
        self.run.check_known(sequence.encoder.aligned.len())?;
        Ok(sequence)
    }

    /// Returns the codes of the voice.
    pub fn prompt(&self) -> Option<&'a Codes> {
        self.run.contents.values().find_map(|content| match content {
            Content::Codes(codes) => Some(codes),
            _ => None,
        })
    }

    /// Checks that given frames have all levels, for stages that predict or read all of them.
    ///
    /// # Errors
    /// [`TaskError::Layout`] with both numbers of levels.
    pub fn check_given_levels(&self) -> Result<(), TaskError> {
        let levels = self.space.levels;
        let Some(given) = self.run.given.as_ref().filter(|given| given.levels() != levels) else {
            return Ok(());
        };
        let issue = LayoutIssue::KnownLevels { found: given.levels(), levels };
        Err(issue.of(self.run.stage.clone()))
    }
}

/// State of a row while the response of one stage is generated. The rows of a batch take their steps together.
pub trait RowGenerator {
    /// Sequence of the step. A causal head has one more position in every step.
    fn sequence(&self) -> &Sequence;

    /// Sequence without the prompt, for heads with a classifier-free guidance of their own.
    fn unconditional(&self) -> Option<&Sequence> {
        None
    }

    /// Whether the response is complete.
    fn is_done(&self) -> bool;

    /// Prepares the next step: appends the next position of a causal head, and updates the sequence of another one.
    ///
    /// # Errors
    /// [`TaskError::Layout`] for contents that do not fit the stage.
    fn prepare(&mut self) -> Result<(), TaskError>;

    /// Outputs that the step reads, the same for all rows of a batch.
    fn outputs(&self) -> Vec<HeadOutput>;

    /// Takes the outputs of the step.
    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng);

    /// Level-1 codes so far, from heads whose frames can be streamed.
    fn first_level(&self) -> Option<FirstLevelSoFar<'_>> {
        None
    }

    /// Writes the response to the results of the row.
    fn deliver(self: Box<Self>, out: &mut Generated);
}

/// Level-1 codes of a row that is being generated.
#[derive(Debug, Clone, Copy)]
pub struct FirstLevelSoFar<'a> {
    /// One code a frame.
    pub codes: &'a [u16],
    /// Phone index at every frame; empty without an aligned text.
    pub pointer: &'a [u32],
    /// Whether no frame follows.
    pub is_done: bool,
}

/// Outputs of the network for the response positions of a batch, on the host.
#[derive(Debug, Clone, Default)]
pub struct OutputRows {
    positions: usize,
    outputs: Vec<(HeadOutput, Vec<Vec<f32>>)>,
}

impl OutputRows {
    /// Starts the outputs for this number of positions.
    pub fn new(positions: usize) -> Self {
        Self { positions, outputs: Vec::new() }
    }

    /// Adds the values of an output: one row, or the same number of rows, for each position.
    pub fn push(&mut self, output: HeadOutput, rows: Vec<Vec<f32>>) {
        self.outputs.push((output, rows));
    }

    /// Returns the values of an output at some positions; empty for an output that was not read.
    fn rows(&self, output: HeadOutput, positions: &Range<usize>) -> &[Vec<f32>] {
        let Some((_, rows)) = self.outputs.iter().find(|(read, _)| *read == output) else {
            return &[];
        };
        let per_position = rows.len() / self.positions.max(1);
        &rows[positions.start * per_position..positions.end * per_position]
    }
}

/// Outputs of a step for one row.
#[derive(Debug, Clone)]
pub struct StepOutputs<'a> {
    /// Outputs of the batch.
    pub batch: &'a OutputRows,
    /// Outputs of the batch without prompts, where the head has a guidance of its own.
    pub unconditional: Option<&'a OutputRows>,
    /// Positions of the row in the batch.
    pub positions: Range<usize>,
}

impl<'a> StepOutputs<'a> {
    /// Returns the values of an output, (predictions, values); empty for an output that the model lacks.
    pub fn rows(&self, output: HeadOutput) -> &'a [Vec<f32>] {
        self.batch.rows(output, &self.positions)
    }

    /// Returns the values of an output without the prompt, (predictions, values); empty where none were computed.
    pub fn unconditional_rows(&self, output: HeadOutput) -> &'a [Vec<f32>] {
        self.unconditional.map_or(&[], |batch| batch.rows(output, &self.positions))
    }

    /// Returns the values of an output at the only position of a step; `None` for an output that the model lacks.
    pub fn row(&self, output: HeadOutput) -> Option<&'a Vec<f32>> {
        self.rows(output).first()
    }
}
