//! The codec: sound to codes and back.
//!
//! [`MelRvq`] turns a log-mel spectrogram into codes of a residual vector quantiser, fitted without gradients;
//! [`Vocoder`] turns the spectrogram that codes stand for into samples. [`EmbeddedCodec`] is the two together and
//! implements [`Codec`], which is all that the rest of Syrinx knows of codecs.
//!
//! Invariants:
//!
//! - Decoding a stream gives the samples of decoding the whole, bit for bit, however the codes are cut.
//! - Codes with fewer levels than the codec has decode: they are the first levels.
//! - Codebooks hold values that f16 can hold, so that storing them changes no code.
//! - Bad input is a [`CodecError`] that says what to do, never a panic. Randomness comes from a seed in a config.

mod codec;
mod embedded;
mod error;
mod fit;
mod griffin_lim;
mod istft;
mod kmeans;
mod nearest;
mod rvq;
mod spectral_gain;
mod spectral_loss;
mod train;
mod vocoder;
mod weights;

pub use codec::{Codec, CodecInfo, DecodeStream};
pub use embedded::EmbeddedCodec;
pub use error::CodecError;
pub use fit::{FitConfig, PatchSample, fit};
pub use griffin_lim::griffin_lim;
pub use rvq::{MelRvq, RvqConfig, patches};
pub use spectral_loss::SpectralLossConfig;
pub use train::{ClipSource, Trained, VocoderTrainConfig, train_vocoder};
pub use vocoder::{Vocoder, VocoderConfig, VocoderStream};
