//! From recordings on a disk to batches of codes: manifests, importers, token shards, a corpus in memory, batches.
//!
//! The way of an utterance: an importer ([`import`]) or a hand-made JSONL file gives a [`Manifest`]; [`encode_manifest`]
//! turns it into token shards with a codec that the caller passes as a closure; [`Corpus`] holds the shards in memory
//! and makes [`syrinx_types::Sample`]s; [`Batches`] says which samples belong to which step.
//!
//! Invariants:
//! - No tensors, no codec, no decoding of audio: this crate knows files, text and integers.
//! - Every file appears by renaming a finished temporary file, so a file that has its name is whole.
//! - The same manifest and codec give the same shard bytes, whatever the number of threads.
//! - The batch of a step depends on the seed and the step alone, so a training run resumes exactly.

mod batches;
mod claim;
mod corpus;
mod encode;
mod error;
pub mod import;
mod manifest;
mod merge;
#[cfg(feature = "object-store")]
mod object;
mod part;
mod selection;
mod shard;
mod source;
mod utterance;

pub use batches::{BatchPlan, Batches};
pub use corpus::{Corpus, PromptSpec, VIEWS};
pub use encode::{Encode, EncodePlan, Summary, encode_manifest};
pub use error::DataError;
pub use manifest::Manifest;
pub use merge::{Merged, merge_shards};
#[cfg(feature = "object-store")]
pub use object::ObjectFolder;
pub use part::Part;
pub use selection::{LeftOut, LeftOutReasons};
pub use shard::{CodecStamp, Failure, Record, Shard, ShardStamp, ShardWriter};
pub use source::ShardSource;
pub use utterance::Utterance;
