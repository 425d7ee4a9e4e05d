//! Ablations of the dashboard.

use std::path::Path;

use syrinx_ablate::{Ablation, AblationPlan, Findings, WorkOptions, write_report};
use syrinx_dash::AblationCard;
use syrinx_data::WorkShare;
use syrinx_recipes::{CellData, SettingsRunner};
use syrinx_results::Store;
use syrinx_types::{EventSink, RunContext};

use crate::corpora;
use crate::failure::{Failure, Outcome};
use crate::provenance;
use crate::session::Session;

/// Returns the ablations of a folder, by name; files that can't be read are left out.
pub(super) fn cards(folder: &Path) -> Vec<AblationCard> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut cards: Vec<AblationCard> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter_map(|path| {
            let ablation = Ablation::load(&path).ok()?;
            let values = ablation.axes.iter().map(|axis| axis.values.len().max(1));
            let cells = values.product::<usize>() * ablation.seeds.len().max(1);
            let trains = ablation.train.is_some();
            let Ablation { name, question, .. } = ablation;
            Some(AblationCard { name, question, cells, trains, path })
        })
        .collect();
    // Ablations that need no corpus come first: they can be tried at once.
    cards.sort_by(|a, b| (a.trains, &a.name).cmp(&(b.trains, &b.name)));
    cards
}

/// An ablation that is to be run.
pub(super) struct AblationRun<'a> {
    pub(super) path: &'a Path,
    /// Token shards.
    pub(super) data: Option<&'a Path>,
    /// Folders of runs and of suites.
    pub(super) folders: (&'a Path, &'a Path),
}

impl AblationRun<'_> {
    /// Runs the cells that are not finished and writes the report; returns a line about it.
    pub(super) fn run(
        &self,
        session: &Session,
        results: &Path,
        sink: &dyn EventSink,
    ) -> Outcome<String> {
        let ablation = Ablation::load(self.path)?;
        let name = ablation.name.clone();
        if ablation.train.is_some() && self.data.is_none() {
            return Err(Failure::usage(
                format!("ablation `{name}` trains models, and there is nothing to learn from"),
                "start the dashboard with --data SHARDS; `syrinx data encode` makes them",
            ));
        }
        let store = Store::open(results)?;
        let data = CellData {
            corpus: self.data.map(corpora::named),
            codec: None,
            train_split: "train".to_owned(),
            watch_split: None,
        };
        let (layers, base) = (session.layers()?, session.base_settings()?);
        let runner = SettingsRunner::new(layers, base, &store, data, provenance::origin());
        let plan = AblationPlan::new(ablation, &runner)?;
        let (runs, evals) = self.folders;
        let options =
            WorkOptions { folder: runs.join("ablations").join(&name), part: WorkShare::WHOLE };
        let tally = plan.run(&runner, &store, &options, RunContext::new(&session.cancel, sink))?;
        session.check()?;
        let mut said = format!(
            "{name}: {} cells done, {} done before, {} failed",
            tally.finished, tally.known, tally.failed
        );
        if tally.finished + tally.known > 0 {
            let findings = Findings::gather(&plan, &store)?;
            let files = write_report(&findings, &evals.join("reports"))?;
            if let Some(page) = files.first() {
                said.push_str(&format!("; report: {}", page.display()));
            }
        }
        Ok(said)
    }
}
