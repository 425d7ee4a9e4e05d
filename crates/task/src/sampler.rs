//! Sampling of a token.

use std::cmp::Ordering;

use rand::Rng;

use crate::{RepetitionAware, SamplerConfig};

/// A token and its log-probability under the unfiltered distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// The token.
    pub token: u32,
    /// Natural logarithm.
    pub log_prob: f64,
}

/// Returns the natural log-probabilities of logits; a logit of minus infinity stays minus infinity.
pub fn log_softmax(logits: &[f32]) -> Vec<f32> {
    match log_sum_exp(logits) {
        None => vec![-(logits.len() as f32).ln(); logits.len()],
        Some(log_sum) => logits.iter().map(|&l| l - log_sum).collect(),
    }
}

/// Number of most probable tokens that are sorted first; more are sorted if the filters keep more.
const FIRST_ORDERED: usize = 32;

/// Returns the natural logarithm of the sum of exponentials; `None` if no logit is finite.
fn log_sum_exp(logits: &[f32]) -> Option<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&l| f64::from(l - max).exp()).sum();
    max.is_finite().then(|| max + sum.ln() as f32)
}

/// Draws a token after `history`, the latest token last. With `aware`, a repeat is drawn again from the whole
/// distribution.
pub fn draw(
    logits: &[f32],
    history: &[u32],
    config: &SamplerConfig,
    aware: Option<&RepetitionAware>,
    rng: &mut impl Rng,
) -> Drawn {
    let log_sum = log_sum_exp(logits);
    let even = -(logits.len() as f32).ln();
    let plain = |logit: f32| f64::from(log_sum.map_or(even, |sum| logit - sum));
    let mut token = filtered(logits, history, config, rng);
    if let Some(aware) = aware.filter(|a| a.enabled) {
        let recent = &history[history.len().saturating_sub(aware.window)..];
        // As in the paper's algorithm, the count includes the code just drawn.
        let count = 1 + recent.iter().filter(|&&t| t as usize == token).count();
        if count as f64 / aware.window.max(1) as f64 > aware.threshold {
            let candidate =
                |(token, &l): (usize, &f32)| Candidate { token, probability: plain(l).exp() };
            let all: Vec<Candidate> = logits.iter().enumerate().map(candidate).collect();
            token = pick(&all, rng);
        }
    }
    Drawn { token: token as u32, log_prob: plain(logits.get(token).copied().unwrap_or_default()) }
}

fn filtered(logits: &[f32], history: &[u32], config: &SamplerConfig, rng: &mut impl Rng) -> usize {
    let mut logits = logits.to_vec();
    if config.repetition_penalty != 1.0 {
        let penalty = config.repetition_penalty as f32;
        let recent = &history[history.len().saturating_sub(config.repetition_window)..];
        let mut seen: Vec<usize> =
            recent.iter().map(|&t| t as usize).filter(|&t| t < logits.len()).collect();
        seen.sort_unstable();
        seen.dedup();
        for t in seen {
            logits[t] = if logits[t] > 0.0 { logits[t] / penalty } else { logits[t] * penalty };
        }
    }
    let by_value = |a: &f32, b: &f32| a.partial_cmp(b).unwrap_or(Ordering::Equal);
    if config.temperature == 0.0 {
        let best = logits.iter().enumerate().max_by(|a, b| by_value(a.1, b.1).then(b.0.cmp(&a.0)));
        return best.map_or(0, |(i, _)| i);
    }
    for l in &mut logits {
        *l /= config.temperature as f32;
    }
    let mut kept: Vec<Candidate> = log_softmax(&logits)
        .iter()
        .map(|&l| f64::from(l).exp())
        .enumerate()
        .filter(|(_, p)| *p > 0.0)
        .map(|(token, probability)| Candidate { token, probability })
        .collect();
    if config.top_k > 0 && config.top_k < kept.len() {
        kept.select_nth_unstable_by(config.top_k, likelier);
        kept.truncate(config.top_k);
    }
    nucleus(&mut kept, config.top_p);
    if config.min_p > 0.0 {
        let least = kept.first().map_or(0.0, |k| k.probability) * config.min_p;
        kept.retain(|k| k.probability >= least);
    }
    pick(&kept, rng)
}

/// Token that may be drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    token: usize,
    probability: f64,
}

/// Orders candidates by descending probability, equal ones by token.
fn likelier(a: &Candidate, b: &Candidate) -> Ordering {
    b.probability.partial_cmp(&a.probability).unwrap_or(Ordering::Equal).then(a.token.cmp(&b.token))
}

/// Keeps the likeliest tokens until they hold the share `top_p`, in order. Only tokens near the top are ordered unless
/// the share needs more.
fn nucleus(kept: &mut Vec<Candidate>, top_p: f64) {
    if top_p >= 1.0 {
        return kept.sort_unstable_by(likelier);
    }
    let wanted = top_p * kept.iter().map(|k| k.probability).sum::<f64>();
    let (mut ordered, mut sum) = (0, 0.0);
    while ordered < kept.len() {
        let end = (4 * ordered).clamp(FIRST_ORDERED, kept.len().max(FIRST_ORDERED)).min(kept.len());
        let rest = &mut kept[ordered..];
        if ordered + rest.len() > end {
            rest.select_nth_unstable_by(end - ordered, likelier);
        }
        rest[..end - ordered].sort_unstable_by(likelier);
        for at in ordered..end {
            sum += kept[at].probability;
            if sum >= wanted {
                return kept.truncate(at + 1);
            }
        }
        ordered = end;
    }
}

/// Draws a token in proportion to the probabilities.
fn pick(candidates: &[Candidate], rng: &mut impl Rng) -> usize {
    let total: f64 = candidates.iter().map(|c| c.probability).sum();
    if total <= 0.0 || !total.is_finite() {
        return candidates.first().map_or(0, |c| c.token);
    }
    let mut at = rng.random_range(0.0..total);
    for candidate in candidates {
        if at < candidate.probability {
            return candidate.token;
        }
        at -= candidate.probability;
    }
    candidates.last().map_or(0, |c| c.token)
}
