//! The published vall-e models, version 5 (e-c-k-e-r/vall-e): a checkpoint becomes an ordinary language model with plain
//! layouts, a GELU gate, its own vocabulary and its own tables.
//!
//! Invariant: no network is computed here; trunk, tables and heads are those of `syrinx_model`.

mod checkpoint;
mod error;
mod file;
mod generate;
mod import;
mod speak;
mod tokenizer;

pub use error::VallEError;
pub use file::VallEFile;
pub use generate::{DemaskConfig, VallE};
pub use import::{ImportOptions, import};
pub use speak::{SpeakOptions, Suppression};
pub use tokenizer::{VallETokenizer, espeak_ipa};
