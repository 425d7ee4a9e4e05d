//! Several candidates, and the model's own ear chooses: best-of-N.
//!
//! A candidate is judged by how well the phones that were to be said are heard in its codes by the recognition task's
//! stage ([`goodness`]). This goes row by row and needs no sound.

use syrinx_decode::generate;
use syrinx_task::{Content, Generated, Plan, RowPlan};
use syrinx_text::{Phone, TextVocab};
use syrinx_types::{CancelToken, Codes, Event, EventSink};

use crate::engine::Running;
use crate::goodness::goodness;
use crate::hearing::Ear;
use crate::{Engine, EngineError, RunOptions};

/// The best of `options.decode.best_of` candidates of every row.
pub(crate) fn best_of(
    engine: &Engine,
    running: &Running,
    plan: &Plan,
    options: &RunOptions,
    cancel: &CancelToken,
    sink: &dyn EventSink,
) -> Result<Vec<Generated>, EngineError> {
    if plan.rows.iter().any(|row| row.follow.is_some()) {
        return one_by_one(engine, running, plan, options, cancel, sink);
    }
    let n = options.decode.best_of;
    let rows = plan.rows.iter().flat_map(|row| std::iter::repeat_n(row.clone(), n)).collect();
    let layout = running.task.layout();
    let all = Plan { rows };
    let generated =
        generate(&engine.model, &layout, &all, (&options.decode, options.seed), (cancel, sink))?;
    let scores = match Ear::of(&engine.tasks) {
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

/// Rows that follow one another: each goes on from the best candidate of the one before it.
fn one_by_one(
    engine: &Engine,
    running: &Running,
    plan: &Plan,
    options: &RunOptions,
    cancel: &CancelToken,
    sink: &dyn EventSink,
) -> Result<Vec<Generated>, EngineError> {
    let mut chosen: Vec<Generated> = Vec::with_capacity(plan.rows.len());
    for row in &plan.rows {
        let row = match chosen.last() {
            Some(before) => row.after(before),
            None => RowPlan::new(row.stages.clone()),
        };
        let alone = Plan { rows: vec![row] };
        chosen.extend(best_of(engine, running, &alone, options, cancel, sink)?);
    }
    Ok(chosen)
}

/// How well each candidate says what its row asks for; 0 is perfect.
fn judged(
    engine: &Engine,
    ear: &Ear,
    plan: &Plan,
    generated: &[Generated],
    (options, cancel, sink): (&RunOptions, &CancelToken, &dyn EventSink),
) -> Result<Vec<f64>, EngineError> {
    let spoken: Vec<usize> = (0..generated.len())
        .filter(|&i| generated[i].codes.as_ref().is_some_and(|c| !c.is_empty()))
        .collect();
    let codes: Vec<&Codes> = spoken.iter().filter_map(|&i| generated[i].codes.as_ref()).collect();
    let how = (&options.decode, options.seed);
    let heard = ear.hear(&engine.model, &codes, how, (cancel, sink))?;
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
        Content::Codes(_) | Content::Coded(_) | Content::Blend(_) => None,
    });
    let phones = |ids: &[u32]| -> Vec<Phone> {
        vocab.decode_phones(ids).into_iter().filter(|&p| p != Phone::BOUNDARY).collect()
    };
    texts.map(|t| phones(&t.ids)).find(|p| !p.is_empty()).unwrap_or_default()
}
