//! Findings: results of an ablation, by suite and grid point.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use syrinx_eval::{Comparison, Figure, JudgeConfig, Move, Moved, Row, Suite, figures};
use syrinx_results::{CellState, Run, Store};

use crate::grid::{axes_of, baseline, choices};
use crate::work::TRAINING;
use crate::{AblateError, AblationPlan, PlannedCell, Tolerance};

/// Version of the findings' JSON. It is raised when an older reader would misread the file.
pub const FINDINGS_FORMAT: u32 = 1;

/// Minimum number of rows that a cell and the baseline must have in common. Resampling one or two rows gives an
/// interval that is narrow and meaningless.
pub(crate) const FEWEST_PAIRS: usize = 8;

/// Results of an ablation, as a report shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// [`FINDINGS_FORMAT`].
    pub format: u32,
    /// Name of the ablation.
    pub name: String,
    /// Title of the ablation.
    pub title: String,
    /// Question that the ablation answers.
    pub question: String,
    /// Notes for the reader of the report.
    pub notes: String,
    /// Interpretation of the figures of this model; empty if the ablation has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reading: String,
    /// Names of the axes, in order.
    pub axes: Vec<String>,
    /// Cell that all others are compared with: value by axis.
    pub baseline: BTreeMap<String, Value>,
    /// Seeds of the grid.
    pub seeds: Vec<u64>,
    /// Number of cells in the grid.
    pub cells: usize,
    /// Cells that aren't finished.
    pub unfinished: Vec<Unfinished>,
    /// Origin of the figures.
    pub known: FiguresOrigin,
    /// Largest loss of quality that is acceptable in a cheaper cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
    /// Findings by suite, the losses of training first.
    pub suites: Vec<SuiteFindings>,
}

/// A cell without a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    /// Values by axis.
    pub axes: BTreeMap<String, Value>,
    /// Seed of the cell.
    pub seed: u64,
    /// Name of the state.
    pub state: String,
    /// Cause of a failure or stop.
    pub note: String,
}

/// Origin of the figures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FiguresOrigin {
    /// Models with their fingerprints: the part before the dash identifies the weights, the rest the settings.
    pub models: BTreeSet<String>,
    /// Names of the computers.
    pub machines: BTreeSet<String>,
    /// Git revisions of the checkout.
    pub revisions: BTreeSet<String>,
    /// Judges of the transcripts, described for a reader.
    pub judges: BTreeSet<String>,
    /// End of the last run, in seconds since 1970.
    pub ended_s: f64,
}

/// Results of a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuiteFindings {
    /// Name of the suite.
    pub suite: String,
    /// Purpose of the suite, in one line.
    pub summary: String,
    /// Whether the answers depend on random numbers.
    #[serde(default)]
    pub is_drawn: bool,
    /// Names of the figures, in the order of the table's columns.
    pub figures: Vec<String>,
    /// Finished points of the grid, in its order; each combines its seeds.
    pub points: Vec<Point>,
}

/// A point of the grid: one value per axis, combined over its seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Values by axis.
    pub axes: BTreeMap<String, Value>,
    /// Whether the point is the baseline.
    pub baseline: bool,
    /// Number of finished seeds.
    pub seeds: usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of speakers or voices, the unit of the bootstrap.
    #[serde(default)]
    pub speakers: usize,
    /// Number of rows without an answer; their words all count as errors.
    pub missing: usize,
    /// Figures; their intervals are bootstraps over speakers.
    pub figures: Vec<Figure>,
    /// Changes from the baseline, by paired bootstrap over speakers on the rows that both have. A change counts as
    /// significant only if it has the same direction for every seed. Empty if fewer than 8 rows are in common.
    pub moves: Vec<Move>,
}

impl Findings {
    /// Reads the results of a plan's cells from the store.
    ///
    /// # Errors
    /// [`AblateError::Results`] if the store can't be read, [`AblateError::NothingFound`] if no cell is finished.
    pub fn gather(plan: &AblationPlan, store: &Store) -> Result<Self, AblateError> {
        let ablation = &plan.ablation;
        let mut reader = Reader { plan, store, known: FiguresOrigin::default() };
        let (finished, unfinished) = reader.cells()?;
        if finished.is_empty() {
            let (name, store) = (ablation.name.clone(), store.path().to_path_buf());
            return Err(AblateError::NothingFound { name, store });
        }
        let mut suites = Vec::new();
        if ablation.train.is_some() {
            suites.push(reader.training(&finished)?);
        }
        for suite in &plan.suites {
            suites.push(reader.suite(&finished, suite)?);
        }
        let of_model =
            |fingerprint: &str| reader.known.models.iter().any(|m| m.contains(fingerprint));
        let reading = ablation.readings.iter().find(|r| of_model(&r.model));
        Ok(Self {
            reading: reading.map(|r| r.text.trim().to_owned()).unwrap_or_default(),
            format: FINDINGS_FORMAT,
            name: ablation.name.clone(),
            title: ablation.title.clone(),
            question: ablation.question.trim().to_owned(),
            notes: ablation.notes.trim().to_owned(),
            axes: ablation.axes.iter().map(|a| a.name.clone()).collect(),
            baseline: baseline(ablation),
            seeds: ablation.seeds.clone(),
            cells: plan.cells.len(),
            unfinished,
            known: reader.known,
            tolerance: ablation.tolerance.clone(),
            suites,
        })
    }
}

struct Reader<'a> {
    plan: &'a AblationPlan,
    store: &'a Store,
    known: FiguresOrigin,
}

/// Rows or figures of a point before they are aggregated.
#[derive(Default)]
struct Gathered {
    seeds: usize,
    rows: Vec<Row>,
    figures: Vec<Vec<Figure>>,
}

impl<'a> Reader<'a> {
    /// Returns the finished and the unfinished cells.
    fn cells(&self) -> Result<(Vec<&'a PlannedCell>, Vec<Unfinished>), AblateError> {
        let stored = self.store.cells(&self.plan.ablation.name)?;
        let (mut finished, mut unfinished) = (Vec::new(), Vec::new());
        for cell in &self.plan.cells {
            let known = stored.iter().find(|k| k.key == cell.key);
            if known.is_some_and(|k| k.state == CellState::Finished) {
                finished.push(cell);
                continue;
            }
            unfinished.push(Unfinished {
                axes: cell.axes.clone(),
                seed: cell.seed,
                state: known.map_or(CellState::Planned, |k| k.state).name().to_owned(),
                note: known.map(|k| k.note.clone()).unwrap_or_default(),
            });
        }
        Ok((finished, unfinished))
    }

    /// Returns the latest finished run of a cell, and adds it to the origin of the figures.
    fn run(&mut self, cell: &PlannedCell, suite: &str) -> Result<Option<Run>, AblateError> {
        let run = self.plan.finished_run(self.store, cell, suite)?;
        if let Some(run) = &run {
            self.note(run);
        }
        Ok(run)
    }

    /// Adds a run to the origin of the figures.
    fn note(&mut self, run: &Run) {
        let (about, known) = (&run.about, &mut self.known);
        // The settings differ between cells, so only the part of the fingerprint for the weights is kept.
        let fingerprint = about.fingerprint.split('-').next().unwrap_or_default();
        known.models.insert(format!("{} ({fingerprint})", about.model));
        known.machines.insert(about.machine.clone());
        known.revisions.insert(about.revision.clone());
        known.revisions.remove("");
        known.ended_s = known.ended_s.max(run.ended_s.unwrap_or_default());
        let judges = about.settings["suite"]["judges"].clone();
        let judges: Vec<JudgeConfig> = serde_json::from_value(judges).unwrap_or_default();
        known.judges.extend(judges.iter().map(described));
    }

    fn suite(
        &mut self,
        finished: &[&PlannedCell],
        suite: &Suite,
    ) -> Result<SuiteFindings, AblateError> {
        let ablation = &self.plan.ablation;
        let wanted =
            if ablation.figures.is_empty() { &suite.figures } else { &ablation.figures }.clone();
        let several = ablation.seeds.len() > 1;
        let mut gathered = BTreeMap::new();
        for cell in finished {
            let Some(run) = self.run(cell, &suite.name)? else { continue };
            let rows = self.store.rows(&run.id)?.into_iter();
            let point: &mut Gathered = gathered.entry(place_of(&cell.axes)).or_default();
            point.seeds += 1;
            point.rows.extend(rows.map(|row| plain(row, several.then_some(cell.seed))));
        }
        let base = gathered.get(&place_of(&baseline(ablation))).map(|g| g.rows.as_slice());
        let point = |axes: BTreeMap<String, Value>, found: &Gathered| {
            let is_baseline = axes == baseline(ablation);
            let compared = base
                .filter(|_| !is_baseline)
                .and_then(|base| Comparison::between("the baseline", "", base, &found.rows));
            let enough = compared.filter(|c| c.rows >= FEWEST_PAIRS);
            let mut moves = enough.map(|c| c.moves).unwrap_or_default();
            if let (Some(base), true) = (base, several) {
                let seeds = ablation.seeds.iter().map(|&seed| of_seed(seed, base, &found.rows));
                agree(&mut moves, &seeds.flatten().collect::<Vec<_>>());
            }
            moves.retain(|m| is_wanted(&wanted, &m.figure));
            let mut of_rows = figures(&found.rows, &wanted);
            of_rows.retain(|f| is_wanted(&wanted, &f.name));
            Point {
                axes,
                baseline: is_baseline,
                seeds: found.seeds,
                rows: found.rows.len(),
                speakers: found.rows.iter().map(|r| &r.group).collect::<BTreeSet<_>>().len(),
                missing: found.rows.iter().filter(|r| r.error.is_some()).count(),
                figures: of_rows,
                moves,
            }
        };
        let mut found = self.findings(&suite.name, &suite.summary, &gathered, point);
        found.is_drawn = suite.codec.is_none();
        Ok(found)
    }

    /// Returns the losses of training. There are no rows to resample, so the interval is the range over the seeds.
    fn training(&mut self, finished: &[&PlannedCell]) -> Result<SuiteFindings, AblateError> {
        let mut gathered = BTreeMap::new();
        for cell in finished {
            let Some(run) = self.run(cell, TRAINING)? else { continue };
            let point: &mut Gathered = gathered.entry(place_of(&cell.axes)).or_default();
            point.seeds += 1;
            point.figures.push(run.figures);
        }
        let base = baseline(&self.plan.ablation);
        let point = |axes: BTreeMap<String, Value>, found: &Gathered| Point {
            baseline: axes == base,
            axes,
            seeds: found.seeds,
            rows: 0,
            speakers: 0,
            missing: 0,
            figures: over_seeds(&found.figures),
            moves: Vec::new(),
        };
        let summary = "Losses on the held-out utterances at the end of the training, in nats";
        Ok(self.findings(TRAINING, summary, &gathered, point))
    }

    /// Returns the findings of a suite, with its points in the order of the grid.
    fn findings(
        &self,
        suite: &str,
        summary: &str,
        gathered: &BTreeMap<String, Gathered>,
        point: impl Fn(BTreeMap<String, Value>, &Gathered) -> Point,
    ) -> SuiteFindings {
        let grid = choices(&self.plan.ablation);
        let points: Vec<Point> = grid
            .iter()
            .map(axes_of)
            .filter_map(|axes| gathered.get(&place_of(&axes)).map(|found| point(axes, found)))
            .collect();
        let mut names: Vec<String> = Vec::new();
        for figure in points.iter().flat_map(|p| &p.figures) {
            if !names.contains(&figure.name) {
                names.push(figure.name.clone());
            }
        }
        SuiteFindings {
            suite: suite.to_owned(),
            summary: summary.to_owned(),
            is_drawn: false,
            figures: names,
            points,
        }
    }
}

/// Returns the changes between the rows of one seed.
fn of_seed(seed: u64, base: &[Row], rows: &[Row]) -> Option<Vec<Move>> {
    let of = |rows: &[Row]| rows.iter().filter(|r| r.seed == seed).cloned().collect::<Vec<_>>();
    Comparison::between("the baseline", "", &of(base), &of(rows)).map(|c| c.moves)
}

/// Marks changes as insignificant whose direction differs between seeds. The effect of a seed, in training or in
/// sampling, is the same for all rows of a run, so that intervals over speakers do not contain it.
fn agree(moves: &mut [Move], of_seeds: &[Vec<Move>]) {
    for all in moves.iter_mut() {
        let same = |m: &&Move| m.figure == all.figure && m.variant == all.variant;
        let changes = of_seeds.iter().filter_map(|moves| moves.iter().find(same));
        let way = (all.new - all.old).signum();
        if changes.map(|m| (m.new - m.old).signum()).any(|other| other != way) {
            all.moved = Moved::No;
        }
    }
}

/// Returns a point's values as a key for maps.
fn place_of(axes: &BTreeMap<String, Value>) -> String {
    serde_json::to_string(axes).unwrap_or_default()
}

/// Returns a row without its variant, which is a setting of the cell here (for a codec, the number of levels). With a
/// seed, the row's id becomes unique over the seeds.
fn plain(mut row: Row, seed: Option<u64>) -> Row {
    if let Some(id) = row.id.strip_suffix(&format!("/{}", row.variant)) {
        row.id = id.to_owned();
        row.variant.clear();
    }
    if let Some(seed) = seed {
        row.id = format!("{}#{seed}", row.id);
    }
    row
}

/// Whether a figure is selected, by its full name or by its name without the judge. An empty list selects all.
fn is_wanted(wanted: &[String], figure: &str) -> bool {
    let base = figure.split('@').next().unwrap_or(figure);
    wanted.is_empty() || wanted.iter().any(|w| w == figure || w == base)
}

/// Returns mean and range of each figure over the seeds.
fn over_seeds(seeds: &[Vec<Figure>]) -> Vec<Figure> {
    let Some(first) = seeds.first() else { return Vec::new() };
    let pooled = |figure: &Figure| {
        let same = seeds.iter().filter_map(|s| s.iter().find(|f| f.name == figure.name));
        let values: Vec<f64> = same.map(|f| f.value).collect();
        Figure {
            value: values.iter().sum::<f64>() / values.len() as f64,
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            rows: values.len(),
            ..figure.clone()
        }
    };
    first.iter().map(pooled).collect()
}

/// Returns the description of a judge.
fn described(judge: &JudgeConfig) -> String {
    let what = match judge {
        JudgeConfig::Own { task, .. } => format!("the model's own recognizer (task `{task}`)"),
        JudgeConfig::Command { .. } => "a command".to_owned(),
        JudgeConfig::Whisper { folder, .. } => {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!("Whisper's weights `{name}`")
        }
        JudgeConfig::Endpoint { model, .. } => format!("an endpoint's `{model}`"),
    };
    format!("`{}` is {what}", judge.name())
}
