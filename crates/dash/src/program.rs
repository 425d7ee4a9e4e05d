//! Interface to the program that the dashboard is part of.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use syrinx_eval::Report;
use syrinx_task::{AnswerKind, Answered, Layout};
use syrinx_types::{Audio, CancelToken, EventSink};

use crate::{Picture, ProgramError};

/// The program behind the dashboard. Called on worker threads.
pub trait Program: Send + Sync {
    /// Returns the registry.
    ///
    /// # Errors
    /// If a task can't be built.
    fn tasks(&self) -> Result<Vec<TaskCard>, ProgramError>;

    /// Suites that can be run.
    fn suites(&self) -> Vec<SuiteCard>;

    /// Ablations that can be run.
    fn ablations(&self) -> Vec<AblationCard>;

    /// Models that can be used, the default first.
    fn models(&self) -> Vec<ModelCard>;

    /// Sampling settings with their values.
    ///
    /// # Errors
    /// If the settings can't be read.
    fn knobs(&self) -> Result<Vec<Knob>, ProgramError>;

    /// Returns the voices of a model, the default first.
    ///
    /// # Errors
    /// If the model can't be loaded.
    fn voices(&self, model: &ModelCard) -> Result<Vec<String>, ProgramError>;

    /// Answers a request.
    ///
    /// # Errors
    /// If the work fails; the error is unused after cancellation.
    fn answer(
        &self,
        ask: &AnswerRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<ProgramAnswer, ProgramError>;

    /// Runs a suite, and keeps it in the results store.
    ///
    /// # Errors
    /// If the work fails; the error is unused after cancellation.
    fn evaluate(
        &self,
        ask: &EvalRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<Report, ProgramError>;

    /// Runs the cells of an ablation that are not finished, keeps them in the results store and writes the report.
    /// Returns a line about what was done.
    ///
    /// # Errors
    /// If the work fails; the error is unused after cancellation.
    fn ablate(
        &self,
        ask: &AblationCard,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<String, ProgramError>;

    /// Seconds since 1970.
    fn now_s(&self) -> f64;

    /// Plays a recording, if this program can. Returns when it has begun.
    ///
    /// # Errors
    /// If there is no sound device.
    fn play(&self, audio: &Audio) -> Result<(), ProgramError>;
}

/// A field of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldCard {
    /// Name of the field.
    pub name: String,
    /// Type of the field, in words.
    pub kind: String,
    /// Meaning.
    pub about: String,
}

/// A task as the registry knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskCard {
    /// Identifier.
    pub id: String,
    /// One line.
    pub summary: String,
    /// An example command.
    pub example: String,
    /// Kind of its answers.
    pub answer_kind: AnswerKind,
    /// The request's field that it is about.
    pub positional: String,
    /// Whether that field names a recording.
    pub takes_recording: bool,
    /// Fields that a request can't do without.
    pub required: Vec<String>,
    /// Prompt layouts by alignment of text and frames.
    pub layouts: Vec<(String, Layout)>,
    /// Fields of a request.
    pub request: Vec<FieldCard>,
    /// Fields of an answer.
    pub answer: Vec<FieldCard>,
    /// Settings of the task.
    pub settings: Vec<FieldCard>,
}

impl TaskCard {
    /// Whether it makes speech out of nothing but words.
    pub fn speaks(&self) -> bool {
        self.answer_kind == AnswerKind::Speech
            && !self.takes_recording
            && self.required.iter().all(|field| *field == self.positional)
    }

    /// Whether a request has this field.
    pub fn takes(&self, field: &str) -> bool {
        self.request.iter().any(|f| f.name == field)
    }
}

/// A suite.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SuiteCard {
    /// Name of the suite.
    pub name: String,
    /// The task that it is of; empty for a codec.
    pub task: String,
    /// One line.
    pub summary: String,
    /// File of the suite.
    pub path: PathBuf,
}

/// An ablation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AblationCard {
    /// Name of the ablation.
    pub name: String,
    /// The question that it answers.
    pub question: String,
    /// Number of its cells.
    pub cells: usize,
    /// Whether its cells train models of their own, which takes hours and needs a corpus.
    pub trains: bool,
    /// File of the ablation.
    pub path: PathBuf,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelCard {
    /// Display name.
    pub name: String,
    /// File of the model; `None` for the model that the settings name.
    pub path: Option<PathBuf>,
}

/// A sampling setting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Knob {
    /// Key, with dots.
    pub key: String,
    /// Value, as text.
    pub value: String,
}

/// A request to be answered.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRequest {
    /// By this model.
    pub model: ModelCard,
    /// By this task.
    pub task: String,
    /// The request. Its positional field takes `recording`, where that is given.
    pub request: Value,
    /// Settings that are changed: keys and values as flags give them.
    pub changed: Vec<(String, String)>,
    /// Seed.
    pub seed: u64,
    /// A recording in memory.
    pub recording: Option<Arc<Audio>>,
}

/// Answer of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgramAnswer {
    /// The answer.
    pub answered: Answered,
    /// Synthesized recording, or the recording of the request.
    pub audio: Option<Arc<Audio>>,
    /// Seconds from question to answer.
    pub wall_s: f64,
    /// Seconds to the first sound, where it comes in parts.
    pub first_s: Option<f64>,
}

/// An answer ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnAnswer {
    /// The answer.
    pub answer: ProgramAnswer,
    /// Waveform and spectrogram of the recording.
    pub picture: Option<Picture>,
    /// Median pitch of its sound, where it has one.
    pub pitch_hz: Option<f64>,
}

/// A suite to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalRequest {
    /// The suite.
    pub suite: SuiteCard,
    /// By this model.
    pub model: ModelCard,
    /// Largest number of items.
    pub limit: Option<usize>,
}

/// A training run on disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrainingCard {
    /// Display name.
    pub name: String,
    /// File of the training's events.
    pub path: PathBuf,
}
