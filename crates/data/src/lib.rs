//! Training data: manifests, importers, token shards, a corpus in memory, batches.
//!
//! A [`Manifest`] is read from a JSONL file or built by an importer ([`import`]). [`encode_manifest`] encodes its
//! recordings into token shards, with a codec that the caller passes as a closure. [`Corpus`] loads the shards and
//! returns [`syrinx_types::Sample`]s. [`Batches`] assigns samples to steps.
//!
//! Invariants:
//! - The crate has no tensors and no codec, and decodes no audio.
//! - Every file is written under a temporary name and renamed, so a file under its final name is complete.
//! - The bytes of a shard depend on manifest and codec, not on the number of threads.
//! - The batch of a step depends on the seed and the step alone, so a resumed training run sees the same batches.

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
