//! Ablation files (`configs/ablations/*.toml`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::keys::{SUITE, TRAIN};
use crate::{AblateError, AblationIssue};
use syrinx_types::IoOperation;

/// An ablation: a question, and the grid of cells that answers it. Read from `configs/ablations/NAME.toml`; paths in
/// the file are relative to it.
///
/// Keys without a prefix belong to the settings (`decode.codes.temperature`, `tasks.tts.stress`, `model`), keys with
/// `train.` to a training configuration (`train.model.group`), keys with `suite.` to a suite (`suite.request.mode`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ablation {
    /// Title of the report.
    pub title: String,
    /// Question that the report answers.
    pub question: String,
    /// Notes printed in the report, for any result.
    pub notes: String,
    /// Interpretations of the figures, each for one model. A report shows the one of its model.
    pub readings: Vec<Reading>,
    /// Keys and values that all cells share.
    pub keys: Map<String, Value>,
    /// Axes of the grid: the varied settings.
    pub axes: Vec<Axis>,
    /// Cell that all others are compared with: name of a value by axis. An axis that isn't listed has its first value.
    pub baseline: BTreeMap<String, String>,
    /// Training budget, for cells that differ in training. Without it, every cell evaluates the model in use.
    pub train: Option<TrainingBudget>,
    /// Seeds of training and sampling. Every cell runs once with each seed; an empty list means seed 0.
    pub seeds: Vec<u64>,
    /// Suites that every cell runs. The list may be empty if the cells are trained; they are then compared by their
    /// held-out losses.
    pub suites: Vec<SuiteUse>,
    /// Figures in tables, charts and sentences, in this order; if empty, the figures of the suites. A name without
    /// `@judge` selects the figure of every judge.
    pub figures: Vec<String>,
    /// Largest loss of quality that is acceptable in a cheaper cell.
    pub tolerance: Option<Tolerance>,
    /// Name of the ablation: the file name without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// Folder of the file.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Interpretation of the figures of one model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Fingerprint of the model, as reports show it.
    pub model: String,
    /// Text of the interpretation, printed under the heading "Answer".
    pub text: String,
}

/// An axis of the grid: a varied setting.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Name of the axis.
    pub name: String,
    /// Values of the axis, in the order of the table's rows.
    pub values: Vec<AxisValue>,
}

/// A value of an axis: a name, and the keys that it sets.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AxisValue {
    /// Name of the value. On a numeric axis, a number.
    pub name: String,
    /// Keys that the value sets.
    #[serde(default)]
    pub keys: Map<String, Value>,
}

/// Training budget of a cell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingBudget {
    /// Training configuration to begin with (`configs/train/*.toml`).
    pub config: Option<PathBuf>,
    /// Number of training steps.
    pub steps: u64,
}

/// A suite, with an optional limit of its items.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteUse {
    /// File of the suite.
    pub suite: PathBuf,
    /// Maximum number of items.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Largest loss of quality that is acceptable in a cheaper cell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// Name of the figure.
    pub figure: String,
    /// Largest acceptable loss, in the unit of the figure (0.01 is one percentage point of word error rate).
    pub loss: f64,
}

impl AxisValue {
    /// Returns the name as the results store holds it: as a number if it parses as one, which gives charts a numeric
    /// scale.
    pub fn value(&self) -> Value {
        match serde_json::from_str::<Value>(&self.name) {
            Ok(number @ Value::Number(_)) => number,
            _ => Value::String(self.name.clone()),
        }
    }
}

impl Ablation {
    /// Reads an ablation file.
    ///
    /// # Errors
    /// [`AblateError::Io`] if the file can't be read, [`AblateError::Ablation`] for invalid content.
    pub fn load(path: &Path) -> Result<Self, AblateError> {
        let text = fs::read_to_string(path).map_err(AblateError::io(IoOperation::Read, path))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::parse(&text, &name, &folder)
            .map_err(|issue| AblateError::Ablation { path: path.to_path_buf(), issue })
    }

    /// Parses an ablation from TOML text; `name` and `folder` are those of its file.
    ///
    /// # Errors
    /// [`AblationIssue`] for invalid content.
    pub fn parse(text: &str, name: &str, folder: &Path) -> Result<Self, AblationIssue> {
        let mut ablation: Self = toml::from_str(text).map_err(Box::new)?;
        ablation.name = name.to_owned();
        ablation.folder = folder.to_path_buf();
        if ablation.seeds.is_empty() {
            ablation.seeds.push(0);
        }
        match ablation.issue() {
            None => Ok(ablation),
            Some(issue) => Err(issue),
        }
    }

    /// Returns the path of the ablation file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.toml", self.name))
    }

    pub(crate) fn error(&self, issue: AblationIssue) -> AblateError {
        AblateError::Ablation { path: self.path(), issue }
    }

    /// Returns the keys of all cells.
    fn all_keys(&self) -> impl Iterator<Item = &str> {
        let varied = self.axes.iter().flat_map(|a| &a.values).flat_map(|v| v.keys.keys());
        self.keys.keys().chain(varied).map(String::as_str)
    }

    fn issue(&self) -> Option<AblationIssue> {
        let texts = [("title", &self.title), ("question", &self.question)];
        if let Some((key, _)) = texts.into_iter().find(|(_, text)| text.trim().is_empty()) {
            return Some(AblationIssue::Empty { key });
        }
        if self.suites.is_empty() && self.train.is_none() {
            return Some(AblationIssue::NoSuites);
        }
        if let Some(&seed) = twice(self.seeds.iter()) {
            return Some(AblationIssue::RepeatedSeed { seed });
        }
        let trains = self.all_keys().find(|k| k.starts_with(TRAIN));
        if let (Some(key), None) = (trains, &self.train) {
            return Some(AblationIssue::NoTraining { key: key.to_owned() });
        }
        if let Some(key) = self.all_keys().find(|k| *k == SUITE.trim_end_matches('.')) {
            return Some(AblationIssue::WholeSuite { key: key.to_owned() });
        }
        self.axis_issue().or_else(|| self.baseline_issue())
    }

    fn axis_issue(&self) -> Option<AblationIssue> {
        if let Some(axis) = self.axes.iter().find(|a| a.values.is_empty()) {
            return Some(AblationIssue::NoValues { axis: axis.name.clone() });
        }
        if let Some(axis) = twice(self.axes.iter().map(|a| a.name.as_str())) {
            return Some(AblationIssue::RepeatedAxis { axis: axis.to_owned() });
        }
        self.axes.iter().find_map(|axis| {
            let value = twice(axis.values.iter().map(|v| v.name.as_str()))?.to_owned();
            Some(AblationIssue::RepeatedValue { axis: axis.name.clone(), value })
        })
    }

    fn baseline_issue(&self) -> Option<AblationIssue> {
        self.baseline.iter().find_map(|(name, value)| {
            let Some(axis) = self.axes.iter().find(|a| a.name == *name) else {
                return Some(AblationIssue::UnknownAxis { axis: name.clone() });
            };
            axis.values
                .iter()
                .all(|v| v.name != *value)
                .then(|| AblationIssue::UnknownValue { axis: name.clone(), value: value.clone() })
        })
    }
}

/// Returns the first item that occurs twice.
fn twice<T: Ord>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    let mut all = all;
    all.find_map(|item| {
        if seen.contains(&item) {
            Some(item)
        } else {
            seen.insert(item);
            None
        }
    })
}
