//! Phone tokens of published models with IPA input, by the `tokenizers` file of their project.

use std::collections::BTreeMap;
use std::fmt;

use tokenizers::Tokenizer;

use crate::espeak::espeak_ipa;
use crate::inventory::Phone;

/// Tokens that begin and end a sequence.
const EDGES: [&str; 2] = ["<bos>", "</eos>"];

/// Fault of an IPA tokenizer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IpaTokenizerError {
    /// A file that the `tokenizers` library can't read.
    #[error(transparent)]
    Unreadable(tokenizers::Error),
    /// Text that the tokenizer can't encode.
    #[error("the text can't be encoded: {0}")]
    Encode(tokenizers::Error),
    /// A tokenizer that lacks a token.
    #[error("token `{token}` is missing")]
    MissingToken {
        /// The token.
        token: &'static str,
    },
    /// A tokenizer with more tokens than the model.
    #[error("it has a token {largest}, expected at most {phones} tokens")]
    TooManyTokens {
        /// Largest token id.
        largest: usize,
        /// Number of rows of the model's phone embedding.
        phones: usize,
    },
}

/// Published tokenizer of IPA in the notation of espeak-ng.
pub struct IpaTokenizer {
    tokenizer: Tokenizer,
    /// Symbol of each token id; of several symbols with the same id the alphabetically first.
    symbols: BTreeMap<u32, String>,
}

impl fmt::Debug for IpaTokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpaTokenizer").field("symbols", &self.symbols.len()).finish()
    }
}

impl IpaTokenizer {
    /// Loads the bytes of a `tokenizer.json`, for a model whose phone embedding has `phones` rows.
    ///
    /// # Errors
    /// [`IpaTokenizerError`] if the file is not the tokenizer of such a model.
    pub fn from_bytes(bytes: &[u8], phones: usize) -> Result<Self, IpaTokenizerError> {
        let tokenizer = Tokenizer::from_bytes(bytes).map_err(IpaTokenizerError::Unreadable)?;
        if let Some(token) = EDGES.into_iter().find(|t| tokenizer.token_to_id(t).is_none()) {
            return Err(IpaTokenizerError::MissingToken { token });
        }
        let mut all: Vec<(String, u32)> = tokenizer.get_vocab(true).into_iter().collect();
        all.sort();
        let largest = all.iter().map(|(_, id)| *id as usize).max().unwrap_or_default();
        if largest >= phones {
            return Err(IpaTokenizerError::TooManyTokens { largest, phones });
        }
        let mut symbols = BTreeMap::new();
        for (symbol, id) in all.into_iter().filter(|(symbol, _)| !symbol.starts_with('<')) {
            symbols.entry(id).or_insert(symbol);
        }
        Ok(Self { tokenizer, symbols })
    }

    /// Returns the token ids of IPA, with begin and end tokens. Unknown symbols are the tokenizer's unknown token.
    ///
    /// # Errors
    /// [`IpaTokenizerError::Encode`] for an unknown symbol, if the tokenizer has no unknown token.
    pub fn encode(&self, ipa: &str) -> Result<Vec<u32>, IpaTokenizerError> {
        let encoding = self.tokenizer.encode(ipa, true).map_err(IpaTokenizerError::Encode)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Returns the token ids of phones and marks, with begin and end tokens. The result is empty for an unknown symbol,
    /// if the tokenizer has no unknown token.
    pub fn encode_phones(&self, phones: &[Phone]) -> Vec<u32> {
        self.encode(espeak_ipa(phones).trim()).unwrap_or_default()
    }

    /// Returns the IPA of token ids, without begin, end and unknown tokens.
    pub fn decode(&self, ids: &[u32]) -> String {
        ids.iter().filter_map(|id| self.symbols.get(id).map(String::as_str)).collect()
    }
}
