//! Several candidates, and the model's own ear chooses: best-of-N.
//!
//! A candidate is judged by how well the phones that were to be said are heard in its codes by the recognition task's
//! stage ([`goodness`]). This goes row by row and needs no sound.

use syrinx_decode::generate;
use syrinx_task::{Content, Contents, Generated, Head, Plan, RowPlan, StageRun};
use syrinx_text::{Phone, TextVocab};
use syrinx_types::{CancelToken, Codes, Event, EventSink};

use crate::engine::Running;
use crate::goodness::goodness;
use crate::{Engine, EngineError, RunOptions};

/// A stage that says which phones sound in codes.
pub(crate) struct Ear<'a> {
    running: &'a Running,
    stage: String,
    segment: String,
}

impl<'a> Ear<'a> {
    /// The first stage with a phone head of a task that the model knows.
    pub(crate) fn of(engine: &'a Engine) -> Option<Self> {
        engine.tasks.iter().filter(|t| t.missing_marks.is_empty()).find_map(|running| {
            let layout = running.task.layout();
            let stage = layout.stages.iter().find(|s| matches!(s.head, Head::Phones { .. }))?;
            let segment = stage.response()?.name.clone();
            Some(Self { running, stage: stage.name.clone(), segment })
        })
    }

    /// What is heard in each of these codes.
    pub(crate) fn hear(
        &self,
        engine: &Engine,
        codes: &[&Codes],
        options: &RunOptions,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<Vec<Generated>, EngineError> {
        let row = |codes: &&Codes| {
            let contents =
                Contents::from([(self.segment.clone(), Content::Codes((*codes).clone()))]);
            let limit = codes.frames();
            RowPlan { stages: vec![StageRun { stage: self.stage.clone(), contents, limit }] }
        };
        let plan = Plan { rows: codes.iter().map(row).collect() };
        let layout = self.running.task.layout();
        Ok(generate(
            &engine.model,
            &layout,
            &plan,
            (&options.decode, options.seed),
            (cancel, sink),
        )?)
    }
}

/// The best of `options.decode.best_of` candidates of every row.
pub(crate) fn best_of(
    engine: &Engine,
    running: &Running,
    plan: &Plan,
    options: &RunOptions,
    cancel: &CancelToken,
    sink: &dyn EventSink,
) -> Result<Vec<Generated>, EngineError> {
    let n = options.decode.best_of;
    let rows = plan.rows.iter().flat_map(|row| std::iter::repeat_n(row.clone(), n)).collect();
    let layout = running.task.layout();
    let all = Plan { rows };
    let generated =
        generate(&engine.model, &layout, &all, (&options.decode, options.seed), (cancel, sink))?;
    let scores = match Ear::of(engine) {
        Some(ear) => judged(engine, &ear, &all, &generated, (options, cancel, sink))?,
        None => {
            let message =
                "this model has no ear to choose by: of the candidates the most probable is taken";
            sink.emit(Event::Warning { message: message.into() });
            generated.iter().map(|g| g.score).collect()
        }
    };
    let mut scored = generated.into_iter().zip(scores);
    let chosen = plan.rows.iter().filter_map(|_| {
        // One that stopped by itself is better than any that had to be stopped. Of equals the first stays.
        scored
            .by_ref()
            .take(n)
            .reduce(|best, next| {
                let key = |(g, score): &(Generated, f64)| (g.finished, *score);
                if key(&next) > key(&best) { next } else { best }
            })
            .map(|(generated, _)| generated)
    });
    Ok(chosen.collect())
}

/// How well each candidate says what its row asks for; 0 is perfect.
fn judged(
    engine: &Engine,
    ear: &Ear<'_>,
    plan: &Plan,
    generated: &[Generated],
    (options, cancel, sink): (&RunOptions, &CancelToken, &dyn EventSink),
) -> Result<Vec<f64>, EngineError> {
    let spoken: Vec<usize> = (0..generated.len())
        .filter(|&i| generated[i].codes.as_ref().is_some_and(|c| !c.is_empty()))
        .collect();
    let codes: Vec<&Codes> = spoken.iter().filter_map(|&i| generated[i].codes.as_ref()).collect();
    let heard = ear.hear(engine, &codes, options, cancel, sink)?;
    let mut scores = vec![f64::NEG_INFINITY; generated.len()];
    for (&i, heard) in spoken.iter().zip(&heard) {
        let expected = expected(&plan.rows[i], &engine.kit.vocab);
        let score = heard.phones.as_ref().and_then(|scores| goodness(scores, &expected));
        scores[i] = score.unwrap_or(f64::NEG_INFINITY);
    }
    Ok(scores)
}

/// The phones that a row is to say: the text that its pointer walks over, or else the first phones it is given.
fn expected(row: &RowPlan, vocab: &TextVocab) -> Vec<Phone> {
    let texts = row.stages.iter().flat_map(|s| s.contents.values()).filter_map(|c| match c {
        Content::Text(text) => Some(text),
        Content::Codes(_) => None,
    });
    let phones = |ids: &[u32]| -> Vec<Phone> {
        vocab.decode_phones(ids).into_iter().filter(|&p| p != Phone::BOUNDARY).collect()
    };
    texts.map(|t| phones(&t.ids)).find(|p| !p.is_empty()).unwrap_or_default()
}
