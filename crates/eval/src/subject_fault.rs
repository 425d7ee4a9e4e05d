//! Faults of a subject's answers, inside [`SubjectError`](crate::SubjectError).

use std::borrow::Cow;

use syrinx_audio::AudioError;
use syrinx_metrics::MetricsError;
use syrinx_types::CallbackError;

/// Fault of one answer, or of the material it is compared with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectFault {
    /// Failure of the model or its program.
    #[error(transparent)]
    Subject(#[from] CallbackError),
    /// A request without an answer.
    #[error("no answer")]
    NoAnswer,
    /// An answer of speech without a recording.
    #[error("the answer has no recording")]
    NoSpeech,
    /// An answer of text without a transcript.
    #[error("the answer has no transcript")]
    NoTranscript,
    /// An answer of phones without phones.
    #[error("the answer has no phones")]
    NoPhones,
    /// An answer of a kind that no figures exist for.
    #[error("there are no figures for answers of this shape")]
    NoFigures,
    /// A list of time spans in an answer that can't be used.
    #[error("`{field}` of the answer {fault}")]
    Spans {
        /// Field of the answer.
        field: String,
        /// Fault.
        fault: SpansFault,
    },
    /// A request to a codec.
    #[error("a codec takes no request")]
    CodecRequest,
    /// An item without a recording.
    #[error("there is no recording")]
    NoRecording,
    /// An item without a rendition.
    #[error("the recording has no rendition `{rendition}`")]
    NoRendition {
        /// Name of the rendition.
        rendition: String,
    },
    /// A recording that can't be read or written.
    #[error(transparent)]
    Recording(Box<AudioError>),
    /// A recording that can't be measured.
    #[error(transparent)]
    Measures(Box<MetricsError>),
}

/// Fault of a list of time spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpansFault {
    /// Something other than a list.
    #[error("is not a list")]
    NoList,
    /// A span without `start_s` or `end_s`.
    #[error("has an entry without times")]
    NoTimes,
    /// Spans that cover all of the recording or none of it.
    #[error("covers all of the recording or none of it")]
    OneSided,
}

impl SubjectFault {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Subject(error) => return error.hint(),
            Self::Recording(error) => return error.hint(),
            Self::Measures(error) => return error.hint(),
            Self::NoRendition { .. } => {
                "name a rendition that the manifest has under `renditions`".into()
            }
            Self::Spans { fault: SpansFault::NoList, .. } => {
                "name a field of the answer that lists `start_s` and `end_s`".into()
            }
            _ => return None,
        })
    }
}
