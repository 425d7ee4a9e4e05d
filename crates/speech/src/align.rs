//! Forced alignment of known words with a recording.

use syrinx_task::FrameScores;
use syrinx_text::{Frontend, Phone, SpokenWord};
use syrinx_types::{TimedPhone, WordTime};

use crate::SpeechError;
use crate::trellis::{TrellisState, best_path};
use crate::units::{Acoustics, SILENCE, Units};

/// A word with its possible pronunciations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenForm {
    /// Spelling of the word in the text.
    pub word: String,
    /// Pronunciations of the word, without punctuation. Stress is ignored.
    pub pronunciations: Vec<Vec<Phone>>,
}

impl SpokenForm {
    /// Collects the pronunciations of a word: the one that the front end chose, if given, and those of the dictionary.
    pub fn of(frontend: &Frontend, word: &str, chosen: Option<&SpokenWord>) -> Self {
        let mut pronunciations: Vec<_> = chosen.iter().map(|w| w.phones.clone()).collect();
        let known = frontend.lexicon().lookup(word);
        for phones in known.iter().flat_map(|known| known.iter()) {
            if !pronunciations.iter().any(|p| p == phones) {
                pronunciations.push(phones.to_vec());
            }
        }
        Self { word: word.to_owned(), pronunciations }
    }
}

/// Alignment of words with a recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aligned {
    /// Words with their times, in seconds from the start of the recording.
    pub words: Vec<WordTime>,
    /// Phones and silences in order, without gaps from the start to the end of the recording.
    pub phones: Vec<TimedPhone>,
    /// Index of the word of each phone; `None` for silence. // (phones)
    pub word_of_phone: Vec<Option<usize>>,
    /// Mean log-probability of the aligned phones per subframe, in nats; 0 is the maximum. Comparable between
    /// recordings of one text.
    pub score: f64,
    /// Mean log-probability of each word's phones per subframe, in nats. // (words)
    pub word_scores: Vec<f64>,
    /// Goodness of pronunciation of each word (Witt & Young 2000), in nats: the score of the word minus the mean
    /// log-probability of the most probable phone of each subframe; 0 is the maximum. // (words)
    pub word_goodness: Vec<f64>,
}

/// Clamps consecutive phones to the length of their recording in seconds, since the last codec frame may extend beyond
/// it. A silence that becomes empty is removed.
pub fn clamp_phones(phones: &mut Vec<TimedPhone>, seconds: f64) {
    let mut left_s = seconds;
    phones.retain_mut(|phone| {
        let is_silence = phone.phone == Phone::SILENCE.arpabet();
        let has_rest = left_s > 0.0;
        phone.duration_s = phone.duration_s.min(left_s).max(0.0);
        left_s -= phone.duration_s;
        has_rest || !is_silence
    });
}

/// States in order: an optional silence, the alternative pronunciations of the first word, an optional silence, and so
/// on.
struct Chain {
    states: Vec<TrellisState>,
    /// States that may be the last of the recording.
    last: Vec<usize>,
    /// Minimum number of subframes for all words.
    shortest: usize,
}

impl Chain {
    fn new(words: &[SpokenForm], units: &Units) -> Result<Self, SpeechError> {
        if words.is_empty() {
            return Err(SpeechError::NoWords);
        }
        let mut chain = Self { states: Vec::new(), last: Vec::new(), shortest: 0 };
        for (number, form) in words.iter().enumerate() {
            chain.push_silence();
            let before = chain.last.clone();
            let mut ends = Vec::new();
            let sounds = form.pronunciations.iter().map(|p| p.iter().filter(|p| !p.is_mark()));
            let mut shortest = usize::MAX;
            for sounds in sounds {
                let mut previous = before.clone();
                let mut length = 0;
                for &phone in sounds {
                    let first = number == 0 && length == 0;
                    let word = Some(number);
                    chain.states.push(TrellisState {
                        unit: units.of(phone),
                        word,
                        before: previous,
                        first,
                    });
                    previous = vec![chain.states.len() - 1];
                    length += 1;
                }
                if length > 0 {
                    ends.extend(previous);
                    shortest = shortest.min(length);
                }
            }
            if ends.is_empty() {
                let word = form.word.clone();
                return Err(SpeechError::NoPronunciation { index: number + 1, word });
            }
            chain.shortest += shortest;
            chain.last = ends;
        }
        chain.push_silence();
        Ok(chain)
    }

    /// Appends an optional silence: the next state may follow the silence or the states before it.
    fn push_silence(&mut self) {
        let first = self.states.is_empty();
        let before = self.last.clone();
        self.states.push(TrellisState { unit: SILENCE, word: None, before, first });
        self.last.push(self.states.len() - 1);
    }
}

/// Aligns words with a recording: finds the most probable times of their phones, with optional silences between words
/// (Viterbi).
///
/// # Errors
/// [`SpeechError::NoWords`] without words, [`SpeechError::NoPronunciation`] for a word without phones,
/// [`SpeechError::TooShort`] if the recording has fewer subframes than the words have phones, and the errors of
/// [`Acoustics::new`].
pub fn align(
    words: &[SpokenForm],
    scores: &FrameScores,
    units: &Units,
    prior_weight: f64,
) -> Result<Aligned, SpeechError> {
    align_acoustics(words, &Acoustics::new(scores, units, prior_weight)?, units)
}

/// Aligns words as [`align`] does, with given acoustics.
///
/// # Errors
/// [`SpeechError::NoWords`], [`SpeechError::NoPronunciation`], [`SpeechError::TooShort`], as for [`align`].
pub fn align_acoustics(
    words: &[SpokenForm],
    acoustics: &Acoustics,
    units: &Units,
) -> Result<Aligned, SpeechError> {
    let chain = Chain::new(words, units)?;
    let too_short = || SpeechError::TooShort { needed: chain.shortest, parts: acoustics.parts() };
    if acoustics.parts() < chain.shortest {
        return Err(too_short());
    }
    let path = best_path(&chain.states, &chain.last, acoustics).ok_or_else(too_short)?;
    Ok(read(words, &chain, &path, acoustics, units))
}

/// Returns times and scores of words and phones along a path.
fn read(
    words: &[SpokenForm],
    chain: &Chain,
    path: &[usize],
    acoustics: &Acoustics,
    units: &Units,
) -> Aligned {
    let mut aligned = Aligned::default();
    let mut sums = vec![(0.0_f64, 0.0_f64, 0_u32); words.len()];
    let mut total = 0.0;
    let mut start = 0;
    while start < path.len() {
        let state = &chain.states[path[start]];
        let end = start + path[start..].iter().take_while(|&&s| s == path[start]).count();
        let (start_s, end_s) = (acoustics.at_s(start), acoustics.at_s(end));
        let phone = units.phone(state.unit).arpabet().to_owned();
        aligned.phones.push(TimedPhone { phone, duration_s: end_s - start_s });
        aligned.word_of_phone.push(state.word);
        let scores = (start..end).map(|part| f64::from(acoustics.log_posterior(part, state.unit)));
        let sum: f64 = scores.sum();
        total += sum;
        if let Some(word) = state.word {
            sums[word].0 += sum;
            sums[word].1 += (start..end).map(|part| f64::from(acoustics.best(part))).sum::<f64>();
            sums[word].2 += (end - start) as u32;
            if aligned.words.len() == word {
                let word = words[word].word.clone();
                aligned.words.push(WordTime { word, start_s, end_s });
            } else if let Some(last) = aligned.words.last_mut() {
                last.end_s = end_s;
            }
        }
        start = end;
    }
    aligned.score = total / path.len().max(1) as f64;
    let mean = |sum: f64, parts: u32| sum / f64::from(parts.max(1));
    aligned.word_scores = sums.iter().map(|(sum, _, n)| mean(*sum, *n)).collect();
    aligned.word_goodness = sums.iter().map(|(sum, best, n)| mean(sum - best, *n)).collect();
    aligned
}
