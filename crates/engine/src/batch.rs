//! Several requests to one task, answered together.

use syrinx_decode::{DecodeConfig, SeededPlan, generate_batch};
use syrinx_task::{AnswerKind, Answered, Context, DynPlan, Request, RequestChunk};
use syrinx_text::markup;
use syrinx_types::{CancelToken, RunContext};

use crate::chunks::has_no_words;
use crate::rerank::retried;
use crate::running::LoadedTask;
use crate::symbols::warn_of_symbols;
use crate::{Chunk, Engine, EngineError, MergedAnswer};

/// A request of a batch.
#[derive(Debug, Clone, Copy)]
pub struct BatchRequest<'a> {
    /// The request.
    pub request: &'a Request,
    /// Seed of everything random in its answer.
    pub seed: u64,
    /// Cancel token of this request; the others continue.
    pub cancel: &'a CancelToken,
}

/// A chunk of a request, planned.
struct Planned<'t> {
    /// Index of the request.
    request: usize,
    plan: Box<dyn DynPlan + 't>,
    /// Start of the chunk in the answer, if it is known beforehand, seconds.
    start_s: Option<f64>,
    /// Pause after the chunk, seconds.
    pause_s: f64,
}

impl Engine {
    /// Answers several requests to one task, each with a seed of its own, and runs their rows side by side. An answer is
    /// that of [`Engine::run_marked`] with the same seed, merged. Requests with markup, those in voices with
    /// adapters, and those of which the best of several candidates is kept, run one after another. A request that is
    /// stopped alone leaves the batch after the step or the product under way.
    ///
    /// # Errors
    /// [`EngineError::UnknownTask`], [`EngineError::NotTrained`], [`EngineError::Cancelled`], and faults of the model. An
    /// error of one request is in its place.
    pub fn run_batch(
        &self,
        task: &str,
        requests: &[BatchRequest<'_>],
        decode: &DecodeConfig,
        run: RunContext<'_>,
    ) -> Result<Vec<Result<Answered, EngineError>>, EngineError> {
        let running = self.running(task)?;
        let speaks = running.descriptor.answer == AnswerKind::Speech;
        let ranks = speaks && decode.best_of > 1;
        let mut planned = Vec::new();
        let mut outcomes: Vec<Result<MergedAnswer, EngineError>> =
            Vec::with_capacity(requests.len());
        for (index, &BatchRequest { request, seed, cancel }) in requests.iter().enumerate() {
            let own = RunContext { cancel, ..run.with_seed(seed) };
            let mut whole = MergedAnswer::default();
            // Voices with adapters have a language model of their own.
            let alone = match self.adapted_for(task, request) {
                Ok(adapted) => ranks || self.is_marked(running, request) || adapted.is_some(),
                Err(error) => {
                    outcomes.push(Err(error));
                    continue;
                }
            };
            let outcome = if alone {
                self.run_marked(task, request, decode, own, &mut |chunk| whole.push(chunk))
            } else {
                warn_of_symbols(running, request, own);
                self.planned(running, request, own).map(|chunks| {
                    let with = |chunk| Planned { request: index, ..chunk };
                    planned.extend(chunks.into_iter().map(with));
                })
            };
            outcomes.push(outcome.map(|()| whole));
        }
        let plans: Vec<SeededPlan<'_>> = planned
            .iter()
            .map(|chunk| {
                let BatchRequest { seed, cancel, .. } = requests[chunk.request];
                SeededPlan { plan: chunk.plan.plan(), seed, cancel }
            })
            .collect();
        let layout = running.task.layout();
        let run = run.giving_way(&self.first_sound);
        let generated = generate_batch(&self.model, &layout, &plans, decode, run)?;
        let mut next_s = vec![0.0; requests.len()];
        for (chunk, generated) in planned.into_iter().zip(generated) {
            let Planned { request, plan, start_s, pause_s } = chunk;
            let BatchRequest { seed, cancel, .. } = requests[request];
            let own = RunContext { cancel, ..run.with_seed(seed) };
            let context = Context { services: &self.services, run: own };
            let outcome = &mut outcomes[request];
            if cancel.is_cancelled() {
                *outcome = Err(EngineError::Cancelled);
            }
            let Ok(whole) = outcome else { continue };
            let start_s = start_s.unwrap_or(next_s[request]);
            let generated = match speaks {
                true => retried(self, running, plan.plan(), generated, decode, own),
                false => Ok(generated),
            };
            let finished = generated.and_then(|generated| Ok(plan.finish(generated, &context)?));
            let put = finished.and_then(|answered| {
                let seconds = answered.audio().map_or(0.0, |audio| audio.seconds());
                next_s[request] = start_s + seconds + pause_s;
                whole.push(Chunk { answered, start_s, index: whole.chunks(), last: false })
            });
            if let Err(error) = put {
                *outcome = Err(error);
            }
        }
        if run.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        let answered = |whole: MergedAnswer| whole.into_answered().ok_or(EngineError::Cancelled);
        Ok(outcomes.into_iter().map(|outcome| outcome.and_then(answered)).collect())
    }

    fn is_marked(&self, running: &LoadedTask, request: &Request) -> bool {
        let field = running.descriptor.capabilities.text;
        let text = field.and_then(|field| request.fields.get(field)?.as_str());
        text.is_some_and(markup::is_marked)
    }

    /// Returns the chunks of a request, planned.
    fn planned<'t>(
        &self,
        running: &'t LoadedTask,
        request: &Request,
        run: RunContext<'_>,
    ) -> Result<Vec<Planned<'t>>, EngineError> {
        let context = Context { services: &self.services, run };
        context.check()?;
        let cut = running.task.chunks(request, &context)?;
        let (total, pause_s) = (cut.chunks.len(), cut.pause_s);
        let mut planned: Vec<Planned<'t>> = Vec::with_capacity(total);
        for (i, RequestChunk { request, start_s }) in cut.chunks.into_iter().enumerate() {
            match request.plan(&context).map_err(EngineError::from) {
                Ok(plan) => planned.push(Planned { request: 0, plan, start_s, pause_s }),
                // A chunk without words is left out; only a whole text of them is a fault.
                Err(error)
                    if total > 1
                        && has_no_words(&error)
                        && !(i + 1 == total && planned.is_empty()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(planned)
    }
}
