//! Scores of a known text in a recording: how probable its phones are, word by word.
//!
//! Method: the recognizer gives a probability of every phone for every 20 ms, from the recording alone. The text's phones
//! are aligned to these scores (Viterbi), and a word's score is the mean over the time of its phones. It is no
//! teacher-forced probability: no phone is conditioned on those before it, and the synthesis stages of the model, whose
//! probability of the codes given the text would be one, are not used. Stress is left out.

use serde::Serialize;
use syrinx_task::{AnswerIssue, Context};
use syrinx_text::Phone;
use syrinx_types::{Audio, RunContext, TimedPhone};

use crate::goodness::Classes;
use crate::{Engine, EngineError};

/// Score of a word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlignedWordScore {
    /// Word as written.
    pub word: String,
    /// Start, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// Mean over its frames of 20 ms of the recognizer's log-probability of the phone that forced alignment puts there,
    /// nats; 0 is certain.
    pub log_prob: f64,
    /// Goodness of pronunciation (Witt and Young 2000): `log_prob` less that of the most probable phones there; 0 is
    /// best.
    pub goodness: f64,
}

/// Score of a text in a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TextScore {
    /// Words in their order.
    pub words: Vec<AlignedWordScore>,
    /// Mean of the words' log-probabilities, weighted by their lengths, nats.
    pub log_prob: f64,
    /// Mean of the words' goodness, weighted by their lengths.
    pub goodness: f64,
}

impl Engine {
    /// Scores a text that is said in a recording: the recognizer is forced to the text's phones.
    ///
    /// # Errors
    /// The same as [`Engine::align`]; [`EngineError::Task`] for a model that recognizes no phones.
    pub fn score(
        &self,
        audio: &Audio,
        text: &str,
        run: RunContext<'_>,
    ) -> Result<TextScore, EngineError> {
        let context = Context { services: self.services(), run };
        let transcript = self.align(audio, text, run)?;
        if transcript.phones.is_empty() {
            // A recognizer of words alone.
            return Err(AnswerIssue::NoScores.of(String::new()).into());
        }
        let codes = context.codec()?.encode(audio)?;
        let scores = context.phones()?.phone_scores(&codes, run)?;
        let classes = Classes::of(&scores).ok_or(AnswerIssue::NoScores.of(String::new()))?;
        let phones = at_times(&transcript.phones, scores.rate_hz, classes.parts());
        let words: Vec<AlignedWordScore> = transcript
            .words
            .into_iter()
            .map(|w| {
                let at = |s: f64| ((s * scores.rate_hz).round() as usize).min(phones.len());
                let (start, end) = (at(w.start_s), at(w.end_s));
                let parts = start..end.max(start + 1).min(phones.len());
                let (log_prob, free) = classes.means(parts, &phones);
                let goodness = log_prob - free;
                AlignedWordScore {
                    word: w.word,
                    start_s: w.start_s,
                    end_s: w.end_s,
                    log_prob,
                    goodness,
                }
            })
            .collect();
        let length: f64 = words.iter().map(|w| w.end_s - w.start_s).sum();
        let mean = |value: fn(&AlignedWordScore) -> f64| {
            let sum: f64 = words.iter().map(|w| value(w) * (w.end_s - w.start_s)).sum();
            sum / length.max(1e-9)
        };
        let (log_prob, goodness) = (mean(|w| w.log_prob), mean(|w| w.goodness));
        Ok(TextScore { words, log_prob, goodness })
    }
}

/// Returns the phone that sounds in every part of a recording; silence where none is known.
fn at_times(phones: &[TimedPhone], rate_hz: f64, parts: usize) -> Vec<Phone> {
    let mut out = Vec::with_capacity(parts);
    let mut end_s = 0.0;
    for timed in phones {
        end_s += timed.duration_s;
        let end = ((end_s * rate_hz).round() as usize).min(parts);
        let phone = Phone::from_arpabet(&timed.phone).unwrap_or(Phone::SILENCE);
        out.resize(end.max(out.len()), phone);
    }
    out.resize(parts, Phone::SILENCE);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_the_phone_of_its_time() {
        let timed = |phone: &str, duration_s: f64| TimedPhone { phone: phone.into(), duration_s };
        let phones = [timed("SIL", 0.04), timed("K", 0.02), timed("AE1", 0.04)];
        let symbols: Vec<&str> = at_times(&phones, 50.0, 6).iter().map(|p| p.arpabet()).collect();
        assert_eq!(symbols, ["SIL", "SIL", "K", "AE1", "AE1", "SIL"]);
    }
}
