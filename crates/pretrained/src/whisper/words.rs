//! Words with times: tokens are joined to words, punctuation is attached to its word, and implausible durations are
//! shortened.

use syrinx_types::WordTime;

use super::alignment::AlignedTokens;
use super::error::WhisperFault;
use super::options::{WhisperSegment, WhisperWord};
use super::vocabulary::Vocabulary;
use crate::PretrainedError;

/// Languages written without spaces, in which each character is a word.
const WITHOUT_SPACES: [&str; 6] = ["zh", "ja", "th", "lo", "my", "yue"];
/// Punctuation that belongs to the next word.
const OPENING: &str = "\"'“¿([{-";
/// Punctuation that belongs to the previous word.
const CLOSING: &str = "\"'.。,，!！?？:：”)]}、";
/// Punctuation that ends a sentence, next to which there may be a pause.
const SENTENCE_END: &str = ".。!！?？";
/// Maximum of the median word duration, in seconds.
const LONGEST_MEDIAN_S: f64 = 0.7;

/// A word of one or several tokens, with times in seconds from the start of its window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TokenWord {
    pub(crate) word: String,
    pub(crate) tokens: usize,
    pub(crate) start_s: f64,
    pub(crate) end_s: f64,
    pub(crate) probability: f64,
}

/// Splits text tokens into words: the text and the number of tokens of each.
pub(crate) fn split_words(
    vocabulary: &Vocabulary,
    tokens: &[u32],
    language: &str,
) -> Result<Vec<(String, usize)>, PretrainedError> {
    let characters = split_characters(vocabulary, tokens)?;
    if WITHOUT_SPACES.contains(&language) {
        return Ok(characters);
    }
    let mut words: Vec<(String, usize)> = Vec::new();
    for (text, count) in characters {
        let punctuation =
            !text.trim().is_empty() && text.trim().chars().all(|c| c.is_ascii_punctuation());
        match words.last_mut() {
            Some((word, tokens)) if !text.starts_with(' ') && !punctuation => {
                word.push_str(&text);
                *tokens += count;
            }
            _ => words.push((text, count)),
        }
    }
    Ok(words)
}

/// Splits tokens at the ends of complete characters, since a character may have several tokens.
fn split_characters(
    vocabulary: &Vocabulary,
    tokens: &[u32],
) -> Result<Vec<(String, usize)>, PretrainedError> {
    let mut found = Vec::new();
    let mut start = 0;
    for end in 1..=tokens.len() {
        let text = vocabulary.tokenizer.decode(&tokens[start..end], false);
        let text = text.map_err(WhisperFault::Tokenizer)?;
        if !text.contains('\u{FFFD}') || end == tokens.len() {
            found.push((text, end - start));
            start = end;
        }
    }
    Ok(found)
}

/// Assigns the times of tokens to words.
pub(crate) fn time_words(words: Vec<(String, usize)>, aligned: &AlignedTokens) -> Vec<TokenWord> {
    let mut at = 0;
    let start_of = |token: usize| {
        let known = aligned.starts_s.get(token).or(aligned.starts_s.last());
        known.copied().unwrap_or_default()
    };
    let timed = words.into_iter().map(|(word, tokens)| {
        let from = at;
        at += tokens;
        let probabilities = aligned.probabilities.get(from..at).unwrap_or_default();
        let probability = probabilities.iter().sum::<f64>() / tokens.max(1) as f64;
        TokenWord { word, tokens, start_s: start_of(from), end_s: start_of(at), probability }
    });
    timed.collect()
}

/// Median duration of the words, and the maximum plausible duration, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Durations {
    median_s: f64,
    longest_s: f64,
}

impl Durations {
    fn of(words: &[TokenWord]) -> Self {
        let mut durations: Vec<f64> =
            words.iter().map(|w| w.end_s - w.start_s).filter(|d| *d > 0.0).collect();
        durations.sort_by(f64::total_cmp);
        let middle = durations.len() / 2;
        let median = match durations.len() {
            0 => 0.0,
            n if n.is_multiple_of(2) => (durations[middle - 1] + durations[middle]) / 2.0,
            _ => durations[middle],
        };
        let median_s = median.min(LONGEST_MEDIAN_S);
        Self { median_s, longest_s: 2.0 * median_s }
    }
}

/// Shortens words next to the end of a sentence, which may include a pause, and attaches punctuation to words.
pub(crate) fn tidy(mut words: Vec<TokenWord>) -> (Vec<TokenWord>, Durations) {
    let durations = Durations::of(&words);
    let ends_sentence = |word: &str| {
        let word = word.trim();
        !word.is_empty() && SENTENCE_END.contains(word)
    };
    for i in 1..words.len() {
        if words[i].end_s - words[i].start_s > durations.longest_s {
            if ends_sentence(&words[i].word) {
                words[i].end_s = words[i].start_s + durations.longest_s;
            } else if ends_sentence(&words[i - 1].word) {
                words[i].start_s = words[i].end_s - durations.longest_s;
            }
        }
    }
    (join_punctuation(words), durations)
}

fn join_punctuation(words: Vec<TokenWord>) -> Vec<TokenWord> {
    let is_of = |set: &str, word: &str| {
        let word = word.trim();
        !word.is_empty() && word.chars().all(|c| set.contains(c))
    };
    let mut joined: Vec<TokenWord> = Vec::with_capacity(words.len());
    for mut word in words {
        let opened = |w: &&mut TokenWord| w.word.starts_with(' ') && is_of(OPENING, &w.word);
        if let Some(opening) = joined.last_mut().filter(opened) {
            word.word = format!("{}{}", opening.word, word.word.trim_start());
            word.tokens += opening.tokens;
            joined.pop();
        }
        match joined.last_mut() {
            Some(last) if is_of(CLOSING, &word.word) && !word.word.starts_with(' ') => {
                last.word.push_str(&word.word);
                last.tokens += word.tokens;
            }
            _ => joined.push(word),
        }
    }
    joined
}

/// Distributes the words of a window over its segments. A segment then begins and ends with its words.
///
/// `texts` has the number of text tokens of each segment. `offset_s` is the start of the window, and `speech_end_s` the
/// end of the previous speech, in seconds.
pub(crate) fn assign(
    segments: &mut [WhisperSegment],
    texts: &[usize],
    words: Vec<TokenWord>,
    durations: Durations,
    offset_s: f64,
    mut speech_end_s: f64,
) {
    let mut words = words.into_iter().peekable();
    for (segment, &tokens) in segments.iter_mut().zip(texts) {
        let mut taken = 0;
        while let Some(word) = words.next_if(|_| taken < tokens) {
            taken += word.tokens;
            let time = WordTime {
                word: word.word.trim().to_owned(),
                start_s: offset_s + word.start_s,
                end_s: offset_s + word.end_s,
            };
            segment.words.push(WhisperWord { time, probability: word.probability });
        }
        if !segment.words.is_empty() {
            shorten_edges(segment, durations, speech_end_s);
            speech_end_s = segment.end_s;
        }
    }
}

/// Shortens the first words of a segment after a pause, and makes the edges of segment and words agree. If the word at
/// an edge is too long, the timestamp of the segment is used, otherwise that of the word.
fn shorten_edges(segment: &mut WhisperSegment, durations: Durations, speech_end_s: f64) {
    let median_s = durations.median_s;
    shorten_start(&mut segment.words, durations, speech_end_s);
    if let Some(first) = segment.words.first_mut().map(|w| &mut w.time) {
        if segment.start_s < first.end_s && segment.start_s - 0.5 > first.start_s {
            first.start_s = (first.end_s - median_s).min(segment.start_s).max(0.0);
        } else {
            segment.start_s = first.start_s;
        }
    }
    if let Some(last) = segment.words.last_mut().map(|w| &mut w.time) {
        if segment.end_s > last.start_s && segment.end_s + 0.5 < last.end_s {
            last.end_s = (last.start_s + median_s).max(segment.end_s);
        } else {
            segment.end_s = last.end_s;
        }
    }
}

/// Shortens the first and the second word after a pause.
fn shorten_start(words: &mut [WhisperWord], durations: Durations, speech_end_s: f64) {
    let Durations { median_s, longest_s } = durations;
    let Some((first, others)) = words.split_first_mut() else { return };
    let (first, second) = (&mut first.time, others.first_mut().map(|w| &mut w.time));
    let both_s = second.as_ref().map_or(0.0, |second| second.end_s - first.start_s);
    let long = first.end_s - first.start_s > longest_s || both_s > 2.0 * longest_s;
    if first.end_s - speech_end_s <= 4.0 * median_s || !long {
        return;
    }
    if let Some(second) = second.filter(|second| second.end_s - second.start_s > longest_s) {
        let boundary_s = (second.end_s / 2.0).max(second.end_s - longest_s);
        (first.end_s, second.start_s) = (boundary_s, boundary_s);
    }
    first.start_s = (first.end_s - longest_s).max(0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(word: &str, start_s: f64, end_s: f64) -> TokenWord {
        TokenWord { word: word.into(), tokens: 1, start_s, end_s, probability: 1.0 }
    }

    #[test]
    fn punctuation_joins_its_word() {
        let words = [" \"", "Glue", " it", ",", " \"", "he", " said", ".", "\""];
        let joined = join_punctuation(words.iter().map(|w| word(w, 0.0, 1.0)).collect());
        let joined: Vec<(&str, usize)> =
            joined.iter().map(|w| (w.word.as_str(), w.tokens)).collect();
        assert_eq!(joined, [(" \"Glue", 2), (" it,", 2), (" \"he", 2), (" said.\"", 3)]);
    }

    #[test]
    fn a_pause_after_a_sentence_is_not_part_of_a_word() {
        let words = vec![
            word(" Stop", 0.0, 0.3),
            word(".", 0.3, 2.3),
            word(" Go", 2.3, 2.6),
            word(" on", 2.6, 2.9),
        ];
        let (words, _) = tidy(words);
        assert_eq!(words[0].word, " Stop.");
        let mut segments = vec![WhisperSegment { end_s: 12.9, ..WhisperSegment::default() }];
        assign(&mut segments, &[4], words, Durations { median_s: 0.3, longest_s: 0.6 }, 10.0, 0.0);
        let words: Vec<&str> = segments[0].words.iter().map(|w| w.time.word.as_str()).collect();
        assert_eq!(words, ["Stop.", "Go", "on"]);
        assert!((segments[0].words[2].time.end_s - 12.9).abs() < 1e-9);
    }

    #[test]
    fn words_go_to_the_segments_of_their_tokens() {
        let words = vec![word(" a", 0.0, 0.2), word(" b", 0.2, 0.4), word(" c", 1.0, 1.2)];
        let mut segments = vec![WhisperSegment::default(), WhisperSegment::default()];
        segments[1].start_s = 1.0;
        assign(
            &mut segments,
            &[2, 1],
            words,
            Durations { median_s: 0.2, longest_s: 0.4 },
            0.0,
            0.0,
        );
        assert_eq!((segments[0].words.len(), segments[1].words.len()), (2, 1));
        assert!((segments[0].end_s - 0.4).abs() < 1e-9);
    }
}
