//! Answering of a request that is bound to its task.

use syrinx_decode::{DecodeConfig, FrameWindow, generate, generate_streaming};
use syrinx_task::{AnswerKind, Answered, Context, DynPlan, DynRequest, Generated, Plan};
use syrinx_types::{RunContext, WordTime};

use crate::running::LoadedTask;
use crate::{Engine, EngineError, rerank};

/// Receiver of samples and of words that became final, during generation.
type SoundSink<'a> = dyn FnMut(&[f32], &[WordTime]) + 'a;

impl Engine {
    /// Answers a request that is bound to its task.
    pub(crate) fn answer(
        &self,
        running: &LoadedTask,
        request: Box<dyn DynRequest<'_> + '_>,
        decode: &DecodeConfig,
        run: RunContext<'_>,
    ) -> Result<Answered, EngineError> {
        self.answer_sounding(running, request, decode, run, None)
    }

    /// Answers a request as [`Self::answer`] does. `sound` receives the samples of the first row while it is generated;
    /// they are the first samples of the answer's recording. A request without `sound` waits for streamed requests that
    /// have no samples yet.
    pub(crate) fn answer_sounding(
        &self,
        running: &LoadedTask,
        request: Box<dyn DynRequest + '_>,
        decode: &DecodeConfig,
        run: RunContext<'_>,
        sound: Option<&mut SoundSink<'_>>,
    ) -> Result<Answered, EngineError> {
        let run = if sound.is_none() { run.giving_way(&self.first_sound) } else { run };
        let context = Context { services: &self.services, run };
        context.check()?;
        let planned = request.plan(&context)?;
        let generated = match sound {
            Some(sound) if decode.best_of <= 1 => {
                self.generate_sounding(running, planned.as_ref(), decode, &context, sound)?
            }
            _ => self.generate(running, planned.plan(), decode, run)?,
        };
        run.give_way();
        Ok(planned.finish(generated, &context)?)
    }

    /// Generates a plan. `sound` receives samples and words of its first row window by window.
    fn generate_sounding(
        &self,
        running: &LoadedTask,
        planned: &dyn DynPlan,
        decode: &DecodeConfig,
        context: &Context<'_>,
        sound: &mut SoundSink<'_>,
    ) -> Result<Vec<Generated>, EngineError> {
        let mut stream = self.codec().decode_stream();
        let mut failure = None;
        let mut known_words = 0;
        let mut each = |frames: FrameWindow<'_>| {
            let samples = if frames.last { stream.finish() } else { stream.push(frames.codes) };
            let words = planned.words_so_far(frames.pointer, context);
            let new = words.get(known_words..).unwrap_or_default();
            known_words = known_words.max(words.len());
            match samples {
                Ok(samples) if failure.is_none() => sound(&samples, new),
                Ok(_) => {}
                Err(error) => failure = Some(error),
            }
        };
        let layout = running.task.layout();
        let (plan, run) = (planned.plan(), context.run);
        let generated = generate_streaming(&self.model, &layout, plan, decode, run, &mut each)?;
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(generated),
        }
    }

    /// Generates the rows of a plan. For a task that synthesizes speech, returns the best of several candidates if the
    /// settings request it, and retries rows with a low goodness of pronunciation.
    pub(crate) fn generate(
        &self,
        running: &LoadedTask,
        plan: &Plan,
        decode: &DecodeConfig,
        run: RunContext<'_>,
    ) -> Result<Vec<Generated>, EngineError> {
        if run.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        if plan.rows.is_empty() {
            return Ok(Vec::new());
        }
        let speaks = running.descriptor.answer == AnswerKind::Speech;
        if speaks && decode.best_of > 1 {
            return rerank::best_of(self, running, plan, decode, run);
        }
        let layout = running.task.layout();
        let generated = generate(&self.model, &layout, plan, decode, run)?;
        if !speaks {
            return Ok(generated);
        }
        rerank::retried(self, running, plan, generated, decode, run)
    }
}
