//! Reasons for which importers leave out files, or use them in part.

use std::io;
use std::path::PathBuf;

use super::{AlignmentFault, TextGridFault};

/// Reason for which an importer left out a file, or used it in part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportFault {
    /// A file name that is not UTF-8.
    #[error("its name is not UTF-8")]
    NameNotUtf8,
    /// A recording or transcript outside a chapter.
    #[error("it is not in a folder speaker/chapter/")]
    OutsideChapter,
    /// A recording in a format that importers do not support.
    #[error("recordings .{ending} are not imported")]
    Ending {
        /// Extension of the file.
        ending: String,
    },
    /// A recording in a folder below the imported one.
    #[error("folders within the folder are not imported")]
    Subfolder,
    /// A recording with the name of an earlier recording.
    #[error("an earlier recording has the same name")]
    RepeatedName,
    /// A recording without a transcript.
    #[error("there is no transcript")]
    NoTranscript,
    /// A recording without the named transcript file.
    #[error("there is no {name}")]
    NoText {
        /// Name of the missing file.
        name: String,
    },
    /// A transcript without words.
    #[error("its transcript is empty")]
    EmptyTranscript,
    /// A transcript file without its recording.
    #[error("the transcript has no recording")]
    NoRecording,
    /// A line of transcripts without its recording.
    #[error("the transcript of `{id}` has no recording")]
    LineWithoutRecording {
        /// Name of the utterance.
        id: String,
    },
    /// A file that can't be read.
    #[error("cannot be read: {0}")]
    Read(io::Error),
    /// A file that is not UTF-8.
    #[error("is not UTF-8 text: {0}")]
    NotUtf8(std::string::FromUtf8Error),
    /// A file of which some bytes are not UTF-8.
    #[error("is not UTF-8 text throughout")]
    PartlyUtf8,
    /// A transcript of a recording that can't be used.
    #[error("{}: {fault}", path.display())]
    Transcript {
        /// File of the transcript.
        path: PathBuf,
        /// Fault.
        fault: Box<ImportFault>,
    },
    /// A transcript as written, used because there is no normalised transcript.
    #[error("the text is from .{ending}")]
    OtherText {
        /// Extension of the file that was used.
        ending: &'static str,
    },
    /// A line of `metadata.csv`.
    #[error("line {line}: {fault}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// Fault.
        fault: LineFault,
    },
    /// A recording that no line names.
    #[error("no line names the recording")]
    Unlisted,
    /// An utterance without a TextGrid.
    #[error("there is no TextGrid for the utterance `{id}`")]
    NoTextGrid {
        /// Name of the utterance.
        id: String,
    },
    /// A TextGrid without an utterance.
    #[error("no utterance has this name")]
    NoUtterance,
    /// A TextGrid with the name of an earlier TextGrid.
    #[error("an earlier TextGrid has the same name")]
    RepeatedTextGrid,
    /// A TextGrid that can't be parsed.
    #[error("line {line}: {fault}")]
    BrokenTextGrid {
        /// Line where reading stopped, from 1.
        line: usize,
        /// Fault.
        fault: TextGridFault,
    },
    /// A TextGrid whose tiers can't be used.
    #[error(transparent)]
    Alignment(#[from] AlignmentFault),
    /// Times beyond the end of the recording.
    #[error(
        "{intervals} interval{} clamped to the end of the recording at {end_s} s",
        if *intervals == 1 { "" } else { "s" }
    )]
    Clamped {
        /// Number of changed intervals.
        intervals: usize,
        /// End of the recording, seconds.
        end_s: f64,
    },
    /// A tier without labels.
    #[error("the tier `{name}` is empty")]
    EmptyTier {
        /// Name of the tier.
        name: String,
    },
    /// Tiers of other speakers, or with other names than `words` and `phones`.
    #[error("tiers not used: {}", names.join(", "))]
    UnusedTiers {
        /// Names of the tiers.
        names: Vec<String>,
    },
}

/// Fault of a line of `metadata.csv`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// A wrong number of fields.
    #[error("{found} fields instead of 2 or 3 between `|`")]
    Fields {
        /// Number of fields.
        found: usize,
    },
    /// A field without content.
    #[error("an empty id or text")]
    EmptyField,
    /// An id that is a path.
    #[error("the id `{id}` is not a file name")]
    NoFileName {
        /// The id.
        id: String,
    },
    /// The id of an earlier line.
    #[error("an earlier line has the id `{id}`")]
    RepeatedId {
        /// The id.
        id: String,
    },
    /// An id without a recording.
    #[error("no recording wavs/{id}.wav")]
    NoRecording {
        /// The id.
        id: String,
    },
    /// A recording in a format that importers do not support.
    #[error("recordings .{ending} are not imported: wavs/{id}.{ending}")]
    Ending {
        /// The id.
        id: String,
        /// Extension of the recording.
        ending: String,
    },
}

impl ImportFault {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NameNotUtf8 | Self::RepeatedName | Self::RepeatedTextGrid => "rename it",
            Self::Ending { .. } | Self::Line { fault: LineFault::Ending { .. }, .. } => {
                "convert it to WAV or FLAC"
            }
            Self::Subfolder => "import that folder by itself",
            Self::Transcript { fault, .. } => return fault.hint(),
            _ => return None,
        })
    }
}
