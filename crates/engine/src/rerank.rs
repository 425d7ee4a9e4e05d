//! Best-of-N: ranks candidates by goodness of pronunciation under the model's own phone recognition, or by the
//! transcripts of another recognizer. Generates further candidates of rows with a low goodness.
//!
//! A candidate's score is the goodness of pronunciation of the requested phones in its codes, by the recognition task's
//! stage ([`goodness`]). Scores are computed row by row, without decoding to samples.

use std::iter;

use syrinx_decode::{DecodeConfig, generate};
use syrinx_task::{Content, Context, Generated, Plan, Recognizer, RowPlan};
use syrinx_text::{Phone, TextVocab};
use syrinx_types::{Codes, Event, RunContext};

use crate::goodness::goodness;
use crate::phone_stage::PhoneStage;
use crate::running::LoadedTask;
use crate::{Engine, EngineError};

/// Returns the best of `decode.best_of` candidates of every row.
pub(crate) fn best_of(
    engine: &Engine,
    running: &LoadedTask,
    plan: &Plan,
    decode: &DecodeConfig,
    run: RunContext<'_>,
) -> Result<Vec<Generated>, EngineError> {
    if plan.rows.iter().any(|row| row.follow.is_some()) {
        return one_by_one(engine, running, plan, decode, run);
    }
    let n = decode.best_of;
    let layout = running.task.layout();
    let all = repeated(&plan.rows, n);
    let generated = generate(&engine.model, &layout, &all, decode, run)?;
    let other = engine.services.recognizer.as_deref().filter(|_| engine.has_other_recognizer);
    let scores = match (other, PhoneStage::of(&engine.tasks)) {
        (Some(recognizer), _) => transcribed(engine, recognizer, &all, &generated, run)?,
        (None, Some(stage)) => judged(engine, &stage, &all, &generated, decode, run)?,
        (None, None) => {
            let message =
                "no recognition task in this model; ranking candidates by log-probability";
            run.events.emit(Event::Warning { message: message.into() });
            generated.iter().map(|g| g.score).collect()
        }
    };
    let mut scored = candidates(generated, scores);
    let chosen = plan.rows.iter().filter_map(|_| best(scored.by_ref().take(n)));
    Ok(chosen.collect())
}

/// One of several results of a row.
struct Candidate {
    generated: Generated,
    /// Higher is better.
    score: f64,
}

/// Returns results with their scores.
fn candidates(generated: Vec<Generated>, scores: Vec<f64>) -> impl Iterator<Item = Candidate> {
    let scored = generated.into_iter().zip(scores);
    scored.map(|(generated, score)| Candidate { generated, score })
}

/// Returns the plan of `n` candidates of every row.
fn repeated<'a>(rows: impl IntoIterator<Item = &'a RowPlan>, n: usize) -> Plan {
    Plan { rows: rows.into_iter().flat_map(|row| iter::repeat_n(row.clone(), n)).collect() }
}

/// Returns the candidate of the highest score. A row that ended by itself ranks above one cut at its limit. Ties keep the
/// first.
fn best(candidates: impl Iterator<Item = Candidate>) -> Option<Generated> {
    let key = |candidate: &Candidate| (candidate.generated.finished, candidate.score);
    let better = |best, next| if key(&next) > key(&best) { next } else { best };
    candidates.reduce(better).map(|candidate| candidate.generated)
}

/// Chooses candidates of rows that follow each other: each row continues the best candidate of the previous row.
fn one_by_one(
    engine: &Engine,
    running: &LoadedTask,
    plan: &Plan,
    decode: &DecodeConfig,
    run: RunContext<'_>,
) -> Result<Vec<Generated>, EngineError> {
    let mut chosen: Vec<Generated> = Vec::with_capacity(plan.rows.len());
    for row in &plan.rows {
        let row = match chosen.last() {
            Some(before) => row.after(before),
            None => RowPlan::new(row.stages.clone()),
        };
        let alone = Plan { rows: vec![row] };
        chosen.extend(best_of(engine, running, &alone, decode, run)?);
    }
    Ok(chosen)
}

/// Generates further candidates of rows with a low goodness of pronunciation, and keeps the best of each row
/// ([`syrinx_decode::RetryConfig`]). Rows that follow each other stay as they are.
pub(crate) fn retried(
    engine: &Engine,
    running: &LoadedTask,
    plan: &Plan,
    mut generated: Vec<Generated>,
    decode: &DecodeConfig,
    run: RunContext<'_>,
) -> Result<Vec<Generated>, EngineError> {
    let n = decode.retry.candidates;
    if n == 0 || plan.rows.iter().any(|row| row.follow.is_some()) {
        return Ok(generated);
    }
    let Some(stage) = PhoneStage::of(&engine.tasks) else { return Ok(generated) };
    let scores = judged(engine, &stage, plan, &generated, decode, run)?;
    // A row without known phones has no score.
    let poor = |i: &usize| scores[*i].is_finite() && scores[*i] < decode.retry.below;
    let poor: Vec<usize> = (0..generated.len()).filter(poor).collect();
    if poor.is_empty() {
        return Ok(generated);
    }
    let again = repeated(poor.iter().map(|&i| &plan.rows[i]), n);
    let layout = running.task.layout();
    // The same seed would give the first candidate again.
    let other = run.with_seed(run.seed.wrapping_add(1));
    let further = generate(&engine.model, &layout, &again, decode, other)?;
    let further_scores = judged(engine, &stage, &again, &further, decode, run)?;
    let mut further = candidates(further, further_scores);
    for i in poor {
        let first = Candidate { generated: std::mem::take(&mut generated[i]), score: scores[i] };
        generated[i] = best(iter::once(first).chain(further.by_ref().take(n))).unwrap_or_default();
    }
    Ok(generated)
}

/// Scores each candidate by its row's phones; 0 is perfect.
fn judged(
    engine: &Engine,
    stage: &PhoneStage,
    plan: &Plan,
    generated: &[Generated],
    decode: &DecodeConfig,
    run: RunContext<'_>,
) -> Result<Vec<f64>, EngineError> {
    let expected: Vec<Vec<Phone>> =
        plan.rows.iter().map(|row| expected(row, &engine.kit.vocab)).collect();
    let has_codes = |i: usize| generated[i].codes.as_ref().is_some_and(|c| !c.is_empty());
    let spoken: Vec<usize> =
        (0..generated.len()).filter(|&i| has_codes(i) && !expected[i].is_empty()).collect();
    if spoken.is_empty() {
        return Ok(vec![f64::NEG_INFINITY; generated.len()]);
    }
    let codes: Vec<&Codes> = spoken.iter().filter_map(|&i| generated[i].codes.as_ref()).collect();
    let recognized = stage.scores(&engine.model, &codes, decode, run)?;
    let mut scores = vec![f64::NEG_INFINITY; generated.len()];
    for (&i, recognized) in spoken.iter().zip(&recognized) {
        let score = recognized.phones.as_ref().and_then(|scores| goodness(scores, &expected[i]));
        scores[i] = score.unwrap_or(f64::NEG_INFINITY);
    }
    Ok(scores)
}

/// Scores each candidate by the transcript of a recognizer other than the model's own: minus the phone error rate of
/// the transcript; 0 is perfect.
fn transcribed(
    engine: &Engine,
    recognizer: &dyn Recognizer,
    plan: &Plan,
    generated: &[Generated],
    run: RunContext<'_>,
) -> Result<Vec<f64>, EngineError> {
    let context = Context { services: &engine.services, run };
    let mut scores = vec![f64::NEG_INFINITY; generated.len()];
    for (i, candidate) in generated.iter().enumerate() {
        let Some(codes) = candidate.codes.as_ref().filter(|codes| !codes.is_empty()) else {
            continue;
        };
        let audio = context.codec()?.decode(codes, context.run)?;
        let transcript = recognizer.transcribe(&audio, run.nested())?;
        // A transcript without a word has no phones.
        let phonemized = engine.kit.frontend.phonemize(&transcript.text);
        let words = phonemized.map(|phonemized| phonemized.words).unwrap_or_default();
        let spoken = plain(words.iter().flat_map(|word| word.phones.iter().copied()));
        let wanted = plain(expected(&plan.rows[i], &engine.kit.vocab));
        let errors = strsim::generic_levenshtein(&wanted, &spoken);
        scores[i] = -(errors as f64) / wanted.len().max(1) as f64;
    }
    Ok(scores)
}

/// Returns the phones without stress, boundaries, punctuation and silences.
fn plain(phones: impl IntoIterator<Item = Phone>) -> Vec<Phone> {
    phones.into_iter().filter(|phone| !phone.is_mark()).map(Phone::strip_stress).collect()
}

/// Returns the requested phones of a row: those of its first text that contains phones.
fn expected(row: &RowPlan, vocab: &TextVocab) -> Vec<Phone> {
    let texts = row.stages.iter().flat_map(|s| s.contents.values()).filter_map(|c| match c {
        Content::Text(text) => Some(text),
        Content::Codes(_) | Content::Coded(_) | Content::Latents(_) | Content::Blend(_) => None,
    });
    let phones = |ids: &[u32]| -> Vec<Phone> {
        vocab.decode_phones(ids).into_iter().filter(|&p| p != Phone::BOUNDARY).collect()
    };
    texts.map(|t| phones(&t.ids)).find(|p| !p.is_empty()).unwrap_or_default()
}
