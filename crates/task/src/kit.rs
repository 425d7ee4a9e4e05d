//! What a task gets to work with.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_text::{Frontend, TextVocab};
use syrinx_types::{Audio, Coded, Codes, Filter};

use crate::{Alignment, CodeOrder, FrameScores, Part, TaskError, TextForm};

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
}

impl From<String> for Clip {
    fn from(path: String) -> Self {
        Self { path: path.into(), audio: None }
    }
}

impl From<Clip> for String {
    fn from(clip: Clip) -> Self {
        clip.path.to_string_lossy().into_owned()
    }
}

impl From<Audio> for Clip {
    fn from(audio: Audio) -> Self {
        Self { path: PathBuf::new(), audio: Some(Arc::new(audio)) }
    }
}

/// The recordings of an answer that has one, in its field `audio`, while it is in memory.
pub fn one_recording(clip: &Clip) -> Vec<(String, Audio)> {
    let audio = clip.audio.as_deref().cloned();
    audio.map(|audio| ("audio".to_owned(), audio)).into_iter().collect()
}

/// What turns recordings into codes and back, and knows the voices. The engine provides it.
pub trait Studio: Send + Sync {
    /// The samples of a clip, at the codec's rate.
    fn audio(&self, clip: &Clip) -> Result<Audio, TaskError>;
    /// The codes of a recording at the codec's rate.
    fn encode(&self, audio: &Audio) -> Result<Codes, TaskError>;
    /// The codes of a recording at the codec's rate with the latents that they round, where the codec has such.
    fn encode_whole(&self, audio: &Audio) -> Result<Coded, TaskError> {
        Ok(self.encode(audio)?.into())
    }
    /// The sound of codes.
    fn decode(&self, codes: &Codes) -> Result<Audio, TaskError>;
    /// The prompt of a named voice.
    fn voice(&self, name: &str) -> Result<Codes, TaskError>;
    /// Names of the voices, the default first.
    fn voices(&self) -> Vec<String>;
    /// Frames a second of the codec.
    fn frame_rate_hz(&self) -> f64;

    /// A recording at the codec's rate with no more in it than latents (frames, latent_dim) say. `None` if the codec can't.
    fn filter(
        &self,
        _audio: &Audio,
        _latents: &[f32],
        _how: Filter,
    ) -> Result<Option<Audio>, TaskError> {
        Ok(None)
    }

    /// A part of a recording at the codec's rate, as long, by the model's own task for it; `None` if it has none.
    fn part(&self, _audio: &Audio, _part: Part) -> Result<Option<Audio>, TaskError> {
        Ok(None)
    }

    /// Which phones sound in codes, by the model's own ear.
    fn phone_scores(&self, _codes: &Codes) -> Result<FrameScores, TaskError> {
        Err(TaskError::deaf())
    }

    /// The words of a recording at the codec's rate, by the model's own ear: lower case, without punctuation; empty
    /// where none is heard.
    fn transcribe(&self, _audio: &Audio) -> Result<String, TaskError> {
        Err(TaskError::deaf())
    }
}

/// What a task is built with.
#[derive(Clone)]
pub struct TaskKit {
    /// Text tokens.
    pub vocab: Arc<TextVocab>,
    /// Text to phones.
    pub frontend: Arc<Frontend>,
    /// Recordings and voices; absent while training from shards.
    pub studio: Option<Arc<dyn Studio>>,
    /// How the model aligns text and frames.
    pub alignment: Alignment,
    /// How the model reads the words that it speaks.
    pub text: TextForm,
    /// In what order the model writes the codes of speech.
    pub codes: CodeOrder,
    /// Whether stages beside a recording expect the response's latents ([`crate::Generated::latents`]).
    pub latents: bool,
}

impl TaskKit {
    /// The studio, or an error that says that this needs one.
    pub fn studio(&self) -> Result<&dyn Studio, TaskError> {
        self.studio
            .as_deref()
            .ok_or_else(|| TaskError::Sound("this needs a codec, and none was loaded".into()))
    }
}
