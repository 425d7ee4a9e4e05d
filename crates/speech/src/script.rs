//! Tokens of a time line: phones, letters or byte pairs.

use syrinx_task::{MAX_ADVANCE, TaskKit, TextContent, TextForm, pointer_of_durations};
use syrinx_text::{Phone, TextVocab};

use crate::SpeechError;
use crate::timeline::Timeline;

/// Share of the first and the last frame that silence covers at least: more than half, so that the middle of the frame
/// has the phone index of the silence.
const SILENCE_SHARE: f64 = 0.51;

/// Token sequence of a text; some tokens are aligned with frames, and these have a word.
///
/// Silences and pauses are tokens of their own in every text form. Words are phones with `|` between them, letters with
/// a space between words, or byte pairs that begin with a space. The letters or byte pairs of a word share its duration
/// evenly, because their own durations are unknown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Script {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Indices into `ids` of the tokens that take time. // (aligned tokens)
    pub aligned: Vec<u32>,
    /// Duration of each aligned token, in seconds; empty if the time line has no durations.
    pub durations_s: Vec<f64>, // (aligned tokens)
    /// Index of the word of each aligned token; `None` for silences and pauses.
    pub word_of_phone: Vec<Option<usize>>, // (aligned tokens)
}

impl Script {
    /// Converts a time line to the tokens that the model reads.
    ///
    /// # Errors
    /// [`SpeechError::WordsUnknown`] if the model reads letters or byte pairs and the line lacks words,
    /// [`SpeechError::Spelling`] if a word can't be encoded.
    pub fn of(line: &Timeline, kit: &TaskKit) -> Result<Self, SpeechError> {
        let sounding = line.word_count();
        if kit.switches.text != TextForm::Phones && line.words.len() != sounding {
            return Err(SpeechError::WordsUnknown { words: line.words.len(), sounding });
        }
        let mut script = Self::default();
        let mut durations_s = line.durations_s.iter().copied();
        let (mut at, mut word) = (0, 0);
        while let Some(&phone) = line.phones.get(at) {
            let sounds = line.phones[at..].iter().take_while(|p| !p.is_mark()).count();
            if sounds > 0 {
                let phones = &line.phones[at..at + sounds];
                let seconds: Vec<f64> = durations_s.by_ref().take(sounds).collect();
                if kit.switches.text == TextForm::Phones {
                    let ids = kit.vocab.encode_phones(phones);
                    script.push_phones(&ids, &seconds, Some(word));
                } else {
                    let ids = spelt(&line.words[word], kit.switches.text, &kit.vocab)?;
                    let share_s = seconds.iter().sum::<f64>() / ids.len() as f64;
                    let shares_s = vec![share_s; if seconds.is_empty() { 0 } else { ids.len() }];
                    script.push_phones(&ids, &shares_s, Some(word));
                }
                word += 1;
                at += sounds;
                continue;
            }
            if phone == Phone::BOUNDARY {
                script.ids.extend(boundary(kit.switches.text, &kit.vocab));
            } else {
                let pause_s: Vec<f64> = durations_s.by_ref().take(1).collect();
                script.push_phones(&[kit.vocab.phone_id(phone)], &pause_s, None);
            }
            at += 1;
        }
        Ok(script)
    }

    /// Converts phones and punctuation to the tokens of a published model. Every token is aligned and belongs to no
    /// word.
    pub(crate) fn published(phones: &[Phone], vocab: &TextVocab) -> Self {
        let mut script = Self::default();
        script.push_phones(&vocab.encode_phones(phones), &[], None);
        script
    }

    fn push_phones(&mut self, ids: &[u32], durations_s: &[f64], word: Option<usize>) {
        let first = self.ids.len() as u32;
        self.aligned.extend(first..first + ids.len() as u32);
        self.ids.extend(ids);
        self.durations_s.extend(durations_s);
        self.word_of_phone.extend(ids.iter().map(|_| word));
    }

    /// Returns the tokens as the content of a text segment.
    pub fn content(&self) -> TextContent {
        TextContent { ids: self.ids.clone(), aligned: self.aligned.clone() }
    }

    /// Returns the first phone index of a word, or that of the last silence if the word has no phones.
    pub fn first_phone_of(&self, word: usize) -> u32 {
        let first = self.word_of_phone.iter().position(|w| *w == Some(word));
        first.unwrap_or(self.aligned.len().saturating_sub(1)) as u32
    }

    /// Returns the phone indices of a word; an empty range at the last silence if the word has no phones.
    pub fn phones_of(&self, word: usize) -> std::ops::Range<u32> {
        let first = self.first_phone_of(word);
        let rest = self.word_of_phone.iter().skip(first as usize);
        let count = rest.take_while(|w| **w == Some(word)).count();
        first..first + count as u32
    }

    /// Returns the phone index of each frame, from the first phone to the last. The silences at both ends get at least
    /// one frame each, even if the recording has no silence there. `None` if there are too few frames for the phones.
    /// // (frames)
    pub fn pointer(&self, frames: usize, frame_rate_hz: f64) -> Option<Vec<u32>> {
        let earliest_s = SILENCE_SHARE / frame_rate_hz;
        let latest_s = (frames as f64 - SILENCE_SHARE) / frame_rate_hz;
        if latest_s < earliest_s {
            return None;
        }
        let (mut at_s, mut end_s) = (0.0, 0.0);
        let mut durations_s = Vec::with_capacity(self.durations_s.len());
        for duration_s in &self.durations_s {
            at_s += duration_s;
            let clamped_s = at_s.clamp(earliest_s, latest_s);
            durations_s.push(clamped_s - end_s);
            end_s = clamped_s;
        }
        let pointer = pointer_of_durations(&durations_s, 0.0, frames, frame_rate_hz)?;
        let last = self.durations_s.len() as u32 - 1;
        (pointer.first() == Some(&0) && pointer.last() == Some(&last)).then_some(pointer)
    }

    /// Returns the phone index of each frame as [`Script::pointer`] does, but shifts advances where phones are shorter
    /// than a frame. `None` only if more than [`MAX_ADVANCE`] advances per frame were needed. // (frames)
    pub fn pointer_in_haste(&self, frames: usize, frame_rate_hz: f64) -> Option<Vec<u32>> {
        if let Some(pointer) = self.pointer(frames, frame_rate_hz) {
            return Some(pointer);
        }
        let last = self.durations_s.len().checked_sub(1)?;
        if frames == 0 || last > MAX_ADVANCE * (frames - 1) {
            return None;
        }
        let (mut phone_index, mut end_s, mut at) = (0, self.durations_s[0], 0);
        let mut pointer = Vec::with_capacity(frames);
        for frame in 0..frames {
            let middle_s = (frame as f64 + 0.5) / frame_rate_hz;
            while phone_index < last && middle_s >= end_s {
                phone_index += 1;
                end_s += self.durations_s[phone_index];
            }
            let in_time = last.saturating_sub(MAX_ADVANCE * (frames - 1 - frame));
            let most = if frame == 0 { 0 } else { at + MAX_ADVANCE };
            at = phone_index.max(in_time).min(most);
            pointer.push(at as u32);
        }
        Some(pointer)
    }
}

/// Returns a word as letters or byte pairs; `<unk>` if it has none.
fn spelt(word: &str, form: TextForm, vocab: &TextVocab) -> Result<Vec<u32>, SpeechError> {
    let word = word.to_lowercase();
    let ids = match form {
        TextForm::BytePairs => vocab.encode_bpe(&format!(" {word}")),
        _ => Ok(vocab.encode_letters(&word)),
    };
    let ids =
        ids.map_err(|e| SpeechError::Spelling { word: word.clone(), message: e.to_string() })?;
    Ok(if ids.is_empty() { vec![vocab.unk()] } else { ids })
}

/// Returns the tokens between two words.
fn boundary(form: TextForm, vocab: &TextVocab) -> Vec<u32> {
    match form {
        TextForm::Phones => vec![vocab.phone_id(Phone::BOUNDARY)],
        TextForm::Letters => vocab.encode_letters(" "),
        TextForm::BytePairs => Vec::new(),
    }
}
