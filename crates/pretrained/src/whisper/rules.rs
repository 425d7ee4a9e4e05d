//! Rules for the next token: suppressed tokens, the order of timestamps, and sampling.

use rand::{Rng, RngCore};

use super::vocabulary::Vocabulary;

/// Maximum of a window's first timestamp, in steps of 20 ms.
const LATEST_FIRST_TIMESTAMP: u32 = 50;

/// Excludes the tokens that may not follow `generated`.
pub(crate) fn restrict(logits: &mut [f32], generated: &[u32], vocabulary: &Vocabulary) {
    let mut exclude = |id: u32| {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = f32::NEG_INFINITY;
        }
    };
    vocabulary.suppressed.iter().copied().for_each(&mut exclude);
    if generated.is_empty() {
        vocabulary.suppressed_first.iter().copied().for_each(&mut exclude);
    }
    match &vocabulary.timestamps {
        Some(range) => {
            let special = vocabulary.end + 1..range.start;
            special.for_each(&mut exclude);
            timestamps_in_order(logits, generated, vocabulary.end, range.start);
        }
        // All ids after the end of text are special tokens.
        None => logits.iter_mut().skip(vocabulary.end as usize + 1).for_each(drop_logit),
    }
}

fn drop_logit(logit: &mut f32) {
    *logit = f32::NEG_INFINITY;
}

/// Enforces the order of timestamps: a window begins with one, they come in pairs, and none is earlier than the
/// previous. A timestamp is forced if the probability of all timestamps exceeds that of any other token.
fn timestamps_in_order(logits: &mut [f32], generated: &[u32], end: u32, first: u32) {
    let (end, first) = (end as usize, (first as usize).min(logits.len()));
    let is_timestamp = |token: &u32| *token as usize >= first;
    let last = generated.last().is_some_and(is_timestamp);
    let before = generated.len() < 2 || is_timestamp(&generated[generated.len() - 2]);
    if last && before {
        logits[first..].iter_mut().for_each(drop_logit);
    } else if last {
        logits[..end.min(first)].iter_mut().for_each(drop_logit);
    }
    if let Some(&latest) = generated.iter().rev().find(|&t| is_timestamp(t)) {
        // The second timestamp of a pair may equal the first; a segment must not be empty.
        let from = latest as usize + usize::from(!last || before);
        let until = from.min(logits.len());
        logits[first..until].iter_mut().for_each(drop_logit);
    }
    if generated.is_empty() {
        logits[..first].iter_mut().for_each(drop_logit);
        logits.iter_mut().skip(first + LATEST_FIRST_TIMESTAMP as usize + 1).for_each(drop_logit);
    }
    let (text, timestamps) = logits.split_at_mut(first);
    let best_text = text.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if log_sum_exp(timestamps) > best_text {
        text.iter_mut().for_each(drop_logit);
    }
}

/// Returns the logarithm of the sum of exponentials.
pub(crate) fn log_sum_exp(logits: &[f32]) -> f32 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if top == f32::NEG_INFINITY {
        return top;
    }
    top + logits.iter().map(|l| (l - top).exp()).sum::<f32>().ln()
}

/// Returns a token and its log-probability: the most probable token at temperature 0, otherwise a sample. `None` if all
/// tokens are excluded.
pub(crate) fn choose(
    logits: &[f32],
    temperature: f64,
    rng: &mut dyn RngCore,
) -> Option<(u32, f64)> {
    let total = log_sum_exp(logits);
    if !total.is_finite() {
        return None;
    }
    let best = (0..).zip(logits).reduce(|best, next| if next.1 > best.1 { next } else { best });
    let (best, &top) = best?;
    let token = if temperature <= 0.0 {
        best
    } else {
        let weight = |logit: f32| (f64::from(logit - top) / temperature).exp();
        let mut left = rng.random::<f64>() * logits.iter().map(|&l| weight(l)).sum::<f64>();
        let drawn = (0u32..).zip(logits).find(|&(_, &logit)| {
            left -= weight(logit);
            left < 0.0
        });
        drawn.map_or(best, |(token, _)| token)
    };
    Some((token, f64::from(logits[token as usize] - total)))
}
