//! Ids of all text tokens of the model: special tokens, phones, raw text.
//!
//! The order is fixed, because trained weights depend on it:
//!
//! | ids | tokens |
//! |---|---|
//! | 0 .. 8 | specials `<pad> <bos> <eos> <unk> <mask>`, the last three reserved |
//! | 8 .. 98 | the phones of the inventory, in its order |
//! | 98 .. 354 | one letter token per byte of UTF-8 |
//! | 354 .. | byte pairs, in the order they were merged |

use std::ops::Range;
use std::sync::Arc;

use crate::bpe::{BYTES, Bpe};
use crate::error::TextError;
use crate::inventory::Phone;
use crate::ipa::parse_ipa;
use crate::ipa_tokens::IpaTokenizer;

/// Byte-level BPE vocabulary, trained on the texts of the `train` split of the corpus.
const ENGLISH_BPE: &[u8] = include_bytes!("../data/bpe.json");

/// A special token, which stands for no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Special {
    /// Pads the shorter rows of a batch.
    Pad = 0,
    /// Begins a sequence.
    Bos = 1,
    /// Ends a sequence.
    Eos = 2,
    /// Stands for an unknown symbol.
    Unk = 3,
    /// Hides a token.
    Mask = 4,
}

impl Special {
    /// All special tokens, in the order of their ids.
    pub const ALL: [Special; 5] =
        [Special::Pad, Special::Bos, Special::Eos, Special::Unk, Special::Mask];

    /// Returns the name in listings, for instance `<pad>`.
    pub fn name(self) -> &'static str {
        match self {
            Special::Pad => "<pad>",
            Special::Bos => "<bos>",
            Special::Eos => "<eos>",
            Special::Unk => "<unk>",
            Special::Mask => "<mask>",
        }
    }
}

/// Meaning of a token id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextToken<'a> {
    /// A special token.
    Special(Special),
    /// An id reserved for later special tokens.
    Reserved,
    /// A phone or mark.
    Phone(Phone),
    /// One or several bytes, not necessarily complete characters.
    Text(&'a [u8]),
}

/// Ids of special tokens, phones and raw text. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct TextVocab {
    bpe: Arc<Bpe>,
    /// Tokenizer of a published model, which replaces the ids of phones.
    ipa: Option<Arc<IpaTokenizer>>,
}

/// Number of ids reserved for special tokens.
const SPECIALS: u32 = 8;
const FIRST_TEXT: u32 = SPECIALS + Phone::COUNT as u32;

impl TextVocab {
    /// Loads the embedded vocabulary, in a few milliseconds.
    ///
    /// # Errors
    /// [`TextError::Embedded`] if the embedded data is invalid, which means that the build is broken.
    pub fn english() -> Result<Self, TextError> {
        Self::from_bpe_json(ENGLISH_BPE)
    }

    /// Builds a vocabulary with other byte pairs, from the JSON of [`train_bpe`](crate::bpe::train_bpe).
    ///
    /// # Errors
    /// [`TextError`] if the JSON is not a byte-level BPE of `tokenizers` whose first tokens are the bytes.
    pub fn from_bpe_json(json: &[u8]) -> Result<Self, TextError> {
        Ok(Self { bpe: Arc::new(Bpe::from_json(json)?), ipa: None })
    }

    /// Sets the tokenizer of a published model, whose ids replace those of phones.
    #[must_use]
    pub fn with_ipa(self, tokenizer: IpaTokenizer) -> Self {
        Self { ipa: Some(Arc::new(tokenizer)), ..self }
    }

    /// Returns the number of ids.
    pub fn len(&self) -> usize {
        FIRST_TEXT as usize + self.bpe.len()
    }

    /// Returns `false`, since every vocabulary has special tokens, phones and bytes.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Returns the id of a special token.
    pub fn special_id(&self, special: Special) -> u32 {
        special as u32
    }

    /// Returns the id of `<pad>`.
    pub fn pad(&self) -> u32 {
        Special::Pad as u32
    }

    /// Returns the id of `<bos>`.
    pub fn bos(&self) -> u32 {
        Special::Bos as u32
    }

    /// Returns the id of `<eos>`.
    pub fn eos(&self) -> u32 {
        Special::Eos as u32
    }

    /// Returns the id of `<unk>`.
    pub fn unk(&self) -> u32 {
        Special::Unk as u32
    }

    /// Returns the id of `<mask>`.
    pub fn mask(&self) -> u32 {
        Special::Mask as u32
    }

    /// Returns the ids of special tokens, including reserved ones.
    pub fn specials_range(&self) -> Range<u32> {
        0..SPECIALS
    }

    /// Returns the ids of the phones.
    pub fn phones_range(&self) -> Range<u32> {
        SPECIALS..FIRST_TEXT
    }

    /// Returns the ids of the 256 letter tokens (bytes).
    pub fn letters_range(&self) -> Range<u32> {
        FIRST_TEXT..FIRST_TEXT + BYTES as u32
    }

    /// Returns the ids of all raw-text tokens: letters, then byte pairs.
    pub fn text_range(&self) -> Range<u32> {
        FIRST_TEXT..self.len() as u32
    }

    /// Returns the id of a phone.
    pub fn phone_id(&self, phone: Phone) -> u32 {
        SPECIALS + phone.index() as u32
    }

    /// Returns the phone of an id; `None` for another token.
    pub fn phone_of(&self, id: u32) -> Option<Phone> {
        Phone::from_index(id.checked_sub(SPECIALS)? as usize)
    }

    /// Returns the meaning of a token id; `None` outside the vocabulary.
    pub fn token(&self, id: u32) -> Option<TextToken<'_>> {
        if let Some(&special) = Special::ALL.get(id as usize) {
            Some(TextToken::Special(special))
        } else if id < SPECIALS {
            Some(TextToken::Reserved)
        } else if let Some(phone) = self.phone_of(id) {
            Some(TextToken::Phone(phone))
        } else if self.text_range().contains(&id) {
            Some(TextToken::Text(self.bpe.bytes_of(id - FIRST_TEXT)))
        } else {
            None
        }
    }

    /// Returns the ids of phones, one for each phone; with the tokenizer of a published model its ids, including begin
    /// and end tokens.
    pub fn encode_phones(&self, phones: &[Phone]) -> Vec<u32> {
        if let Some(ipa) = &self.ipa {
            return ipa.encode_phones(phones);
        }
        phones.iter().map(|&phone| self.phone_id(phone)).collect()
    }

    /// Returns the phones among token ids; all other tokens are left out.
    pub fn decode_phones(&self, ids: &[u32]) -> Vec<Phone> {
        if let Some(ipa) = &self.ipa {
            return parse_ipa(&ipa.decode(ids)).unwrap_or_default();
        }
        ids.iter().filter_map(|&id| self.phone_of(id)).collect()
    }

    /// Returns the letter tokens of a text, one for each byte.
    pub fn encode_letters(&self, text: &str) -> Vec<u32> {
        text.bytes().map(|byte| FIRST_TEXT + self.bpe.byte_token(byte)).collect()
    }

    /// Returns the text of letter tokens. Other tokens are left out, and invalid UTF-8 becomes `�`.
    pub fn decode_letters(&self, ids: &[u32]) -> String {
        self.decode_bpe(ids)
    }

    /// Returns the byte-pair ids of a text.
    ///
    /// # Errors
    /// [`TextError::EncodeBpe`] if the library fails, which is not expected for byte-level BPE.
    pub fn encode_bpe(&self, text: &str) -> Result<Vec<u32>, TextError> {
        Ok(self.bpe.encode(text)?.into_iter().map(|token| FIRST_TEXT + token).collect())
    }

    /// Returns the text of predicted ids: of byte pairs, or the IPA of a published model's phones.
    pub fn decode_predicted(&self, ids: &[u32]) -> String {
        self.ipa.as_ref().map_or_else(|| self.decode_bpe(ids), |ipa| ipa.decode(ids))
    }

    /// Returns the text of raw-text tokens. Other tokens are left out, and invalid UTF-8 becomes `�`.
    pub fn decode_bpe(&self, ids: &[u32]) -> String {
        let bytes: Vec<u8> = ids
            .iter()
            .filter(|id| self.text_range().contains(id))
            .flat_map(|&id| self.bpe.bytes_of(id - FIRST_TEXT).iter().copied())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
