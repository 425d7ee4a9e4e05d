//! Report of an evaluation.

use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue::{Better, Unit};
use crate::{BaselineFault, Comparison, EvalError, JudgeConfig, Row};

/// Version of `report.json`. Raised when an older reader would misread it.
pub const REPORT_FORMAT: u32 = 2;

/// Report of one run, the content of `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`REPORT_FORMAT`].
    pub format: u32,
    /// Name of the suite.
    pub suite: String,
    /// Purpose of the suite, in one line.
    pub summary: String,
    /// The task; empty for a codec suite.
    pub task: String,
    /// The model.
    pub model: String,
    /// Fingerprint of the model.
    pub fingerprint: String,
    /// Judges of the recordings.
    pub judges: Vec<JudgeConfig>,
    /// Origin of the report: date, revision, machine, command, seeds and settings.
    #[serde(default)]
    pub provenance: Provenance,
    /// Number of rows without an answer, which count as all wrong.
    pub missing: usize,
    /// Figures over all rows.
    pub figures: Vec<Figure>,
    /// Figures by speaker or voice; empty where there is one only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupFigures>,
    /// Changes since an older report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// Every row.
    pub rows: Vec<Row>,
}

/// Origin of a report, given by the caller of the evaluation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Provenance {
    /// Start of the evaluation, as in RFC 3339, UTC.
    pub date: String,
    /// Revision of the program's checkout, with `-dirty` where it was changed; empty if unknown.
    pub revision: String,
    /// Name and number of cores of the computer.
    pub machine: String,
    /// Command line.
    pub command: String,
    /// Seeds of the suite.
    pub seeds: Vec<u64>,
    /// Settings that answers depend on.
    pub settings: Value,
}

/// A figure with its confidence interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// Name; those of judges as `FIGURE@JUDGE`.
    pub name: String,
    /// Variant, such as `8 levels`; empty where there is one only.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// Value of the figure.
    pub value: f64,
    /// Lower end of the 95 % interval, by bootstrap over speakers.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Number of rows with the figure.
    pub rows: usize,
    /// Unit.
    pub unit: Unit,
    /// Direction of improvement.
    pub better: Better,
}

/// The figures of one speaker or voice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupFigures {
    /// Speaker or voice.
    pub group: String,
    /// Figures of the group, with intervals over its rows.
    pub figures: Vec<Figure>,
}

impl Report {
    /// Reads a `report.json`.
    ///
    /// # Errors
    /// [`EvalError::Baseline`] if the file is not a report, or of another version.
    pub fn load(path: &Path) -> Result<Self, EvalError> {
        let fault = |fault| EvalError::Baseline { path: path.to_path_buf(), fault };
        let text =
            fs::read_to_string(path).map_err(|cause| fault(BaselineFault::Read { cause }))?;
        let report: Self = serde_json::from_str(&text)
            .map_err(|cause| fault(BaselineFault::NoReport { cause }))?;
        let (found, expected) = (report.format, REPORT_FORMAT);
        if found != expected {
            return Err(fault(BaselineFault::Format { found, expected }));
        }
        Ok(report)
    }

    /// Returns the figure of that name over all rows (`wer@own`; without a judge's name, that of the first judge).
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        let named = |f: &&Figure| f.name == name || crate::catalogue::base(&f.name) == name;
        self.figures.iter().find(named)
    }

    /// Whether any gated figure is significantly worse than in the older report.
    pub fn regressed(&self) -> bool {
        self.comparison.as_ref().is_some_and(Comparison::regressed)
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report has string keys and plain values only")
    }
}
