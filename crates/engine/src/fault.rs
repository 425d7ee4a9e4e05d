//! Faults of model files, of files of codes, of voices and of markup, inside [`EngineError`](crate::EngineError).

mod codes;
mod file;
mod markup;
mod parts;
mod voice;

pub use codes::{CodesFault, CodesFileFault};
pub use file::FileFault;
pub use markup::MarkupFault;
pub use parts::{PartFault, PartsMismatch};
pub use voice::VoiceFault;
