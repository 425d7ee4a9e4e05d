//! Resynthesis: a recording's first level and timing, with further levels by the model.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_decode::{DecodeConfig, generate};
use syrinx_task::{Plan, Response, RowPlan, StageRun};
use syrinx_types::{Codes, RunContext, Sample};

use crate::{Engine, EngineError};

impl Engine {
    /// Returns the codes of an utterance with the original first level and timing, and further levels predicted by the
    /// model. They resemble the vocoder's input in synthesis, and are aligned with the recording (cf. training on
    /// ground-truth-aligned spectrograms, Tacotron 2, arXiv 1712.05884, section 3.3). `task` is a task that predicts
    /// codes from text. `None` for an utterance that the task can't learn from.
    ///
    /// # Errors
    /// [`EngineError`] for a task that isn't there or wasn't trained, or when stopped.
    pub fn resynthesize(
        &self,
        task: &str,
        sample: &Sample,
        decode: &DecodeConfig,
        run: RunContext<'_>,
    ) -> Result<Option<Codes>, EngineError> {
        let running = self.running(task)?;
        let layout = running.task.layout();
        let mut rng = ChaCha8Rng::seed_from_u64(run.seed);
        let mut stages = Vec::new();
        for stage in &layout.stages {
            let example = running.task.corpus_example(&stage.name, sample, &mut rng)?;
            let Some(example) = example else { return Ok(None) };
            let Response::Codes { codes, pointer } = example.response else { return Ok(None) };
            let mut run = StageRun::new(&stage.name, example.contents, codes.frames());
            if stage.head.is_first_level_ar() {
                (run.pointer, run.given) = (pointer, Some(codes));
            }
            stages.push(run);
        }
        let plan = Plan { rows: vec![RowPlan::new(stages)] };
        let made = generate(self.model(), &layout, &plan, decode, run)?;
        Ok(made.into_iter().next().and_then(|row| row.codes))
    }
}
