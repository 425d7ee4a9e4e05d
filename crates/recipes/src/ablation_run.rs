//! An ablation from its grid to its report.

use std::path::{Path, PathBuf};

use syrinx_ablate::{Ablation, AblationPlan, Findings, Tally, WorkOptions, write_report};
use syrinx_data::WorkShare;
use syrinx_results::Store;
use syrinx_types::RunContext;

use crate::{RecipeError, SettingsRunner};

/// An ablation with the runner of its cells and the store of its results.
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
    /// Files of the report, the page first; none where no report was written.
    pub report: Vec<PathBuf>,
}

impl<'a> AblationRun<'a> {
    /// Plans the grid.
    ///
    /// # Errors
    /// [`RecipeError::NoAblationShards`] for an ablation that trains with a runner without shards; errors of the plan.
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

    /// Runs the cells of a share that are not finished and writes the report of a whole grid of which any cell is
    /// finished. A cancelled run writes no report.
    ///
    /// # Errors
    /// [`RecipeError::Ablate`] for the store and the report. Failures of cells are stored with the cells.
    pub fn run(
        &self,
        options: &WorkOptions,
        reports: &Path,
        run: RunContext<'_>,
    ) -> Result<AblationOutcome, RecipeError> {
        let tally = self.plan.run(self.runner, self.store, options, run)?;
        // The report of a share would be of a part of the grid: it is written once the stores are merged.
        let whole = options.part == WorkShare::WHOLE && tally.finished + tally.known > 0;
        let report = match whole && !run.is_cancelled() {
            true => self.report(reports)?,
            false => Vec::new(),
        };
        Ok(AblationOutcome { tally, report })
    }

    /// Writes the report of the finished cells; returns its files, the page first.
    ///
    /// # Errors
    /// [`RecipeError::Ablate`], also where no cell is finished.
    pub fn report(&self, folder: &Path) -> Result<Vec<PathBuf>, RecipeError> {
        let findings = Findings::gather(&self.plan, self.store)?;
        Ok(write_report(&findings, folder)?)
    }
}
