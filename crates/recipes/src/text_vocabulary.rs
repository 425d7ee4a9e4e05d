//! Byte-pair vocabularies from the texts of a corpus.

use syrinx_data::Manifest;

use crate::RecipeError;

/// A trained byte-pair vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainedVocabulary {
    /// Vocabulary in the JSON format of the crate `tokenizers`.
    pub json: String,
    /// Number of texts it was trained on.
    pub texts: usize,
}

/// Trains a byte-pair vocabulary of at most `size` tokens, including the 256 bytes, on the texts of a split. If no
/// utterance of the manifest has a split, all texts are used.
///
/// # Errors
/// [`RecipeError::Data`] for an unknown split or an empty manifest, [`RecipeError::Text`] if the training fails.
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
