//! One id space for all text tokens of the model: specials, phones, raw text.
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

/// The vocabulary trained on the texts of the `train` split of the corpus.
const ENGLISH_BPE: &[u8] = include_bytes!("../data/bpe.json");

/// A token that stands for no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Special {
    /// Fills rows of a batch that are shorter than the longest.
    Pad = 0,
    /// Begins a sequence.
    Bos = 1,
    /// Ends a sequence.
    Eos = 2,
    /// Stands for what can't be written.
    Unk = 3,
    /// Hides a token.
    Mask = 4,
}

impl Special {
    /// All specials, in id order.
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
    /// A special.
    Special(Special),
    /// An id kept free for later specials.
    Reserved,
    /// A phone or mark.
    Phone(Phone),
    /// A byte, or several merged ones; not always whole characters.
    Text(&'a [u8]),
}

/// Ids of specials, phones and raw text. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct TextVocab {
    bpe: Arc<Bpe>,
    /// Tokenizer of a published model, in place of the ids of phones.
    ipa: Option<Arc<IpaTokenizer>>,
}

/// Ids kept for specials.
const SPECIALS: u32 = 8;
const FIRST_TEXT: u32 = SPECIALS + Phone::COUNT as u32;

impl TextVocab {
    /// Returns the vocabulary compiled into this crate. Takes a few milliseconds; keep it.
    ///
    /// Errors only when the build is broken.
    pub fn english() -> Result<Self, TextError> {
        Self::from_bpe_json(ENGLISH_BPE)
    }

    /// Builds a vocabulary with other byte pairs, made by [`train_bpe`](crate::bpe::train_bpe).
    ///
    /// Errors when the JSON is no byte-level BPE of `tokenizers` with the bytes first.
    pub fn from_bpe_json(json: &[u8]) -> Result<Self, TextError> {
        Ok(Self { bpe: Arc::new(Bpe::from_json(json)?), ipa: None })
    }

    /// Returns the same vocabulary for a published model: sequences of phones have the ids of its tokenizer.
    #[must_use]
    pub fn with_ipa(self, tokenizer: IpaTokenizer) -> Self {
        Self { ipa: Some(Arc::new(tokenizer)), ..self }
    }

    /// Returns the number of ids.
    pub fn len(&self) -> usize {
        FIRST_TEXT as usize + self.bpe.len()
    }

    /// Never: there are always specials, phones and bytes.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Id of a special.
    pub fn special_id(&self, special: Special) -> u32 {
        special as u32
    }

    /// Id of `<pad>`.
    pub fn pad(&self) -> u32 {
        Special::Pad as u32
    }

    /// Id of `<bos>`.
    pub fn bos(&self) -> u32 {
        Special::Bos as u32
    }

    /// Id of `<eos>`.
    pub fn eos(&self) -> u32 {
        Special::Eos as u32
    }

    /// Id of `<unk>`.
    pub fn unk(&self) -> u32 {
        Special::Unk as u32
    }

    /// Id of `<mask>`.
    pub fn mask(&self) -> u32 {
        Special::Mask as u32
    }

    /// Ids of specials, used and reserved.
    pub fn specials_range(&self) -> Range<u32> {
        0..SPECIALS
    }

    /// Ids of the phones.
    pub fn phones_range(&self) -> Range<u32> {
        SPECIALS..FIRST_TEXT
    }

    /// Ids of the 256 letter tokens (bytes).
    pub fn letters_range(&self) -> Range<u32> {
        FIRST_TEXT..FIRST_TEXT + BYTES as u32
    }

    /// Ids of all raw-text tokens: letters, then byte pairs.
    pub fn text_range(&self) -> Range<u32> {
        FIRST_TEXT..self.len() as u32
    }

    /// Id of a phone.
    pub fn phone_id(&self, phone: Phone) -> u32 {
        SPECIALS + phone.index() as u32
    }

    /// Returns the phone of an id, if it is one.
    pub fn phone_of(&self, id: u32) -> Option<Phone> {
        Phone::from_index(id.checked_sub(SPECIALS)? as usize)
    }

    /// Meaning of a token id; `None` outside the vocabulary.
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

    /// Ids of phones, one each; those of a published model's tokenizer, with its begin and end, where there is one.
    pub fn encode_phones(&self, phones: &[Phone]) -> Vec<u32> {
        if let Some(ipa) = &self.ipa {
            return ipa.encode_phones(phones);
        }
        phones.iter().map(|&phone| self.phone_id(phone)).collect()
    }

    /// Returns the phones among some ids; all other tokens are left out.
    pub fn decode_phones(&self, ids: &[u32]) -> Vec<Phone> {
        if let Some(ipa) = &self.ipa {
            return parse_ipa(&ipa.decode(ids)).unwrap_or_default();
        }
        ids.iter().filter_map(|&id| self.phone_of(id)).collect()
    }

    /// Ids of the bytes of a text, one each, without merges.
    pub fn encode_letters(&self, text: &str) -> Vec<u32> {
        text.bytes().map(|byte| FIRST_TEXT + self.bpe.byte_token(byte)).collect()
    }

    /// Returns the text of some letter tokens; tokens that are no text are left out, broken UTF-8 becomes `�`.
    pub fn decode_letters(&self, ids: &[u32]) -> String {
        self.decode_bpe(ids)
    }

    /// Ids of a text as byte pairs.
    ///
    /// Errors when the library refuses the text, which byte-level BPE never should.
    pub fn encode_bpe(&self, text: &str) -> Result<Vec<u32>, TextError> {
        Ok(self.bpe.encode(text)?.into_iter().map(|token| FIRST_TEXT + token).collect())
    }

    /// Returns the text that a model predicted: of byte pairs, or the IPA of a published model's phones.
    pub fn decode_predicted(&self, ids: &[u32]) -> String {
        self.ipa.as_ref().map_or_else(|| self.decode_bpe(ids), |ipa| ipa.decode(ids))
    }

    /// Returns the text of some ids; tokens that are no text are left out, broken UTF-8 becomes `�`.
    pub fn decode_bpe(&self, ids: &[u32]) -> String {
        let bytes: Vec<u8> = ids
            .iter()
            .filter(|id| self.text_range().contains(id))
            .flat_map(|&id| self.bpe.bytes_of(id - FIRST_TEXT).iter().copied())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
