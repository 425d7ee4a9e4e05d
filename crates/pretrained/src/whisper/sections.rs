//! Word times of a known text in a recording longer than a window. The recording is divided where its transcript agrees
//! with the text, and each section is aligned.

use syrinx_metrics::errors::{Op, align};
use syrinx_types::{Audio, CancelToken, WordTime};

use super::error::WhisperFault;
use super::model::Whisper;
use super::options::WhisperOptions;
use crate::PretrainedError;

/// Share of the maximum section length at which the search for the longest pause begins.
const LATE: f64 = 0.5;
/// Time by which sections are shorter than a window, in seconds, because word boundaries are inexact.
const MARGIN_S: f64 = 1.0;

/// A section of a recording with its text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    start_s: f64,
    end_s: f64,
    text: String,
}

impl Whisper {
    /// Aligns a text with a recording of several windows.
    pub(super) fn align_sections(
        &self,
        sound: &Audio,
        text: &str,
        language: Option<&str>,
        window_s: f64,
        cancel: &CancelToken,
    ) -> Result<Vec<WordTime>, PretrainedError> {
        let options =
            WhisperOptions { language: language.map(str::to_owned), ..WhisperOptions::default() };
        let transcript = self.transcribe(sound, &options, cancel)?;
        let sections = sections(text, &transcript.words(), sound.seconds(), window_s)?;
        let mut words = Vec::new();
        for section in sections {
            if cancel.is_cancelled() {
                return Err(WhisperFault::Cancelled.into());
            }
            let piece = sound.slice(section.start_s, section.end_s);
            let found = self.align_window(&piece, &section.text, Some(&transcript.language))?;
            words.extend(found.into_iter().map(|word| WordTime {
                start_s: word.start_s + section.start_s,
                end_s: word.end_s + section.start_s,
                ..word
            }));
        }
        Ok(words)
    }
}

/// Returns the letters and digits of a word in lower case.
fn key(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A possible boundary: between two consecutive words of the text that were both recognized.
struct Cut {
    /// Number of words of the text before the boundary.
    word: usize,
    at_s: f64,
    pause_s: f64,
}

/// Divides a recording of `total_s` seconds into sections that fit in a window of `window_s` seconds.
///
/// # Errors
/// [`WhisperFault::OtherText`] if the transcript of a section agrees with the text nowhere.
pub(super) fn sections(
    text: &str,
    recognized: &[WordTime],
    total_s: f64,
    window_s: f64,
) -> Result<Vec<Section>, PretrainedError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let known: Vec<String> = words.iter().map(|word| key(word)).collect();
    let found: Vec<String> = recognized.iter().map(|word| key(&word.word)).collect();
    let (_, ops) = align(&known, &found);
    let cuts: Vec<Cut> = ops.windows(2).filter_map(|pair| cut(pair, recognized)).collect();
    let longest_s = (window_s - MARGIN_S).max(window_s * LATE);
    let (mut sections, mut start_s, mut first) = (Vec::new(), 0.0, 0);
    while total_s - start_s > longest_s {
        let within = |cut: &&Cut| cut.word > first && cut.at_s - start_s <= longest_s;
        let inside: Vec<&Cut> = cuts.iter().filter(within).collect();
        let late = inside.iter().filter(|cut| cut.at_s - start_s >= longest_s * LATE);
        let chosen = late.max_by(|a, b| a.pause_s.total_cmp(&b.pause_s)).or(inside.last());
        let Some(cut) = chosen else {
            return Err(WhisperFault::OtherText { start_s, end_s: start_s + longest_s }.into());
        };
        let text = words[first..cut.word].join(" ");
        sections.push(Section { start_s, end_s: cut.at_s, text });
        (start_s, first) = (cut.at_s, cut.word);
    }
    sections.push(Section { start_s, end_s: total_s, text: words[first..].join(" ") });
    Ok(sections)
}

/// Returns the boundary between two consecutive words, if both were recognized.
fn cut(pair: &[Op], recognized: &[WordTime]) -> Option<Cut> {
    let [Op::Equal { hypothesis: before, .. }, Op::Equal { reference, hypothesis: after }] = pair
    else {
        return None;
    };
    let (end_s, start_s) = (recognized[*before].end_s, recognized[*after].start_s);
    Some(Cut { word: *reference, at_s: (end_s + start_s) / 2.0, pause_s: start_s - end_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the words of a second each, with a pause of half a second before every tenth.
    fn spoken(text: &str) -> Vec<WordTime> {
        let mut at_s = 0.0;
        let word = |(i, word): (usize, &str)| {
            at_s += if i > 0 && i % 10 == 0 { 0.5 } else { 0.0 };
            let start_s = at_s;
            at_s += 1.0;
            WordTime { word: word.into(), start_s, end_s: at_s }
        };
        text.split(' ').enumerate().map(word).collect()
    }

    #[test]
    fn sections_end_in_the_longest_pause_and_fit_the_window() {
        let names: Vec<String> = (0..45).map(|i| format!("w{i}")).collect();
        let text = names.join(" ");
        let mut recognized = spoken(&text);
        // One word is recognized as another, and one is missing; capitals and punctuation do not count.
        recognized[7].word = "other".into();
        recognized.remove(33);
        recognized[3].word = "W3,".into();
        let found = sections(&text, &recognized, 47.0, 30.0).unwrap();
        let at: Vec<(f64, f64)> = found.iter().map(|s| (s.start_s, s.end_s)).collect();
        assert_eq!(at, [(0.0, 20.75), (20.75, 47.0)]);
        assert!(found[0].text.ends_with("w19") && found[1].text.starts_with("w20"));
        let whole: Vec<&str> = found.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(whole.join(" "), text, "every word is in one section");
    }

    #[test]
    fn a_text_that_is_not_said_is_refused() {
        let text = vec!["never"; 40].join(" ");
        let recognized = spoken(&vec!["said"; 40].join(" "));
        let error = sections(&text, &recognized, 41.5, 30.0).unwrap_err();
        let found = matches!(error, PretrainedError::Whisper(WhisperFault::OtherText { .. }));
        assert!(found, "{error}");
        assert!(error.hint().is_some());
    }
}
