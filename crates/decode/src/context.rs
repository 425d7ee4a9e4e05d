//! Material that the loops share, and the rows that they fill.

use rand_chacha::ChaCha8Rng;
use syrinx_model::LanguageModel;
use syrinx_task::{
    FirstLevelSoFar, Generated, RowContext, RowGenerator, Stage, StageRun, TaskError,
};
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

/// Receives the steps of the AR over level-1 codes.
pub(crate) trait StepHook {
    /// Takes all codes and pointers of the row so far.
    fn step(&self, context: &DecodeContext<'_>, history: FirstLevelSoFar<'_>, rng: &mut ChaCha8Rng);
}

impl<'a> DecodeContext<'a> {
    /// Waits for streamed requests that have no samples yet; returns an error if the run is cancelled.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        self.run.give_way();
        if self.run.is_cancelled() { Err(DecodeError::Cancelled) } else { Ok(()) }
    }

    /// Whether every row of a stage runs twice, the second time without its text.
    pub(crate) fn guided(&self, stage: &Stage) -> bool {
        self.config.guidance != 1.0 && stage.head.is_guided(stage)
    }

    /// Begins a row of a stage. `earlier` is the result of the stages before.
    pub(crate) fn begin<'r>(
        &'r self,
        stage: &'r Stage,
        run: &'r StageRun,
        earlier: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'r>, TaskError> {
        let context = RowContext {
            stage,
            run,
            config: self.config,
            space: self.model.space(),
            codebooks: self.model.codebooks(),
            predicts_residual: self.model.config().residual_weight > 0.0,
        };
        stage.head.begin(context, earlier)
    }
}
