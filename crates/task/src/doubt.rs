//! Doubts about transcripts.

use std::fmt;

use crate::Transcript;

/// Reason to doubt a transcript.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TranscriptDoubt {
    /// No words were found.
    NoSpeech,
    /// The words are likely to be wrong.
    Uncertain {
        /// Confidence of the words, 0 to 1.
        confidence: f64,
    },
}

impl Transcript {
    /// Returns the reason to doubt recognized words, if there is one.
    pub fn doubt(&self) -> Option<TranscriptDoubt> {
        if self.text.trim().is_empty() {
            return Some(TranscriptDoubt::NoSpeech);
        }
        self.low_confidence().map(|confidence| TranscriptDoubt::Uncertain { confidence })
    }
}

impl fmt::Display for TranscriptDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSpeech => f.write_str("no speech found"),
            Self::Uncertain { confidence } => {
                write!(f, "the words are uncertain (confidence {confidence:.2})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uncertain_and_missing_words_are_doubtful() {
        let doubt = |text: &str, confidence| {
            let confidence = Some(confidence);
            Transcript { text: text.into(), confidence, ..Transcript::default() }.doubt()
        };
        assert_eq!(doubt("yes", 0.9), None);
        assert_eq!(doubt("yes", 0.4), Some(TranscriptDoubt::Uncertain { confidence: 0.4 }));
        assert_eq!(doubt(" ", 0.9), Some(TranscriptDoubt::NoSpeech));
    }
}
