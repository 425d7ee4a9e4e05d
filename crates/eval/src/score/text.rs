//! Errors of words and of their times.

use syrinx_metrics::timing::boundary_errors_s;
use syrinx_task::Transcript;
use syrinx_text::normalize_for_scoring;
use syrinx_types::{TimedPhone, WordTime};

use crate::score::{Measures, score_words, scored_words};
use crate::{Item, Measure};

/// Compares the words of a transcript with the item's, and their times if both have them. An item without a text has no
/// speech, so that every word is an insertion.
pub(crate) fn text_measures(item: &Item, transcript: &Transcript) -> Measures {
    if scored_words(&item.text).is_empty() {
        let invented = scored_words(&transcript.text).len() as f64;
        return Measures::from([("invented".to_owned(), Measure::value(invented))]);
    }
    let mut measures: Measures =
        score_words(&item.text, &transcript.text).measures().into_iter().collect();
    let errors = boundary_errors_s(&comparable(&item.words), &comparable(&transcript.words));
    if !errors.is_empty() {
        measures.insert("word_time_error_s".into(), Measure::Values(errors));
    }
    measures
}

/// Returns the words in the form for comparison, with their times.
fn comparable(words: &[WordTime]) -> Vec<WordTime> {
    let word =
        |w: &WordTime| WordTime { word: normalize_for_scoring(&w.word).concat(), ..w.clone() };
    words.iter().map(word).filter(|w| !w.word.is_empty()).collect()
}

/// Returns the times of a text's words, from its phones with `|` between the words. Returns `None` if phones and text
/// have different numbers of words, or the phones are unknown.
pub(crate) fn word_times(text: &str, phones: &[TimedPhone], lead_s: f64) -> Option<Vec<WordTime>> {
    let mut spans: Vec<(f64, f64)> = Vec::new();
    let (mut now_s, mut open) = (lead_s, None);
    for phone in phones {
        let end_s = now_s + phone.duration_s;
        let sounds = phone.phone.bytes().all(|b| b.is_ascii_alphanumeric()) && phone.phone != "SIL";
        if sounds {
            open = Some((open.map_or(now_s, |(start_s, _)| start_s), end_s));
        } else if phone.phone != "SIL" {
            spans.extend(open.take());
        }
        now_s = end_s;
    }
    spans.extend(open);
    let written: Vec<String> = text
        .split_whitespace()
        .filter(|w| w.chars().any(char::is_alphanumeric))
        .map(str::to_owned)
        .collect();
    let split = normalize_for_scoring(text);
    let words = [written, split].into_iter().find(|w| w.len() == spans.len() && !w.is_empty())?;
    let timed = words.into_iter().zip(spans);
    Some(timed.map(|(word, (start_s, end_s))| WordTime { word, start_s, end_s }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phones(line: &str) -> Vec<TimedPhone> {
        let phone = |s: &str| TimedPhone { phone: s.into(), duration_s: 0.125 };
        line.split(' ').map(phone).collect()
    }

    #[test]
    fn words_get_the_times_of_their_phones() {
        let check = |text: &str, line: &str, expected: &[(&str, f64, f64)]| {
            let words = word_times(text, &phones(line), 1.0).unwrap_or_default();
            let got: Vec<_> = words.iter().map(|w| (w.word.as_str(), w.start_s, w.end_s)).collect();
            assert_eq!(got, expected, "{text}: {line}");
        };
        check("Go, on.", "G OW1 , AA1 N .", &[("Go,", 1.0, 1.25), ("on.", 1.375, 1.625)]);
        check("a boy", "SIL AH0 | B OY1 SIL", &[("a", 1.125, 1.25), ("boy", 1.375, 1.625)]);
        check("self-made", "S EH1 | M EY1", &[("self", 1.0, 1.25), ("made", 1.375, 1.625)]);
        check("three words here", "B OY1 | AH0", &[]);
        check("", "SIL", &[]);
    }

    #[test]
    fn times_of_correct_words_are_compared() {
        let item = Item {
            text: "Go on".into(),
            words: word_times("Go on", &phones("G OW1 | AA1 N"), 0.0).unwrap(),
            ..Item::default()
        };
        let transcript = |text: &str| Transcript { text: text.into(), ..Transcript::default() };
        let timed = [("go", 0.125, 0.25), ("off", 0.5, 0.75)];
        let word = |(word, start_s, end_s): (&str, f64, f64)| WordTime {
            word: word.into(),
            start_s,
            end_s,
        };
        let words = timed.map(word).to_vec();
        let measures = text_measures(&item, &Transcript { words, ..transcript("go off") });
        assert_eq!(measures["word_time_error_s"], Measure::Values(vec![0.125, 0.0]));
        assert_eq!(measures["wer"], Measure::count(1, 2));
        let nothing = text_measures(&item, &transcript(""));
        assert_eq!(nothing["wer"], Measure::count(2, 2));
        assert!(!nothing.contains_key("word_time_error_s"));
        for (text, words) in [("", 0.0), ("Go on, 12!", 3.0)] {
            let invented = text_measures(&Item::default(), &transcript(text));
            let expected = Measures::from([("invented".to_owned(), Measure::value(words))]);
            assert_eq!(invented, expected, "{text}");
        }
    }
}
