//! What can go wrong between text and phones.

use std::path::PathBuf;

/// An error of this crate. Messages name the object; [`TextError::hint`] returns the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// There is no word in the text (it is empty, or emoji and punctuation only).
    #[error("there is nothing to say in {excerpt:?}")]
    NothingToSay {
        /// The beginning of the text.
        excerpt: String,
    },
    /// Most letters of the text belong to another script than the Latin one.
    #[error("only English can be spoken: the text is mostly {script} (it begins with {piece:?})")]
    NotEnglish {
        /// Name of the script most letters belong to.
        script: &'static str,
        /// The first word in that script.
        piece: String,
    },
    /// A pronunciation could not be read.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// A line of a user lexicon could not be read.
    #[error("{file}:{line}: {reason}")]
    LexiconLine {
        /// The file, as given.
        file: String,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A user lexicon could not be opened or read.
    #[error("can't read the lexicon `{}`: {source}", path.display())]
    LexiconFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Data compiled into this crate doesn't load; the build is broken.
    #[error("the embedded {what} doesn't load: {reason}")]
    Embedded {
        /// Which data.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// A byte-level BPE vocabulary could not be trained.
    #[error("can't train a byte-pair vocabulary of {vocab_size} tokens: {reason}")]
    TrainBpe {
        /// The size asked for.
        vocab_size: usize,
        /// Why.
        reason: String,
    },
    /// Text could not be split into byte pairs.
    #[error("can't encode {excerpt:?} as byte pairs: {reason}")]
    EncodeBpe {
        /// The beginning of the text.
        excerpt: String,
        /// Why.
        reason: String,
    },
    /// The pronouncer of unknown words failed.
    #[error("can't find the pronunciation of {words:?}: {source}")]
    Pronounce {
        /// The first few unknown words.
        words: Vec<String>,
        /// What the pronouncer said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl TextError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::NothingToSay { .. } => "give at least one English word or number".into(),
            Self::NotEnglish { .. } => {
                "write it in Latin letters, or give pronunciations as /.../".into()
            }
            Self::LexiconLine { .. } => {
                "write a line as `word  P HH OW1 N Z` or `word  /foʊnz/`".into()
            }
            Self::Embedded { .. } => "rebuild syrinx-text from a clean checkout".into(),
            _ => return None,
        })
    }
}

/// A symbol that is no phone of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// Not an ARPAbet symbol.
    #[error("`{symbol}` is no ARPAbet phone of the CMU dictionary (those are like HH, AH0, OW1)")]
    Arpabet {
        /// The symbol.
        symbol: String,
    },
    /// Not an IPA symbol that English needs.
    #[error("`{piece}` in /{transcription}/ is no IPA sound of American English")]
    Ipa {
        /// What could not be read.
        piece: String,
        /// The whole transcription.
        transcription: String,
    },
    /// A stress mark is followed by no vowel.
    #[error("a stress mark in /{transcription}/ stands before no vowel")]
    Stress {
        /// The whole transcription.
        transcription: String,
    },
    /// A pronunciation without sounds.
    #[error("a pronunciation is empty")]
    Empty,
}

/// The first characters of a text, for messages.
pub(crate) fn excerpt(text: &str) -> String {
    const SHOWN_CHARS: usize = 40;
    let mut chars = text.chars();
    let mut out: String = chars.by_ref().take(SHOWN_CHARS).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}
