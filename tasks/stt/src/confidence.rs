//! Confidence of recognized words.

use syrinx_speech::Aligned;

/// Sum of the words' scores (mean log-probability per subframe, in nats), and number of words.
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

    /// Returns the exponential of the words' mean log-probability, 0 to 1; `None` without words.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.words > 0).then(|| (self.sum / self.words as f64).exp())
    }
}
