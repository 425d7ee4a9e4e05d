//! Failures of the program: an exit code, a message, a hint.

use std::borrow::Cow;
use std::fmt::Display;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use syrinx_ablate::AblateError;
use syrinx_audio::AudioError;
use syrinx_codec::CodecError;
use syrinx_config::{ConfigError, Place};
use syrinx_data::DataError;
use syrinx_decode::DecodeError;
use syrinx_engine::EngineError;
use syrinx_eval::{EvalError, SubjectError};
use syrinx_pretrained::PretrainedError;
use syrinx_pretrained::hub::HubFault;
use syrinx_pretrained::vall_e::VallEFault;
use syrinx_pretrained::whisper::WhisperFault;
use syrinx_recipes::RecipeError;
use syrinx_results::ResultsError;
use syrinx_task::TaskError;
use syrinx_text::TextError;
use syrinx_train::TrainError;
use syrinx_types::{IoOperation, io_hint};

/// Exit codes. `syrinx --help` documents them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Something that should not happen.
    Unexpected = 1,
    /// The command line is invalid.
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
    /// Returns the default hint.
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

    /// Builds a failure for an error of a library, with the remedy that it knows.
    pub fn of(exit: Exit, error: &impl Display, hint: Option<Cow<'static, str>>) -> Self {
        Self { exit, message: error.to_string(), hint: hint.map(Cow::into_owned) }
    }

    /// Returns the same failure with this hint where it has none.
    pub fn or_hint(mut self, hint: &str) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Returns the same with this hint.
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

    /// Builds the quiet failure of an output whose reader closed it.
    pub fn quiet() -> Self {
        Self { exit: Exit::Ok, message: String::new(), hint: None }
    }

    /// Builds the failure of a write to `place`; a quiet one where the reader of a pipe closed it.
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

impl From<AudioError> for Failure {
    fn from(error: AudioError) -> Self {
        match &error {
            AudioError::Write { name, cause } => Self::writing(name, cause),
            AudioError::Spool { .. } | AudioError::TooLongToWrite { .. } => {
                Self::of(Exit::Io, &error, error.hint())
            }
            _ => Self::of(Exit::BadInput, &error, error.hint()),
        }
    }
}

impl From<RecipeError> for Failure {
    fn from(error: RecipeError) -> Self {
        match error {
            RecipeError::NoModel(error) => error.into(),
            RecipeError::Config(error) => error.into(),
            RecipeError::Audio(error) => error.into(),
            RecipeError::Text(error) => error.into(),
            RecipeError::Codec(error) => error.into(),
            RecipeError::Pretrained(error) => error.into(),
            RecipeError::Nn(error) => error.into(),
            RecipeError::Task(error) => error.into(),
            RecipeError::Engine(error) => error.into(),
            RecipeError::Data(error) => error.into(),
            RecipeError::Train(error) => error.into(),
            RecipeError::Eval(error) => error.into(),
            RecipeError::Io { operation, path, cause } => Self::io(operation, &path, &cause),
            error => Self::of(recipe_exit(&error), &error, error.hint()),
        }
    }
}

fn recipe_exit(error: &RecipeError) -> Exit {
    match error {
        RecipeError::OtherModelCodec { .. }
        | RecipeError::RunExists { .. }
        | RecipeError::NoSentence
        | RecipeError::NoObjectStorage { .. }
        | RecipeError::NoShards
        | RecipeError::NoCodedClips
        | RecipeError::OtherRecordings { .. }
        | RecipeError::CodecSpec(_)
        | RecipeError::Scene(_) => Exit::Usage,
        RecipeError::NoVocoder { .. } | RecipeError::Setting(_) => Exit::BadModel,
        RecipeError::NoBudget | RecipeError::NoTask { .. } => Exit::Unexpected,
        error if error.is_cancelled() => Exit::Interrupted,
        _ => Exit::BadInput,
    }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        let exit = match error {
            TextError::Embedded { .. } => Exit::Unexpected,
            _ => Exit::BadInput,
        };
        Self::of(exit, &error, error.hint())
    }
}

impl From<TaskError> for Failure {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Text(error) => error.into(),
            TaskError::Config { .. } | TaskError::ConfigForm { .. } => {
                Self::of(Exit::BadModel, &error, error.hint().map(Cow::Owned))
            }
            TaskError::Layout { .. } | TaskError::Answer { .. } => {
                Self::of(Exit::Unexpected, &error, error.hint().map(Cow::Owned))
            }
            TaskError::Cancelled => Self::interrupted("run the command again to finish"),
            error => Self::of(Exit::BadInput, &error, error.hint().map(Cow::Owned)),
        }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Cancelled => Self::interrupted("run the command again to finish"),
            DecodeError::Task(error) => error.into(),
            error => Self::of(decode_exit(&error), &error, error.hint().map(Into::into)),
        }
    }
}

fn decode_exit(error: &DecodeError) -> Exit {
    match error {
        DecodeError::Config(_) | DecodeError::NotFinite => Exit::BadModel,
        _ => Exit::Unexpected,
    }
}

impl From<CodecError> for Failure {
    fn from(error: CodecError) -> Self {
        let exit = match error {
            CodecError::Audio(error) => return error.into(),
            CodecError::Cancelled { .. } => {
                return Self::interrupted("the same command goes on from the last checkpoint");
            }
            CodecError::Io { operation, path, cause } => {
                return Self::io(operation, &path, &cause);
            }
            CodecError::TooLittleData { .. } | CodecError::Levels { .. } | CodecError::Codes(_) => {
                Exit::BadInput
            }
            CodecError::Other(error) => {
                return match error.downcast::<PretrainedError>() {
                    Ok(error) => (*error).into(),
                    Err(error) => Self::new(Exit::BadModel, error.to_string()),
                };
            }
            CodecError::Nn(_) | CodecError::Candle(_) | CodecError::Diverged { .. } => {
                Exit::Unexpected
            }
            _ => Exit::BadModel,
        };
        Self::of(exit, &error, error.hint())
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Audio(error) => error.into(),
            EngineError::Codec(error) => error.into(),
            EngineError::Text(error) => error.into(),
            EngineError::Task(error) => error.into(),
            EngineError::Pretrained(error) => (*error).into(),
            EngineError::Decode(error) => error.into(),
            EngineError::Cancelled => Self::interrupted("run the command again to finish"),
            EngineError::Io { operation, path, cause } => Self::io(operation, &path, &cause),
            error => Self::of(engine_exit(&error), &error, error.hint().map(Into::into)),
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
            ConfigError::UnknownKey { place, .. } | ConfigError::Value { place, .. } if *place == Place::Flag);
        let exit = if flag { Exit::Usage } else { Exit::BadModel };
        Self::of(exit, &error, error.hint())
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        let exit = match error {
            DataError::Cancelled { .. } => Exit::Interrupted,
            DataError::Io { operation, path, cause } => return Self::io(operation, &path, &cause),
            DataError::WorkShare { .. } | DataError::Setting(_) | DataError::NoItems => Exit::Usage,
            _ => Exit::BadInput,
        };
        Self::of(exit, &error, error.hint())
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        let exit = match error {
            TrainError::Task(error) => return error.into(),
            TrainError::Data(error) => return error.into(),
            TrainError::Config(_)
            | TrainError::UnknownTask { .. }
            | TrainError::UnknownStage { .. }
            | TrainError::TaskWeights { .. }
            | TrainError::RepeatedTask(_)
            | TrainError::Base(_)
            | TrainError::EmptyBatch
            | TrainError::BatchesDiffer { .. }
            | TrainError::Checkpoint { .. }
            | TrainError::Model(_) => Exit::BadModel,
            TrainError::Io { operation, path, cause } => return Self::io(operation, &path, &cause),
            TrainError::Ranks(error) => return error.into(),
            _ => Exit::Unexpected,
        };
        Self::of(exit, &error, error.hint())
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
        let exit = match &error {
            ResultsError::Folder { .. }
            | ResultsError::Busy { .. }
            | ResultsError::Database { .. } => Exit::Io,
            ResultsError::Export { .. } => Exit::Unexpected,
            _ => Exit::BadInput,
        };
        Self::of(exit, &error, error.hint())
    }
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        let exit = match error {
            EvalError::Cancelled { .. } => Exit::Interrupted,
            EvalError::Subject(SubjectError::Cancelled) => {
                return Self::interrupted("run the command again to go on");
            }
            EvalError::Io { operation, path, cause } => return Self::io(operation, &path, &cause),
            EvalError::Suite { .. } => Exit::BadModel,
            _ => Exit::BadInput,
        };
        Self::of(exit, &error, error.hint())
    }
}

impl From<PretrainedError> for Failure {
    fn from(error: PretrainedError) -> Self {
        let exit = match &error {
            error if error.is_cancelled() => Exit::Interrupted,
            PretrainedError::Audio(_)
            | PretrainedError::Whisper(
                WhisperFault::TooLong { .. } | WhisperFault::OtherText { .. },
            )
            | PretrainedError::VallE(VallEFault::Read { .. })
            | PretrainedError::Hub(
                HubFault::Name { .. } | HubFault::Request { .. } | HubFault::Absent { .. },
            ) => Exit::BadInput,
            PretrainedError::Whisper(WhisperFault::Language { .. }) => Exit::Usage,
            PretrainedError::Hub(HubFault::Io { .. }) => Exit::Io,
            _ => Exit::BadModel,
        };
        Self::of(exit, &error, error.hint())
    }
}

impl From<syrinx_nn::NnError> for Failure {
    fn from(error: syrinx_nn::NnError) -> Self {
        Self::of(Exit::BadModel, &error, error.hint().map(Into::into))
    }
}

impl From<AblateError> for Failure {
    fn from(error: AblateError) -> Self {
        let exit = match error {
            AblateError::Suite(error) => return error.into(),
            AblateError::Results(error) => return error.into(),
            AblateError::Io { operation, path, cause } => {
                return Self::io(operation, &path, &cause);
            }
            AblateError::Ablation { .. } => Exit::BadModel,
            _ => Exit::BadInput,
        };
        Self::of(exit, &error, error.hint())
    }
}

impl From<syrinx_embedded::NoModel> for Failure {
    fn from(error: syrinx_embedded::NoModel) -> Self {
        Self::new(Exit::BadModel, error.to_string()).hint(error.hint())
    }
}
