//! Confidence of recognized words.

use syrinx_speech::Aligned;

/// Mean log-probability of words.
#[derive(Default)]
pub(crate) struct Confidence {
    sum: f64,
    words: usize,
}

impl Confidence {
    pub(crate) fn add(&mut self, aligned: &Aligned) {
        self.sum += aligned.word_scores.iter().sum::<f64>();
        self.words += aligned.word_scores.len();
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.words > 0).then(|| (self.sum / self.words as f64).exp())
    }
}
