//! Training of the language model: batches from tasks, a schedule, an optimiser with saved state, checkpoints.
//!
//! Everything a step does follows from the seed and the step's number, so a run that was killed goes on bit for bit
//! from its last checkpoint. With several ranks ([`Ranks`]) each reads its part of every batch, and the sum of their
//! gradients is that of the whole batch. Events tell the world how it goes; who draws them is not known here.
//!
//! Invariants: no task is named; the clock is only used to report speed.

mod batch;
mod bench;
mod checkpoint;
mod config;
mod error;
mod in_training;
mod pending;
pub mod ranks;
mod schedule;
mod trainer;
mod tuning;
mod watch;

pub use batch::{Batch, BatchMaker};
pub use bench::{BenchConfig, BenchFigures, bench};
pub use checkpoint::Checkpoint;
pub use config::{MixEntry, OptimizerState, ParallelConfig, TrainConfig};
pub use error::TrainError;
pub use in_training::InTrainingEvaluator;
pub use ranks::{Ranks, Reduce, ReduceError};
pub use schedule::Schedule;
pub use trainer::{Outcome, RankFigures, Trainer, TrainingMaterial};
pub use tuning::{mix_of, space_of};
