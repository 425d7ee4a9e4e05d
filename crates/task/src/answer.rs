//! Answers: types with a `merge` over the chunks of a request.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use syrinx_types::{Audio, TimedPhone, WordTime};

use crate::Clip;

/// Shape of an answer, for programs that show or score the common shapes differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// A [`Speech`].
    Speech,
    /// A [`Transcript`].
    Text,
    /// [`Phones`].
    Phones,
    /// Any other shape: shown as [`Answer::lines`] or JSON.
    Data,
}

/// An answer of a task.
///
/// A task's answer may be one of the common shapes, hold one (flattened, with fields of its own), or be any
/// other serializable type with a `merge`.
pub trait Answer:
    Clone + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// Shape of the answer.
    const KIND: AnswerKind;

    /// Appends the answer to the next chunk of the request, which begins `start_s` seconds after this one's beginning.
    fn merge(&mut self, next: Self, start_s: f64);

    /// Returns the speech in the answer.
    fn speech(&self) -> Option<&Speech> {
        None
    }

    /// Returns the speech in the answer mutably; none where other parts of the answer depend on it.
    fn speech_mut(&mut self) -> Option<&mut Speech> {
        None
    }

    /// Takes the samples out of the answer, so that those of a long one are kept elsewhere; the rest stays as it is. By
    /// default those of [`Self::speech_mut`].
    fn take_audio(&mut self) -> Option<Arc<Audio>> {
        self.speech_mut()?.audio.audio.take()
    }

    /// Returns the transcript in the answer.
    fn transcript(&self) -> Option<&Transcript> {
        None
    }

    /// Returns the phones in the answer.
    fn phones(&self) -> Option<&Phones> {
        None
    }

    /// Returns the recordings with the answer field of each, the main one first. By default the speech alone.
    fn recordings(&self) -> Vec<(String, Arc<Audio>)> {
        let audio = self.speech().and_then(|speech| speech.audio.audio.clone());
        audio.map(|audio| ("audio".to_owned(), audio)).into_iter().collect()
    }

    /// Returns the answer as text for people, where JSON is not the best form.
    fn lines(&self) -> Option<String> {
        self.transcript()
            .map(|t| t.text.clone())
            .or_else(|| self.phones().map(|p| p.phones.clone()))
    }
}

/// Speech, and the times of its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Speech {
    /// The recording.
    pub audio: Clip,
    /// Times of the words; empty where none are known.
    #[serde(default)]
    pub words: Vec<WordTime>,
    /// Length of the recording, seconds.
    pub seconds: f64,
    /// Spoken words, numbers and abbreviations written out; empty for a recording without a text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text_spoken: String,
    /// Built-in voice that speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Whether the model ended every sentence by itself. If not, the speech may be cut short.
    #[serde(default = "yes")]
    pub complete: bool,
}

fn yes() -> bool {
    true
}

impl Default for Speech {
    fn default() -> Self {
        Self {
            audio: Clip::default(),
            words: Vec::new(),
            seconds: 0.0,
            text_spoken: String::new(),
            voice: None,
            complete: true,
        }
    }
}

impl From<Audio> for Speech {
    fn from(audio: Audio) -> Self {
        Self { seconds: audio.seconds(), audio: audio.into(), ..Self::default() }
    }
}

impl Answer for Speech {
    const KIND: AnswerKind = AnswerKind::Speech;

    /// Appends the recording after silence up to its beginning; an empty speech becomes the next one.
    fn merge(&mut self, next: Self, start_s: f64) {
        append(&mut self.audio, next.audio, start_s);
        self.words.extend(next.words.iter().map(|word| word.shifted(start_s)));
        self.text_spoken = joined([&self.text_spoken, &next.text_spoken], " ");
        self.seconds = match &self.audio.audio {
            Some(audio) => audio.seconds(),
            None => start_s + next.seconds,
        };
        self.voice = self.voice.take().or(next.voice);
        self.complete &= next.complete;
    }

    fn speech(&self) -> Option<&Speech> {
        Some(self)
    }

    fn speech_mut(&mut self) -> Option<&mut Speech> {
        Some(self)
    }
}

/// Appends a recording that begins `start_s` seconds after the first one's beginning.
pub fn append(clip: &mut Clip, next: Clip, start_s: f64) {
    let Some(next) = next.audio else { return };
    let Some(whole) = &mut clip.audio else {
        clip.audio = Some(next);
        return;
    };
    let whole = Arc::make_mut(whole);
    let start = (start_s * f64::from(whole.sample_rate_hz)).round() as usize;
    whole.samples.resize(start.max(whole.samples.len()), 0.0);
    whole.samples.extend_from_slice(&next.samples);
}

/// Joins the texts that are not empty with a separator.
fn joined<'a>(texts: impl IntoIterator<Item = &'a String>, separator: &str) -> String {
    let texts: Vec<&str> =
        texts.into_iter().map(String::as_str).filter(|t| !t.is_empty()).collect();
    texts.join(separator)
}

/// Words of a recording.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Transcript {
    /// Words in lower case without punctuation; after alignment with a known text, that text.
    pub text: String,
    /// Times of the words; empty from a recognizer without times.
    #[serde(default)]
    pub words: Vec<WordTime>,
    /// Phones and silences of the recording, without gaps from 0.
    #[serde(default)]
    pub phones: Vec<TimedPhone>,
    /// Geometric mean of the words' probabilities, 0 to 1; absent without words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

impl Transcript {
    /// Confidence below which words are likely to be wrong. Correct transcripts have 0.56 or more, wrong transcripts
    /// and those of noise 0.3 to 0.54.
    const UNSURE_BELOW: f64 = 0.55;

    /// Returns the confidence if it is below [`Self::UNSURE_BELOW`].
    pub fn low_confidence(&self) -> Option<f64> {
        self.confidence.filter(|confidence| *confidence < Self::UNSURE_BELOW)
    }
}

impl Answer for Transcript {
    const KIND: AnswerKind = AnswerKind::Text;

    /// Appends words and phones. The confidence becomes that of all words.
    fn merge(&mut self, next: Self, start_s: f64) {
        self.confidence = match (self.confidence, next.confidence) {
            (Some(before), Some(after)) => {
                let (n, m) = (self.words.len().max(1) as f64, next.words.len().max(1) as f64);
                // A probability of 0 has no finite logarithm.
                let sum = n * before.max(1e-300).ln() + m * after.max(1e-300).ln();
                Some((sum / (n + m)).exp())
            }
            (before, after) => before.or(after),
        };
        self.text = joined([&self.text, &next.text], " ");
        self.words.extend(next.words.iter().map(|word| word.shifted(start_s)));
        self.phones.extend(next.phones);
    }

    fn transcript(&self) -> Option<&Transcript> {
        Some(self)
    }
}

/// A text in graphemes and phones.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Phones {
    /// ARPAbet, `|` between words, `,` `.` `?` `!` where the text has a pause.
    pub phones: String,
    /// Phones in IPA.
    pub ipa: String,
    /// Spoken words, numbers and abbreviations written out.
    pub text: String,
    /// Words with their phones.
    pub words: Vec<WordPhones>,
}

/// A word in graphemes and phones.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WordPhones {
    /// Spoken word, lower case.
    pub word: String,
    /// ARPAbet.
    pub phones: String,
    /// IPA.
    pub ipa: String,
    /// Origin of the phones (or graphemes): `lexicon`, `user`, `inline`, `model` or `rules`.
    pub source: String,
}

impl Answer for Phones {
    const KIND: AnswerKind = AnswerKind::Phones;

    fn merge(&mut self, next: Self, _start_s: f64) {
        self.phones = joined([&self.phones, &next.phones], " | ");
        self.ipa = joined([&self.ipa, &next.ipa], " ");
        self.text = joined([&self.text, &next.text], " ");
        self.words.extend(next.words);
    }

    fn phones(&self) -> Option<&Phones> {
        Some(self)
    }
}
