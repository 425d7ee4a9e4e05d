//! Readings: one row per sentence of a text, and one recording from the generated rows.

use syrinx_task::{AnswerIssue, Content, Context, Generated, RowPlan, TaskError};
use syrinx_types::{Audio, WordTime};

use crate::rolling::{SentenceOffset, rolling};
use crate::{Sentence, Setup, SpokenRow, append, join};

/// Cross-fade between two rows of a rolling reading, in samples: 10 ms at 24 kHz.
const FADE: usize = 240;

/// Plans one row per sentence, all with the same prompt, and returns the offset of each sentence in its row. With
/// `roll`, each row continues the previous one. A rolling reading needs a phone index per frame, which shows where a
/// sentence ends within its row; without it, the rows are independent.
///
/// # Errors
/// The errors of [`rolling`].
pub fn reading(
    sentences: &[Sentence],
    roll: bool,
    prompt: Option<&Content>,
    setup: Setup<'_>,
) -> Result<Vec<(RowPlan, SentenceOffset)>, TaskError> {
    if roll && setup.kit.switches.alignment.is_aligned() {
        return rolling(sentences, 0, prompt, setup);
    }
    let row = |sentence: &Sentence| {
        let text = sentence.script.content();
        (
            SpokenRow::new(text, prompt.cloned(), setup.config).into_row(setup.kit),
            SentenceOffset::default(),
        )
    };
    Ok(sentences.iter().map(row).collect())
}

/// Recording that grows by one generated sentence at a time.
pub struct Spoken<'a> {
    /// Identifier of the task, for error messages.
    pub task: &'static str,
    /// Recording so far.
    pub whole: Option<Audio>,
    /// Times of the words so far; empty for a model without alignment.
    pub words: Vec<WordTime>,
    /// Result of the previous row.
    pub previous: Option<&'a Generated>,
}

impl<'a> Spoken<'a> {
    /// Returns an empty recording.
    pub fn new(task: &'static str) -> Self {
        Self { task, whole: None, words: Vec::new(), previous: None }
    }

    /// Decodes the generated row of a sentence and appends it after a pause of `pause_s` seconds, or with a short
    /// cross-fade if the row continues the previous one.
    ///
    /// # Errors
    /// [`TaskError::Answer`] if no frame was generated, and errors of the codec.
    pub fn push(
        &mut self,
        sentence: &Sentence,
        place: SentenceOffset,
        generated: &'a Generated,
        context: &Context<'_>,
        pause_s: f64,
    ) -> Result<(), TaskError> {
        let known = place.known(self.previous);
        self.previous = Some(generated);
        let codes = generated.codes.as_ref().filter(|c| c.frames() > known);
        let codes = codes
            .ok_or_else(|| AnswerIssue::NothingFor(sentence.spoken.spoken_text()).of(self.task))?;
        let codec = context.codec()?;
        let mut audio = codec.decode(codes, context.run)?;
        let start_s = if known > 0 {
            let given = audio.samples.len() * known / codes.frames();
            self.go_on(&mut audio, given)
        } else {
            append(&mut self.whole, &audio, pause_s)
        };
        if !generated.pointer.is_empty() {
            let pointer = place.pointer(generated, known);
            self.words.extend(sentence.word_times(&pointer, start_s, codec.frame_rate_hz()));
        }
        Ok(())
    }

    /// Appends a sentence whose first `given` samples repeat the end of the recording. Returns the start of the new
    /// samples, in seconds.
    fn go_on(&mut self, sentence: &mut Audio, given: usize) -> f64 {
        let whole = self.whole.get_or_insert_with(|| Audio::silence(0.0, sentence.sample_rate_hz));
        let start_s = whole.seconds();
        let overlap = FADE.min(given).min(whole.samples.len());
        sentence.samples.drain(..given - overlap);
        join(&mut whole.samples, &sentence.samples, overlap);
        start_s
    }
}
