//! Interface between speech tasks and the rest of the program.
//!
//! A task turns a request into token segments and a decoding plan, and tokens back into an answer. It does not know the
//! network, the loop over decoding steps, the device or the optimiser: this crate does not depend on them. The form of a prompt is
//! one value, a [`Layout`]; the sequence, the positions, the attention, the loss mask and the documentation all come
//! from it, in training ([`resolve`] with a [`Response`]) and in generation ([`resolve`] without, then
//! [`Sequence::extend`]) alike.
//!
//! Services ([`Services`]) are traits that the engine implements. Answers are typed ([`Answer`]); requests and answers
//! become untyped ([`Request`], [`Answered`]) only at the interface to programs.
//!
//! Invariant: no tensors, no files, no threads.

mod alignment_state;
mod answer;
mod answered;
mod capabilities;
mod clip;
mod contents;
mod context;
mod decode_config;
mod describe;
mod descriptor;
mod doubt;
mod error;
mod field;
mod generation;
mod given;
pub mod heads;
mod input;
mod issue;
mod kit;
mod layout;
mod plan;
mod pointer;
mod request;
mod resolve;
mod rounding;
mod sampler;
mod sequence;
mod services;
mod simulation;
mod space;
mod switches;
mod task;
mod vall_e;
mod vall_e_stage;

pub use answer::{Answer, AnswerKind, Phones, Speech, Transcript, WordPhones, append};
pub use answered::Answered;
pub use capabilities::Capabilities;
pub use clip::{Clip, Section};
pub use contents::{Content, Contents, Example, Response, TextContent, WeightedCodes};
pub use context::Context;
pub use decode_config::{
    DecodeConfig, DemaskConfig, MaskedConfig, NarConfig, RepetitionAware, RetryConfig,
    SamplerConfig,
};
pub use descriptor::{BuildTask, DynChunks, DynPlan, DynRequest, DynTask, TaskDescriptor};
pub use doubt::TranscriptDoubt;
pub use error::{RequestIssue, TaskError};
pub use field::{FieldDescriptor, FieldKind, FieldValueError};
pub use generation::{FirstLevelSoFar, OutputRows, RowContext, RowGenerator, StepOutputs};
pub use heads::{
    Corruption, DURATION_CLASSES, DURATION_ROWS, Filling, Head, HeadOutput, MAX_DURATION, Pattern,
    Predictor, Target, durations_of_pointer, pointer_in_frames,
};
pub use input::{InputError, InputIssue, RecordingIssue};
pub use issue::{AnswerIssue, ContentType, LayoutIssue};
pub use kit::TaskKit;
pub use layout::{AttentionMask, CodeTable, Fill, Layout, Levels, Place, Segment, Stage, Timing};
pub use plan::{Follow, FrameScores, Generated, Plan, RowPlan, StageRun};
pub use pointer::{MAX_ADVANCE, frame_labels, pointer_of_durations};
pub use request::Request;
pub use resolve::resolve;
pub use sampler::{Drawn, draw, log_softmax};
pub use sequence::{BlendShare, IGNORE, Latent, NONE, Position, Sequence, WeightedFrame};
pub use services::{
    LongRecording, Opened, PhoneRecognizer, Recognizer, Recordings, Separator, Service, Services,
    SpeechCodec, Stem, Voices,
};
pub use simulation::{
    RenderRendition, Rendition, Simulation, SimulationMaterial, SimulationRanges,
};
pub use space::{CodebookSizes, TokenSpace};
pub use switches::{Alignment, CodeOrder, ModelSwitches, TextForm};
pub use task::{Chunks, RequestChunk, SentenceSettings, Task, Verb};
pub use vall_e::{
    RvqSum, VALL_E_LANGUAGES, VALL_E_LENGTH_TOKENS, VALL_E_PREFIX, VALL_E_TASKS, VallELayout,
    VallEPiece, VallEPrompt, VallEResponse, VallEText, vall_e_sequence,
};

pub use syrinx_types::{Allowed, ConfigIssue};
