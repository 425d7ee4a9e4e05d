//! Frames of a row while it is generated: the windows of the NAR are filled between the steps of the AR.
//!
//! The windows, and therefore the codes, are those of a run that is not streamed with the same settings: greedy NAR
//! passes draw no random numbers, so it does not matter when they run.

use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;
use syrinx_task::{FirstLevelSoFar, Generated, Layout, Plan, Stage, StageRun, Timing};
use syrinx_types::Codes;

use crate::context::{DecodeContext, RowState, StepHook};
use crate::windows::{NarWindow, fit, lookahead, part, size};
use crate::{DecodeConfig, DecodeError, batches};

/// Frames of a row that were just filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameWindow<'a> {
    /// All levels of the new frames; empty after the last ones.
    pub codes: &'a Codes,
    /// Phone index at every frame of level 1 so far, which is ahead of the filled frames; empty without an alignment.
    pub pointer: &'a [u32],
    /// Whether the row is complete.
    pub last: bool,
}

/// Receiver of frames.
pub type FramesSink<'a> = dyn FnMut(FrameWindow<'_>) + 'a;

/// The further levels of one row, window by window.
pub(crate) struct Stream<'a> {
    stage: &'a Stage,
    run: &'a StageRun,
    state: RefCell<StreamState<'a>>,
}

struct StreamState<'a> {
    /// All levels of the frames that are finished.
    made: Codes,
    failure: Option<DecodeError>,
    each: &'a mut FramesSink<'a>,
}

impl<'a> Stream<'a> {
    /// Returns the stream of a plan's first row; `None` where it can't be filled window by window between AR steps.
    pub(crate) fn of(
        layout: &'a Layout,
        plan: &'a Plan,
        config: &DecodeConfig,
        each: &'a mut FramesSink<'a>,
    ) -> Option<Self> {
        let nar = &config.nar;
        size(0, nar)?;
        let [first, further] = plan.rows.first()?.stages.as_slice() else { return None };
        let (first, stage) = (layout.stage(&first.stage)?, layout.stage(&further.stage)?);
        let fits = first.head.is_first_level_ar()
            && stage.head.is_of_one_level()
            && (first.timing, stage.timing) == (Timing::Found, Timing::Found)
            && nar.sampler.temperature == 0.0
            && further.given.is_none()
            && fit(stage);
        let state = StreamState { made: Codes::empty(1), failure: None, each };
        fits.then_some(Self { stage, run: further, state: RefCell::new(state) })
    }

    /// Whether this is the stage whose windows are filled here.
    pub(crate) fn fills(&self, stage: &Stage) -> bool {
        stage.name == self.stage.name
    }

    /// Moves the filled frames to the row.
    pub(crate) fn deliver(&self, row: &mut RowState<'_>) -> Result<(), DecodeError> {
        let mut state = self.state.borrow_mut();
        if let Some(failure) = state.failure.take() {
            return Err(failure);
        }
        if !state.made.is_empty() {
            row.out.codes = Some(std::mem::take(&mut state.made));
        }
        Ok(())
    }
}

impl StreamState<'_> {
    /// Fills the windows whose look-ahead is complete; after the last AR step all remaining windows.
    fn fill(
        &mut self,
        context: &DecodeContext<'_>,
        stream: &Stream<'_>,
        history: FirstLevelSoFar<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(), DecodeError> {
        let Stream { stage, run, .. } = stream;
        let FirstLevelSoFar { codes, pointer, is_done } = history;
        let nar = &context.config.nar;
        if self.made.is_empty() {
            self.made = Codes::empty(context.model.space().levels);
        }
        while let Some(window) = NarWindow::at(self.made.frames(), codes.len(), nar) {
            let start = window.start;
            let wanted = start + size(start, nar).unwrap_or(0) + lookahead(start, nar);
            if !is_done && codes.len() < wanted {
                return Ok(());
            }
            let level = Codes::new(1, codes.to_vec()).ok();
            let mut out =
                Generated { codes: level, pointer: pointer.to_vec(), ..Generated::default() };
            let row = RowState { run, rng: &mut *rng, out: &mut out, cancel: context.run.cancel };
            let (run, mut filled) = part(stage, &row, &self.made, window);
            batches::run(
                context,
                stage,
                &mut [RowState {
                    run: &run,
                    rng: &mut *rng,
                    out: &mut filled,
                    cancel: context.run.cancel,
                }],
            )?;
            let Some(filled) = filled.codes else { return Ok(()) };
            let new = filled.slice(window.start - window.from, window.end - window.from);
            self.made.append(&new);
            (self.each)(FrameWindow { codes: &new, pointer, last: false });
        }
        if is_done {
            let codes = &Codes::empty(context.model.space().levels);
            (self.each)(FrameWindow { codes, pointer, last: true });
        }
        Ok(())
    }
}

impl StepHook for Stream<'_> {
    fn step(
        &self,
        context: &DecodeContext<'_>,
        history: FirstLevelSoFar<'_>,
        rng: &mut ChaCha8Rng,
    ) {
        let mut state = self.state.borrow_mut();
        if state.failure.is_none() {
            let filled = state.fill(context, self, history, rng);
            state.failure = filled.err();
        }
    }
}
