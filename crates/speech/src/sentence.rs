//! Division of a text into sentences, one row per sentence.

use syrinx_task::{Chunks, RequestChunk, TaskError};
use syrinx_text::sentences::split;
use syrinx_text::{Phonemized, TextError};
use syrinx_types::WordTime;

use crate::timeline::Timeline;
use crate::{Script, Setup};

/// Maximum number of sentences in a chunk.
const MAX_SENTENCES: usize = 8;

/// A sentence, or a section of a long one.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    /// Words and phones from the front end.
    pub spoken: Phonemized,
    /// Phones and pauses in the form of training examples.
    pub line: Timeline,
    /// Tokens that the model reads.
    pub script: Script,
}

/// Divides a text into sentences and converts them to phones.
///
/// Sentences without a word (a single emoji, a row of dots) are omitted. For a text without any word, the front end's
/// error is returned.
///
/// # Errors
/// [`TaskError::Text`] for a text that can't be spoken, and the errors of [`Script::of`].
pub fn sentences(setup: Setup<'_>, text: &str) -> Result<Vec<Sentence>, TaskError> {
    let mut sentences = Vec::new();
    for part in split(text, setup.config.max_sentence_chars) {
        match setup.kit.frontend.phonemize(&part) {
            Ok(spoken) => sentences.push(Sentence::of(spoken, setup)?),
            Err(TextError::NothingToSay { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    if sentences.is_empty() {
        sentences.push(Sentence::of(setup.kit.frontend.phonemize(text)?, setup)?);
    }
    Ok(sentences)
}

/// Divides a long text into chunks of one, two, four and then eight sentences each, so that the first chunk is ready
/// early.
pub fn text_chunks(setup: Setup<'_>, text: &str) -> Chunks<String> {
    let sayable = |part: &String| part.chars().any(char::is_alphanumeric);
    let sentences: Vec<String> =
        split(text, setup.config.max_sentence_chars).into_iter().filter(sayable).collect();
    if sentences.len() < 2 {
        return Chunks::one(text.to_owned());
    }
    let (mut chunks, mut first, mut count) = (Vec::new(), 0, 1);
    while first < sentences.len() {
        let end = (first + count).min(sentences.len());
        let request = sentences[first..end].join(" ");
        chunks.push(RequestChunk { request, start_s: None });
        (first, count) = (end, (2 * count).min(MAX_SENTENCES));
    }
    Chunks { chunks, pause_s: setup.config.pause_s }
}

impl Sentence {
    fn of(spoken: Phonemized, setup: Setup<'_>) -> Result<Self, TaskError> {
        let stress = setup.config.stress;
        let line = Timeline::of_text(&spoken.phones, stress).with_words(words(&spoken));
        let script = match setup.kit.switches.vall_e {
            Some(_) => Script::published(&spoken.phones, &setup.kit.vocab),
            None => Script::of(&line, setup.kit)?,
        };
        Ok(Self { spoken, line, script })
    }

    /// Returns the index of the written word of each aligned token. Spoken words of one written word ("25") have the
    /// same index.
    fn written_of_phones(&self) -> Vec<Option<usize>> {
        let written = |word: usize| self.spoken.words.get(word).map(|w| w.piece);
        self.script.word_of_phone.iter().map(|word| word.and_then(written)).collect()
    }

    /// Returns the times of the written words from the phone index of each frame, starting at `start_s` seconds. A word
    /// whose phone indices have no frame gets an empty interval.
    pub fn word_times(&self, pointer: &[u32], start_s: f64, frame_rate_hz: f64) -> Vec<WordTime> {
        let written_of_phones = self.written_of_phones();
        let at_s = |frame: usize| start_s + frame as f64 / frame_rate_hz;
        let mut times = Vec::new();
        let mut frame = 0;
        let mut phone_index = 0;
        while phone_index < written_of_phones.len() {
            let Some(written) = written_of_phones[phone_index] else {
                phone_index += 1;
                continue;
            };
            let run = written_of_phones[phone_index..].iter().take_while(|w| {
                // A pause inside a written word ("1,5") doesn't end it.
                w.is_none_or(|w| w == written)
            });
            let mut end = phone_index + run.count();
            while end > phone_index && written_of_phones[end - 1].is_none() {
                end -= 1;
            }
            let first = frame
                + pointer[frame..].iter().take_while(|&&p| (p as usize) < phone_index).count();
            let last = first + pointer[first..].iter().take_while(|&&p| (p as usize) < end).count();
            let word = self.spoken.words.iter().find(|w| w.piece == written);
            times.push(WordTime {
                word: word.map(|w| w.written.clone()).unwrap_or_default(),
                start_s: at_s(first),
                end_s: at_s(last),
            });
            (frame, phone_index) = (last, end);
        }
        times
    }
}

/// Returns the spoken words of a text.
pub(crate) fn words(spoken: &Phonemized) -> Vec<String> {
    spoken.words.iter().map(|w| w.spoken.clone()).collect()
}
