//! Normalization of words for error rates: plain, or by the published rules of Whisper's authors.

mod number_words;
mod rules;
mod spoken_numbers;
mod words;

pub use rules::whisper_english;
pub use words::normalize_for_scoring;
