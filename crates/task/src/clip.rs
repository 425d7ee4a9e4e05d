//! Recordings in requests and answers.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::Audio;

use crate::LongRecording;

/// A recording in a request or an answer: a file's name in JSON, samples in memory.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Clip {
    /// The file, or `-` for standard input or output; empty for samples in memory. `NAME#2` is the second channel of
    /// a file, where each has a speaker of its own.
    pub path: PathBuf,
    /// The samples, where they are in memory.
    #[serde(skip)]
    pub audio: Option<Arc<Audio>>,
    /// Section of a long recording that is read on demand.
    #[serde(skip)]
    pub section: Option<Section>,
}

/// A section of a long recording.
#[derive(Clone)]
pub struct Section {
    /// The recording.
    pub recording: Arc<dyn LongRecording>,
    /// Beginning, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
}

impl PartialEq for Section {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.recording, &other.recording)
            && (self.start_s, self.end_s) == (other.start_s, other.end_s)
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Section({} to {} s)", self.start_s, self.end_s)
    }
}

impl Clip {
    /// Returns the name for messages: `the {role}`, with the file where there is one.
    pub fn named(&self, role: &str) -> String {
        if self.path.as_os_str().is_empty() {
            format!("the {role}")
        } else {
            format!("the {role} `{}`", self.path.display())
        }
    }
}

impl From<String> for Clip {
    fn from(path: String) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

impl From<Clip> for String {
    fn from(clip: Clip) -> Self {
        clip.path.to_string_lossy().into_owned()
    }
}

impl From<Audio> for Clip {
    fn from(audio: Audio) -> Self {
        Self::from(Arc::new(audio))
    }
}

impl From<Arc<Audio>> for Clip {
    fn from(audio: Arc<Audio>) -> Self {
        Self { audio: Some(audio), ..Self::default() }
    }
}
