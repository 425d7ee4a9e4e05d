//! Settings, request and answer of speech editing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_speech::{SpeakConfig, SpeakingConfig};
use syrinx_task::{Allowed, Answer, AnswerKind, Clip, ConfigIssue, Speech, TaskError};

/// Settings of speech editing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EditConfig {
    /// Settings of speech synthesis.
    pub speaking: SpeakConfig,
    /// Length of the context before an edit that the model continues, in seconds.
    pub context_s: f64,
    /// Number of words after an edit that the model reads.
    pub ahead_words: usize,
    /// Maximum silence on either side of the old words that is replaced with them, in seconds.
    pub margin_s: f64,
    /// Length of the cross-fades at both ends of an edit, in seconds.
    pub fade_s: f64,
    /// Maximum difference between the levels of a recording and of its background for which the background is kept, in
    /// dB. After speech removal, the difference is at least 32 dB in clean recordings, and less than 25 dB in noisy
    /// ones of up to 20 dB SNR.
    pub background_within_db: f64,
    /// Goodness of pronunciation below which a word of a given text is doubted, if the recognizer finds another word,
    /// in nats. A text is refused if a third of its words are doubted and their median goodness is below this value.
    pub doubt_below: f64,
}

impl Default for EditConfig {
    fn default() -> Self {
        Self {
            speaking: SpeakConfig::with_short_prompts(),
            context_s: 4.0,
            ahead_words: 2,
            margin_s: 0.04,
            fade_s: 0.01,
            background_within_db: 25.0,
            doubt_below: -2.0,
        }
    }
}

impl SpeakingConfig for EditConfig {
    fn speaking(&self) -> &SpeakConfig {
        &self.speaking
    }

    fn check(&self, task: &str) -> Result<(), TaskError> {
        let check = || {
            Allowed::Above(0.0).check("context_s", self.context_s)?;
            Allowed::Finite.check("context_s", self.context_s)?;
            Allowed::Within(0.0, 1.0).check("margin_s", self.margin_s)?;
            Allowed::Within(0.0, 0.5).check("fade_s", self.fade_s)?;
            Allowed::Finite.check("background_within_db", self.background_within_db)?;
            Allowed::AtMost(0.0).check("doubt_below", self.doubt_below)
        };
        check().map_err(|issue: ConfigIssue| TaskError::config(task, issue))?;
        self.speaking.check(task)
    }
}

/// A recording to edit, and its new words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditRequest {
    /// Recording to edit.
    pub audio: Clip,
    /// New text of the recording. With `start_s` and `end_s`: new text of that span, empty to delete it.
    pub text: String,
    /// Words of the recording; recognized if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Start of the edit, in seconds. Without `start_s` and `end_s`, the old and the new text are compared to find the
    /// edits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_s: Option<f64>,
    /// End of the edit, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_s: Option<f64>,
    /// Whether to separate the background before the edit and mix it with the new words afterwards. By default, this is
    /// done if the recording has a background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_background: Option<bool>,
    /// Edit even if the recording does not seem to contain the words of `says`.
    #[serde(default)]
    pub force: bool,
}

/// The edited recording.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EditAnswer {
    /// Speech; its samples outside the edits are those of the recording.
    #[serde(flatten)]
    pub speech: Speech,
    /// Edits, in order.
    pub edits: Vec<EditedSpan>,
    /// Words of the recording before the edits.
    pub says: String,
}

impl Answer for EditAnswer {
    const KIND: AnswerKind = AnswerKind::Speech;

    fn merge(&mut self, next: Self, start_s: f64) {
        self.speech.merge(next.speech, start_s);
        self.edits.extend(next.edits.into_iter().map(|edit| EditedSpan {
            start_s: edit.start_s + start_s,
            end_s: edit.end_s + start_s,
            ..edit
        }));
    }

    fn speech(&self) -> Option<&Speech> {
        Some(&self.speech)
    }
}

/// An edit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EditedSpan {
    /// Start in the edited recording, in seconds.
    pub start_s: f64,
    /// End in the edited recording, in seconds.
    pub end_s: f64,
    /// Old words.
    pub old: String,
    /// New words.
    pub new: String,
}
