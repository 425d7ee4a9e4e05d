//! Latency and underruns of streaming synthesis.

use std::time::Instant;

use serde::Serialize;
use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{Chunk, Engine, SpeechPortion, TakeSound};
use syrinx_task::{Request, TaskDescriptor};
use syrinx_types::{CancelToken, RunContext};

use crate::RecipeError;

/// Text of the concurrent request.
const CONCURRENT: &str =
    "The smell of the raw meadow came across the hills, and nobody said a word about it.";

/// Measurement of streaming synthesis.
pub struct StreamingBench<'a> {
    engine: &'a Engine,
    task: &'static TaskDescriptor,
    decode: DecodeConfig,
}

/// Figures of streaming synthesis over all sentences.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StreamingFigures {
    /// Number of sentences.
    pub sentences: usize,
    /// Median latency of the first samples, in seconds.
    pub first_p50_s: Option<f64>,
    /// 95th percentile of the latency of the first samples, in seconds.
    pub first_p95_s: Option<f64>,
    /// Computing time divided by the length of the speech.
    pub real_time_factor: f64,
    /// Number of sentences with an underrun: a player that starts with the first samples runs out of samples.
    pub underruns: usize,
}

/// Times of one streamed sentence.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Streamed {
    first_s: f64,
    total_s: f64,
    length_s: f64,
    /// Longest interruption of playback, in seconds.
    wait_s: f64,
}

impl<'a> StreamingBench<'a> {
    /// Runs one request as warm-up, so that one-time initialization is not measured.
    ///
    /// # Errors
    /// [`RecipeError::NoTask`] if the model has no task that speaks text; errors of the model.
    pub fn new(engine: &'a Engine, decode: &DecodeConfig) -> Result<Self, RecipeError> {
        let task = engine.tasks().find(|d| d.speaks_text());
        let task = task.ok_or(RecipeError::NoTask { purpose: "speaks texts" })?;
        let bench = Self { engine, task, decode: decode.clone().streaming() };
        bench.stream(CONCURRENT)?;
        Ok(bench)
    }

    /// Streams sentences one after another. With `concurrent`, another request runs at the same time.
    ///
    /// # Errors
    /// [`RecipeError::Cancelled`]; errors of the model.
    pub fn measure(
        &self,
        sentences: &[&str],
        concurrent: bool,
        cancel: &CancelToken,
    ) -> Result<StreamingFigures, RecipeError> {
        let stop = CancelToken::default();
        std::thread::scope(|scope| {
            if concurrent {
                scope.spawn(|| {
                    let request = self.request(CONCURRENT);
                    while !stop.is_cancelled() {
                        let run = RunContext::quiet(&stop);
                        // The token cancels this request when the measurement ends.
                        let _ = self.engine.run(self.task.id, &request, &self.decode, run);
                    }
                });
            }
            let streamed = sentences.iter().map(|sentence| match cancel.is_cancelled() {
                true => Err(RecipeError::Cancelled),
                false => self.stream(sentence),
            });
            let streamed: Result<Vec<Streamed>, RecipeError> = streamed.collect();
            stop.cancel();
            streamed.map(|streamed| figures(&streamed))
        })
    }

    fn request(&self, text: &str) -> Request {
        Request::new(json!({ self.task.verb.positional: text }))
    }

    fn stream(&self, text: &str) -> Result<Streamed, RecipeError> {
        let begun = Instant::now();
        let rate_hz = f64::from(self.engine.codec_id().info.sample_rate_hz);
        let mut arrivals: Vec<Arrival> = Vec::new();
        let mut sound = |s: SpeechPortion<'_>| {
            if !s.samples.is_empty() {
                let at_s = begun.elapsed().as_secs_f64();
                arrivals.push(Arrival { at_s, samples: s.samples.len() });
            }
        };
        let mut length_s = 0.0;
        let mut each = |chunk: Chunk| {
            length_s += chunk.answered.audio().map_or(0.0, |audio| audio.seconds());
            Ok(())
        };
        let cancel = CancelToken::default();
        let (request, run) = (self.request(text), RunContext::quiet(&cancel));
        let (id, sound) = (self.task.id, Some(&mut sound as &mut TakeSound<'_>));
        self.engine.run_streaming(id, &request, &self.decode, run, sound, &mut each)?;
        let total_s = begun.elapsed().as_secs_f64();
        let first_s = arrivals.first().map_or(total_s, |a| a.at_s);
        Ok(Streamed { first_s, total_s, length_s, wait_s: longest_wait_s(&arrivals, rate_hz) })
    }
}

/// A group of samples that arrived together.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    /// Time since the request, in seconds.
    at_s: f64,
    samples: usize,
}

/// Returns the longest interruption of playback that starts with the first samples, in seconds.
fn longest_wait_s(arrivals: &[Arrival], rate_hz: f64) -> f64 {
    let Some(first) = arrivals.first() else { return 0.0 };
    let (mut had_s, mut longest) = (0.0, 0.0f64);
    for arrival in arrivals {
        longest = longest.max(arrival.at_s - first.at_s - had_s);
        had_s += arrival.samples as f64 / rate_hz;
    }
    longest
}

fn figures(streamed: &[Streamed]) -> StreamingFigures {
    let first_s: Vec<f64> = streamed.iter().map(|s| s.first_s).collect();
    let sum = |value: fn(&Streamed) -> f64| streamed.iter().map(value).sum::<f64>();
    StreamingFigures {
        sentences: streamed.len(),
        first_p50_s: quantile(&first_s, 0.5),
        first_p95_s: quantile(&first_s, 0.95),
        real_time_factor: sum(|s| s.total_s) / sum(|s| s.length_s),
        underruns: streamed.iter().filter(|s| s.wait_s > 0.0).count(),
    }
}

/// Returns the `q`-quantile of the values by nearest rank; `None` without values.
pub(crate) fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get((q * values.len().saturating_sub(1) as f64).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_waits_for_samples_that_come_late() {
        let waited = |arrivals: &[(f64, usize)]| {
            let arrival = |&(at_s, samples): &(f64, usize)| Arrival { at_s, samples };
            longest_wait_s(&arrivals.iter().map(arrival).collect::<Vec<_>>(), 10.0)
        };
        assert_eq!(waited(&[]), 0.0);
        assert_eq!(waited(&[(0.5, 10), (1.4, 10), (2.0, 10)]), 0.0);
        let late = waited(&[(0.5, 10), (1.75, 10), (2.0, 10)]);
        assert!((late - 0.25).abs() < 1e-9, "{late}");
    }

    #[test]
    fn quantiles_are_values_of_the_list() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.95), Some(3.0));
    }
}
