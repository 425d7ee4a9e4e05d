//! Whisper (Radford et al., arXiv 2212.04356): speech to text with word times, in many languages.
//!
//! The network is implemented here because that of candle-transformers does not cache keys and values of the tokens,
//! does not return cross-attention weights, and approximates the GELU. The procedure is that of OpenAI's program:
//! windows of 30 s that follow the timestamps, fallback over temperatures by compression ratio and log-probability, the
//! no-speech threshold, and word times by dynamic time warping over the alignment heads.
//!
//! Invariants: nothing is downloaded; the same recording, options and seed give the same transcript.

mod alignment;
mod attention;
mod config;
mod decoding;
mod error;
mod gguf;
mod linear;
mod model;
mod network;
mod options;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod parity;
mod rules;
mod sections;
mod service;
mod spectrogram;
mod transcribe;
mod vocabulary;
mod weights;
mod words;

pub use config::{GenerationConfig, WhisperConfig};
pub use error::{WhisperFault, WhisperFileFault};
pub use model::Whisper;
pub use options::{WhisperOptions, WhisperSegment, WhisperTranscript, WhisperWord};
pub use service::WhisperRecognizer;
