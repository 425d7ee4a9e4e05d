//! Published VALL-E models, version 5 (e-c-k-e-r/vall-e). A checkpoint becomes an ordinary language model with plain
//! layouts, a GELU gate, its own vocabulary and its own embedding tables.
//!
//! Invariant: this module computes nothing. Trunk, tables and heads are those of `syrinx_model`, sequences those of
//! `syrinx_task`, generation that of `syrinx_decode`.

mod checkpoint;
mod error;
mod import;

pub use error::{IpaTokenizerFault, VallECheckpointFault, VallEFault};
pub use import::{ImportOptions, import};
