//! Runs the cells of an ablation.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use syrinx_data::WorkShare;
use syrinx_eval::{Better, EvalOptions, Figure, Report, Unit};
use syrinx_results::{Cell, CellState, ControlRequest, ResultsError, RunAbout, Store};
use syrinx_types::{CancelToken, Event, IoOperation, RunContext};

use crate::plan::PlannedSuite;
use crate::watch::{CellWatch, Phase};
use crate::{
    AblateError, AblationPlan, CellFault, CellPlace, CellRunner, PlannedCell, RunnerError,
    TrainedCell,
};

/// Suite name of the runs that store the losses of trainings.
pub(crate) const TRAINING: &str = "training";

/// Options of an ablation run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorkOptions {
    /// Folder for models, rows and recordings of all cells.
    pub folder: PathBuf,
    /// Share of the cells that this process runs.
    pub part: WorkShare,
}

/// Number of cells by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Cells that were already finished.
    pub known: usize,
    /// Cells finished by this run.
    pub finished: usize,
    /// Cells that failed.
    pub failed: usize,
    /// Cells that were stopped or not begun.
    pub stopped: usize,
}

/// State shared by all cells of a run.
struct GridRun<'a> {
    plan: &'a AblationPlan,
    runner: &'a dyn CellRunner,
    store: &'a Store,
    options: &'a WorkOptions,
    run: RunContext<'a>,
}

impl AblationPlan {
    /// Runs the unfinished cells of a share, then those with a request to resume. After a cancellation, the next call
    /// continues.
    ///
    /// # Errors
    /// [`AblateError::Results`] if the store can't be used, [`AblateError::Io`] if a file can't be written. The failure
    /// of a cell is stored with the cell and is no error.
    pub fn run(
        &self,
        runner: &dyn CellRunner,
        store: &Store,
        options: &WorkOptions,
        run: RunContext<'_>,
    ) -> Result<Tally, AblateError> {
        GridRun { plan: self, runner, store, options, run }.run()
    }
}

impl GridRun<'_> {
    fn run(&self) -> Result<Tally, AblateError> {
        self.announce()?;
        let own: Vec<&PlannedCell> =
            self.plan.cells.iter().filter(|c| self.options.part.has(c.place)).collect();
        let name = format!("ablation {}", self.plan.ablation.name);
        let total = Some(own.len() as u64);
        self.run.events.emit(Event::JobStarted { name: name.clone(), total });
        let mut ends: Vec<Option<End>> = vec![None; own.len()];
        let mut todo: Vec<usize> = (0..own.len()).collect();
        while !todo.is_empty() && !self.run.is_cancelled() {
            for i in std::mem::take(&mut todo) {
                if self.run.is_cancelled() {
                    break;
                }
                ends[i] = Some(self.cell(own[i])?);
                let done = ends.iter().flatten().count() as u64;
                let note = own[i].named();
                self.run.events.emit(Event::JobProgress { name: name.clone(), done, note });
            }
            for (i, cell) in own.iter().enumerate() {
                if self.control_request(cell)? == Some(ControlRequest::Resume) {
                    todo.push(i);
                }
            }
        }
        let count = |end| ends.iter().filter(|e| **e == Some(end)).count();
        let tally = Tally {
            known: count(End::Known),
            finished: count(End::Finished),
            failed: count(End::Failed),
            stopped: count(End::Stopped) + ends.iter().filter(|e| e.is_none()).count(),
        };
        let Tally { known, finished, failed, stopped } = tally;
        let summary = format!("{finished} done, {known} known, {failed} failed, {stopped} stopped");
        self.run.events.emit(Event::JobFinished { name, summary });
        Ok(tally)
    }

    /// Stores a record for each cell of the grid that has none.
    fn announce(&self) -> Result<(), AblateError> {
        let known = self.store.cells(&self.plan.ablation.name)?;
        let new = |cell: &&PlannedCell| known.iter().all(|k| k.key != cell.key);
        let new: Vec<Cell> =
            self.plan.cells.iter().filter(new).map(|c| self.recorded(c, None)).collect();
        Ok(self.store.put_cells(&new)?)
    }

    /// Returns the record of a cell; with `started_s` (seconds since 1970) as one that runs on this computer.
    fn recorded(&self, cell: &PlannedCell, started_s: Option<f64>) -> Cell {
        let mine = started_s.is_some();
        let folder = std::path::absolute(self.folder(cell)).unwrap_or_default();
        Cell {
            ablation: self.plan.ablation.name.clone(),
            key: cell.key.clone(),
            place: cell.place,
            axes: cell.axes.clone(),
            seed: cell.seed,
            state: CellState::Planned,
            machine: if mine { self.runner.machine() } else { String::new() },
            folder: if mine { folder.display().to_string() } else { String::new() },
            started_s,
            updated_s: self.runner.now_s(),
            ..Cell::default()
        }
    }

    fn folder(&self, cell: &PlannedCell) -> PathBuf {
        self.options.folder.join("cells").join(&cell.key)
    }

    fn control_request(&self, cell: &PlannedCell) -> Result<Option<ControlRequest>, AblateError> {
        Ok(self.store.control_request(&self.plan.ablation.name, &cell.key)?)
    }

    /// Runs a cell, unless it is finished, invalid or requested to stop.
    fn cell(&self, cell: &PlannedCell) -> Result<End, AblateError> {
        let name = &self.plan.ablation.name;
        let known = self.store.cell(name, &cell.key)?;
        let request = self.control_request(cell)?;
        if request == Some(ControlRequest::Resume) {
            self.store.clear_control_request(name, &cell.key)?;
        }
        if known.as_ref().is_some_and(|k| k.state == CellState::Finished) {
            return Ok(End::Known);
        }
        let begun = self.recorded(cell, Some(self.runner.now_s()));
        let cancel = self.run.cancel.part();
        let watch = CellWatch::new(
            self.store,
            self.runner,
            begun,
            RunContext::new(&cancel, self.run.events),
        );
        if request == Some(ControlRequest::Stop) {
            watch.end(CellState::Stopped, "stopped on request; resume the cell to continue")?;
            return Ok(End::Stopped);
        }
        if let Some(fault) = &cell.fault {
            return self.failed(cell, &watch, fault);
        }
        match self.steps(cell, &watch, &cancel) {
            Ok(()) => {
                watch.end(CellState::Finished, "")?;
                Ok(End::Finished)
            }
            Err(Trouble::Cell(RunnerError::Cancelled)) => {
                let asked = self.control_request(cell)? == Some(ControlRequest::Stop);
                let how = if asked {
                    "resume the cell to continue"
                } else {
                    "run the same command again to continue"
                };
                watch.end(CellState::Stopped, &format!("stopped on request; {how}"))?;
                Ok(End::Stopped)
            }
            Err(Trouble::Cell(RunnerError::Failed(fault))) => self.failed(cell, &watch, &fault),
            Err(Trouble::Run(error)) => Err(error),
        }
    }

    /// Stores the failure of a cell.
    fn failed(
        &self,
        cell: &PlannedCell,
        watch: &CellWatch<'_>,
        fault: &CellFault,
    ) -> Result<End, AblateError> {
        let note = fault.note();
        let message = format!("{}: {note}", cell.named());
        self.run.events.emit(Event::Warning { message });
        watch.end(CellState::Failed, &note)?;
        Ok(End::Failed)
    }

    /// Trains the model of the cell, if the ablation has a training, and runs every suite.
    fn steps(
        &self,
        cell: &PlannedCell,
        watch: &CellWatch<'_>,
        cancel: &CancelToken,
    ) -> Result<(), Trouble> {
        let run = RunContext::new(cancel, watch);
        let first = usize::from(cell.training.is_some());
        let phases = first + cell.suites.len();
        let trained = match &cell.training {
            None => None,
            Some(key) => {
                watch.phase(Phase { number: 0, of: phases }, CellState::Training, "")?;
                Some(self.trained(cell, key, run)?)
            }
        };
        for (i, PlannedSuite { suite, limit }) in cell.suites.iter().enumerate() {
            watch.phase(
                Phase { number: first + i, of: phases },
                CellState::Evaluating,
                &suite.name,
            )?;
            let options = EvalOptions {
                out: self.folder(cell).join(&suite.name),
                limit: *limit,
                seeds: vec![cell.seed],
                // The ceiling is measured on recordings, which are the same in all cells.
                ceiling: Some(suite.ceiling.unwrap_or(false)),
                ..EvalOptions::default()
            };
            let place = CellPlace {
                ablation: &self.plan.ablation.name,
                key: &cell.key,
                model: trained.as_ref().map(|t| t.model.as_path()),
            };
            let job = self.plan.job(cell);
            let report = self.runner.evaluate(&job, place, suite, &options, run)?;
            check_report(&report)?;
            if self.plan.finished_run(self.store, cell, &suite.name)?.is_none() {
                let lost = CellFault::NotStored { suite: suite.name.clone() };
                return Err(RunnerError::from(lost).into());
            }
        }
        Ok(())
    }

    /// Returns the model of the cell. A model that was trained before, for this cell or for one with the same training,
    /// is not trained again.
    fn trained(
        &self,
        cell: &PlannedCell,
        key: &str,
        run: RunContext<'_>,
    ) -> Result<TrainedCell, Trouble> {
        let folder = self.options.folder.join("models").join(key);
        let note = folder.join("trained.json");
        let before =
            fs::read(&note).ok().and_then(|b| serde_json::from_slice::<TrainedCell>(&b).ok());
        let trained = match before.filter(|t| t.model.is_file()) {
            Some(trained) => trained,
            None => {
                fs::create_dir_all(&folder)
                    .map_err(AblateError::io(IoOperation::CreateFolder, &folder))?;
                let trained = self.runner.train(&self.plan.job(cell), &folder, run)?;
                write_whole(&note, serde_json::to_string(&trained).unwrap_or_default().as_bytes())?;
                trained
            }
        };
        if self.plan.finished_run(self.store, cell, TRAINING)?.is_none() {
            self.keep_training(cell, &trained, &folder)?;
        }
        Ok(trained)
    }

    /// Stores the losses of a training as a run without rows.
    fn keep_training(
        &self,
        cell: &PlannedCell,
        trained: &TrainedCell,
        folder: &Path,
    ) -> Result<(), AblateError> {
        let about = RunAbout {
            suite: TRAINING.into(),
            model: "trained for the cell".into(),
            fingerprint: cell.training.clone().unwrap_or_default(),
            config_hash: cell.key.clone(),
            settings: serde_json::json!({ "train": cell.keys.train }),
            seeds: vec![cell.seed],
            machine: self.runner.machine(),
            folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()),
            ablation: self.plan.ablation.name.clone(),
            cell: cell.key.clone(),
            ..RunAbout::default()
        };
        let figure = |(name, value): &(String, f64)| Figure {
            name: format!("loss {name}"),
            variant: String::new(),
            value: *value,
            low: *value,
            high: *value,
            rows: 1,
            unit: Unit::Number,
            better: Better::Lower,
        };
        let figures: Vec<Figure> = trained.figures.iter().map(figure).collect();
        let run = self.store.begin(&about, self.runner.now_s())?;
        Ok(self.store.finish_with(&run, &[], &figures, self.runner.now_s())?)
    }
}

/// Outcome of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Known,
    Finished,
    Failed,
    Stopped,
}

/// Failure of a cell, or of the ablation run as a whole.
enum Trouble {
    Cell(RunnerError),
    Run(AblateError),
}

impl From<RunnerError> for Trouble {
    fn from(error: RunnerError) -> Self {
        Self::Cell(error)
    }
}

impl From<AblateError> for Trouble {
    fn from(error: AblateError) -> Self {
        Self::Run(error)
    }
}

impl From<ResultsError> for Trouble {
    fn from(error: ResultsError) -> Self {
        Self::Run(error.into())
    }
}

/// Checks that a suite has at least one answer; a cell without any has failed.
fn check_report(report: &Report) -> Result<(), RunnerError> {
    match report.rows.first() {
        Some(row) if report.missing == report.rows.len() => {
            let first = row.error.clone().unwrap_or_default();
            Err(CellFault::NoAnswers { suite: report.suite.clone(), first }.into())
        }
        _ => Ok(()),
    }
}

/// Writes a file atomically, and creates its folder.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), AblateError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(AblateError::io(IoOperation::CreateFolder, folder))?;
    }
    syrinx_atomic::write_bytes_inside(path, bytes)
        .map_err(AblateError::io(IoOperation::Write, path))
}
