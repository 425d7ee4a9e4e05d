//! What can go wrong between a request and its answer.

/// Errors of tasks. Messages are for the person who made the request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The request can't be understood.
    #[error("task `{task}`: the request doesn't fit: {reason} (see `syrinx tasks show {task}`)")]
    Request {
        /// Task.
        task: String,
        /// What is wrong.
        reason: String,
    },
    /// The task's settings can't be understood.
    #[error("task `{task}`: its settings don't fit: {reason}")]
    Config {
        /// Task.
        task: String,
        /// What is wrong.
        reason: String,
    },
    /// Bad input that the request names.
    #[error("{0}")]
    Input(String),
    /// Text that can't be spoken or spelled.
    #[error(transparent)]
    Text(#[from] syrinx_text::TextError),
    /// A recording that can't be read or encoded, or a voice that isn't there.
    #[error("{0}")]
    Sound(String),
    /// Contents don't fit the layout: a fault of the task, not of the request.
    #[error("layout of stage `{stage}`: {reason}")]
    Layout {
        /// Stage.
        stage: String,
        /// What is wrong.
        reason: String,
    },
    /// The model's answer can't be turned into the task's.
    #[error("task `{task}`: {reason}")]
    Answer {
        /// Task.
        task: String,
        /// What is wrong.
        reason: String,
    },
}

impl TaskError {
    /// A studio that can't listen.
    pub fn deaf() -> Self {
        Self::Sound(
            "this model can't listen to a recording: use a model that was trained to recognise speech"
                .into(),
        )
    }
}
