//! What holds for the workspace as a whole, read off its files. `ARCHITECTURE.md` names these tests.

mod calls;
mod dependencies;
mod documents;
mod files;
mod workspace;
