//! Decoder of words from phone scores.

use syrinx_speech::{Acoustics, Units};
use syrinx_task::FrameScores;
use syrinx_text::Lexicon;
use syrinx_types::WordTime;

use crate::lm::WordModel;
use crate::search::Search;
use crate::trie::{Trie, WordList, dictionary};
use crate::{DecoderConfig, SttError};

/// Beam search for words in phone scores. Construction takes a few hundred milliseconds; threads may share a decoder.
#[derive(Debug, Clone)]
pub struct Decoder {
    config: DecoderConfig,
    units: Units,
    words: WordList,
    trie: Trie,
    lm: WordModel,
    ahead: Vec<f32>, // (nodes)
}

/// Result of decoding.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hypothesis {
    /// Words with their times, in seconds from the first subframe.
    pub words: Vec<WordTime>,
    /// Score per subframe, in nats; comparable within one recording only.
    pub score: f64,
}

impl Decoder {
    /// Builds a decoder for all words of the lexicon.
    ///
    /// # Errors
    /// [`SttError`] if a built-in data file is invalid, which a test excludes.
    pub fn english(lexicon: &Lexicon, config: DecoderConfig) -> Result<Self, SttError> {
        let units = Units::english()?;
        let (words, trie) = dictionary(lexicon, &units);
        let lm = WordModel::english(&words, &config)?;
        Ok(Self::new(config, units, words, trie, lm))
    }

    /// Builds a decoder from phone units, words, pronunciation tree and language model.
    pub fn new(
        config: DecoderConfig,
        units: Units,
        words: WordList,
        trie: Trie,
        lm: WordModel,
    ) -> Self {
        let ahead = trie.best_ahead(|word| lm.log_unigram(word));
        Self { config, units, words, trie, lm, ahead }
    }

    /// Returns the units of the decoder.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// Returns the weight of the log prior that is subtracted from the log-probability of a phone.
    pub fn prior_weight(&self) -> f64 {
        self.config.prior_weight
    }

    /// Returns the most probable words; none for silence.
    ///
    /// # Errors
    /// [`SttError::Speech`] if the scores don't match the phone inventory.
    pub fn decode(&self, scores: &FrameScores) -> Result<Hypothesis, SttError> {
        let acoustics = Acoustics::new(scores, &self.units, self.config.prior_weight)?;
        let search =
            Search { trie: &self.trie, lm: &self.lm, ahead: &self.ahead, config: &self.config };
        let (found, total) = search.run(&acoustics);
        let words = found.iter().map(|found| WordTime {
            word: self.words.word(found.word).to_owned(),
            start_s: acoustics.at_s(found.start as usize),
            end_s: acoustics.at_s(found.end as usize),
        });
        let parts = acoustics.parts().max(1) as f64;
        Ok(Hypothesis { words: words.collect(), score: f64::from(total) / parts })
    }
}
