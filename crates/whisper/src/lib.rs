//! Whisper (Radford et al., arXiv 2212.04356) as an independent ear, on candle-transformers.
//!
//! Takes a folder as Hugging Face lays Whisper out: `config.json`, `tokenizer.json` and `model.safetensors`. English,
//! greedy, without timestamps and without the temperature fallback, so that the same sound gives the same words.
//!
//! Invariant: nothing is fetched. What isn't in the folder is an error that says where it can be had.

mod error;
mod listen;
mod load;

pub use error::WhisperError;
pub use load::Whisper;
