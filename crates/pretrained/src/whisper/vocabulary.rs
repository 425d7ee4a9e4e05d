//! Whisper's tokens: text, special tokens, timestamps, and those that are never generated.

use std::collections::BTreeSet;
use std::ops::Range;

use tokenizers::Tokenizer;

use super::config::{GenerationConfig, WhisperConfig};
use super::error::{WhisperFault, WhisperFileFault};

const END: &str = "<|endoftext|>";
const START: &str = "<|startoftranscript|>";
const PREVIOUS: &str = "<|startofprev|>";
const TRANSCRIBE: &str = "<|transcribe|>";
const NO_TIMESTAMPS: &str = "<|notimestamps|>";
/// The token has one name in older tokenizers and another in newer ones.
const NO_SPEECH: [&str; 2] = ["<|nospeech|>", "<|nocaptions|>"];

/// Size of the vocabulary of published English-only checkpoints.
const ENGLISH_ONLY_SIZE: usize = 51_864;

/// Strings that annotate sounds rather than speech; each is excluded where it is one token.
const NOT_SPEECH: &str = "\" # ( ) * + / : ; < = > @ [ \\ ] ^ _ ` { | } ~ 「 」 『 』 << >> <<< >>> -- --- -( -[ (' (\" \
     (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪ ♩ ♪ ♫ ♬ ♭ ♮ ♯";

/// Tokenizer and special tokens.
pub(crate) struct Vocabulary {
    pub(crate) tokenizer: Tokenizer,
    /// End of text; every special token has this id or a larger one.
    pub(crate) end: u32,
    pub(crate) start: u32,
    /// Start of the text before the window.
    pub(crate) previous: Option<u32>,
    pub(crate) no_speech: Option<u32>,
    pub(crate) no_timestamps: u32,
    transcribe: Option<u32>,
    /// Timestamps in steps of 20 ms; `None` for a vocabulary without them.
    pub(crate) timestamps: Option<Range<u32>>,
    /// Languages by code; empty for an English-only model.
    pub(crate) languages: Vec<(String, u32)>,
    pub(crate) suppressed: Vec<u32>,
    pub(crate) suppressed_first: Vec<u32>,
}

impl Vocabulary {
    /// Reads a tokenizer for the model of a configuration.
    pub(crate) fn new(
        bytes: &[u8],
        config: &WhisperConfig,
        generation: &GenerationConfig,
    ) -> Result<Self, WhisperFileFault> {
        let tokenizer = Tokenizer::from_bytes(bytes).map_err(WhisperFileFault::Tokenizer)?;
        let id = |token: &str| tokenizer.token_to_id(token);
        let tokens = config.vocab_size;
        let required = |token: &'static str| match id(token) {
            Some(id) if (id as usize) < tokens => Ok(id),
            Some(id) => Err(WhisperFileFault::TokenBeyondModel { token, id, tokens }),
            None => Err(WhisperFileFault::NoToken { token }),
        };
        let (end, start) = (required(END)?, required(START)?);
        let no_timestamps = required(NO_TIMESTAMPS)?;
        let suppressed = given(&generation.suppress_tokens, &config.suppress_tokens)
            .unwrap_or_else(|| not_speech(&tokenizer));
        let suppressed_first =
            given(&generation.begin_suppress_tokens, &config.begin_suppress_tokens)
                .unwrap_or_else(|| id("Ġ").into_iter().collect());
        let mut first = suppressed_first;
        first.push(end);
        Ok(Self {
            end,
            start,
            previous: id(PREVIOUS),
            no_speech: NO_SPEECH.iter().find_map(|token| id(token)),
            no_timestamps,
            transcribe: id(TRANSCRIBE),
            timestamps: timestamps(&tokenizer, no_timestamps, config),
            languages: languages(&tokenizer, config, generation),
            suppressed: suppressed.into_iter().filter(|&id| id != end).collect(),
            suppressed_first: first,
            tokenizer,
        })
    }

    /// Whether the model transcribes English only.
    pub(crate) fn english_only(&self) -> bool {
        self.languages.is_empty()
    }

    /// Tokens that a transcript in a language begins with, without the one that turns timestamps off.
    pub(crate) fn prefix(&self, language: Option<u32>) -> Vec<u32> {
        let task = self.transcribe.filter(|_| language.is_some());
        std::iter::once(self.start).chain(language).chain(task).collect()
    }

    /// Returns the text of tokens, special tokens left out.
    pub(crate) fn decode(&self, tokens: &[u32]) -> Result<String, WhisperFault> {
        let text: Vec<u32> = tokens.iter().copied().filter(|&t| t < self.end).collect();
        self.tokenizer.decode(&text, true).map_err(WhisperFault::Tokenizer)
    }

    /// Tokens of a text, without special tokens.
    pub(crate) fn encode(&self, text: &str) -> Result<Vec<u32>, WhisperFault> {
        let encoding = self.tokenizer.encode(text, false).map_err(WhisperFault::Tokenizer)?;
        Ok(encoding.get_ids().iter().copied().filter(|&id| id < self.end).collect())
    }
}

/// Returns the first list that names tokens. A list that is empty or names none (-1) is no list: published checkpoints
/// name about ninety, and without them a transcript is full of brackets.
fn given(first: &Option<Vec<i64>>, second: &Option<Vec<i64>>) -> Option<Vec<u32>> {
    let named = |list: &Option<Vec<i64>>| {
        let ids = list.iter().flatten().filter_map(|&id| u32::try_from(id).ok());
        Some(ids.collect::<Vec<u32>>()).filter(|ids| !ids.is_empty())
    };
    named(first).or_else(|| named(second))
}

/// Tokens of annotations, each with and without a space before it; and those of a dash or an apostrophe after a space.
fn not_speech(tokenizer: &Tokenizer) -> Vec<u32> {
    let single = |text: &str| {
        let encoding = tokenizer.encode(text, false).ok()?;
        let ids = encoding.get_ids();
        // Tokenizers with a token for unknown characters encode any string as one token.
        let same = |id: u32| tokenizer.decode(&[id], false).is_ok_and(|t| t.trim() == text.trim());
        (ids.len() == 1 && same(ids[0])).then(|| ids[0])
    };
    let symbols = NOT_SPEECH.split_whitespace().map(str::to_owned);
    let spaced = symbols.clone().chain(["-".to_owned(), "'".to_owned()]);
    let spaced = spaced.map(|symbol| format!(" {symbol}"));
    let all: BTreeSet<u32> = symbols.chain(spaced).filter_map(|s| single(&s)).collect();
    all.into_iter().collect()
}

/// Timestamps follow the token that turns them off. Tokenizers of converted checkpoints may not name them.
fn timestamps(
    tokenizer: &Tokenizer,
    no_timestamps: u32,
    config: &WhisperConfig,
) -> Option<Range<u32>> {
    let first = tokenizer.token_to_id("<|0.00|>").unwrap_or(no_timestamps + 1);
    // One for each position of the encoder, and one for the end.
    let end = first + config.max_source_positions as u32 + 1;
    (end as usize <= config.vocab_size).then_some(first..end)
}

/// Languages: special tokens of two or three letters. English-only checkpoints carry the tokens and never saw them.
fn languages(
    tokenizer: &Tokenizer,
    config: &WhisperConfig,
    generation: &GenerationConfig,
) -> Vec<(String, u32)> {
    let known = generation.is_multilingual.unwrap_or(config.vocab_size != ENGLISH_ONLY_SIZE);
    if !known {
        return Vec::new();
    }
    let code = |token: &str| {
        let code = token.strip_prefix("<|")?.strip_suffix("|>")?;
        let letters = code.bytes().all(|b| b.is_ascii_lowercase());
        (letters && (2..=3).contains(&code.len())).then(|| code.to_owned())
    };
    let added = tokenizer.get_added_vocabulary().get_vocab().iter();
    let mut found: Vec<(String, u32)> = added
        .filter(|(_, id)| (**id as usize) < config.vocab_size)
        .filter_map(|(token, &id)| Some((code(token)?, id)))
        .collect();
    found.sort_by_key(|(_, id)| *id);
    found
}
