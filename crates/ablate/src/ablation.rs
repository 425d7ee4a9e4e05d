//! Ablation files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::keys::{SUITE, TRAIN};
use crate::{AblateError, AblationIssue};
use syrinx_types::IoOperation;

/// A question and the grid of cells that answers it. Read from `configs/ablations/NAME.toml`; paths in it are relative
/// to the file.
///
/// Keys are those of the settings (`decode.codes.temperature`, `tasks.tts.stress`, `model`), of a training
/// configuration after `train.` (`train.model.group`), and of a suite after `suite.` (`suite.request.mode`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ablation {
    /// Title of the report.
    pub title: String,
    /// The question.
    pub question: String,
    /// Notes that a reader needs for any result.
    pub notes: String,
    /// Interpretations of the figures, each for one model. A report of another model has none.
    pub readings: Vec<Reading>,
    /// Keys that hold for all cells.
    pub keys: Map<String, Value>,
    /// Varied settings.
    pub axes: Vec<Axis>,
    /// The cell that all others are compared with: names of values by axis. Where an axis isn't named, its first value.
    pub baseline: BTreeMap<String, String>,
    /// Training budget, for cells that differ in training. Without it the model in use is evaluated.
    pub train: Option<TrainingBudget>,
    /// Seeds of the training and of the sampling; every cell of the grid once with each.
    pub seeds: Vec<u64>,
    /// Suites of every cell. Cells that are trained may have none: then their held-out losses are compared.
    pub suites: Vec<SuiteUse>,
    /// Figures of tables, charts and sentences, in this order; those of the suites if empty. A name without `@judge`
    /// stands for every judge.
    pub figures: Vec<String>,
    /// Largest loss of quality that a cheaper cell may have.
    pub tolerance: Option<Tolerance>,
    /// Name: the file's, without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// The file's folder.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// The answer in words, as someone read it off the figures of a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The model's fingerprint, as reports show it.
    pub model: String,
    /// The answer.
    pub text: String,
}

/// Something that is varied.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Display name.
    pub name: String,
    /// Values of the axis, in the order of tables.
    pub values: Vec<AxisValue>,
}

/// One value of an axis: one or several keys under a name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AxisValue {
    /// Label. A number where the axis is numeric.
    pub name: String,
    /// The keys that it changes.
    #[serde(default)]
    pub keys: Map<String, Value>,
}

/// Training budget of a cell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingBudget {
    /// A training configuration to begin with (`configs/train/*.toml`).
    pub config: Option<PathBuf>,
    /// Steps.
    pub steps: u64,
}

/// A suite with its number of items.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteUse {
    /// The suite's file.
    pub suite: PathBuf,
    /// Largest number of items.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Largest loss of quality that a cheaper cell may have.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// The figure.
    pub figure: String,
    /// The loss that is taken, in the figure's own unit (0.01 is a point of word errors).
    pub loss: f64,
}

impl AxisValue {
    /// Returns the name as the store contains it: a number where it parses as one, so that charts have a scale.
    pub fn value(&self) -> Value {
        match serde_json::from_str::<Value>(&self.name) {
            Ok(number @ Value::Number(_)) => number,
            _ => Value::String(self.name.clone()),
        }
    }
}

impl Ablation {
    /// Reads an ablation's file.
    ///
    /// # Errors
    /// [`AblateError::Io`] if it can't be read, [`AblateError::Ablation`] for invalid content.
    pub fn load(path: &Path) -> Result<Self, AblateError> {
        let text = fs::read_to_string(path).map_err(AblateError::io(IoOperation::Read, path))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::parse(&text, &name, &folder)
            .map_err(|issue| AblateError::Ablation { path: path.to_path_buf(), issue })
    }

    /// Reads an ablation from text.
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

    /// Returns the file it came from.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.toml", self.name))
    }

    pub(crate) fn error(&self, issue: AblationIssue) -> AblateError {
        AblateError::Ablation { path: self.path(), issue }
    }

    /// Returns all keys that any cell has.
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

/// Returns the first that is there twice.
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
