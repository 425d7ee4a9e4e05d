//! Subject of an evaluation.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Map, Value};
use syrinx_audio::AudioError;
use syrinx_metrics::MetricsError;
use syrinx_task::{AnswerKind, Answered};
use syrinx_types::{Audio, CallbackError, RunContext};

use crate::SubjectFault;

/// Request to a subject.
#[derive(Debug, Clone, Copy)]
pub struct SubjectRequest<'a> {
    /// The task.
    pub task: &'a str,
    /// The request; recordings in it are absolute paths.
    pub request: &'a Value,
    /// Decoding settings that differ from the model's own.
    pub decode: &'a Map<String, Value>,
    /// Seed of the sampling.
    pub seed: u64,
}

/// Answer with its timing.
#[derive(Debug, Clone)]
pub struct SubjectAnswer {
    /// The task's answer.
    pub answered: Answered,
    /// Seconds from request to answer.
    pub wall_s: f64,
    /// Seconds until the first samples are available; `None` for an answer that is not streamed.
    pub first_audio_s: Option<f64>,
}

/// Reason for a missing answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// Stopped on request.
    #[error("stopped on request")]
    Cancelled,
    /// A fault of the answer, or of the material it is compared with.
    #[error(transparent)]
    Failed(#[from] SubjectFault),
}

impl SubjectError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Cancelled => None,
            Self::Failed(fault) => fault.hint(),
        }
    }
}

impl From<CallbackError> for SubjectError {
    fn from(error: CallbackError) -> Self {
        Self::Failed(SubjectFault::Subject(error))
    }
}

impl From<AudioError> for SubjectError {
    fn from(error: AudioError) -> Self {
        Self::Failed(SubjectFault::Recording(Box::new(error)))
    }
}

impl From<MetricsError> for SubjectError {
    fn from(error: MetricsError) -> Self {
        Self::Failed(SubjectFault::Measures(Box::new(error)))
    }
}

/// A model under evaluation, such as a loaded engine. The implementation measures the time.
pub trait Subject {
    /// Returns the name in reports.
    fn name(&self) -> String;

    /// Returns the fingerprint of weights and settings: everything that answers depend on. Finished rows of an equal
    /// fingerprint are reused.
    fn fingerprint(&self) -> String;

    /// Returns the kind of a task's answers; `None` for an unknown task.
    fn answer_kind(&self, task: &str) -> Option<AnswerKind>;

    /// Returns the identifiers of the tasks, for messages.
    fn tasks(&self) -> Vec<String>;

    /// Returns the named voices, the default first.
    fn voices(&self) -> Vec<String>;

    /// Returns a reference recording of a named voice.
    ///
    /// # Errors
    /// [`SubjectError::Failed`] for an unknown voice.
    fn voice_recording(&self, voice: &str) -> Result<Audio, SubjectError>;

    /// Answers a request, with the seed of the request.
    ///
    /// # Errors
    /// [`SubjectError::Cancelled`] if the run was cancelled, [`SubjectError::Failed`] for anything else.
    fn answer(
        &self,
        ask: &SubjectRequest,
        run: RunContext<'_>,
    ) -> Result<SubjectAnswer, SubjectError>;

    /// Returns the sample rate of the recordings, Hz.
    fn sample_rate_hz(&self) -> u32;

    /// Opens the codec of the round trip: the codec that a suite names, or the subject's own.
    ///
    /// # Errors
    /// [`SubjectError::Failed`] for a codec that can't be opened.
    fn codec(
        &self,
        named: Option<NamedCodec<'_>>,
    ) -> Result<Box<dyn TestedCodec + '_>, SubjectError>;
}

/// A codec that a suite names.
#[derive(Debug, Clone, Copy)]
pub struct NamedCodec<'a> {
    /// The codec as `--codec` takes it: `PATH[,levels=N][,vocoder=PATH]`.
    pub spec: &'a str,
    /// Folder that relative paths start from.
    pub folder: &'a Path,
}

/// A codec under evaluation.
pub trait TestedCodec {
    /// Returns the fingerprint of everything that the round trip of a recording depends on.
    fn fingerprint(&self) -> String;

    /// Returns the number of RVQ levels.
    fn levels(&self) -> usize;

    /// Encodes and decodes a recording (at the subject's rate) with the first `levels` levels; returns the result and
    /// the seconds of computation.
    ///
    /// # Errors
    /// [`SubjectError::Failed`].
    fn round_trip(&self, audio: &Audio, levels: usize) -> Result<(Audio, f64), SubjectError>;
}
