//! Rescoring: an n-gram model of graphones proposes pronunciations of a word, the language model scores them.

use syrinx_task::{
    Content, Contents, Generated, RowPlan, StageRun, TaskError, TaskKit, TextContent,
};
use syrinx_text::{Candidate, Phone};

use crate::G2pConfig;
use crate::layout::{LETTERS, TO_PHONES};

/// A word that the lexicon doesn't contain.
pub struct UnknownWord {
    pub(crate) word: String,
    /// Pronunciations to score; empty if the language model generates one.
    candidates: Vec<Candidate>,
}

impl UnknownWord {
    /// Proposes pronunciations of a word.
    pub(crate) fn new(config: &G2pConfig, kit: &TaskKit, word: String) -> Result<Self, TaskError> {
        let candidates = match config.candidates {
            0 => Vec::new(),
            most => kit.frontend.graphones()?.pronunciations(&word, most),
        };
        Ok(Self { word, candidates })
    }

    /// Plans one row per candidate, or one row that generates a pronunciation.
    pub(crate) fn rows(&self, config: &G2pConfig, kit: &TaskKit) -> Vec<RowPlan> {
        let run = || {
            let letters = TextContent::plain(kit.vocab.encode_letters(&self.word));
            let contents = Contents::from([(LETTERS.to_owned(), Content::Text(letters))]);
            StageRun::new(TO_PHONES, contents, config.limit(self.word.len()))
        };
        let scored = |candidate: &Candidate| {
            let text = Some(kit.vocab.encode_phones(&candidate.phones));
            RowPlan::new(vec![StageRun { text, ..run() }])
        };
        match self.candidates.as_slice() {
            [] => vec![RowPlan::new(vec![run()])],
            candidates => candidates.iter().map(scored).collect(),
        }
    }

    /// Takes the rows of the word from `generated`, and returns the pronunciation with the largest weighted sum of
    /// log-probabilities.
    pub(crate) fn best(
        &self,
        config: &G2pConfig,
        kit: &TaskKit,
        generated: &mut impl Iterator<Item = Generated>,
    ) -> Vec<Phone> {
        let rows = generated.take(self.candidates.len().max(1));
        let graphones = self.candidates.iter().map(|candidate| candidate.log_prob);
        let mut best: Option<(f64, Generated)> = None;
        for (row, graphones) in rows.zip(graphones.chain([0.0])) {
            let model = row.score * (row.text.len() + 1) as f64;
            let score = config.model_weight * model + (1.0 - config.model_weight) * graphones;
            // Among equal scores, the first is kept: the n-gram model prefers it.
            if best.as_ref().is_none_or(|(highest, _)| score > *highest) {
                best = Some((score, row));
            }
        }
        let tokens = best.map(|(_, row)| row.text).unwrap_or_default();
        kit.vocab.decode_phones(&tokens).into_iter().filter(|p| !p.is_mark()).collect()
    }
}
