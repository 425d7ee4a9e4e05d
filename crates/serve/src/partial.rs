//! Streaming recognition: the recording so far is recognized again and again, and words become final when two
//! consecutive results agree on them (local agreement, Liu et al. 2020).

use syrinx_types::{Audio, WordTime};

/// New sound between two recognitions, seconds.
const STEP_S: f64 = 0.6;
/// Sound after a word that a word needs to become final before the end, seconds.
const SETTLED_S: f64 = 0.4;

/// Sound of one connection with what was recognized in it.
pub(crate) struct Session {
    audio: Audio,
    /// Odd byte of a split sample.
    half: Option<u8>,
    /// Samples at the last recognition.
    recognized: usize,
    /// Words of the last result.
    last: Vec<WordTime>,
    /// Number of words that are final.
    stable: usize,
}

impl Session {
    /// Starts with no sound.
    pub fn new(sample_rate_hz: u32) -> Self {
        let audio = Audio { samples: Vec::new(), sample_rate_hz };
        Self { audio, half: None, recognized: 0, last: Vec::new(), stable: 0 }
    }

    /// Appends 16-bit little-endian samples.
    pub fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match self.half.take() {
                Some(low) => {
                    let sample = i16::from_le_bytes([low, byte]);
                    self.audio.samples.push(f32::from(sample) / 32768.0);
                }
                None => self.half = Some(byte),
            }
        }
    }

    /// Length of the sound so far.
    pub fn seconds(&self) -> f64 {
        self.audio.seconds()
    }

    /// Whether enough new sound came in for another recognition.
    pub fn is_due(&self) -> bool {
        let new = self.audio.samples.len() - self.recognized;
        // Recognitions become rarer as the recording grows, so that their work stays in proportion to its length.
        let step = STEP_S.max(0.1 * self.seconds());
        new as f64 >= step * f64::from(self.audio.sample_rate_hz)
    }

    /// The sound so far.
    pub fn audio(&mut self) -> Audio {
        self.recognized = self.audio.samples.len();
        self.audio.clone()
    }

    /// Takes a result; returns the words that became final and the complete text. At the end all words are final.
    pub fn update(
        &mut self,
        (text, words): (String, Vec<WordTime>),
        ended: bool,
    ) -> (Vec<WordTime>, String) {
        let agree = words.iter().zip(&self.last).take_while(|(a, b)| a.word == b.word).count();
        let settled = self.recognized as f64 / f64::from(self.audio.sample_rate_hz) - SETTLED_S;
        let settled = words.iter().take_while(|w| w.end_s <= settled).count();
        let stable = if ended { words.len() } else { agree.min(settled) };
        let new = words.get(self.stable..stable).unwrap_or_default().to_vec();
        self.stable = self.stable.max(stable);
        self.last = words;
        (new, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> (String, Vec<WordTime>) {
        let word = |(i, w): (usize, &str)| WordTime {
            word: w.into(),
            start_s: i as f64,
            end_s: i as f64 + 0.5,
        };
        (text.into(), text.split_whitespace().enumerate().map(word).collect())
    }

    fn text(words: &[WordTime]) -> String {
        words.iter().map(|w| w.word.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_become_final_when_two_results_agree() {
        let mut session = Session::new(8_000);
        let mut heard = |seconds: usize, result: &str, ended: bool| {
            session.push(&vec![0; 2 * 8_000 * seconds]);
            session.audio();
            let (new, whole) = session.update(words(result), ended);
            (text(&new), whole)
        };
        assert_eq!(heard(2, "the cad", false).0, "");
        // `the` is in both results; `cat` changed.
        assert_eq!(heard(1, "the cat sat", false).0, "the");
        assert_eq!(heard(1, "the cat sat on", false).0, "cat sat");
        assert_eq!(
            heard(0, "the cat sat on it", true),
            ("on it".into(), "the cat sat on it".into())
        );
    }

    #[test]
    fn samples_may_be_split_between_messages() {
        let mut session = Session::new(8_000);
        session.push(&[0]);
        session.push(&[0x40, 0]);
        session.push(&[0xc0]);
        assert_eq!(session.audio().samples, [0.5, -0.5]);
    }
}
