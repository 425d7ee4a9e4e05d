//! Errors of the text front end.

use std::borrow::Cow;
use std::path::PathBuf;

/// Error of this crate. The message names the object, [`TextError::hint`] is the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The text has no words: it is empty, or has emoji and punctuation only.
    #[error("there is nothing to say in {excerpt:?}")]
    NothingToSay {
        /// The beginning of the text.
        excerpt: String,
    },
    /// Most letters of the text are not Latin.
    #[error("only English can be spoken, and the text is mostly {script} ({piece:?})")]
    NotEnglish {
        /// Name of the script of most letters.
        script: &'static str,
        /// The first word in that script.
        piece: String,
    },
    /// A pronunciation could not be read.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// A line of a user lexicon could not be read.
    #[error("{file}:{line}: {fault}")]
    LexiconLine {
        /// The file, as given.
        file: String,
        /// Line number, from 1.
        line: usize,
        /// Fault.
        fault: LexiconFault,
    },
    /// A user lexicon could not be opened or read.
    #[error("can't read the lexicon `{}`: {cause}", path.display())]
    LexiconFile {
        /// The file.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// Embedded data can't be loaded; the build is broken.
    #[error("the embedded {what} doesn't load: {fault}")]
    Embedded {
        /// Name of the data.
        what: &'static str,
        /// Fault.
        fault: EmbeddedFault,
    },
    /// A model of graphones could not be read or written.
    #[error("the model of graphones can't be used: {fault}")]
    Graphones {
        /// Fault.
        fault: GraphoneFault,
    },
    /// The requested byte-level BPE vocabulary has fewer tokens than there are bytes.
    #[error(
        "can't train a byte-pair vocabulary of {vocab_size} tokens: the {bytes} bytes alone need more"
    )]
    SmallBpe {
        /// Requested size.
        vocab_size: usize,
        /// Number of bytes, each of which is a token.
        bytes: usize,
    },
    /// A byte-level BPE vocabulary could not be trained.
    #[error("can't train a byte-pair vocabulary of {vocab_size} tokens: {cause}")]
    TrainBpe {
        /// Requested size.
        vocab_size: usize,
        /// Error of the `tokenizers` library.
        cause: tokenizers::Error,
    },
    /// Text could not be split into byte pairs.
    #[error("can't encode {excerpt:?} as byte pairs: {cause}")]
    EncodeBpe {
        /// The beginning of the text.
        excerpt: String,
        /// Error of the `tokenizers` library.
        cause: tokenizers::Error,
    },
    /// The pronouncer of unknown words failed.
    #[error("can't find the pronunciation of {words:?}: {cause}")]
    Pronounce {
        /// The first few unknown words.
        words: Vec<String>,
        /// Error of the pronouncer.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl TextError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::NothingToSay { .. } => Some("give at least one English word or number"),
            Self::NotEnglish { .. } => {
                Some("write it in Latin letters, or give pronunciations as /.../")
            }
            Self::Phone(error) => error.hint(),
            Self::LexiconLine { .. } => Some("a line is `word  P HH OW1 N Z` or `word  /foʊnz/`"),
            Self::LexiconFile { .. } => Some("check the path, and that the file can be read"),
            Self::Embedded { .. } => Some("rebuild syrinx-text from a clean checkout"),
            Self::Graphones { .. } => Some("make the model again: cargo xtask graphones"),
            Self::SmallBpe { .. } | Self::TrainBpe { .. } => {
                Some("choose a size above 256, or give more text")
            }
            Self::EncodeBpe { .. } | Self::Pronounce { .. } => None,
        };
        hint.map(Cow::Borrowed)
    }
}

impl PhoneError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Arpabet { .. } => {
                Some("phones are those of the CMU dictionary, like HH, AH0, OW1")
            }
            Self::Ipa { .. } => Some("give sounds of American English, or ARPAbet"),
            Self::Stress { .. } => Some("put the stress mark before a vowel's syllable"),
            Self::Empty => Some("give at least one phone"),
        }
    }
}

/// Fault of a line of a user lexicon.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LexiconFault {
    /// A line that can't be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// A word without a pronunciation.
    #[error("`{line}` has no pronunciation")]
    NoPronunciation {
        /// The line without its comment.
        line: String,
    },
    /// A pronunciation with an unknown symbol.
    #[error(transparent)]
    Phone(#[from] PhoneError),
}

/// Fault of data that are compiled into this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedFault {
    /// Bytes that can't be inflated or deflated.
    #[error(transparent)]
    Deflate(#[from] std::io::Error),
    /// A file that the `tokenizers` library can't read.
    #[error(transparent)]
    Tokenizer(tokenizers::Error),
    /// A vocabulary in which a byte has no token.
    #[error("a byte has no token")]
    ByteToken,
    /// A vocabulary that doesn't begin with the bytes.
    #[error("the bytes are not the first {bytes} tokens")]
    ByteOrder {
        /// Number of bytes.
        bytes: usize,
    },
    /// A vocabulary whose token ids have gaps.
    #[error("token numbers have gaps")]
    TokenGaps,
    /// A line of the dictionary without space.
    #[error("no space in {line:?}")]
    NoSpace {
        /// The line.
        line: String,
    },
    /// A dictionary that isn't sorted.
    #[error("{word:?} comes after {previous:?}")]
    Unsorted {
        /// The word.
        word: String,
        /// Word of the previous line.
        previous: String,
    },
    /// A line of the dictionary with an unknown symbol.
    #[error("a symbol is no phone: {line:?}")]
    NoPhone {
        /// The line.
        line: String,
    },
}

/// Fault of a file of graphones.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphoneFault {
    /// Bytes that can't be inflated or deflated.
    #[error(transparent)]
    Deflate(#[from] std::io::Error),
    /// Bytes that do not have the stated fingerprint.
    #[error("the fingerprint of the content is {found}, the file says {stated}")]
    Fingerprint {
        /// Fingerprint of the content.
        found: String,
        /// Fingerprint at the file's beginning.
        stated: String,
    },
    /// More bytes than a model may have.
    #[error("the content has more than {most_bytes} bytes")]
    Size {
        /// Largest number of bytes.
        most_bytes: u64,
    },
    /// A file that ends too early.
    #[error("the file ends too early")]
    Short,
    /// A file with bytes after the last count.
    #[error("{bytes} bytes follow the last count")]
    Surplus {
        /// Number of bytes.
        bytes: usize,
    },
    /// A number of more than 32 bits.
    #[error("a number has more than 32 bits")]
    Number,
    /// An unsupported order of n-grams.
    #[error("n-grams of order {order}")]
    Order {
        /// Order.
        order: u32,
    },
    /// A graphone without letters, with too many letters or phones, or with a phone outside the inventory.
    #[error("graphone {index} is none")]
    Graphone {
        /// Index of the graphone.
        index: u32,
    },
    /// An n-gram whose suffix is not in the model.
    #[error("an n-gram of order {order} has no suffix")]
    Suffix {
        /// Order.
        order: usize,
    },
}

/// Fault of a pronunciation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// A symbol that is not ARPAbet.
    #[error("`{symbol}` is no ARPAbet phone of the CMU dictionary")]
    Arpabet {
        /// The symbol.
        symbol: String,
    },
    /// An IPA symbol that is not a sound of American English.
    #[error("`{piece}` in /{transcription}/ is no IPA sound of American English")]
    Ipa {
        /// The unknown symbol.
        piece: String,
        /// The complete transcription.
        transcription: String,
    },
    /// A stress mark without a following vowel.
    #[error("a stress mark in /{transcription}/ stands before no vowel")]
    Stress {
        /// The complete transcription.
        transcription: String,
    },
    /// A pronunciation without phones.
    #[error("a pronunciation is empty")]
    Empty,
}

/// Returns the first characters of a text, for messages.
pub(crate) fn excerpt(text: &str) -> String {
    const SHOWN_CHARS: usize = 40;
    let mut chars = text.chars();
    let mut out: String = chars.by_ref().take(SHOWN_CHARS).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}
