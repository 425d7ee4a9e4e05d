//! Latency of live recognition.

use std::time::Instant;

use serde::Serialize;
use syrinx_audio::pcm16;
use syrinx_decode::DecodeConfig;
use syrinx_engine::Engine;
use syrinx_task::{TaskDescriptor, Transcript};
use syrinx_types::{Audio, CancelToken, RunContext};

use crate::RecipeError;
use crate::streaming_latency::quantile;

/// Length of the silence after each recording in joined recordings, in seconds.
const PAUSE_S: f64 = 0.5;

/// Step of the simulated clock while no recognition is due, in seconds.
const STEP_S: f64 = 0.02;

/// Measurement of live recognition. A simulated clock delivers the samples of a recording in real time and advances by
/// the computing time of each recognition.
pub struct LiveBench<'a> {
    engine: &'a Engine,
    task: &'static TaskDescriptor,
}

/// Figures of live recognition over all recordings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiveFigures {
    /// Number of recordings.
    pub recordings: usize,
    /// Total length of the recordings, in seconds.
    pub seconds: f64,
    /// Number of recognized words.
    pub words: usize,
    /// Median time from the end of a word until its recognition is final, in seconds.
    pub delay_p50_s: Option<f64>,
    /// 95th percentile of the same time, in seconds.
    pub delay_p95_s: Option<f64>,
    /// Number of recordings with the same text as offline recognition.
    pub same_text: usize,
    /// Computing time divided by the length of the recordings.
    pub real_time_factor: f64,
}

/// Result of the live recognition of one recording.
#[derive(Debug, Default)]
struct Recognized {
    /// Time from the end of each word until its recognition was final, in seconds.
    delays_s: Vec<f64>,
    /// Computing time, in seconds.
    computed_s: f64,
    text: String,
}

impl<'a> LiveBench<'a> {
    /// Runs one recognition as warm-up, so that one-time initialization is not measured.
    ///
    /// # Errors
    /// [`RecipeError::NoTask`] if the model has no recognition task; errors of the model.
    pub fn new(engine: &'a Engine, recording: &Audio) -> Result<Self, RecipeError> {
        let task = engine.recognition_task();
        let task = task.ok_or(RecipeError::NoTask { purpose: "recognizes speech" })?;
        let bench = Self { engine, task };
        bench.recognize(recording)?;
        Ok(bench)
    }

    /// Joins recordings, each followed by 0.5 s of silence; `None` without recordings.
    pub fn joined(recordings: &[Audio]) -> Option<Audio> {
        let mut joined = Audio { samples: Vec::new(), ..recordings.first()?.clone() };
        for recording in recordings {
            joined.samples.extend_from_slice(&recording.samples);
            joined.samples.extend(Audio::silence(PAUSE_S, joined.sample_rate_hz).samples);
        }
        Some(joined)
    }

    /// Recognizes each recording live and, for comparison, offline.
    ///
    /// # Errors
    /// [`RecipeError::Cancelled`]; errors of the model.
    pub fn measure(
        &self,
        recordings: &[Audio],
        cancel: &CancelToken,
    ) -> Result<LiveFigures, RecipeError> {
        let (mut delays_s, mut same_text, mut computed_s) = (Vec::new(), 0, 0.0);
        for recording in recordings {
            if cancel.is_cancelled() {
                return Err(RecipeError::Cancelled);
            }
            let live = self.recognize_live(recording)?;
            let offline = self.recognize(recording)?.text;
            delays_s.extend(live.delays_s);
            same_text += usize::from(live.text == offline);
            computed_s += live.computed_s;
        }
        let seconds: f64 = recordings.iter().map(Audio::seconds).sum();
        Ok(LiveFigures {
            recordings: recordings.len(),
            seconds,
            words: delays_s.len(),
            delay_p50_s: quantile(&delays_s, 0.5),
            delay_p95_s: quantile(&delays_s, 0.95),
            same_text,
            real_time_factor: computed_s / seconds,
        })
    }

    fn recognize_live(&self, recording: &Audio) -> Result<Recognized, RecipeError> {
        let rate_hz = recording.sample_rate_hz;
        let bytes = pcm16(&recording.samples);
        let decode = DecodeConfig::default();
        let mut live = self.engine.live_session(self.task.id, rate_hz, &decode)?;
        let mut recognized = Recognized::default();
        let cancel = CancelToken::default();
        let (mut now_s, mut pushed) = (0.0, 0);
        loop {
            let come = (2 * (now_s * f64::from(rate_hz)) as usize).min(bytes.len());
            live.push(&bytes[pushed..come.max(pushed)]);
            pushed = come.max(pushed);
            let ended = pushed == bytes.len();
            if !ended && !live.is_due() {
                now_s += STEP_S;
                continue;
            }
            let begun = Instant::now();
            let update = live.recognize(ended, RunContext::quiet(&cancel))?;
            let Some(update) = update else { return Ok(recognized) };
            let took_s = begun.elapsed().as_secs_f64();
            now_s += took_s;
            recognized.computed_s += took_s;
            recognized.delays_s.extend(update.words.iter().map(|w| now_s - w.end_s));
            if ended {
                recognized.text = update.text;
                return Ok(recognized);
            }
        }
    }

    fn recognize(&self, audio: &Audio) -> Result<Transcript, RecipeError> {
        let (decode, cancel) = (DecodeConfig::default(), CancelToken::default());
        let run = RunContext::quiet(&cancel);
        Ok(self.engine.transcript(self.task, audio.clone(), &decode, run)?)
    }
}
