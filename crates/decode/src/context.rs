//! Material that the loops share, and the rows that they fill.

use rand_chacha::ChaCha8Rng;
use syrinx_model::LanguageModel;
use syrinx_task::{Generated, LayoutIssue, StageRun, TaskError};
use syrinx_types::{CancelToken, RunContext};

use crate::{DecodeConfig, DecodeError};

/// Material that the loops share.
#[derive(Clone, Copy)]
pub(crate) struct DecodeContext<'a> {
    pub(crate) model: &'a LanguageModel,
    pub(crate) config: &'a DecodeConfig,
    pub(crate) run: RunContext<'a>,
    /// Receives the steps of the AR over level-1 codes, where a row is streamed.
    pub(crate) stream: Option<&'a dyn StepHook>,
}

/// One row while its stages run.
pub(crate) struct RowState<'a> {
    pub(crate) run: &'a StageRun,
    pub(crate) rng: &'a mut ChaCha8Rng,
    pub(crate) out: &'a mut Generated,
    /// Cancel token of the row: it stops this row only.
    pub(crate) cancel: &'a CancelToken,
}

/// Level 1 of a row so far.
#[derive(Clone, Copy)]
pub(crate) struct LevelOne<'a> {
    pub(crate) codes: &'a [u16],
    pub(crate) pointer: &'a [u32],
    /// Whether level 1 is complete.
    pub(crate) done: bool,
}

/// Receives the steps of the AR over level-1 codes.
pub(crate) trait StepHook {
    /// Takes all codes and pointers of the row so far.
    fn step(&self, context: &DecodeContext<'_>, history: LevelOne<'_>, rng: &mut ChaCha8Rng);
}

impl RowState<'_> {
    /// Returns an error if known frames lack levels, for stages that predict or read all levels.
    pub(crate) fn check_given(&self, levels: usize) -> Result<(), TaskError> {
        let Some(given) = self.run.given.as_ref().filter(|g| g.levels() != levels) else {
            return Ok(());
        };
        let issue = LayoutIssue::KnownLevels { found: given.levels(), levels };
        Err(issue.of(self.run.stage.clone()))
    }
}

impl DecodeContext<'_> {
    /// Waits for streamed requests that have no samples yet; returns an error if the run is cancelled.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        self.run.give_way();
        if self.run.is_cancelled() { Err(DecodeError::Cancelled) } else { Ok(()) }
    }
}
