//! Exit codes of the program.

use std::process::ExitCode;

/// Exit codes. `syrinx --help` documents them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Success.
    Ok = 0,
    /// Internal error.
    Unexpected = 1,
    /// The command line is invalid.
    Usage = 2,
    /// A file, text or request that can't be used.
    BadInput = 3,
    /// A model, checkpoint or configuration that can't be used.
    BadModel = 4,
    /// A file or stream can't be written.
    Io = 5,
    /// An evaluation is worse than its baseline.
    #[allow(dead_code, reason = "eval ends with it")]
    Regression = 6,
    /// Another rank of the job is lost.
    Lost = 7,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// Returns the hint of failures without one of their own.
    pub(super) fn hint(self) -> Option<&'static str> {
        match self {
            Self::Ok => None,
            Self::Unexpected => Some("please report it, with what -v prints"),
            Self::Usage => Some("`syrinx help` and `syrinx VERB --help` say what is understood"),
            Self::BadInput => {
                Some("`syrinx VERB --help` and `syrinx tasks show NAME` say what is understood")
            }
            Self::BadModel => Some("`syrinx config show` says which model and settings are in use"),
            Self::Io => Some("write to another place"),
            Self::Regression => Some("look at the report"),
            Self::Lost => Some("go on from the last checkpoint with --resume"),
            Self::Interrupted => Some("run the command again"),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
