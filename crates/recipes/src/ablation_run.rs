//! Run of an ablation, from the plan of its cells to the report.

use std::path::{Path, PathBuf};

use syrinx_ablate::{Ablation, AblationPlan, Findings, Tally, WorkOptions, write_report};
use syrinx_data::WorkShare;
use syrinx_results::Store;
use syrinx_types::RunContext;

use crate::{RecipeError, SettingsRunner};

/// An ablation with the runner of its cells and the results store.
pub struct AblationRun<'a> {
    plan: AblationPlan,
    runner: &'a SettingsRunner<'a>,
    store: &'a Store,
}

/// Outcome of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AblationOutcome {
    /// Number of cells by outcome.
    pub tally: Tally,
    /// Files of the report, HTML page first; empty if no report was written.
    pub report: Vec<PathBuf>,
}

impl<'a> AblationRun<'a> {
    /// Plans the cells of an ablation.
    ///
    /// # Errors
    /// [`RecipeError::NoAblationShards`] for an ablation with training and a runner without shards; errors of the plan.
    pub fn new(
        ablation: Ablation,
        runner: &'a SettingsRunner<'a>,
        store: &'a Store,
    ) -> Result<Self, RecipeError> {
        if ablation.train.is_some() && !runner.has_shards() {
            return Err(RecipeError::NoAblationShards { ablation: ablation.name });
        }
        Ok(Self { plan: AblationPlan::new(ablation, runner)?, runner, store })
    }

    /// Returns the planned grid.
    pub fn plan(&self) -> &AblationPlan {
        &self.plan
    }

    /// Runs the unfinished cells of a share. Writes the report to the folder `reports` if the share is the whole grid
    /// and at least one cell is finished. A cancelled run writes no report.
    ///
    /// # Errors
    /// [`RecipeError::Ablate`] if the store or the report cannot be read or written. Failures of cells are stored with
    /// the cells.
    pub fn run(
        &self,
        options: &WorkOptions,
        reports: &Path,
        run: RunContext<'_>,
    ) -> Result<AblationOutcome, RecipeError> {
        let tally = self.plan.run(self.runner, self.store, options, run)?;
        // The report of a share would lack the cells of the other shares. It is written after the stores are merged.
        let whole = options.part == WorkShare::WHOLE && tally.finished + tally.known > 0;
        let report = match whole && !run.is_cancelled() {
            true => self.report(reports)?,
            false => Vec::new(),
        };
        Ok(AblationOutcome { tally, report })
    }

    /// Writes the report of the finished cells to a folder; returns its files, HTML page first.
    ///
    /// # Errors
    /// [`RecipeError::Ablate`] if no cell is finished or a file cannot be written.
    pub fn report(&self, folder: &Path) -> Result<Vec<PathBuf>, RecipeError> {
        let findings = Findings::gather(&self.plan, self.store)?;
        Ok(write_report(&findings, folder)?)
    }
}
