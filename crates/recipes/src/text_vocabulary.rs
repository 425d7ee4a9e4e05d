//! Byte-pair vocabularies of a corpus.

use syrinx_data::Manifest;

use crate::RecipeError;

/// A byte-pair vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainedVocabulary {
    /// Vocabulary as a file of `tokenizers`, JSON.
    pub json: String,
    /// Number of texts.
    pub texts: usize,
}

/// Trains a byte-pair vocabulary of at most `size` tokens, the 256 bytes among them, on the texts of a split; on all
/// texts of a manifest without splits.
///
/// # Errors
/// [`RecipeError::Data`] for an unknown split, [`RecipeError::Text`].
pub fn train_vocabulary(
    manifest: &Manifest,
    split: &str,
    size: usize,
) -> Result<TrainedVocabulary, RecipeError> {
    let chosen = manifest.split_or_all(split)?;
    let texts = chosen.utterances().iter().map(|utterance| utterance.text.clone());
    let json = syrinx_text::train_bpe(texts, size)?;
    Ok(TrainedVocabulary { json, texts: chosen.utterances().len() })
}
