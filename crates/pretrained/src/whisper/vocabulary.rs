//! Whisper's vocabulary: text, special tokens, timestamps, and tokens that are never generated.

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
/// Names of the token for no speech, in newer and older tokenizers.
const NO_SPEECH: [&str; 2] = ["<|nospeech|>", "<|nocaptions|>"];

/// Vocabulary size of published English-only checkpoints.
const ENGLISH_ONLY_SIZE: usize = 51_864;

/// Symbols that annotate sounds other than speech; each is excluded if it is a single token.
const NOT_SPEECH: &str = "\" # ( ) * + / : ; < = > @ [ \\ ] ^ _ ` { | } ~ 「 」 『 』 << >> <<< >>> -- --- -( -[ (' (\" \
     (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪ ♩ ♪ ♫ ♬ ♭ ♮ ♯";

/// Tokenizer and special tokens.
pub(crate) struct Vocabulary {
    pub(crate) tokenizer: Tokenizer,
    /// End of text. Every special token has this id or a larger one.
    pub(crate) end: u32,
    pub(crate) start: u32,
    /// Start of the previous text.
    pub(crate) previous: Option<u32>,
    pub(crate) no_speech: Option<u32>,
    pub(crate) no_timestamps: u32,
    transcribe: Option<u32>,
    /// Timestamps in steps of 20 ms; `None` if the vocabulary has none.
    pub(crate) timestamps: Option<Range<u32>>,
    /// Tokens of languages by code; empty for an English-only model.
    pub(crate) languages: Vec<(String, u32)>,
    pub(crate) suppressed: Vec<u32>,
    pub(crate) suppressed_first: Vec<u32>,
}

impl Vocabulary {
    /// Parses a tokenizer for the model of a configuration.
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

    /// Returns the tokens that begin a transcript in a language, without the token that disables timestamps.
    pub(crate) fn prefix(&self, language: Option<u32>) -> Vec<u32> {
        let task = self.transcribe.filter(|_| language.is_some());
        std::iter::once(self.start).chain(language).chain(task).collect()
    }

    /// Returns the text of tokens, without special tokens.
    pub(crate) fn decode(&self, tokens: &[u32]) -> Result<String, WhisperFault> {
        let text: Vec<u32> = tokens.iter().copied().filter(|&t| t < self.end).collect();
        self.tokenizer.decode(&text, true).map_err(WhisperFault::Tokenizer)
    }

    /// Returns the tokens of a text, without special tokens.
    pub(crate) fn encode(&self, text: &str) -> Result<Vec<u32>, WhisperFault> {
        let encoding = self.tokenizer.encode(text, false).map_err(WhisperFault::Tokenizer)?;
        Ok(encoding.get_ids().iter().copied().filter(|&id| id < self.end).collect())
    }
}

/// Returns the first list that contains tokens. An empty list, or one with only -1, is ignored: published checkpoints
/// suppress about ninety tokens, and without suppression transcripts contain many brackets.
fn given(first: &Option<Vec<i64>>, second: &Option<Vec<i64>>) -> Option<Vec<u32>> {
    let named = |list: &Option<Vec<i64>>| {
        let ids = list.iter().flatten().filter_map(|&id| u32::try_from(id).ok());
        Some(ids.collect::<Vec<u32>>()).filter(|ids| !ids.is_empty())
    };
    named(first).or_else(|| named(second))
}

/// Returns the tokens of annotation symbols, with and without a space before them, and of a dash and an apostrophe
/// after a space.
fn not_speech(tokenizer: &Tokenizer) -> Vec<u32> {
    let single = |text: &str| {
        let encoding = tokenizer.encode(text, false).ok()?;
        let ids = encoding.get_ids();
        // A tokenizer with a token for unknown characters encodes any string as one token.
        let same = |id: u32| tokenizer.decode(&[id], false).is_ok_and(|t| t.trim() == text.trim());
        (ids.len() == 1 && same(ids[0])).then(|| ids[0])
    };
    let symbols = NOT_SPEECH.split_whitespace().map(str::to_owned);
    let spaced = symbols.clone().chain(["-".to_owned(), "'".to_owned()]);
    let spaced = spaced.map(|symbol| format!(" {symbol}"));
    let all: BTreeSet<u32> = symbols.chain(spaced).filter_map(|s| single(&s)).collect();
    all.into_iter().collect()
}

/// Returns the ids of the timestamps, which follow the token that disables them. Tokenizers of converted checkpoints
/// may lack their names.
fn timestamps(
    tokenizer: &Tokenizer,
    no_timestamps: u32,
    config: &WhisperConfig,
) -> Option<Range<u32>> {
    let first = tokenizer.token_to_id("<|0.00|>").unwrap_or(no_timestamps + 1);
    // One timestamp per encoder position, and one for the end.
    let end = first + config.max_source_positions as u32 + 1;
    (end as usize <= config.vocab_size).then_some(first..end)
}

/// Returns the languages: special tokens of two or three letters. English-only checkpoints have these tokens, but were
/// not trained on them.
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
