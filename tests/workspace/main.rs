//! Properties of the whole workspace, read from its files. `ARCHITECTURE.md` names these tests.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod calls;
mod circles;
mod dependencies;
mod documents;
mod errors;
mod files;
mod heads;
mod names;
mod parameters;
mod pretrain;
mod words;
mod workspace;
