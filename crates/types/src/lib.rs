//! Plain data shared by every crate.
//!
//! Invariant: no tensors, no files, no threads, no environment. Everything here can be built in a test by hand.

mod audio;
mod callback_error;
mod cancel;
mod codes;
mod config_issue;
mod event;
mod fingerprint;
mod first_sound;
mod fnv;
mod io;
mod latents;
mod run;
mod sample;
mod spectral_gain;
mod table;

pub use audio::Audio;
pub use callback_error::CallbackError;
pub use cancel::CancelToken;
pub use codes::{Codes, CodesError};
pub use config_issue::{Allowed, ConfigIssue, Requirement};
pub use event::{Event, EventSink, NullSink, RecordingSink, Tee};
pub use fingerprint::Fingerprint;
pub use first_sound::{FirstSound, SilentRequest};
pub use fnv::Fnv1a;
pub use io::{IoOperation, io_hint};
pub use latents::{Coded, Latents};
pub use run::RunContext;
pub use sample::{Sample, TimedPhone, WordTime};
pub use spectral_gain::SpectralGain;
pub use table::{Columns, page, table};
