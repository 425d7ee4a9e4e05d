//! Failures of the program: an exit code, a message, a hint.

mod errors;
mod exit;

use std::borrow::Cow;
use std::fmt::Display;
use std::io;
use std::io::Write as _;
use std::path::Path;

use syrinx_types::{IoOperation, io_hint};

pub use exit::Exit;

/// Failure that ends the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// Message.
    pub message: String,
    /// Remedy.
    pub hint: Option<String>,
}

/// Result of a verb.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// Builds a failure with this message and the exit code's own hint.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    /// Builds a failure for an error of a library, with its hint.
    pub fn of(exit: Exit, error: &impl Display, hint: Option<Cow<'static, str>>) -> Self {
        Self { exit, message: error.to_string(), hint: hint.map(Cow::into_owned) }
    }

    /// Sets the hint if the failure has none.
    pub fn or_hint(mut self, hint: &str) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Sets the hint.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Builds the failure of an invalid command line.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), hint: Some(hint.into()) }
    }

    /// Builds the failure of a run stopped by Ctrl-C; `kept` describes the finished work.
    pub fn interrupted(kept: impl Into<String>) -> Self {
        Self { exit: Exit::Interrupted, message: "stopped".into(), hint: Some(kept.into()) }
    }

    /// Builds a failure without a message, for an output that its reader closed.
    pub fn quiet() -> Self {
        Self { exit: Exit::Ok, message: String::new(), hint: None }
    }

    /// Builds the failure of a write to `place`; without a message if the reader closed the pipe.
    pub fn writing(place: &str, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::quiet();
        }
        let hint = io_hint(IoOperation::Write, error.kind());
        Self::of(Exit::Io, &format!("{place}: writing failed: {error}"), hint.map(Into::into))
    }

    /// Builds the failure of a read from `place`.
    pub fn reading(place: &str, error: &io::Error) -> Self {
        let hint = io_hint(IoOperation::Read, error.kind());
        Self::of(Exit::BadInput, &format!("{place}: {error}"), hint.map(Into::into))
            .or_hint("check that it can be read")
    }

    /// Builds the failure of an operation on a file or folder.
    fn io(operation: IoOperation, path: &Path, error: &io::Error) -> Self {
        let place = path.display().to_string();
        if operation.is_write() {
            Self::writing(&place, error)
        } else {
            Self::reading(&place, error)
        }
    }

    /// Prints the failure on standard error.
    pub fn report(&self) {
        let mut err = io::stderr().lock();
        // An error is ignored, since there is no other output if standard error is closed.
        if !self.message.is_empty() {
            let _ = writeln!(err, "error: {}", self.message);
        }
        let hint = self.hint.as_deref().or_else(|| self.exit.hint());
        if let Some(hint) = hint.filter(|_| self.exit != Exit::Ok) {
            let _ = writeln!(err, "hint: {hint}");
        }
    }
}
