//! Recognition of a live recording.
//!
//! The newest part of the recording is recognized repeatedly, and words become final when two consecutive results agree
//! on them (local agreement, Liu et al. 2020). Once the part is [`PART_S`] long, a new part begins at a pause between
//! final words: the work of a recognition does not grow with the recording.
//!
//! The final text of a recording shorter than [`PART_S`] is the same as that of a file. The text of a longer recording
//! consists of the texts of its parts. Each part is recognized without the previous sound and words, so the text may
//! differ from that of a file. Longer parts would reduce the differences but delay every word, since a word waits for
//! the recognition of its part.

use syrinx_task::Transcript;
use syrinx_types::{Audio, WordTime};

/// New sound between two recognitions, seconds.
const STEP_S: f64 = 0.6;
/// Length of the sound after a word that is needed to make the word final before the end, seconds.
const SETTLED_S: f64 = 0.4;
/// Length from which the part is cut at a pause, seconds. Shorter recordings are recognized as a whole at their end.
const PART_S: f64 = 8.0;
/// Length from which the part is cut between any two final words, seconds.
const LONGEST_PART_S: f64 = 14.0;
/// Shortest pause between two words at which the part is cut before it has its greatest length, seconds.
const PAUSE_S: f64 = 0.25;

/// A growing recording with its recognized words. The caller recognizes [`Self::audio`] when [`Self::is_due`], and passes
/// the result to [`Self::update`].
#[derive(Debug, Clone)]
pub struct LiveTranscript {
    /// Samples of the current part.
    part: Audio,
    /// Start of the part in the recording, seconds.
    start_s: f64,
    /// Text before the part.
    before: String,
    /// First byte of a sample that was split between two calls.
    half: Option<u8>,
    /// Samples of the part at the last recognition.
    recognized: usize,
    /// Words of the last result; times count from the start of the part.
    last: Vec<WordTime>,
    /// End of the last final word, seconds from the start of the part.
    final_s: f64,
}

/// Words that became final.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LiveUpdate {
    /// Words with times in the whole recording.
    pub words: Vec<WordTime>,
    /// Text of the whole recording so far; words at its end may still change.
    pub text: String,
}

impl LiveTranscript {
    /// Builds an empty recording.
    pub fn new(sample_rate_hz: u32) -> Self {
        Self {
            part: Audio { samples: Vec::new(), sample_rate_hz },
            start_s: 0.0,
            before: String::new(),
            half: None,
            recognized: 0,
            last: Vec::new(),
            final_s: 0.0,
        }
    }

    /// Appends 16-bit little-endian samples; a sample may be split between two calls.
    pub fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match self.half.take() {
                Some(low) => {
                    let sample = i16::from_le_bytes([low, byte]);
                    self.part.samples.push(f32::from(sample) / 32768.0);
                }
                None => self.half = Some(byte),
            }
        }
    }

    /// Returns the length of the whole recording so far, seconds.
    pub fn seconds(&self) -> f64 {
        self.start_s + self.part.seconds()
    }

    /// Whether enough new sound came in for another recognition.
    pub fn is_due(&self) -> bool {
        let new = self.part.samples.len() - self.recognized;
        // Recognitions become rarer as the part grows, so that their work stays in proportion to its length.
        let step = STEP_S.max(0.15 * self.part.seconds());
        new as f64 >= step * f64::from(self.part.sample_rate_hz)
    }

    /// Returns the sound to be recognized now; none before there is any.
    pub fn audio(&mut self) -> Option<Audio> {
        self.recognized = self.part.samples.len();
        (self.recognized > 0).then(|| self.part.clone())
    }

    /// Takes the transcript of [`Self::audio`]. With `ended` all words are final.
    pub fn update(&mut self, transcript: &Transcript, ended: bool) -> LiveUpdate {
        let words = &transcript.words;
        // Two results may differ in the words before the final ones, and in their number.
        let open = |words: &[WordTime]| -> Vec<WordTime> {
            words.iter().filter(|w| middle_s(w) > self.final_s).cloned().collect()
        };
        let (now, before) = (open(words), open(&self.last));
        let agree = now.iter().zip(&before).take_while(|(a, b)| a.word == b.word).count();
        let settled_s = self.recognized as f64 / f64::from(self.part.sample_rate_hz) - SETTLED_S;
        let settled = now.iter().take_while(|w| w.end_s <= settled_s).count();
        let new = if ended { &now[..] } else { &now[..agree.min(settled)] };
        let update = LiveUpdate {
            words: new.iter().map(|w| w.shifted(self.start_s)).collect(),
            text: joined(&self.before, &transcript.text),
        };
        self.final_s = new.last().map_or(self.final_s, |w| w.end_s);
        self.last.clone_from(words);
        if !ended {
            self.cut();
        }
        update
    }

    /// Begins a new part if this one is long enough.
    fn cut(&mut self) {
        let part_s = self.part.seconds();
        if part_s < PART_S {
            return;
        }
        let stable = self.last.iter().take_while(|w| middle_s(w) <= self.final_s).count();
        let pause = |at: usize| {
            // After the last word one may have begun that isn't recognized yet.
            let next_s = self.last.get(at).map_or(part_s - SETTLED_S, |w| w.start_s);
            next_s - self.last[at - 1].end_s
        };
        // The last pause after a final word, else the longest one.
        let at = (1..=stable).rev().find(|&at| pause(at) >= PAUSE_S);
        let any = || (1..=stable).max_by(|&a, &b| pause(a).total_cmp(&pause(b)));
        let at = at.or_else(|| any().filter(|_| part_s >= LONGEST_PART_S));
        // A part without speech keeps its end, where a word may begin.
        let at_s = match at {
            Some(at) => self.last[at - 1].end_s + (0.5 * pause(at)).clamp(0.0, 0.5),
            None if self.last.is_empty() => part_s - PAUSE_S,
            None => return,
        };
        let at = at.unwrap_or(0);
        let samples = (at_s * f64::from(self.part.sample_rate_hz)) as usize;
        let samples = samples.min(self.part.samples.len());
        let cut_s = samples as f64 / f64::from(self.part.sample_rate_hz);
        for word in self.last.drain(..at) {
            self.before = joined(&self.before, &word.word);
        }
        self.last = self.last.iter().map(|w| w.shifted(-cut_s)).collect();
        self.part.samples.drain(..samples);
        self.recognized = self.recognized.saturating_sub(samples);
        self.start_s += cut_s;
        self.final_s -= cut_s;
    }
}

/// Returns the middle of a word, seconds.
fn middle_s(word: &WordTime) -> f64 {
    0.5 * (word.start_s + word.end_s)
}

fn joined(before: &str, after: &str) -> String {
    let space = if before.is_empty() || after.is_empty() { "" } else { " " };
    format!("{before}{space}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 100;

    /// Returns the words of half a second, one a second, from the start of the part.
    fn words(text: &str, start_s: f64) -> Vec<WordTime> {
        let word = |(i, w): (usize, &str)| WordTime {
            word: w.into(),
            start_s: start_s + i as f64,
            end_s: start_s + i as f64 + 0.5,
        };
        text.split_whitespace().enumerate().map(word).collect()
    }

    fn transcript(text: &str, words: Vec<WordTime>) -> Transcript {
        Transcript { text: text.into(), words, ..Transcript::default() }
    }

    fn text(words: &[WordTime]) -> String {
        words.iter().map(|w| w.word.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn push(live: &mut LiveTranscript, seconds: f64) {
        live.push(&vec![0; 2 * (f64::from(RATE_HZ) * seconds) as usize]);
    }

    #[test]
    fn words_become_final_when_two_results_agree() {
        let mut live = LiveTranscript::new(RATE_HZ);
        let mut update = |seconds: f64, result: &str, ended: bool| {
            push(&mut live, seconds);
            live.audio();
            let update = live.update(&transcript(result, words(result, 0.0)), ended);
            (text(&update.words), update.text)
        };
        assert_eq!(update(2.0, "the cad", false).0, "");
        // `the` is in both results; `cat` changed.
        assert_eq!(update(1.0, "the cat sat", false).0, "the");
        assert_eq!(update(1.0, "the cat sat on", false).0, "cat sat");
        let end = update(0.0, "the cat sat on it", true);
        assert_eq!(end, ("on it".into(), "the cat sat on it".into()));
    }

    #[test]
    fn samples_may_be_split_between_messages() {
        let mut live = LiveTranscript::new(8_000);
        live.push(&[0]);
        live.push(&[0x40, 0]);
        live.push(&[0xc0]);
        assert_eq!(live.audio().map(|a| a.samples), Some(vec![0.5, -0.5]));
    }

    #[test]
    fn the_part_stays_short_and_every_word_comes_once() {
        // A recording of a numbered word every second, recognized without mistakes.
        let spoken: Vec<WordTime> = (0..300)
            .map(|i| WordTime {
                word: format!("w{i}"),
                start_s: f64::from(i),
                end_s: f64::from(i) + 0.5,
            })
            .collect();
        let mut live = LiveTranscript::new(RATE_HZ);
        let mut all = Vec::new();
        let mut last = LiveUpdate::default();
        for step in 0..=500 {
            push(&mut live, 0.6);
            let ended = step == 500;
            if !live.is_due() && !ended {
                continue;
            }
            let audio = live.audio().expect("sound");
            assert!(audio.seconds() < PART_S + 3.0, "{}", audio.seconds());
            let start_s = live.seconds() - audio.seconds();
            let inside = |w: &&WordTime| w.start_s >= start_s && w.end_s <= live.seconds();
            let part: Vec<WordTime> =
                spoken.iter().filter(inside).map(|w| w.shifted(-start_s)).collect();
            last = live.update(&transcript(&text(&part), part), ended);
            all.extend(last.words.clone());
        }
        assert_eq!(last.text, text(&spoken));
        assert_eq!(text(&all), text(&spoken));
        for (word, expected) in all.iter().zip(&spoken) {
            assert!((word.start_s - expected.start_s).abs() < 0.02, "{word:?}");
        }
    }

    #[test]
    fn a_long_silence_is_not_kept() {
        let mut live = LiveTranscript::new(RATE_HZ);
        for _ in 0..100 {
            push(&mut live, 1.0);
            let audio = live.audio().expect("sound");
            assert!(audio.seconds() < PART_S + 2.0, "{}", audio.seconds());
            assert_eq!(live.update(&Transcript::default(), false), LiveUpdate::default());
        }
        assert!((live.seconds() - 100.0).abs() < 1e-9);
    }
}
