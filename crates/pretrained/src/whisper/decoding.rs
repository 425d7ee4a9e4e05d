//! Decoding of a window, with Whisper's checks for repetition and improbable text.

use std::io::Write as _;

use candle_core::IndexOp;
use flate2::{Compression, write::ZlibEncoder};
use rand_chacha::ChaCha8Rng;
use syrinx_types::CancelToken;

use super::error::WhisperFault;
use super::model::{Whisper, failed};
use super::network::Cache;
use super::options::WhisperOptions;
use super::rules::{choose, log_sum_exp, restrict};
use crate::PretrainedError;

/// A decoded window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decoded {
    /// Text tokens and timestamps.
    pub(crate) tokens: Vec<u32>,
    pub(crate) temperature: f64,
    pub(crate) mean_log_prob: f64,
    pub(crate) compression_ratio: f64,
    pub(crate) no_speech_prob: f64,
}

impl Decoded {
    /// Whether another temperature should be tried. Not for silence, whose text is improbable at all temperatures.
    fn needs_fallback(&self, options: &WhisperOptions) -> bool {
        let repetitive = self.compression_ratio > options.max_compression_ratio;
        (repetitive || self.mean_log_prob < options.min_log_prob) && !self.is_silence(options)
    }

    /// Whether the window contains no speech.
    pub(crate) fn is_silence(&self, options: &WhisperOptions) -> bool {
        self.no_speech_prob > options.no_speech_threshold
            && self.mean_log_prob < options.min_log_prob
    }
}

/// Decoder state after the prefix, and the logits of the first token.
struct Prefixed {
    cache: Cache,
    logits: Vec<f32>, // (vocabulary)
    no_speech_prob: f64,
}

/// A sampled sequence: its tokens, and the sum of their log-probabilities including the end.
struct Draw {
    tokens: Vec<u32>,
    log_prob: f64,
}

impl Draw {
    fn mean_log_prob(&self) -> f64 {
        self.log_prob / (self.tokens.len() + 1) as f64
    }
}

impl Whisper {
    /// Decodes a window at the first temperature whose text passes the checks, or at the last one.
    pub(crate) fn decode_window(
        &self,
        window: &Cache,
        prefix: &[u32],
        options: &WhisperOptions,
        rng: &mut ChaCha8Rng,
        cancel: &CancelToken,
    ) -> Result<Decoded, PretrainedError> {
        let prefixed = self.prefixed(window, prefix)?;
        let mut decoded = Decoded::default();
        for &temperature in &options.temperatures {
            let draws = if temperature > 0.0 { options.best_of.max(1) } else { 1 };
            let mut best: Option<Draw> = None;
            for _ in 0..draws {
                let draw = self.draw(&prefixed, temperature, options, &mut *rng, cancel)?;
                if best.as_ref().is_none_or(|b| draw.mean_log_prob() > b.mean_log_prob()) {
                    best = Some(draw);
                }
            }
            let Some(best) = best else { break };
            let text = self.vocabulary.decode(&best.tokens)?.trim().to_owned();
            decoded = Decoded {
                mean_log_prob: best.mean_log_prob(),
                compression_ratio: compression_ratio(&text),
                tokens: best.tokens,
                temperature,
                no_speech_prob: prefixed.no_speech_prob,
            };
            if !decoded.needs_fallback(options) {
                break;
            }
        }
        Ok(decoded)
    }

    fn prefixed(&self, window: &Cache, prefix: &[u32]) -> Result<Prefixed, PretrainedError> {
        let fail = failed("decode a window");
        let mut cache = window.clone();
        let hidden = self.network.decode(prefix, &mut cache, None).map_err(&fail)?; // (tokens, width)
        let logits_at = |at: usize| {
            let row = hidden.i(at..=at)?; // (1, width)
            self.network.logits(&row)?.flatten_all()?.to_vec1::<f32>() // (vocabulary)
        };
        let logits = logits_at(prefix.len() - 1).map_err(&fail)?;
        let start = prefix.iter().position(|&t| t == self.vocabulary.start);
        let no_speech_prob = match (self.vocabulary.no_speech, start) {
            (Some(token), Some(start)) => {
                let at_start = logits_at(start).map_err(&fail)?;
                let logit = at_start.get(token as usize).copied().unwrap_or(f32::NEG_INFINITY);
                f64::from((logit - log_sum_exp(&at_start)).exp())
            }
            _ => 0.0,
        };
        Ok(Prefixed { cache, logits, no_speech_prob })
    }

    fn draw(
        &self,
        prefixed: &Prefixed,
        temperature: f64,
        options: &WhisperOptions,
        rng: &mut ChaCha8Rng,
        cancel: &CancelToken,
    ) -> Result<Draw, PretrainedError> {
        let fail = failed("decode a window");
        let mut cache = prefixed.cache.clone();
        let mut logits = prefixed.logits.clone();
        let mut draw = Draw { tokens: Vec::new(), log_prob: 0.0 };
        let positions = self.config.max_target_positions;
        // The last token is generated, but not fed back.
        let most = options.max_tokens.min(positions / 2).min(positions + 1 - cache.len);
        loop {
            restrict(&mut logits, &draw.tokens, &self.vocabulary);
            let Some((token, log_prob)) = choose(&logits, temperature, rng) else { break };
            draw.log_prob += log_prob;
            if token == self.vocabulary.end {
                break;
            }
            draw.tokens.push(token);
            if draw.tokens.len() >= most {
                break;
            }
            if cancel.is_cancelled() {
                return Err(WhisperFault::Cancelled.into());
            }
            let hidden = self.network.decode(&[token], &mut cache, None).map_err(&fail)?; // (1, width)
            logits = self
                .network
                .logits(&hidden)
                .and_then(|l| l.flatten_all()?.to_vec1()) // (vocabulary)
                .map_err(&fail)?;
        }
        Ok(draw)
    }
}

/// Returns the size of a text divided by its compressed size: 1 to 2 for natural text, more for repetition.
fn compression_ratio(text: &str) -> f64 {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory can't fail.
    let compressed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    compressed.map_or(1.0, |bytes| text.len() as f64 / bytes.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_compresses_and_language_does_not() {
        let loops = compression_ratio(&"and then he said ".repeat(20));
        let plain = compression_ratio("The birch canoe slid on the smooth planks.");
        assert!(loops > 2.4 && plain < 1.5, "{loops} {plain}");
    }

    #[test]
    fn silence_is_no_reason_to_try_again() {
        let options = WhisperOptions::default();
        let improbable = Decoded { mean_log_prob: -2.0, no_speech_prob: 0.1, ..Decoded::default() };
        let silence = Decoded { no_speech_prob: 0.9, ..improbable.clone() };
        let repetitive = Decoded { compression_ratio: 3.0, ..Decoded::default() };
        assert!(improbable.needs_fallback(&options) && repetitive.needs_fallback(&options));
        assert!(!silence.needs_fallback(&options) && silence.is_silence(&options));
    }
}
