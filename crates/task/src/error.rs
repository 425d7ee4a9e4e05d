//! Errors between a request and its answer.

use std::error::Error;

use crate::{
    AnswerIssue, ConfigIssue, InputError, InputIssue, LayoutIssue, RecordingIssue, Service,
};

/// Errors of tasks. Messages are for the person who made the request; [`TaskError::hint`] has the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// A request that does not fit its task's schema.
    #[error("task `{task}`: the request does not fit: {issue}")]
    Request {
        /// Task.
        task: String,
        /// Fault.
        issue: RequestIssue,
    },
    /// Settings that do not fit their task.
    #[error("task `{task}`: the settings do not fit: {issue}")]
    Config {
        /// Task.
        task: String,
        /// Fault.
        issue: ConfigIssue,
    },
    /// Settings of another form than the task's.
    #[error("task `{task}`: the settings do not fit: {cause}")]
    ConfigForm {
        /// Task.
        task: String,
        /// Error of the JSON parser.
        cause: serde_json::Error,
    },
    /// Input that cannot be used.
    #[error(transparent)]
    Input(InputError),
    /// Text that cannot be spoken or written.
    #[error(transparent)]
    Text(#[from] syrinx_text::TextError),
    /// A service that failed.
    #[error("{cause}")]
    Service {
        /// Service.
        service: Service,
        /// Error of the service.
        cause: Box<dyn Error + Send + Sync>,
        /// Remedy.
        hint: Option<String>,
    },
    /// A service that the model does not have.
    #[error("this model has no {0}")]
    Missing(Service),
    /// Contents that do not fit the layout: a fault of the task, not of the request.
    #[error("layout of stage `{stage}`: {issue}")]
    Layout {
        /// Stage.
        stage: String,
        /// Fault.
        issue: LayoutIssue,
    },
    /// Generated rows that do not form an answer.
    #[error("task `{task}`: {issue}")]
    Answer {
        /// Task.
        task: String,
        /// Fault.
        issue: AnswerIssue,
    },
    /// A run that was stopped.
    #[error("stopped")]
    Cancelled,
}

/// Mismatch between a request and its task.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestIssue {
    /// Fields that are not those of the task's schema.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A recording for a field of another type.
    #[error("field `{field}` takes no recording")]
    NoRecording {
        /// Name of the field.
        field: String,
    },
}

impl TaskError {
    /// Builds the error of input that cannot be used.
    pub fn input(issue: impl InputIssue) -> Self {
        Self::Input(InputError::new(issue))
    }

    /// Builds the error of a setting of a task.
    pub fn config(task: impl Into<String>, issue: ConfigIssue) -> Self {
        Self::Config { task: task.into(), issue }
    }

    /// Builds the error of a recording in which nobody speaks; `recording` names it.
    pub fn no_speech(recording: &str) -> Self {
        RecordingIssue::NoSpeech { name: recording.to_owned() }.into()
    }

    /// Builds a service that failed.
    pub fn service(service: Service, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Service { service, cause: cause.into(), hint: None }
    }

    /// Returns the remedy, where one is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Request { task, .. } => {
                Some(format!("`syrinx tasks show {task}` lists the fields"))
            }
            Self::Config { task, .. } | Self::ConfigForm { task, .. } => {
                Some(format!("`syrinx tasks show {task}` lists the settings"))
            }
            Self::Input(error) => Some(error.hint().into_owned()),
            Self::Service { hint, .. } => hint.clone(),
            Self::Missing(Service::Recognizer | Service::PhoneRecognizer) => {
                Some("use a model that was trained to recognize speech".into())
            }
            Self::Missing(Service::Separator) => {
                Some("use a model that was trained to denoise and to remove speech".into())
            }
            Self::Missing(Service::Voices) => Some("give a prompt instead".into()),
            Self::Missing(_) => Some("open a whole model".into()),
            Self::Answer { .. } => Some("try another seed".into()),
            Self::Text(error) => error.hint().map(std::borrow::Cow::into_owned),
            Self::Layout { .. } | Self::Cancelled => None,
        }
    }
}

impl From<RecordingIssue> for TaskError {
    fn from(issue: RecordingIssue) -> Self {
        Self::input(issue)
    }
}
