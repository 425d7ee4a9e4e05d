//! Judges: transcripts and figures of recordings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use syrinx_audio::AudioWarning;
use syrinx_types::CancelToken;

use crate::score::{WordScore, score_words};
use crate::{EvalError, Measure, Subject};

mod command;
mod endpoint;
mod own;
mod tenths;
mod whisper;

pub(crate) use command::CommandJudge;
pub use endpoint::EndpointFault;
pub(crate) use endpoint::EndpointJudge;
pub(crate) use own::OwnRecognizer;
pub(crate) use whisper::WhisperJudge;

/// A judge and its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum JudgeConfig {
    /// A task of the evaluated model that transcribes recordings.
    Own {
        /// Name: the suffix of its figures, `wer@NAME`.
        #[serde(default = "own")]
        name: String,
        /// The task.
        task: String,
        /// Request to the task, with `{audio}` for the recording.
        request: Map<String, Value>,
    },
    /// A program that reads and writes JSON lines. Fields of the input: `wav`, `text`, `prompt`, `group`. Fields of the
    /// output: `wav`, and `heard` (the transcript) or the counts `errors`, `words`, `char_errors`, `chars`; every other
    /// number is a figure of its own (`sim`, `ovr`).
    Command {
        /// Name: the suffix of its figures, `wer@NAME`.
        #[serde(default = "judge")]
        name: String,
        /// Shell command. `{list}` is replaced by the path of the input, `{out}` by that of the output; without `{out}`
        /// the standard output is read.
        command: String,
    },
    /// Whisper's weights, run by this program.
    Whisper {
        /// Name: the suffix of its figures, `wer@NAME`.
        #[serde(default = "whisper_name")]
        name: String,
        /// The folder with `config.json`, `tokenizer.json` and `model.safetensors`, as on huggingface.co.
        folder: PathBuf,
    },
    /// An OpenAI-compatible transcription endpoint.
    Endpoint {
        /// Name: the suffix of its figures, `wer@NAME`.
        #[serde(default = "endpoint")]
        name: String,
        /// Address including the version: `http://127.0.0.1:8080/v1`.
        url: String,
        /// Name of the model in the request.
        #[serde(default = "endpoint_model")]
        model: String,
        /// Bearer token of requests. Never written to a file.
        #[serde(skip)]
        #[schemars(skip)]
        api_key: Option<String>,
    },
}

fn own() -> String {
    "own".into()
}

fn judge() -> String {
    "judge".into()
}

fn endpoint() -> String {
    "endpoint".into()
}

fn endpoint_model() -> String {
    "whisper-1".into()
}

fn whisper_name() -> String {
    "whisper".into()
}

impl JudgeConfig {
    /// Returns the name: the suffix of its figures, `wer@NAME`.
    pub fn name(&self) -> &str {
        match self {
            Self::Own { name, .. }
            | Self::Command { name, .. }
            | Self::Whisper { name, .. }
            | Self::Endpoint { name, .. } => name,
        }
    }

    /// Returns the fingerprint of the judge, which changes whenever its verdicts could.
    pub(crate) fn fingerprint(&self, subject: &dyn Subject) -> String {
        let config = serde_json::to_string(self).unwrap_or_default();
        let recognizer = match self {
            Self::Own { .. } => subject.fingerprint(),
            _ => String::new(),
        };
        crate::content_hash(&[&config, &recognizer])
    }

    /// Builds the judge with `folder` for its files.
    pub(crate) fn build<'a>(
        &self,
        subject: &'a dyn Subject,
        folder: &Path,
    ) -> Result<Box<dyn Judge + 'a>, EvalError> {
        Ok(match self {
            Self::Own { name, task, request } => {
                Box::new(OwnRecognizer::new(name, task, request, subject)?)
            }
            Self::Command { name, command } => Box::new(CommandJudge::new(name, command, folder)),
            Self::Whisper { name, folder } => Box::new(WhisperJudge::new(name, folder)?),
            Self::Endpoint { name, url, model, api_key } => {
                Box::new(EndpointJudge::new(name, url, model, api_key.as_deref())?)
            }
        })
    }
}

/// A recording for a judge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeLine {
    /// The recording, an absolute path.
    pub wav: PathBuf,
    /// Reference transcript.
    pub text: String,
    /// Recording of the requested voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<PathBuf>,
    /// Recording of a voice that the answer must not have. A program judges the line a second time with this recording
    /// as the prompt.
    #[serde(skip)]
    pub rival: Option<PathBuf>,
    /// Speaker or voice.
    pub group: String,
}

/// Result of a judge for one recording.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Fingerprint of the judge. A verdict with another fingerprint is outdated.
    #[serde(default)]
    pub judge: String,
    /// Transcript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
    /// Errors of words and characters; absent if the judge does not recognize words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<WordScore>,
    /// All other figures, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, f64>,
}

impl Verdict {
    /// Builds the verdict of a transcript.
    pub(crate) fn of_text(reference: &str, transcript: String) -> Self {
        Self {
            words: Some(score_words(reference, &transcript)),
            transcript: Some(transcript),
            ..Self::default()
        }
    }

    /// Returns the result for a missing recording: every word is an error.
    pub(crate) fn all_wrong(reference: &str) -> Self {
        Self { words: Some(score_words(reference, "")), ..Self::default() }
    }

    /// Returns the figures of the verdict, without the judge's name.
    pub(crate) fn measures(&self) -> Vec<(String, Measure)> {
        let words = self.words.iter().flat_map(WordScore::measures);
        let others = self.figures.iter().map(|(k, v)| (k.clone(), Measure::value(*v)));
        words.chain(others).collect()
    }
}

/// A judge that transcribes or rates recordings.
pub trait Judge {
    /// Returns the name: the suffix of its figures, `wer@NAME`.
    fn name(&self) -> &str;

    /// Returns the batch size: 1 for a judge without start-up time, `usize::MAX` for one that is slow to start.
    fn batch(&self) -> usize;

    /// Returns one verdict for each line, in order. A recording that can't be read counts as all wrong, not as an
    /// error. `warn` receives a warning for every repaired fault of a recording.
    ///
    /// # Errors
    /// [`EvalError::Judge`] if the judge itself fails.
    fn judge(
        &self,
        lines: &[JudgeLine],
        cancel: &CancelToken,
        warn: &mut dyn FnMut(AudioWarning),
    ) -> Result<Vec<Verdict>, EvalError>;
}
