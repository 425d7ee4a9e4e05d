//! Words as error rates count them: plainly, or by the rules that Whisper's authors published.

mod number_words;
mod rules;
mod spoken_numbers;
mod words;

pub use rules::whisper_english;
pub use words::normalize_for_scoring;
