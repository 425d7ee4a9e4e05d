//! A text as pieces that are spoken one at a time.

use syrinx_task::{TaskError, TaskKit};
use syrinx_text::{Phonemized, TextError, sentences};
use syrinx_types::WordTime;

use crate::timeline::Timeline;
use crate::{Script, SpeakConfig};

/// A sentence, or a part of a long one.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Words and phones as the front end gives them.
    pub spoken: Phonemized,
    /// Its phones and pauses.
    pub line: Timeline,
    /// What the model reads of them.
    pub script: Script,
}

/// Cuts a text into sentences and looks up their phones.
///
/// Pieces without a word (a lone emoji, a row of dots) are left out; if nothing is left, the front end's error for
/// the whole text says why.
///
/// # Errors
/// [`TaskError::Text`] for a text that can't be spoken.
pub fn pieces(config: &SpeakConfig, kit: &TaskKit, text: &str) -> Result<Vec<Piece>, TaskError> {
    let mut pieces = Vec::new();
    for part in sentences::split(text, config.max_piece_chars) {
        match kit.frontend.phonemize(&part) {
            Ok(spoken) => pieces.push(Piece::of(spoken, (config, kit))?),
            Err(TextError::NothingToSay { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    if pieces.is_empty() {
        pieces.push(Piece::of(kit.frontend.phonemize(text)?, (config, kit))?);
    }
    Ok(pieces)
}

impl Piece {
    fn of(spoken: Phonemized, (config, kit): (&SpeakConfig, &TaskKit)) -> Result<Self, TaskError> {
        let line = Timeline::of_text(&spoken.phones, config.stress).with_words(words(&spoken));
        let script = Script::of(&line, kit)?;
        Ok(Self { spoken, line, script })
    }

    /// For each stop the written piece that it belongs to (words of one written piece share it).
    fn written_of_stops(&self) -> Vec<Option<usize>> {
        let written = |word: usize| self.spoken.words.get(word).map(|w| w.piece);
        self.script.word_of_stop.iter().map(|word| word.and_then(written)).collect()
    }

    /// When the words sound, from the stop under the pointer at every frame. A word that the pointer jumped over gets
    /// no time of its own, but a place between its neighbours.
    pub fn word_times(&self, pointer: &[u32], start_s: f64, frame_rate_hz: f64) -> Vec<WordTime> {
        let written_of_stops = self.written_of_stops();
        let at_s = |frame: usize| start_s + frame as f64 / frame_rate_hz;
        let mut times = Vec::new();
        let mut frame = 0;
        let mut stop = 0;
        while stop < written_of_stops.len() {
            let Some(written) = written_of_stops[stop] else {
                stop += 1;
                continue;
            };
            let run = written_of_stops[stop..].iter().take_while(|w| {
                // A pause inside a written piece ("1,5") doesn't end it.
                w.is_none_or(|w| w == written)
            });
            let mut end = stop + run.count();
            while end > stop && written_of_stops[end - 1].is_none() {
                end -= 1;
            }
            let first =
                frame + pointer[frame..].iter().take_while(|&&p| (p as usize) < stop).count();
            let last = first + pointer[first..].iter().take_while(|&&p| (p as usize) < end).count();
            let word = self.spoken.words.iter().find(|w| w.piece == written);
            times.push(WordTime {
                word: word.map(|w| w.written.clone()).unwrap_or_default(),
                start_s: at_s(first),
                end_s: at_s(last),
            });
            (frame, stop) = (last, end);
        }
        times
    }
}

/// The words as they are said.
pub(crate) fn words(spoken: &Phonemized) -> Vec<String> {
    spoken.words.iter().map(|w| w.spoken.clone()).collect()
}
