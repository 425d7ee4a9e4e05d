//! Drawing one token.

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

/// Natural log-probabilities of logits; a logit of minus infinity stays there.
pub fn log_softmax(logits: &[f32]) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if !max.is_finite() {
        return vec![-(logits.len() as f32).ln(); logits.len()];
    }
    let sum: f64 = logits.iter().map(|&l| f64::from(l - max).exp()).sum();
    let log_sum = max + sum.ln() as f32;
    logits.iter().map(|&l| l - log_sum).collect()
}

/// Draws a token; `history` is what came before, the latest last. With `aware`, a repeat is drawn again from the whole
/// distribution.
pub fn draw(
    logits: &[f32],
    history: &[u32],
    config: &SamplerConfig,
    aware: Option<&RepetitionAware>,
    rng: &mut impl Rng,
) -> Drawn {
    let plain = log_softmax(logits);
    let log_prob = |token: usize| f64::from(plain[token]);
    let mut token = filtered(logits, history, config, rng);
    if let Some(aware) = aware.filter(|a| a.enabled) {
        let recent = &history[history.len().saturating_sub(aware.window)..];
        // As printed, the count includes the code just drawn.
        let count = 1 + recent.iter().filter(|&&t| t as usize == token).count();
        if count as f64 / aware.window.max(1) as f64 > aware.threshold {
            let all: Vec<(usize, f64)> =
                plain.iter().map(|&l| f64::from(l).exp()).enumerate().collect();
            token = pick(&all, rng);
        }
    }
    Drawn { token: token as u32, log_prob: log_prob(token) }
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
    let mut kept: Vec<(usize, f64)> = log_softmax(&logits)
        .iter()
        .map(|&l| f64::from(l).exp())
        .enumerate()
        .filter(|(_, p)| *p > 0.0)
        .collect();
    kept.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap_or(Ordering::Equal).then(a.0.cmp(&b.0)));
    if config.top_k > 0 {
        kept.truncate(config.top_k);
    }
    if config.top_p < 1.0 {
        let mut sum = 0.0;
        let total: f64 = kept.iter().map(|k| k.1).sum();
        let enough = kept.iter().position(|k| {
            sum += k.1;
            sum >= config.top_p * total
        });
        kept.truncate(enough.map_or(kept.len(), |i| i + 1));
    }
    if config.min_p > 0.0 {
        let least = kept.first().map_or(0.0, |k| k.1) * config.min_p;
        kept.retain(|k| k.1 >= least);
    }
    pick(&kept, rng)
}

/// A draw in proportion to the weights.
fn pick(weighted: &[(usize, f64)], rng: &mut impl Rng) -> usize {
    let total: f64 = weighted.iter().map(|w| w.1).sum();
    if total <= 0.0 || !total.is_finite() {
        return weighted.first().map_or(0, |w| w.0);
    }
    let mut at = rng.random_range(0.0..total);
    for &(token, weight) in weighted {
        if at < weight {
            return token;
        }
        at -= weight;
    }
    weighted.last().map_or(0, |w| w.0)
}
