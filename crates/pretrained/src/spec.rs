//! Codecs as named on a command line or in a configuration.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A codec: a folder or file with options, written as `PATH[,levels=N][,vocoder=PATH]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecSpec {
    /// Folder of the checkpoint, or a file in it.
    pub path: PathBuf,
    /// Number of levels in use, counted from the first; all if not given.
    pub levels: Option<usize>,
    /// Folder or file of a Vocos checkpoint that decodes instead of the codec's own decoder.
    pub vocoder: Option<PathBuf>,
}

impl CodecSpec {
    /// Returns a codec with all its levels and its own decoder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), levels: None, vocoder: None }
    }

    /// Returns the codec with paths relative to a folder.
    #[must_use]
    pub fn below(self, folder: &Path) -> Self {
        let vocoder = self.vocoder.map(|path| folder.join(path));
        Self { path: folder.join(self.path), vocoder, ..self }
    }
}

/// An option that is unknown or has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("codec option `{option}` is not one of levels=N and vocoder=PATH")]
pub struct SpecError {
    option: String,
}

impl FromStr for CodecSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let mut parts = text.split(',');
        let mut spec = Self::new(parts.next().unwrap_or_default());
        for part in parts {
            let wrong = || SpecError { option: part.to_owned() };
            match part.split_once('=') {
                Some(("levels", n)) => spec.levels = Some(n.parse().map_err(|_| wrong())?),
                Some(("vocoder", path)) if !path.is_empty() => spec.vocoder = Some(path.into()),
                _ => return Err(wrong()),
            }
        }
        Ok(spec)
    }
}

impl fmt::Display for CodecSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(levels) = self.levels {
            write!(f, ",levels={levels}")?;
        }
        self.vocoder.as_ref().map_or(Ok(()), |path| write!(f, ",vocoder={}", path.display()))
    }
}
