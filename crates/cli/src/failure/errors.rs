//! Exit codes of the errors of libraries.

use std::borrow::Cow;

use syrinx_ablate::AblateError;
use syrinx_audio::AudioError;
use syrinx_codec::CodecError;
use syrinx_config::{ConfigError, SettingOrigin};
use syrinx_dash::DashError;
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
use syrinx_serve::ServeError;
use syrinx_task::TaskError;
use syrinx_text::TextError;
use syrinx_train::TrainError;

use crate::failure::{Exit, Failure};

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
            RecipeError::Ablate(error) => error.into(),
            RecipeError::Results(error) => error.into(),
            RecipeError::Pretraining(fault) => fault.into(),
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
        | RecipeError::NoAblationShards { .. }
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
            ConfigError::UnknownKey { place, .. } | ConfigError::Value { place, .. } if *place == SettingOrigin::Flag);
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
            ResultsError::NoFigure { .. } => Exit::Usage,
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

impl From<DashError> for Failure {
    fn from(error: DashError) -> Self {
        let exit = match error {
            DashError::Replay { .. } => Exit::BadInput,
            DashError::Terminal { .. } => Exit::Usage,
            _ => Exit::Unexpected,
        };
        Self::of(exit, &error, error.hint())
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let exit = match error {
            ServeError::Bind { .. } => Exit::Usage,
            _ => Exit::Unexpected,
        };
        Self::of(exit, &error, error.hint().map(Into::into))
    }
}
