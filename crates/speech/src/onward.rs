//! Rows that continue a recording from a given frame.

use std::ops::Range;

use syrinx_task::Content;
use syrinx_text::{Phone, Phonemized};
use syrinx_types::TimedPhone;

use crate::sentence::words;
use crate::timeline::Timeline;
use crate::{AlignedRecording, Script, Setup, SpokenRow};

/// Assumed duration of a phone that is not yet generated, in seconds. The order of magnitude suffices.
const GUESSED_S: f64 = 0.08;

/// Plan for new words between given frames of a recording and a look-ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct Onward {
    /// Row to generate; it begins with the given frames.
    pub utterance: SpokenRow,
    /// Range of the recording's frames that are given.
    pub given: Range<usize>,
    /// Phone indices of the new words. Later indices belong to the look-ahead and the last silence.
    pub new: Range<u32>,
    /// Phone indices of each new word.
    pub words: Vec<Range<u32>>,
}

/// Words to synthesize, with their phones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpokenWords {
    /// Phones, with `|` and pauses between the words but not at the ends.
    pub phones: Vec<Phone>,
    /// Spoken words.
    pub words: Vec<String>,
}

impl SpokenWords {
    /// Returns the words of a text in `range`, which counts spoken words.
    pub fn of(spoken: &Phonemized, range: Range<usize>) -> Self {
        if range.is_empty() {
            return Self::default();
        }
        let start = spoken.phones_of_word(range.start).start;
        let end = spoken.phones_of_word(range.end - 1).end;
        Self { phones: spoken.phones[start..end].to_vec(), words: words(spoken)[range].to_vec() }
    }

    /// Appends a word.
    pub fn push(&mut self, word: &str, phones: impl IntoIterator<Item = Phone>) {
        if !self.phones.is_empty() {
            self.phones.push(Phone::BOUNDARY);
        }
        self.phones.extend(phones);
        self.words.push(word.to_owned());
    }
}

impl AlignedRecording {
    /// Returns a range of frames that ends at `end`, begins with a word and lasts at most `most_s` seconds.
    pub fn context(&self, end: usize, most_s: f64) -> Range<usize> {
        let (from_s, end_s) = (self.at_s(end) - most_s, self.at_s(end));
        if from_s <= 0.0 {
            return 0..end;
        }
        let starts = self.words.iter().map(|w| w.start_s).filter(|&s| s >= from_s && s < end_s);
        let start = self.frame(starts.fold(f64::INFINITY, f64::min).min(end_s));
        // Without words in the range, the context begins at any frame.
        let start = if start >= end { self.frame(from_s) } else { start };
        start..end
    }

    /// Plans the words `new` after the frames `given` of the recording and before the look-ahead `ahead`. `None` if no
    /// phone sounds, or if the model reads letters or byte pairs and the words of the given frames are unknown.
    pub fn onward(
        &self,
        given: Range<usize>,
        new: &SpokenWords,
        ahead: &SpokenWords,
        prompt: Option<Content>,
        setup: Setup<'_>,
    ) -> Option<Onward> {
        let Setup { config, kit } = setup;
        let (mut timed, mut lead_s) = self.timed_phones(given.clone());
        let given_s = self.at_s(given.len());
        let spoken_s = lead_s + timed.iter().map(|t| t.duration_s).sum::<f64>();
        let before = timed.split(|t| t.phone == "|").filter(|word| !word.is_empty()).count();
        if before == 0 {
            lead_s = given_s;
        } else {
            timed.push(boundary((given_s - spoken_s).max(0.0)));
        }
        timed.extend(new.phones.iter().map(guessed));
        timed.push(boundary(0.0));
        timed.extend(ahead.phones.iter().map(guessed));
        let total_s = lead_s + timed.iter().map(|t| t.duration_s).sum::<f64>() + GUESSED_S;
        let line =
            Timeline::of_recording(&timed, lead_s, total_s, config.stress, config.pause_from_s)?;
        let known = [self.words_in(given.clone()), new.words.clone(), ahead.words.clone()];
        let script = Script::of(&line.with_words(known.concat()), kit).ok()?;
        let after = before + new.words.len();
        let (first, end) = (script.first_phone_of(before), script.first_phone_of(after));
        let limit = given.len() + config.frames_for(script.aligned.len() - first as usize);
        let text = script.content();
        let prompt = config.shown(prompt);
        let mut utterance = SpokenRow { text, prompt, limit, ..SpokenRow::default() };
        if !given.is_empty() {
            utterance.given = Some(self.codes.slice(given.start, given.end));
        }
        if kit.switches.alignment.is_aligned() {
            let frames = (total_s * self.frame_rate_hz).ceil() as usize + 1;
            let pointer = script.pointer_in_haste(frames, self.frame_rate_hz)?;
            let before_new = |phone_index: u32| phone_index.min(first.saturating_sub(1));
            utterance.pointer = pointer.into_iter().take(given.len()).map(before_new).collect();
        }
        let words = (before..after).map(|word| script.phones_of(word)).collect();
        Some(Onward { utterance, given, new: first..end, words })
    }
}

fn boundary(duration_s: f64) -> TimedPhone {
    TimedPhone { phone: Phone::BOUNDARY.arpabet().into(), duration_s }
}

fn guessed(phone: &Phone) -> TimedPhone {
    let duration_s = if *phone == Phone::BOUNDARY { 0.0 } else { GUESSED_S };
    TimedPhone { phone: phone.arpabet().into(), duration_s }
}
