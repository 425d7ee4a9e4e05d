//! Faults of suites.

use std::borrow::Cow;

use syrinx_text::TextError;

/// Fault of a suite, by itself or for the evaluated model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteIssue {
    /// Text that is not a suite.
    #[error(transparent)]
    Syntax(Box<toml::de::Error>),
    /// No source of items, or several.
    #[error("`[items]` needs exactly one of `lines`, `manifest` and `held_out_words`")]
    ItemSources,
    /// Both a task and a codec, or neither.
    #[error("a suite needs either `task` or `[codec]`")]
    TaskOrCodec,
    /// A codec suite without numbers of levels.
    #[error("`codec.levels` is empty")]
    NoLevels,
    /// Items without recordings, for a suite that needs recordings.
    #[error("{user} needs recordings")]
    NoRecordings {
        /// Part of the suite that needs them.
        user: &'static str,
    },
    /// Settings of a task in a codec suite.
    #[error("`spans` and `rival` are for tasks, not for a codec")]
    NotForCodecs,
    /// A ceiling without recordings of the items' texts.
    #[error("`ceiling` needs a task, recordings and no `spans`")]
    Ceiling,
    /// Both kinds of edits.
    #[error("both `edited` and `edits` are given")]
    TwoEdits,
    /// No seeds.
    #[error("`seeds` is empty")]
    NoSeeds,
    /// Judges of one name.
    #[error("two judges are called `{0}`")]
    SameJudges(String),
    /// A judge's name that cannot be part of a figure's.
    #[error("a judge is called `{0}`")]
    JudgeName(String),
    /// A dictionary that held-out words cannot be drawn from.
    #[error(transparent)]
    HeldOutWords(Box<TextError>),
    /// A source without items.
    #[error("no item was found")]
    NoItems,
    /// A limit that leaves no item.
    #[error("the number of items is limited to 0")]
    ZeroLimit,
    /// An unknown placeholder.
    #[error("unknown placeholder `{{{name}}}` in the request")]
    UnknownBlank {
        /// Name of the placeholder.
        name: String,
        /// Names of all placeholders.
        known: Vec<String>,
    },
    /// A placeholder for which an item has no value.
    #[error("the request needs `{{{name}}}`, but item `{item}` has none")]
    EmptyBlank {
        /// Name of the placeholder.
        name: String,
        /// Name of the item.
        item: String,
    },
    /// A request with a voice to a model without voices.
    #[error("the request needs a voice, but the model has none")]
    NoVoices,
    /// A voice that the model does not have.
    #[error("no voice `{name}`")]
    UnknownVoice {
        /// Name of the voice.
        name: String,
        /// Voices of the model.
        known: Vec<String>,
    },
    /// A task that the model does not have.
    #[error("the model has no task `{name}`")]
    UnknownTask {
        /// Identifier of the task.
        name: String,
        /// Tasks of the model.
        known: Vec<String>,
    },
}

impl SuiteIssue {
    /// Remedy of faults without one of their own.
    const SCHEMA: Cow<'static, str> =
        Cow::Borrowed("see `syrinx config schema eval` for valid values");

    /// Returns the remedy.
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::HeldOutWords(error) => error.hint().unwrap_or(Self::SCHEMA),
            Self::NoLevels => "give numbers of levels to decode, such as [0, 1, 8]".into(),
            Self::NoRecordings { .. } | Self::Ceiling => {
                "name a manifest of recordings: `items.manifest`".into()
            }
            Self::TwoEdits => "leave one of them out".into(),
            Self::NoSeeds => "give at least one seed".into(),
            Self::SameJudges(_) => "give every judge a name of its own".into(),
            Self::JudgeName(_) => "use letters, digits and dashes".into(),
            Self::NoItems => "name a source that has items".into(),
            Self::ZeroLimit => "give a limit of at least 1".into(),
            Self::UnknownBlank { known, .. } => {
                format!("the placeholders are {}", known.join(", ")).into()
            }
            Self::UnknownVoice { known, .. } => format!("there are {}", known.join(", ")).into(),
            Self::UnknownTask { known, .. } => format!("it has {}", known.join(", ")).into(),
            _ => Self::SCHEMA,
        }
    }
}
