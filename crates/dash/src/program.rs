//! Interface of the dashboard to the program.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use syrinx_eval::Report;
use syrinx_task::{AnswerKind, Answered, Layout};
use syrinx_types::{Audio, CancelToken, EventSink};

use crate::{Picture, ProgramError};

/// The program behind the dashboard. Called on worker threads.
pub trait Program: Send + Sync {
    /// Returns the tasks of the registry.
    ///
    /// # Errors
    /// Fails if a task can't be built.
    fn tasks(&self) -> Result<Vec<TaskCard>, ProgramError>;

    /// Returns the available suites.
    fn suites(&self) -> Vec<SuiteCard>;

    /// Returns the available ablations.
    fn ablations(&self) -> Vec<AblationCard>;

    /// Returns the available models, the default first.
    fn models(&self) -> Vec<ModelCard>;

    /// Returns the sampling settings with their values.
    ///
    /// # Errors
    /// Fails if the settings can't be read.
    fn knobs(&self) -> Result<Vec<Knob>, ProgramError>;

    /// Returns the voices of a model, the default first.
    ///
    /// # Errors
    /// Fails if the model can't be loaded.
    fn voices(&self, model: &ModelCard) -> Result<Vec<String>, ProgramError>;

    /// Answers a request.
    ///
    /// # Errors
    /// Any failure. The dashboard ignores the error of a cancelled job.
    fn answer(
        &self,
        ask: &AnswerRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<ProgramAnswer, ProgramError>;

    /// Runs a suite and writes its rows to the results store.
    ///
    /// # Errors
    /// Any failure. The dashboard ignores the error of a cancelled job.
    fn evaluate(
        &self,
        ask: &EvalRequest,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<Report, ProgramError>;

    /// Runs the unfinished cells of an ablation, writes them to the results store, and writes the report. Returns a
    /// summary of one line.
    ///
    /// # Errors
    /// Any failure. The dashboard ignores the error of a cancelled job.
    fn ablate(
        &self,
        ask: &AblationCard,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<String, ProgramError>;

    /// Returns the current time, seconds since 1970.
    fn now_s(&self) -> f64;

    /// Starts to play a recording, and returns when playback has begun.
    ///
    /// # Errors
    /// Fails without a sound device.
    fn play(&self, audio: &Audio) -> Result<(), ProgramError>;
}

/// A field of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldCard {
    /// Name of the field.
    pub name: String,
    /// Description of the field's type.
    pub kind: String,
    /// Meaning of the field.
    pub about: String,
}

/// Description of a task of the registry.
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
    /// Field of the request that the positional argument of the command fills.
    pub positional: String,
    /// Whether the positional field is a recording.
    pub takes_recording: bool,
    /// Required fields of a request.
    pub required: Vec<String>,
    /// Layouts by the alignment of text and frames (`model.alignment`).
    pub layouts: Vec<(String, Layout)>,
    /// Fields of a request.
    pub request: Vec<FieldCard>,
    /// Fields of an answer.
    pub answer: Vec<FieldCard>,
    /// Settings of the task.
    pub settings: Vec<FieldCard>,
}

impl TaskCard {
    /// Whether the task synthesizes speech from text alone.
    pub fn speaks(&self) -> bool {
        self.answer_kind == AnswerKind::Speech
            && !self.takes_recording
            && self.required.iter().all(|field| *field == self.positional)
    }

    /// Whether a request of the task has this field.
    pub fn takes(&self, field: &str) -> bool {
        self.request.iter().any(|f| f.name == field)
    }
}

/// A suite.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SuiteCard {
    /// Name of the suite.
    pub name: String,
    /// Evaluated task; empty for a codec suite.
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
    /// Question that the ablation answers.
    pub question: String,
    /// Number of cells.
    pub cells: usize,
    /// Whether each cell trains a model, which takes hours and needs a corpus.
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

/// A request for a task, with model and settings.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRequest {
    /// By this model.
    pub model: ModelCard,
    /// Task of the request.
    pub task: String,
    /// The request. `recording`, if given, replaces its positional field.
    pub request: Value,
    /// Changed settings, as key and value in the syntax of `--set`.
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
    /// Synthesized speech, or the recording of the request.
    pub audio: Option<Arc<Audio>>,
    /// Seconds from request to answer.
    pub wall_s: f64,
    /// Seconds to the first samples of a streamed answer.
    pub first_s: Option<f64>,
}

/// An answer with the picture of its recording.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnAnswer {
    /// The answer.
    pub answer: ProgramAnswer,
    /// Waveform and spectrogram of the recording.
    pub picture: Option<Picture>,
    /// Median pitch of the recording, Hz; `None` if too few frames are voiced.
    pub pitch_hz: Option<f64>,
}

/// Request to run a suite.
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
    /// Event file of the run (`events.jsonl`).
    pub path: PathBuf,
}
