//! Faults of ablation files and of cells.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use syrinx_eval::SuiteIssue;
use syrinx_types::{CallbackError, IoOperation, io_hint};

/// Invalid content of an ablation file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AblationIssue {
    /// Text that is no ablation.
    #[error(transparent)]
    Toml(#[from] Box<toml::de::Error>),
    /// A missing title or question.
    #[error("`{key}` is empty")]
    Empty {
        /// Missing key: `title` or `question`.
        key: &'static str,
    },
    /// Cells that are neither trained nor evaluated.
    #[error("`suites` is empty")]
    NoSuites,
    /// A suite that is named twice.
    #[error("suite `{name}` is named twice")]
    RepeatedSuite {
        /// Name of the suite.
        name: String,
    },
    /// An axis without values.
    #[error("axis `{axis}` has no values")]
    NoValues {
        /// Name of the axis.
        axis: String,
    },
    /// Two axes of one name.
    #[error("two axes are called `{axis}`")]
    RepeatedAxis {
        /// Name of the axes.
        axis: String,
    },
    /// Two values of one name.
    #[error("axis `{axis}` has two values called `{value}`")]
    RepeatedValue {
        /// Name of the axis.
        axis: String,
        /// Name of the values.
        value: String,
    },
    /// A seed that is given twice.
    #[error("the seed {seed} is given twice")]
    RepeatedSeed {
        /// The seed.
        seed: u64,
    },
    /// A training key of an ablation that trains nothing.
    #[error("`{key}` is of a training, and there is none")]
    NoTraining {
        /// The key.
        key: String,
    },
    /// A key that names all of a suite.
    #[error("`{key}` is no key")]
    WholeSuite {
        /// The key.
        key: String,
    },
    /// A baseline at an axis that does not exist.
    #[error("the baseline names an axis `{axis}` that isn't there")]
    UnknownAxis {
        /// Name of the axis.
        axis: String,
    },
    /// A baseline at a value that does not exist.
    #[error("the baseline is at `{value}` of axis `{axis}`, which has no such value")]
    UnknownValue {
        /// Name of the axis.
        axis: String,
        /// Name of the value.
        value: String,
    },
}

impl AblationIssue {
    /// Remedy.
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::Empty { .. } => "give the ablation a `title` and a `question`".into(),
            Self::NoSuites => "name at least one suite to run".into(),
            Self::RepeatedSuite { .. } => "name each suite once".into(),
            Self::RepeatedAxis { .. } | Self::RepeatedValue { .. } => {
                "give each a name of its own".into()
            }
            Self::RepeatedSeed { .. } => "give each seed once".into(),
            Self::NoTraining { .. } => "add `[train]`".into(),
            Self::WholeSuite { key } => {
                format!("name a key below it, such as `{key}.request`").into()
            }
            Self::Toml(_)
            | Self::NoValues { .. }
            | Self::UnknownAxis { .. }
            | Self::UnknownValue { .. } => {
                "correct the file; see `syrinx config schema ablation` for valid values".into()
            }
        }
    }
}

/// Fault of the keys of a suite.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteKeyFault {
    /// A suite that can't be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Keys that can't be written as TOML.
    #[error(transparent)]
    Toml(#[from] toml::ser::Error),
    /// Keys that make no valid suite.
    #[error(transparent)]
    Suite(#[from] SuiteIssue),
}

/// Reason why a cell has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CellFault {
    /// Keys that a suite can't have.
    #[error("suite `{suite}`: {fault}")]
    SuiteKeys {
        /// Name of the suite.
        suite: String,
        /// Fault.
        fault: SuiteKeyFault,
    },
    /// A list of items that can't be read.
    #[error("can't read `{}`: {cause}", path.display())]
    Items {
        /// File of the list.
        path: PathBuf,
        /// Cause.
        cause: io::Error,
    },
    /// A suite without a single answer.
    #[error("suite `{suite}`: nothing was answered: {first}")]
    NoAnswers {
        /// Name of the suite.
        suite: String,
        /// Error of its first row.
        first: String,
    },
    /// Results that are missing after the run.
    #[error("the run of suite `{suite}` isn't in the results store")]
    NotStored {
        /// Name of the suite.
        suite: String,
    },
    /// Error of the runner.
    #[error(transparent)]
    Runner(#[from] CallbackError),
}

impl CellFault {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::SuiteKeys { fault: SuiteKeyFault::Suite(issue), .. } => Some(issue.hint()),
            Self::Items { cause, .. } => io_hint(IoOperation::Read, cause.kind()).map(Into::into),
            Self::Runner(error) => error.hint(),
            Self::SuiteKeys { .. } | Self::NoAnswers { .. } | Self::NotStored { .. } => None,
        }
    }

    /// Returns message and remedy as the note of a cell in the results store.
    pub(crate) fn note(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self} ({hint})"),
            None => self.to_string(),
        }
    }
}
