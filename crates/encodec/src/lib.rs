//! EnCodec (Défossez et al., arXiv 2210.13438) to compare codecs with, on candle-transformers.
//!
//! Takes the file `model.safetensors` of `facebook/encodec_24khz` on Hugging Face: 24 kHz, one channel, 75 frames a
//! second, 32 levels of 1,024 codes. candle repeats the first and last sample where the original mirrors the sound, so
//! the outermost milliseconds differ.
//!
//! Invariant: nothing is fetched, and nothing of EnCodec is in the embedded model.

mod error;
mod round_trip;

pub use error::EncodecError;
pub use round_trip::Encodec;
