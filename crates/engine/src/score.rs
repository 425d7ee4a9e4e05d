//! Scores of a known text in a recording, word by word.
//!
//! Two stages give scores. The recognition stage predicts the probability of every phone in every 20 ms of the
//! recording. The text's phones are aligned with these scores (Viterbi), and a word's score is the mean over its time.
//! Stress is ignored. The synthesis stage predicts the probability of every level-1 code from the aligned phones and
//! the previous codes (teacher forcing), without a voice prompt.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use syrinx_decode::code_log_probs;
use syrinx_task::{AnswerIssue, Context, Transcript};
use syrinx_text::Phone;
use syrinx_types::{Audio, Codes, RunContext, Sample, TimedPhone, WordTime};

use crate::goodness::Classes;
use crate::running::LoadedTask;
use crate::{Engine, EngineError};

/// Longest recording whose codes are scored, seconds: the synthesis stage was trained on single utterances.
const LONGEST_S: f64 = 60.0;

/// Score of a word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlignedWordScore {
    /// Word as written.
    pub word: String,
    /// Start, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// Mean log-probability of the word's level-1 codes under the synthesis stage, given the text and the previous
    /// codes, nats. `None` without such a stage, for phones that are too short for its pointer, and beyond a minute.
    pub code_log_prob: Option<f64>,
    /// Mean log-probability of the aligned phones under the recognition stage, over the word's parts of 20 ms, nats; 0
    /// is certain.
    pub log_prob: f64,
    /// Goodness of pronunciation (Witt and Young 2000): `log_prob` minus that of the most probable phones; 0 is best.
    pub goodness: f64,
}

/// Score of a text in a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TextScore {
    /// Words in their order.
    pub words: Vec<AlignedWordScore>,
    /// Mean of the words' log-probabilities of codes, weighted by their lengths, nats.
    pub code_log_prob: Option<f64>,
    /// Mean of the words' log-probabilities, weighted by their lengths, nats.
    pub log_prob: f64,
    /// Mean of the words' goodness, weighted by their lengths.
    pub goodness: f64,
}

impl Engine {
    /// Scores a known text in a recording by forced alignment and teacher forcing.
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
            // The recognizer has no phone scores.
            return Err(AnswerIssue::NoScores.of(String::new()).into());
        }
        let codes = context.codec()?.encode(audio, context.run)?;
        let scores = context.phones()?.phone_scores(&codes, run)?;
        let classes = Classes::of(&scores).ok_or(AnswerIssue::NoScores.of(String::new()))?;
        let phones = at_times(&transcript.phones, scores.rate_hz, classes.parts());
        let coded = self.coded_log_probs(&codes, &transcript)?;
        let frame_rate_hz = self.codec_id().info.frame_rate_hz;
        let words: Vec<AlignedWordScore> = transcript
            .words
            .into_iter()
            .map(|w| {
                let at = |s: f64| ((s * scores.rate_hz).round() as usize).min(phones.len());
                let (start, end) = (at(w.start_s), at(w.end_s));
                let parts = start..end.max(start + 1).min(phones.len());
                let (log_prob, free) = classes.means(parts, &phones);
                let goodness = log_prob - free;
                let code_log_prob = coded.as_ref().map(|all| mean_in(all, frame_rate_hz, &w));
                AlignedWordScore {
                    word: w.word,
                    start_s: w.start_s,
                    end_s: w.end_s,
                    code_log_prob,
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
        let code_log_prob = coded.map(|_| mean(|w| w.code_log_prob.unwrap_or_default()));
        Ok(TextScore { words, code_log_prob, log_prob, goodness })
    }

    /// Returns the synthesis stage's log-probability of every level-1 code of a recording whose words and phones are
    /// known, nats.
    fn coded_log_probs(
        &self,
        codes: &Codes,
        transcript: &Transcript,
    ) -> Result<Option<Vec<f64>>, EngineError> {
        let frame_rate_hz = self.codec_id().info.frame_rate_hz;
        let speaks =
            |t: &&LoadedTask| t.descriptor.speaks_text() && t.missing_special_tokens.is_empty();
        let fits = codes.frames() as f64 <= LONGEST_S * frame_rate_hz;
        let Some(running) = self.tasks.iter().find(speaks).filter(|_| fits) else {
            return Ok(None);
        };
        let layout = running.task.layout();
        let Some(stage) = layout.stages.iter().find(|stage| stage.head.is_first_level_ar()) else {
            return Ok(None);
        };
        let (phones, lead_s) = spoken_phones(transcript);
        let sample = Sample {
            id: String::new(),
            speaker: String::new(),
            text: transcript.text.clone(),
            codes: codes.clone(),
            latents: None,
            frame_rate_hz,
            phones,
            lead_s,
            prompt: None,
            renditions: std::collections::BTreeMap::new(),
        };
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let example = running.task.corpus_example(&stage.name, &sample, &mut rng)?;
        let Some(example) = example else { return Ok(None) };
        Ok(Some(code_log_probs(&self.model, stage, &example)?))
    }
}

/// Returns the phones of a transcript in the form of a corpus, with boundaries in place of silences, and the time
/// before the first phone.
fn spoken_phones(transcript: &Transcript) -> (Vec<TimedPhone>, f64) {
    let (mut phones, mut lead_s): (Vec<TimedPhone>, f64) = (Vec::new(), 0.0);
    let (mut at_s, mut gap_s, mut before) = (0.0, 0.0, None);
    for timed in &transcript.phones {
        let middle_s = at_s + 0.5 * timed.duration_s;
        at_s += timed.duration_s;
        if timed.phone == Phone::SILENCE.arpabet() {
            gap_s += timed.duration_s;
            continue;
        }
        let word = transcript.words.iter().position(|w| middle_s < w.end_s);
        let gap_s = std::mem::take(&mut gap_s);
        if phones.is_empty() {
            lead_s = gap_s;
        } else if gap_s > 0.0 || word != before {
            phones.push(TimedPhone { phone: Phone::BOUNDARY.arpabet().into(), duration_s: gap_s });
        }
        phones.push(timed.clone());
        before = word;
    }
    (phones, lead_s)
}

/// Returns the mean of a word's frames.
fn mean_in(values: &[f64], rate_hz: f64, word: &WordTime) -> f64 {
    let at = |s: f64| ((s * rate_hz).round() as usize).min(values.len());
    let start = at(word.start_s).min(values.len().saturating_sub(1));
    let of_word = &values[start..at(word.end_s).max(start + 1).min(values.len())];
    of_word.iter().sum::<f64>() / of_word.len().max(1) as f64
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

    #[test]
    fn silences_become_boundaries_between_words() {
        let timed = |phone: &str, duration_s: f64| TimedPhone { phone: phone.into(), duration_s };
        let word =
            |word: &str, start_s: f64, end_s: f64| WordTime { word: word.into(), start_s, end_s };
        let phones = [
            timed("SIL", 0.5),
            timed("AY1", 0.25),
            timed("AE1", 0.25),
            timed("M", 0.25),
            timed("SIL", 0.25),
            timed("SIL", 0.25),
            timed("OW1", 0.25),
            timed("SIL", 1.0),
        ];
        let words = vec![word("I", 0.5, 0.75), word("am", 0.75, 1.25), word("oh", 1.75, 2.0)];
        let transcript = Transcript { words, phones: phones.to_vec(), ..Transcript::default() };
        let (spoken, lead_s) = spoken_phones(&transcript);
        let spoken: Vec<(&str, f64)> =
            spoken.iter().map(|t| (t.phone.as_str(), t.duration_s)).collect();
        assert_eq!(lead_s, 0.5);
        assert_eq!(
            spoken,
            [("AY1", 0.25), ("|", 0.0), ("AE1", 0.25), ("M", 0.25), ("|", 0.5), ("OW1", 0.25)]
        );
    }

    #[test]
    fn a_word_has_the_mean_of_its_frames() {
        let of = |start_s: f64, end_s: f64| {
            mean_in(&[1.0, 2.0, 4.0], 1.0, &WordTime { word: "a".into(), start_s, end_s })
        };
        assert_eq!((of(0.0, 2.0), of(2.0, 2.0), of(5.0, 6.0)), (1.5, 4.0, 4.0));
        assert_eq!(
            mean_in(&[], 1.0, &WordTime { word: "a".into(), start_s: 0.0, end_s: 1.0 }),
            0.0
        );
    }
}
