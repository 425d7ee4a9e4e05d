//! Training of the language model: batches from tasks, a schedule, an optimiser with saved state, checkpoints.
//!
//! Every step depends on the seed and its number only: a killed run resumes bit for bit from its last checkpoint. With
//! several ranks ([`Ranks`]) each reads its part of every batch, and the sum of their gradients is that of the whole
//! batch. Progress is reported as events.
//!
//! Invariants: no task is named; the clock is only used to report speed.

mod batch;
mod checkpoint;
mod config;
mod error;
mod in_training;
mod pending;
pub mod ranks;
mod schedule;
mod step_benchmark;
mod trainer;
mod tuning;
mod watch;

pub use batch::{Batch, BatchMaker};
pub use checkpoint::TrainingCheckpoint;
pub use config::{MixEntry, OptimizerState, ParallelConfig, TrainConfig};
pub use error::{BaseIssue, CheckpointFault, TrainError};
pub use in_training::{InTrainingEvaluator, InTrainingFault};
pub use ranks::{Launched, Ranks, Reduce, ReduceError, TransportFault};
pub use schedule::Schedule;
pub use step_benchmark::{BenchConfig, BenchFigures, measure_step};
pub use trainer::{RankFigures, Trainer, TrainingMaterial, TrainingOutcome};
pub use tuning::{mix_of, space_of};
