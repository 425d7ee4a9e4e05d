//! How the program ends when something went wrong: an exit code, a message, a hint.

use std::borrow::Cow;
use std::io;
use std::io::Write as _;
use std::process::ExitCode;

use syrinx_ablate::AblateError;
use syrinx_audio::AudioError;
use syrinx_codec::CodecError;
use syrinx_config::ConfigError;
use syrinx_data::DataError;
use syrinx_decode::DecodeError;
use syrinx_engine::EngineError;
use syrinx_pretrained::PretrainedError;
use syrinx_results::ResultsError;
use syrinx_task::TaskError;
use syrinx_text::TextError;
use syrinx_train::TrainError;

/// Exit codes. `syrinx --help` documents them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Something that should not happen.
    Unexpected = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A file, text or request that can't be used.
    BadInput = 3,
    /// A model, checkpoint or configuration that can't be used.
    BadModel = 4,
    /// Writing failed.
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
    /// What to do when nothing better is known.
    fn hint(self) -> Option<&'static str> {
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

/// Why the program ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What every verb returns.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A failure whose message may end in a remedy after a semicolon, as the messages of the libraries do.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        match message.rsplit_once("; ") {
            Some((what, remedy)) if !remedy.contains('\n') => {
                Self { exit, message: what.into(), hint: Some(remedy.into()) }
            }
            _ => Self { exit, message, hint: None },
        }
    }

    /// The same with this hint.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A command line that makes no sense.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), hint: Some(hint.into()) }
    }

    /// Stopped by Ctrl-C; `kept` says what became of what was finished.
    pub fn interrupted(kept: impl Into<String>) -> Self {
        Self { exit: Exit::Interrupted, message: "stopped".into(), hint: Some(kept.into()) }
    }

    /// Whoever read the output went away: no fault, and nobody to tell.
    pub fn quiet() -> Self {
        Self { exit: Exit::Ok, message: String::new(), hint: None }
    }

    /// Writing to `place` failed.
    pub fn writing(place: &str, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::quiet();
        }
        Self {
            exit: Exit::Io,
            message: format!("{place}: writing failed: {error}"),
            hint: Some(io_hint(error).into()),
        }
    }

    /// Reading `place` failed.
    pub fn reading(place: &str, error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::InvalidData => "it has to be UTF-8 text",
            _ => "check that it can be read",
        };
        Self { exit: Exit::BadInput, message: format!("{place}: {error}"), hint: Some(hint.into()) }
    }

    /// Tells the world, on standard error.
    pub fn report(&self) {
        let mut err = io::stderr().lock();
        // Nothing is left to be done if even standard error is closed.
        if !self.message.is_empty() {
            let _ = writeln!(err, "error: {}", self.message);
        }
        let hint = self.hint.as_deref().or_else(|| self.exit.hint());
        if let Some(hint) = hint.filter(|_| self.exit != Exit::Ok) {
            let _ = writeln!(err, "hint: {hint}");
        }
    }
}

fn io_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: free some space there, or write to another place, and run the command again"
        }
        io::ErrorKind::NotFound => "make the folder first, or write to another place",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "it isn't writable for you: write to another place"
        }
        _ => "write to another place",
    }
}

fn written(operation: &str) -> bool {
    operation != "reading" && operation != "read" && operation != "list" && operation != "find"
}

impl From<AudioError> for Failure {
    fn from(error: AudioError) -> Self {
        match &error {
            AudioError::Write { name, source } => Self::writing(name, source),
            AudioError::TooLongToWrite { .. } => {
                let hint = error.hint().map(Cow::into_owned);
                Self { exit: Exit::Io, message: error.to_string(), hint }
            }
            _ => {
                let hint = error.hint().map(Cow::into_owned);
                Self { exit: Exit::BadInput, message: error.to_string(), hint }
            }
        }
    }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        let exit = match error {
            TextError::Embedded { .. } => Exit::Unexpected,
            _ => Exit::BadInput,
        };
        Self { exit, message: error.to_string(), hint: error.hint().map(Cow::into_owned) }
    }
}

/// Messages of the text crate put the remedy after a colon.
fn text_hint(failure: Failure) -> Failure {
    if failure.hint.is_some() {
        return failure;
    }
    match failure.message.rsplit_once(": ") {
        Some((what, remedy)) if remedy.starts_with("give ") || remedy.starts_with("write ") => {
            let (message, hint) = (what.to_owned(), Some(remedy.to_owned()));
            Failure { message, hint, ..failure }
        }
        _ => failure,
    }
}

impl From<TaskError> for Failure {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Text(error) => error.into(),
            TaskError::Config { .. } => Self::new(Exit::BadModel, error.to_string()),
            TaskError::Layout { .. } | TaskError::Answer { .. } => {
                let hint = "try another --seed; if that doesn't help, it is a fault of the model or the program";
                Self::new(Exit::Unexpected, error.to_string()).hint(hint)
            }
            TaskError::Cancelled => Self::interrupted("run the command again to finish"),
            error => {
                let failure = text_hint(Self::new(Exit::BadInput, error.to_string()));
                match error.hint() {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                }
            }
        }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Cancelled => Self::interrupted("run the command again to finish"),
            DecodeError::Config(_) => Self::new(Exit::BadModel, error.to_string())
                .hint("`syrinx config show` lists the settings and where they come from"),
            DecodeError::Task(error) => error.into(),
            error => Self::new(Exit::Unexpected, error.to_string()),
        }
    }
}

impl From<CodecError> for Failure {
    fn from(error: CodecError) -> Self {
        match error {
            CodecError::Audio(error) => error.into(),
            CodecError::Cancelled { .. } => {
                Self::interrupted("the same command goes on from the last checkpoint")
            }
            CodecError::Io { operation, path, source } if written(operation) => {
                Self::writing(&path.display().to_string(), &source)
            }
            CodecError::Io { path, source, .. } => {
                Self::reading(&path.display().to_string(), &source)
            }
            CodecError::TooLittleData { .. } | CodecError::Levels { .. } | CodecError::Codes(_) => {
                Self::new(Exit::BadInput, error.to_string())
            }
            CodecError::Other(error) => match error.downcast::<PretrainedError>() {
                Ok(error) => (*error).into(),
                Err(error) => Self::new(Exit::BadModel, error.to_string()),
            },
            CodecError::Nn(_) | CodecError::Candle(_) | CodecError::Diverged { .. } => {
                Self::new(Exit::Unexpected, error.to_string())
            }
            error => Self::new(Exit::BadModel, error.to_string()),
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Audio(error) => error.into(),
            EngineError::Codec(error) => error.into(),
            EngineError::Text(error) => error.into(),
            EngineError::Task(error) => error.into(),
            EngineError::Pretrained(error) => error.into(),
            EngineError::Decode(error) => error.into(),
            EngineError::Cancelled => Self::interrupted("run the command again to finish"),
            EngineError::Io { operation, path, cause } if operation.writes() => {
                Self::writing(&path.display().to_string(), &cause)
            }
            EngineError::Io { path, cause, .. } => {
                Self::reading(&path.display().to_string(), &cause)
            }
            error => {
                let exit = engine_exit(&error);
                Self { exit, message: error.to_string(), hint: error.hint() }
            }
        }
    }
}

fn engine_exit(error: &EngineError) -> Exit {
    match error {
        EngineError::OpenModel { .. }
        | EngineError::ModelFile { .. }
        | EngineError::Part { .. }
        | EngineError::Mismatch { .. }
        | EngineError::NoCodec { .. }
        | EngineError::OtherCodec { .. }
        | EngineError::Adapter { .. }
        | EngineError::NotTrained { .. }
        | EngineError::UnknownTaskSettings { .. } => Exit::BadModel,
        EngineError::UnknownTask { .. } => Exit::Usage,
        _ => Exit::BadInput,
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let flag = matches!(&error,
            ConfigError::UnknownKey { place, .. } | ConfigError::Value { place, .. } if place == "flag");
        let exit = if flag { Exit::Usage } else { Exit::BadModel };
        let failure = match &error {
            // What the parser of TOML says has semicolons of its own.
            ConfigError::Syntax { .. } => Self { exit, message: error.to_string(), hint: None },
            _ => Self::new(exit, error.to_string()),
        };
        match failure.hint {
            Some(_) => failure,
            None => failure.hint("mend the file; `syrinx config schema` says what fits"),
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        match &error {
            DataError::Cancelled { .. } => Self::interrupted("the same command goes on from there")
                .with_message(error.to_string()),
            DataError::Io { operation, path, source } if written(operation) => {
                Self::writing(&path.display().to_string(), source)
            }
            DataError::Io { path, source, .. } => {
                Self::reading(&path.display().to_string(), source)
            }
            DataError::Part { .. } | DataError::Setting { .. } => {
                let hint = error.hint().map(Cow::into_owned);
                Self { exit: Exit::Usage, message: error.to_string(), hint }
            }
            _ => {
                let hint = error.hint().map(Cow::into_owned);
                Self { exit: Exit::BadInput, message: error.to_string(), hint }
            }
        }
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Task(error) => error.into(),
            TrainError::Data(error) => error.into(),
            TrainError::Config(_) | TrainError::Checkpoint { .. } | TrainError::Model(_) => {
                Self::new(Exit::BadModel, error.to_string())
            }
            TrainError::Io { path, source } => Self::writing(&path.display().to_string(), &source),
            TrainError::Ranks(error) => error.into(),
            error => Self::new(Exit::Unexpected, error.to_string()),
        }
    }
}

impl From<syrinx_train::ReduceError> for Failure {
    fn from(error: syrinx_train::ReduceError) -> Self {
        use syrinx_train::ReduceError::{Disagree, Open};
        let exit = match error {
            Open { .. } | Disagree { .. } => Exit::Usage,
            _ => Exit::Lost,
        };
        Self::new(exit, error.to_string()).hint(error.hint())
    }
}

impl From<ResultsError> for Failure {
    fn from(error: ResultsError) -> Self {
        match &error {
            ResultsError::Folder { .. }
            | ResultsError::Busy { .. }
            | ResultsError::Database { .. } => Self::new(Exit::Io, error.to_string()),
            ResultsError::Export { .. } => Self::new(Exit::Unexpected, error.to_string()),
            _ => Self::new(Exit::BadInput, error.to_string()),
        }
    }
}

impl From<PretrainedError> for Failure {
    fn from(error: PretrainedError) -> Self {
        let hint = error.hint();
        let failure = Self { exit: Exit::BadModel, message: error.to_string(), hint: None };
        hint.map_or(failure.clone(), |hint| failure.hint(hint))
    }
}

impl From<syrinx_nn::NnError> for Failure {
    fn from(error: syrinx_nn::NnError) -> Self {
        Self::new(Exit::BadModel, error.to_string())
    }
}

impl From<AblateError> for Failure {
    fn from(error: AblateError) -> Self {
        match error {
            AblateError::Suite(error) => error.into(),
            AblateError::Results(error) => error.into(),
            AblateError::Io { operation, path, source } if operation.starts_with("read") => {
                Self::reading(&path.display().to_string(), &source)
            }
            AblateError::Io { path, source, .. } => {
                Self::writing(&path.display().to_string(), &source)
            }
            AblateError::Ablation { .. } => Self::new(Exit::BadModel, error.to_string())
                .hint("mend the file; `syrinx config schema ablation` says what fits"),
            error => Self::new(Exit::BadInput, error.to_string()),
        }
    }
}

impl From<syrinx_embedded::NoModel> for Failure {
    fn from(error: syrinx_embedded::NoModel) -> Self {
        Self::new(Exit::BadModel, error.to_string())
    }
}

impl Failure {
    fn with_message(self, message: &str) -> Self {
        Self { message: message.into(), ..self }
    }
}
