//! Training data: manifests, importers, token shards, a corpus in memory, batches.
//!
//! An importer ([`import`]) or a JSONL file gives a [`Manifest`]; [`encode_manifest`] encodes it into token shards with
//! a codec that the caller passes as a closure; [`Corpus`] holds the shards in memory and returns
//! [`syrinx_types::Sample`]s; [`Batches`] assigns samples to steps.
//!
//! Invariants:
//! - No tensors, no codec, no decoding of audio: this crate knows files, text and integers.
//! - Every file appears by renaming a finished temporary file, so a file under its final name is complete.
//! - The same manifest and codec give the same shard bytes, whatever the number of threads.
//! - The batch of a step depends on the seed and the step alone, so a training run resumes exactly.

mod batches;
mod claim;
mod corpus;
mod encode;
mod error;
mod fault;
pub mod import;
mod manifest;
mod merge;
#[cfg(feature = "object-store")]
mod object;
mod selection;
mod shard;
mod source;
mod utterance;
mod work_share;

pub use batches::{BatchPlan, Batches};
pub use corpus::{Corpus, PromptSpec, RENDITIONS};
pub use encode::{EncodePlan, EncodeUtterance, Summary, encode_manifest};
pub use error::DataError;
pub use fault::{
    EncodeFault, Exclusion, Expected, ManifestFault, RequiredField, ShardFault, TimeField,
    UtteranceIssue,
};
pub use manifest::Manifest;
pub use merge::{MergedShards, merge_shards};
#[cfg(feature = "object-store")]
pub use object::ObjectFolder;
pub use selection::{ExclusionReason, LeftOutReasons, Selected};
pub use shard::{CodecStamp, EncodeFailure, Shard, ShardRecord, ShardStamp, ShardWriter};
pub use source::ShardSource;
pub use utterance::Utterance;
pub use work_share::WorkShare;
