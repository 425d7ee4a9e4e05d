//! Sound in and out: files, resampling, log-mel, pauses.
//!
//! Everything that enters Syrinx as sound comes through [`load`] or one of its siblings, and leaves through
//! [`write_wav`]. Invariants:
//!
//! - What is returned has at least one sample, only finite samples, and a sample rate within [`MIN_RATE_HZ`]
//!   to [`MAX_RATE_HZ`]. Silence and single samples are fine here; callers decide whether they make sense.
//! - Bad input is an [`AudioError`] that names the file and the remedy, never a panic.
//! - A file is written next to its place and then renamed: it is whole or it isn't there.
//! - No tensors, no global state, no threads.

mod channels;
mod compressed;
mod error;
mod intake;
mod mel;
mod read;
mod resample;
mod sniff;
mod stft;
mod wav;
mod write;

pub mod silence;

pub use error::AudioError;
pub use intake::{MAX_RATE_HZ, MIN_RATE_HZ, ReadLimits};
pub use mel::{LogMel, MelConfig, mel_filterbank};
pub use read::{
    load, load_source, load_with, read, read_channels, read_from, read_source, read_with,
};
pub use resample::{Resampler, resample};
pub use stft::Stft;
pub use syrinx_types::Audio;
pub use write::{WavFormat, write_target, write_wav, write_wav_to};
