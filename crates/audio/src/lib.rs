//! Audio files in and out, resampling, log-mel spectrograms, pauses.
//!
//! Recordings are read by [`load`] and similar functions, and written by [`write_wav`]. Invariants:
//!
//! - A returned recording has at least one sample, only finite samples, and a sample rate within [`MIN_RATE_HZ`] to
//!   [`MAX_RATE_HZ`]. Silence and single samples are accepted.
//! - Bad input is an [`AudioError`] that names the file, never a panic; [`AudioError::hint`] is the remedy. Repaired
//!   faults are an [`AudioWarning`]. Functions without a `warn` callback discard warnings; programs emit them by
//!   [`UniqueWarnings`].
//! - A file is written under a temporary name and then renamed: it is complete or missing.
//! - No tensors, no global state, no threads.

mod channels;
mod compressed;
mod error;
mod intake;
mod long;
mod mel;
mod pcm;
mod periodicity;
mod read;
mod resample;
mod sniff;
mod stft;
mod tempo;
mod unsupported;
mod warning;
mod wav;
mod whole;
mod write;

pub mod prompt;
pub mod silence;
pub mod speech;

pub use error::{AudioError, DecodeFault, ResampleFault};
pub use intake::{MAX_RATE_HZ, MIN_RATE_HZ, ReadLimits};
pub use long::{Recording, SourceLength};
pub use mel::{LogMel, MelConfig, mel_filterbank};
pub use pcm::{pcm16, to_int16, wav_header};
pub use read::{
    load, load_source, load_source_warned, load_warned, load_with, open_source, read,
    read_channels, read_from, read_from_warned, read_source, read_warned, read_with,
};
pub use resample::{Resampler, resample};
pub use sniff::FileKind;
pub use stft::Stft;
pub use syrinx_types::Audio;
pub use tempo::Tempo;
pub use unsupported::UnsupportedContent;
pub use warning::{AudioWarning, UniqueWarnings};
pub use write::{WavFile, WavFormat, write_target, write_wav, write_wav_to};
