//! Faults of markup in requests.

/// Markup in the text of a request that its task can't follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkupFault {
    /// A voice for a task without voices.
    #[error("it takes no voice, and its text names `{voice}`")]
    NoVoice {
        /// Name of the voice.
        voice: String,
    },
    /// A task that does not answer with speech.
    #[error("it takes no markup in its text")]
    NoSpeech,
}

impl MarkupFault {
    /// Returns the remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoVoice { .. } => "leave the voice out of the text",
            Self::NoSpeech => "give plain text",
        }
    }
}
