//! Verbs of the program.

pub mod ablate;
pub mod bench;
pub mod codec;
pub mod codes;
pub mod config;
pub mod dash;
pub mod data;
pub mod eval;
pub mod import;
pub mod info;
pub mod lines;
pub mod lora;
pub mod models;
pub mod package;
pub mod recognize;
mod requests;
pub mod results;
pub mod resynthesize;
pub mod run;
pub mod score;
pub mod serve;
pub mod simulate;
pub mod task;
pub mod tasks;
pub mod train;
pub mod tuning;
pub mod voices;
