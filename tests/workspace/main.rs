//! What holds for the workspace as a whole, read off its files. `ARCHITECTURE.md` names these tests.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod calls;
mod dependencies;
mod documents;
mod files;
mod names;
mod pretrain;
mod workspace;
