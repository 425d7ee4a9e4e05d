//! Speech that continues a recording from a frame.

use std::ops::Range;

use syrinx_task::Content;
use syrinx_text::{Phone, Phonemized};
use syrinx_types::TimedPhone;

use crate::sentence::words;
use crate::timeline::Timeline;
use crate::{AlignedRecording, Script, Setup, SpokenRow};

/// Assumed duration of a phone that is not spoken yet, seconds. Only its order of magnitude matters.
const GUESSED_S: f64 = 0.08;

/// Plan of new words after known frames of a recording and before a look-ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct Onward {
    /// Row to generate, the known frames first.
    pub utterance: SpokenRow,
    /// Frames of the recording that are given.
    pub given: Range<usize>,
    /// Phone indices of the new words. Later ones are the look-ahead and the last silence.
    pub new: Range<u32>,
    /// Phone indices of each new word.
    pub words: Vec<Range<u32>>,
}

/// Words to be synthesized, with their phones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpokenWords {
    /// Phones with `|` and pauses between the words, none around them.
    pub phones: Vec<Phone>,
    /// Spoken words.
    pub words: Vec<String>,
}

impl SpokenWords {
    /// Returns the words `range` of a text.
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
    /// Returns the frames of whole words before `end` in at most `most_s` seconds.
    pub fn context(&self, end: usize, most_s: f64) -> Range<usize> {
        let (from_s, end_s) = (self.at_s(end) - most_s, self.at_s(end));
        if from_s <= 0.0 {
            return 0..end;
        }
        let starts = self.words.iter().map(|w| w.start_s).filter(|&s| s >= from_s && s < end_s);
        let start = self.frame(starts.fold(f64::INFINITY, f64::min).min(end_s));
        // Without words the context begins anywhere.
        let start = if start >= end { self.frame(from_s) } else { start };
        start..end
    }

    /// Plans the words `new` after the frames `given` of this recording and before the look-ahead `ahead`. `None`
    /// without a sounding phone, or if the model reads words and those of the frames are unknown.
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
