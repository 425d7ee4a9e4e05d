//! The seam: what a speech task is.
//!
//! A task turns a request into token segments and a decoding plan, and tokens back into an answer. It never sees the
//! network, the sampler's loop, the device or the optimiser: this crate doesn't depend on them. What a prompt looks
//! like is one value, a [`Layout`]; the sequence, the positions, the attention, the loss mask and the documentation
//! all come from it, in training ([`resolve`] with a [`Response`]) and in generation ([`resolve`] without, then
//! [`Sequence::extend`]) alike.
//!
//! Invariant: no tensors, no files, no threads.

mod contents;
mod descriptor;
mod error;
mod given;
mod kit;
mod layout;
mod plan;
mod pointer;
mod sequence;
mod space;
mod task;

pub use contents::{Content, Contents, Example, Response, TextContent};
pub use descriptor::{Answered, BuildTask, DynTask, TaskDescriptor};
pub use error::TaskError;
pub use kit::{Clip, Studio, TaskKit};
pub use layout::{
    Alignment, Attention, CodeTable, Fill, Head, Layout, Levels, Place, Segment, Stage, TextForm,
};
pub use plan::{Follow, FrameScores, Generated, Plan, RowPlan, StageRun};
pub use pointer::{MAX_MOVE, frame_labels, pointer_of_durations};
pub use sequence::{IGNORE, NONE, Position, Sequence, Share, Targets, resolve};
pub use space::TokenSpace;
pub use task::{AnswerKind, Task, Verb};
