//! A loaded model that answers requests.
//!
//! [`Engine::open`] reads a model file (language model, codec, voices), builds tasks on it (those of the registry, or
//! others by [`EngineOptions::tasks`]), and
//! answers requests ([`Engine::run`]): long ones chunk by chunk ([`Engine::run_in_chunks`]), several side by side
//! ([`Engine::run_batch`]), with the best of several candidates by the model's own recognizer. [`Engine::align`] gives
//! the times of known words in a recording. [`SpeechSession`] and [`LiveSession`] hold text and sound that arrive in
//! pieces. [`VoiceTable`] holds the user's
//! voices, and [`package`] writes model files.
//!
//! Invariants: no task is named here, tasks are found by their capabilities ([`syrinx_task::AnswerKind`]); no
//! environment, no printing (progress is reported as events); the same request, seed and settings give the same answer;
//! files are written under a temporary name and renamed.

mod adapters;
mod alignment;
mod answering;
mod batch;
mod chunks;
mod codec_part;
mod engine;
mod error;
mod fault;
mod format;
mod goodness;
mod info;
mod live;
mod loading;
mod marked;
mod nearest;
mod options;
mod package;
mod phone_stage;
mod prompt;
mod pronounce;
mod rerank;
mod resynthesis;
mod running;
mod score;
mod services;
mod session;
mod symbols;
mod track;
mod voice_adapters;
mod voices;

pub use adapters::{language_model, merge_adapter};
pub use batch::BatchRequest;
pub use chunks::{Chunk, MergedAnswer, SpeechPortion, TakeSound};
pub use codec_part::{CodecId, PackageCodec, is_published_codec, open_codec};
pub use engine::Engine;
pub use error::EngineError;
pub use fault::{
    CodesFault, CodesFileFault, FileFault, MarkupFault, PartFault, PartsMismatch, VoiceFault,
};
pub use format::{FORMAT, RecordingLength, read_codes, write_atomic, write_codes};
pub use info::{Info, TaskInfo};
pub use live::{LiveTranscript, LiveUpdate};
pub use nearest::nearest;
pub use options::{EngineOptions, ModelSource};
pub use package::{PackageVoice, codec, package, package_lm, with_codec, with_language_model};
pub use prompt::{PromptConfig, excerpt};
pub use score::{AlignedWordScore, TextScore};
pub use session::{LiveSession, SpeechSession};
pub use track::SpeechTrack;
pub use voices::{Voice, VoiceOrigin, VoiceTable};
