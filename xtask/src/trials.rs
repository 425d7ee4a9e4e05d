//! Trials of `cargo xtask scale`.

pub mod figures;
pub mod job;
pub mod network;
pub mod plan;
mod plan_page;
pub mod ranks;
pub mod record;
pub mod slurm;
pub mod storage;
pub mod weak;
