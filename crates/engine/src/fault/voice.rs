//! Faults of voices.

use std::path::PathBuf;

use syrinx_types::CodesError;

use crate::fault::FileFault;

/// Fault of a voice that can't be kept, removed, packaged or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceFault {
    /// A name that can't be that of a file and a tensor.
    #[error("that name can't be used")]
    InvalidName,
    /// A name that the model's own voice has.
    #[error("the model has a voice of that name")]
    NameInModel,
    /// A name that an earlier voice of the package has.
    #[error("it is given twice")]
    Repeated,
    /// No folder to keep voices in.
    #[error("there is no folder for voices")]
    NoFolder,
    /// A prompt that can't be written.
    #[error(transparent)]
    Write(Box<FileFault>),
    /// A voice of the model that was to be removed.
    #[error("it is part of the model and can't be removed")]
    PartOfModel,
    /// A file that holds no voice.
    #[error("{}: {fault}", path.display())]
    File {
        /// File of the voice.
        path: PathBuf,
        /// Fault of the file.
        fault: Box<FileFault>,
    },
    /// A file with codes of another codec.
    #[error(
        "{}: it was made with another codec ({found}, this model has {expected})",
        path.display()
    )]
    OtherCodec {
        /// File of the voice.
        path: PathBuf,
        /// Fingerprint of the codec that made it.
        found: String,
        /// Fingerprint of the model's codec.
        expected: String,
    },
    /// A file with a prompt of no length.
    #[error("{}: it has no frames", path.display())]
    NoFrames {
        /// File of the voice.
        path: PathBuf,
    },
    /// A prompt for a package that is empty or has another number of levels than the codec.
    #[error("it has {frames} frames of {levels} levels, the codec has {codec_levels}")]
    Shape {
        /// Frames of the prompt.
        frames: usize,
        /// Levels of the prompt.
        levels: usize,
        /// Levels of the codec.
        codec_levels: usize,
    },
    /// A prompt for a package with codes that the codec doesn't have.
    #[error(transparent)]
    Codes(CodesError),
}

impl VoiceFault {
    /// Returns the remedy for the voice of this name.
    pub(crate) fn hint(&self, name: &str) -> String {
        match self {
            Self::InvalidName => "use letters, digits, `-` and `_` only".into(),
            Self::NameInModel | Self::Repeated => "choose another name".into(),
            Self::NoFolder => "name one with --voices-dir or `voices_dir` in syrinx.toml".into(),
            Self::Write(_) => "record another prompt".into(),
            Self::PartOfModel => "remove only voices that you added".into(),
            Self::File { .. } | Self::OtherCodec { .. } | Self::NoFrames { .. } => {
                format!("add it again from its recording: syrinx voices add {name} FILE")
            }
            Self::Shape { .. } | Self::Codes(_) => {
                "make it from a recording with this codec".into()
            }
        }
    }
}
