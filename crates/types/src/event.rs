//! Events of long operations, for progress bars, JSON lines, logs and the dashboard.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

/// An event. Serialised as one JSON object with a `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A job of known or unknown length began.
    JobStarted {
        /// Display name.
        name: String,
        /// Steps in all, if known.
        total: Option<u64>,
    },
    /// Progress of a job.
    JobProgress {
        /// The name given at the start.
        name: String,
        /// Steps done so far.
        done: u64,
        /// A short note, such as the current item.
        note: String,
    },
    /// The job ended.
    JobFinished {
        /// The name given at the start.
        name: String,
        /// Summary for people.
        summary: String,
    },
    /// One optimiser step.
    TrainStep {
        /// Step number, from 1.
        step: u64,
        /// Steps in all.
        total: u64,
        /// Mean loss of the step.
        loss: f64,
        /// Losses by name (`tts/ar`, `tts/nar.3`, ...).
        losses: Vec<(String, f64)>,
        /// Learning rate.
        learning_rate: f64,
        /// Global gradient norm before clipping.
        gradient_norm: f64,
        /// Positions a second.
        tokens_per_s: f64,
    },
    /// An evaluation while training.
    TrainEval {
        /// Step number.
        step: u64,
        /// Figures by name.
        figures: Vec<(String, f64)>,
    },
    /// A figure of training far above its usual range: the run may be about to diverge.
    TrainWarning {
        /// Step number.
        step: u64,
        /// The figure (`loss tts/ar:codes.1`, `gradient norm tts/ar`, ...).
        figure: String,
        /// Current value.
        value: f64,
        /// Recent average.
        usual: f64,
        /// Message for people, with the remedy.
        message: String,
    },
    /// A checkpoint is on disk.
    CheckpointSaved {
        /// Step number.
        step: u64,
        /// Path.
        path: String,
    },
    /// One utterance of an evaluation has been scored.
    EvalRow {
        /// Suite.
        suite: String,
        /// Utterance.
        id: String,
        /// Figures by name.
        figures: Vec<(String, f64)>,
    },
    /// A warning for people; the work continues.
    Warning {
        /// The text.
        message: String,
    },
}

/// Receiver of events. It must be quick and must not fail, since the work waits for it.
pub trait EventSink: Send + Sync {
    /// Receives one event.
    fn emit(&self, event: Event);
}

/// Discards every event.
#[derive(Debug, Default, Clone, Copy)]
pub struct NullSink;

impl EventSink for NullSink {
    fn emit(&self, _event: Event) {}
}

impl<S: EventSink + ?Sized> EventSink for &S {
    fn emit(&self, event: Event) {
        (**self).emit(event);
    }
}

/// Several sinks as one: each takes every event.
pub struct Tee<'a>(pub Vec<Box<dyn EventSink + 'a>>);

impl EventSink for Tee<'_> {
    fn emit(&self, event: Event) {
        for sink in &self.0 {
            sink.emit(event.clone());
        }
    }
}

/// Keeps every event, for tests and replays.
#[derive(Debug, Default)]
pub struct RecordingSink(Mutex<Vec<Event>>);

impl RecordingSink {
    /// Returns all events so far.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().map(|v| v.clone()).unwrap_or_default()
    }
}

impl EventSink for RecordingSink {
    fn emit(&self, event: Event) {
        if let Ok(mut v) = self.0.lock() {
            v.push(event);
        }
    }
}
