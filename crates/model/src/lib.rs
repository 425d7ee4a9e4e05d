//! The codec language model: one decoder-only trunk for every stage of every task.
//!
//! A [`syrinx_task::Sequence`] lists the table rows that are summed at each position; the trunk runs over them; a head
//! reads the response's positions. Aligned text goes through a small bidirectional encoder, and each frame gets its
//! output at the phone index. The AR and the NAR stages share the trunk and have separate response tables and heads, as
//! in VALL-E (Wang et al. 2023, section 4).
//!
//! Invariants: no task is named here, only the heads and fills of layouts; no randomness but the initial weights; no files
//! (weights are read and written as bytes).

mod adapter;
mod codes;
mod compute;
mod conditioning;
mod config;
mod error;
mod fault;
mod file;
mod heads;
mod history;
mod losses;
mod model;
mod positions;

pub use adapter::Adapter;
pub use config::{LmConfig, Tables};
pub use error::ModelError;
pub use fault::{AdapterFault, ReadFault, TensorFault, WriteFault};
pub use file::{LmFile, TensorMap, f16_bytes, parse_tensors};
pub use heads::output_parameters;
pub use losses::{LossPart, Losses};
pub use model::{LanguageModel, Progress};
pub use positions::RowPosition;
