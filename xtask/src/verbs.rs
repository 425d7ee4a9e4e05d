//! Verbs of `cargo xtask`, one file for each.

pub mod ablate;
pub mod bench;
pub mod bpe;
pub mod ci;
pub mod corpus;
pub mod cuda;
pub mod dash;
pub mod deny;
pub mod eval;
pub mod fuzz;
pub mod graphones;
pub mod install;
pub mod lint;
pub mod new_task;
pub mod pretrain;
pub mod readme;
pub mod rehearsal;
pub mod requirements;
pub mod sbom;
pub mod scale;
pub mod schema;
pub mod serve;
pub mod test;
pub mod torture;
pub mod wheel;
