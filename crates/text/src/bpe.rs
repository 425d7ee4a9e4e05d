//! Byte-level BPE of raw text (Radford et al. 2019, section 2.2), by the crate `tokenizers`.

use tokenizers::decoders::byte_level::ByteLevel;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::{
    DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer,
    TokenizerImpl,
};

use crate::error::{EmbeddedFault, TextError, excerpt};

/// Number of base tokens: one for each byte, so that no text is unknown.
pub const BYTES: usize = 256;

/// Smallest count of a pair that is merged.
const MIN_PAIR_COUNT: u64 = 2;

/// Trains a byte-level BPE vocabulary on lines of text. Returns the text of a `tokenizers` JSON file, which depends on
/// the lines alone.
///
/// `vocab_size` includes the 256 bytes. The vocabulary is smaller if the lines have too few pairs.
///
/// # Errors
/// [`TextError`] if `vocab_size` is below 256 or the library fails.
pub fn train_bpe(
    lines: impl Iterator<Item = String> + Send,
    vocab_size: usize,
) -> Result<String, TextError> {
    if vocab_size < BYTES {
        return Err(TextError::SmallBpe { vocab_size, bytes: BYTES });
    }
    let mut trainer = BpeTrainer::builder()
        .vocab_size(vocab_size)
        .min_frequency(MIN_PAIR_COUNT)
        .show_progress(false)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let mut tokenizer: TokenizerImpl<
        BPE,
        NormalizerWrapper,
        PreTokenizerWrapper,
        PostProcessorWrapper,
        DecoderWrapper,
    > = TokenizerImpl::new(BPE::default());
    let byte_level = ByteLevel::new(false, true, true);
    tokenizer.with_pre_tokenizer(Some(byte_level)).with_decoder(Some(byte_level));
    let failed = |cause| TextError::TrainBpe { vocab_size, cause };
    tokenizer.train(&mut trainer, lines).map_err(failed)?;
    tokenizer.to_string(true).map_err(failed)
}

/// A loaded vocabulary. Token ids begin at 0 and include the 256 bytes.
#[derive(Debug, Clone)]
pub(crate) struct Bpe {
    tokenizer: Tokenizer,
    /// Token id of each byte.
    byte_tokens: Vec<u32>, // (256)
    /// Bytes of each token.
    token_bytes: Vec<Vec<u8>>, // (tokens)
}

impl Bpe {
    /// Loads a `tokenizers` JSON file.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, TextError> {
        let broken = |fault| TextError::Embedded { what: "byte-pair vocabulary", fault };
        let tokenizer =
            Tokenizer::from_bytes(json).map_err(|e| broken(EmbeddedFault::Tokenizer(e)))?;
        let byte_tokens = (0..=u8::MAX)
            .map(|byte| tokenizer.token_to_id(byte_char(byte).encode_utf8(&mut [0; 4])))
            .collect::<Option<Vec<u32>>>()
            .ok_or_else(|| broken(EmbeddedFault::ByteToken))?;
        if byte_tokens.iter().any(|&token| token as usize >= BYTES) {
            return Err(broken(EmbeddedFault::ByteOrder { bytes: BYTES }));
        }
        let token_bytes = (0..tokenizer.get_vocab_size(true) as u32)
            .map(|token| {
                let name = tokenizer.id_to_token(token)?;
                name.chars().map(char_byte).collect::<Option<Vec<u8>>>()
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| broken(EmbeddedFault::TokenGaps))?;
        Ok(Self { tokenizer, byte_tokens, token_bytes })
    }

    /// Returns the number of tokens.
    pub(crate) fn len(&self) -> usize {
        self.token_bytes.len()
    }

    pub(crate) fn byte_token(&self, byte: u8) -> u32 {
        self.byte_tokens[usize::from(byte)]
    }

    pub(crate) fn bytes_of(&self, token: u32) -> &[u8] {
        &self.token_bytes[token as usize]
    }

    pub(crate) fn encode(&self, text: &str) -> Result<Vec<u32>, TextError> {
        match self.tokenizer.encode_fast(text, false) {
            Ok(encoding) => Ok(encoding.get_ids().to_vec()),
            Err(cause) => Err(TextError::EncodeBpe { excerpt: excerpt(text), cause }),
        }
    }
}

/// Returns the printable character that stands for a byte in the vocabulary file, as in GPT-2: printable Latin-1
/// characters stand for themselves, the other bytes are numbered from U+0100 on.
fn byte_char(byte: u8) -> char {
    let printable = |b: u8| matches!(b, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    if printable(byte) {
        return char::from(byte);
    }
    let rank = (0..byte).filter(|&b| !printable(b)).count() as u32;
    char::from_u32(0x100 + rank).expect("U+0100 to U+0143 are characters")
}

/// Returns the byte of a character of the vocabulary file.
fn char_byte(c: char) -> Option<u8> {
    match u32::from(c) {
        code @ 0..=0xFF => u8::try_from(code).ok().filter(|&b| byte_char(b) == c),
        _ => (0..=u8::MAX).find(|&b| byte_char(b) == c),
    }
}
