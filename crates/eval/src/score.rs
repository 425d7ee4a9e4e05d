//! Measures of answers by the kind of answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_metrics::errors::{Op, align};
use syrinx_text::{normalize, normalize_for_scoring, whisper_english};

use crate::Measure;

mod phones;
mod speech;
mod text;

pub(crate) use phones::{phone_measures, sounds_of};
pub(crate) use speech::{LONG_S, codec_measures, missing_speech, speech_measures};
pub(crate) use text::{text_measures, word_times};

/// Measures by figure.
pub(crate) type Measures = BTreeMap<String, Measure>;

/// Counts of words and characters of one row.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WordScore {
    /// Words substituted, deleted or inserted.
    pub errors: f64,
    /// Number of reference words.
    pub words: f64,
    /// Characters substituted, deleted or inserted.
    pub char_errors: f64,
    /// Number of reference characters.
    pub chars: f64,
    /// Whether more than half of the words are wrong, or there are none.
    pub failed: bool,
    /// Word errors after Whisper's normaliser.
    #[serde(default)]
    pub normalized_errors: f64,
    /// Number of reference words after Whisper's normaliser; 0 if not counted.
    #[serde(default)]
    pub normalized_words: f64,
}

impl WordScore {
    /// Returns the counts as figures.
    pub(crate) fn measures(&self) -> Vec<(String, Measure)> {
        let mut measures = vec![
            ("wer".to_owned(), Measure::Ratio { part: self.errors, whole: self.words }),
            ("fail".to_owned(), Measure::flag(self.failed)),
        ];
        if self.chars > 0.0 {
            let cer = Measure::Ratio { part: self.char_errors, whole: self.chars };
            measures.insert(1, ("cer".to_owned(), cer));
        }
        if self.normalized_words > 0.0 {
            let (part, whole) = (self.normalized_errors, self.normalized_words);
            measures.push(("wer_whisper_rules".to_owned(), Measure::Ratio { part, whole }));
        }
        measures
    }
}

/// Returns the words of a text for comparison: written out, lower case, without punctuation.
pub(crate) fn scored_words(text: &str) -> Vec<String> {
    normalize_for_scoring(&normalize(text))
}

/// Counts the differences of two texts.
pub(crate) fn score_words(reference: &str, transcript: &str) -> WordScore {
    let (normalized_errors, normalized_words) = by_whisper_rules(reference, transcript);
    let (reference, transcript) = (scored_words(reference), scored_words(transcript));
    let (words, _) = align(&reference, &transcript);
    let chars = |words: &[String]| words.join(" ").chars().collect::<Vec<_>>();
    let (letters, _) = align(&chars(&reference), &chars(&transcript));
    let errors = words.errors() as f64;
    WordScore {
        errors,
        words: words.reference as f64,
        char_errors: letters.errors() as f64,
        chars: letters.reference as f64,
        failed: transcript.is_empty() || errors > 0.5 * words.reference as f64,
        normalized_errors,
        normalized_words,
    }
}

/// Counts errors and reference words after Whisper's normaliser, as publications do.
fn by_whisper_rules(reference: &str, transcript: &str) -> (f64, f64) {
    let words = |text: &str| {
        whisper_english(text).split_whitespace().map(str::to_owned).collect::<Vec<String>>()
    };
    let (counts, _) = align(&words(reference), &words(transcript));
    (counts.errors() as f64, counts.reference as f64)
}

/// Distance in words within which an inserted word counts as a repetition.
const REPEAT_WORDS: usize = 3;

/// Returns the shares of skipped and of repeated words among those of the text.
pub(crate) fn slips(reference: &str, transcript: &str) -> Vec<(String, Measure)> {
    let (reference, transcript) = (scored_words(reference), scored_words(transcript));
    if reference.is_empty() {
        return Vec::new();
    }
    let (counts, steps) = align(&reference, &transcript);
    let again = |step: &&Op| match step {
        Op::Insert { hypothesis: at } => {
            let mut around =
                at.saturating_sub(REPEAT_WORDS)..transcript.len().min(at + REPEAT_WORDS + 1);
            around.any(|other| other != *at && transcript[other] == transcript[*at])
        }
        _ => false,
    };
    let share = |part: f64| Measure::Ratio { part, whole: reference.len() as f64 };
    let repeats = steps.iter().filter(again).count() as f64;
    vec![
        ("skips".to_owned(), share(counts.deletions as f64)),
        ("repeats".to_owned(), share(repeats)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_words_are_told_from_repeated_ones() {
        let check = |reference: &str, transcript: &str, skips: f64, repeats: f64| {
            let share = |part: f64| Measure::Ratio { part, whole: 4.0 };
            let expected = [("skips", share(skips)), ("repeats", share(repeats))];
            assert_eq!(
                slips(reference, transcript),
                expected.map(|(k, m)| (k.to_owned(), m)),
                "{transcript}"
            );
        };
        check("Glue the sheet fast.", "glue sheet fast", 1.0, 0.0);
        check("Glue the sheet fast.", "glue the the sheet fast fast", 0.0, 2.0);
        check("Glue the sheet fast.", "glue the big sheet fast", 0.0, 0.0);
        check("Glue the sheet fast.", "", 4.0, 0.0);
        assert!(slips("", "glue").is_empty());
    }

    #[test]
    fn words_are_counted_without_case_and_punctuation() {
        let check = |reference: &str, transcript: &str, errors: f64, words: f64, failed: bool| {
            let score = score_words(reference, transcript);
            assert_eq!((score.errors, score.words, score.failed), (errors, words, failed));
        };
        check("It's easy to tell.", "its easy, to TELL", 1.0, 4.0, false);
        check("One two", "", 2.0, 2.0, true);
        check("One two", "three four five", 3.0, 2.0, true);
        check("One two", "one", 1.0, 2.0, false);
        check("One two", "one two", 0.0, 2.0, false);
    }

    #[test]
    fn rates_by_whisper_rules_stand_next_to_raw_ones() {
        let check = |reference: &str, transcript: &str, expected: (f64, f64)| {
            let score = score_words(reference, transcript);
            let counted = (score.normalized_errors, score.normalized_words);
            assert_eq!(counted, expected, "{reference} / {transcript}");
            let named = |(name, _): &&(String, Measure)| name == "wer_whisper_rules";
            let measures = score.measures();
            let (part, whole) = expected;
            let measure = measures.iter().find(named).map(|(_, measure)| measure.clone());
            assert_eq!(measure, Some(Measure::Ratio { part, whole }));
        };
        check("Let's colour it, Mr. Park.", "let us color it mister park", (0.0, 6.0));
        check("twenty five dollars", "$25", (0.0, 1.0));
        check("um, it is 10 o'clock", "it is nine", (2.0, 4.0));
    }
}
