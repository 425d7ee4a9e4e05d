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
    /// Text that doesn't parse as an ablation.
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
    /// A suite that is listed twice.
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
    /// Two axes with the same name.
    #[error("two axes are called `{axis}`")]
    RepeatedAxis {
        /// Name of the axes.
        axis: String,
    },
    /// Two values with the same name.
    #[error("axis `{axis}` has two values called `{value}`")]
    RepeatedValue {
        /// Name of the axis.
        axis: String,
        /// Name of the values.
        value: String,
    },
    /// A seed that is listed twice.
    #[error("the seed {seed} is given twice")]
    RepeatedSeed {
        /// The seed.
        seed: u64,
    },
    /// A training key in an ablation without a training budget.
    #[error("`{key}` sets a training, but the ablation has no `[train]`")]
    NoTraining {
        /// Name of the key.
        key: String,
    },
    /// A key that sets a suite as a whole.
    #[error("`{key}` names the suite as a whole")]
    WholeSuite {
        /// Name of the key.
        key: String,
    },
    /// A baseline that names an axis that does not exist.
    #[error("the baseline names axis `{axis}`, which does not exist")]
    UnknownAxis {
        /// Name of the axis.
        axis: String,
    },
    /// A baseline that names a value that does not exist.
    #[error("the baseline names value `{value}`, which axis `{axis}` does not have")]
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
            Self::NoSuites => "list at least one suite in `suites`, or add `[train]`".into(),
            Self::RepeatedSuite { .. } => "list each suite once".into(),
            Self::RepeatedAxis { .. } | Self::RepeatedValue { .. } => {
                "rename one of the two".into()
            }
            Self::RepeatedSeed { .. } => "list each seed once".into(),
            Self::NoTraining { .. } => "add `[train]` with a number of steps".into(),
            Self::WholeSuite { key } => {
                format!("set a key within the suite, such as `{key}.request`").into()
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

/// Faults of the suite keys of a cell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteKeyFault {
    /// A suite that can't be serialized as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Keys that can't be serialized as TOML.
    #[error(transparent)]
    Toml(#[from] toml::ser::Error),
    /// Keys that result in an invalid suite.
    #[error(transparent)]
    Suite(#[from] SuiteIssue),
}

/// Reason why a cell has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CellFault {
    /// Keys that can't be applied to a suite.
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
        /// File with the list.
        path: PathBuf,
        /// Cause.
        cause: io::Error,
    },
    /// A suite none of whose rows has an answer.
    #[error("suite `{suite}`: no row has an answer: {first}")]
    NoAnswers {
        /// Name of the suite.
        suite: String,
        /// Error of the first row.
        first: String,
    },
    /// A finished run that the results store does not contain.
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

    /// Returns message and remedy, as the results store keeps them in the note of a cell.
    pub(crate) fn note(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self} ({hint})"),
            None => self.to_string(),
        }
    }
}
