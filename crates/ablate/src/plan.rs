//! The plan of an ablation: its cells, with resolved settings and keys.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use syrinx_eval::{Suite, content_hash};
use syrinx_results::{Run, RunFilter, RunStatus, Store};
use syrinx_types::CallbackError;

use crate::grid::{GridPlace, places};
use crate::{
    AblateError, Ablation, AblationIssue, CellFault, CellJob, CellKeys, CellRunner, Material,
    RunnerError,
};

/// Version that is hashed into the key of every cell. It is raised when the same material would give other results.
const CELL_FORMAT: &str = "1";

/// A cell of the plan.
#[derive(Debug, Clone)]
pub struct PlannedCell {
    /// Index in the grid.
    pub place: usize,
    /// Value by axis.
    pub axes: BTreeMap<String, Value>,
    /// Seed of the cell.
    pub seed: u64,
    /// Keys of the cell.
    pub keys: CellKeys,
    /// Hash of everything that the result depends on.
    pub key: String,
    /// Hash of everything that the training depends on. Cells with the same hash share a model; `None` without
    /// training.
    pub training: Option<String>,
    /// Suites that the cell runs.
    pub suites: Vec<PlannedSuite>,
    /// Reason why the cell can't run.
    pub fault: Option<Arc<CellFault>>,
}

/// A suite of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedSuite {
    /// The suite with the keys of the cell applied.
    pub suite: Suite,
    /// Maximum number of items.
    pub limit: Option<usize>,
}

impl PlannedCell {
    /// Returns the values of the cell in one line: `window 25, look-ahead 5`.
    pub fn named(&self) -> String {
        named(&self.axes)
    }
}

/// Returns the values of the axes in one line.
pub(crate) fn named(axes: &BTreeMap<String, Value>) -> String {
    let one = |(axis, value): (&String, &Value)| format!("{axis} {}", shown(value));
    let all: Vec<String> = axes.iter().map(one).collect();
    if all.is_empty() { "the only cell".into() } else { all.join(", ") }
}

/// Returns a value as text; strings have no quotation marks.
pub(crate) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// An ablation with its cells.
#[derive(Debug, Clone)]
pub struct AblationPlan {
    /// The ablation.
    pub ablation: Ablation,
    /// Suites of the ablation, as read from their files.
    pub suites: Vec<Suite>,
    /// Cells of the grid, in order.
    pub cells: Vec<PlannedCell>,
}

impl AblationPlan {
    /// Returns the latest finished run of a cell.
    pub(crate) fn finished_run(
        &self,
        store: &Store,
        cell: &PlannedCell,
        suite: &str,
    ) -> Result<Option<Run>, AblateError> {
        let filter = RunFilter {
            suite: Some(suite.into()),
            ablation: Some(self.ablation.name.clone()),
            cell: Some(cell.key.clone()),
            ..RunFilter::default()
        };
        let runs = store.runs(&filter)?;
        Ok(runs.into_iter().find(|r| r.status == RunStatus::Finished))
    }

    /// Resolves the cells of the grid. A cell whose keys are invalid is planned with its fault.
    ///
    /// # Errors
    /// [`AblateError::Suite`] if a suite can't be read, [`AblateError::Ablation`] if two suites have the same name.
    pub fn new(ablation: Ablation, runner: &dyn CellRunner) -> Result<Self, AblateError> {
        let load = |used: &crate::SuiteUse| Suite::load(&ablation.folder.join(&used.suite));
        let suites: Vec<Suite> = ablation.suites.iter().map(load).collect::<Result<_, _>>()?;
        for (i, suite) in suites.iter().enumerate() {
            if suites[..i].iter().any(|s| s.name == suite.name) {
                return Err(
                    ablation.error(AblationIssue::RepeatedSuite { name: suite.name.clone() })
                );
            }
        }
        let cells = places(&ablation)
            .into_iter()
            .map(|place| planned(&ablation, &suites, place, runner))
            .collect();
        Ok(Self { ablation, suites, cells })
    }

    /// Returns the job of a cell.
    pub(crate) fn job<'a>(&'a self, cell: &'a PlannedCell) -> CellJob<'a> {
        CellJob {
            keys: &cell.keys,
            seed: cell.seed,
            budget: self.ablation.train.as_ref(),
            folder: &self.ablation.folder,
        }
    }
}

fn planned(
    ablation: &Ablation,
    suites: &[Suite],
    place: GridPlace,
    runner: &dyn CellRunner,
) -> PlannedCell {
    let GridPlace { place, axes, keys: pairs, seed } = place;
    let keys = CellKeys::of(pairs.iter().map(|(key, value)| (key, value)));
    let job =
        CellJob { keys: &keys, seed, budget: ablation.train.as_ref(), folder: &ablation.folder };
    let known = materials(ablation, suites, &job, runner);
    let seed_text = seed.to_string();
    match known {
        Ok(CellMaterial { suites, material, suite_texts }) => {
            let training =
                material.training.as_ref().map(|t| content_hash(&[CELL_FORMAT, t, &seed_text]));
            let trained = training.clone().unwrap_or_default();
            let suite_texts = suite_texts.join("\n");
            let parts = [CELL_FORMAT, &material.evaluation, &trained, &seed_text, &suite_texts];
            let key = content_hash(&parts);
            PlannedCell { place, axes, seed, keys, key, training, suites, fault: None }
        }
        Err(fault) => {
            let said = serde_json::to_string(&pairs).unwrap_or_default();
            let key = content_hash(&[CELL_FORMAT, "impossible", &said, &seed_text]);
            let (training, suites) = (None, Vec::new());
            let fault = Some(Arc::new(fault));
            PlannedCell { place, axes, seed, keys, key, training, suites, fault }
        }
    }
}

/// Everything that the result of a cell depends on.
struct CellMaterial {
    suites: Vec<PlannedSuite>,
    material: Material,
    /// Text of each suite, as [`suite_material`] returns it.
    suite_texts: Vec<String>,
}

fn materials(
    ablation: &Ablation,
    suites: &[Suite],
    job: &CellJob<'_>,
    runner: &dyn CellRunner,
) -> Result<CellMaterial, CellFault> {
    let mut planned = Vec::new();
    for (suite, used) in suites.iter().zip(&ablation.suites) {
        let applied = job.keys.applied(suite);
        let suite =
            applied.map_err(|fault| CellFault::SuiteKeys { suite: suite.name.clone(), fault })?;
        planned.push(PlannedSuite { suite, limit: used.limit });
    }
    let material = runner.material(job).map_err(|error| match error {
        RunnerError::Failed(fault) => fault,
        RunnerError::Cancelled => CallbackError::new(RunnerError::Cancelled).into(),
    })?;
    let suite_texts = planned.iter().map(suite_material).collect::<Result<_, _>>()?;
    Ok(CellMaterial { suites: planned, material, suite_texts })
}

/// Returns the text that identifies the results of a suite: its content, its limit, and hashes of its lists of items.
/// The lists name recordings, whose content is not hashed.
fn suite_material(planned: &PlannedSuite) -> Result<String, CellFault> {
    let PlannedSuite { suite, limit } = planned;
    let said = serde_json::to_string(suite)
        .map_err(|e| CellFault::SuiteKeys { suite: suite.name.clone(), fault: e.into() })?;
    let lists = [&suite.items.lines, &suite.items.manifest];
    let mut material = format!("{} {limit:?} {said}", suite.name);
    for path in lists.into_iter().flatten() {
        let path: PathBuf = suite.folder.join(path);
        let text = fs::read_to_string(&path)
            .map_err(|cause| CellFault::Items { path: path.clone(), cause })?;
        material.push_str(&content_hash(&[&text]));
    }
    Ok(material)
}
