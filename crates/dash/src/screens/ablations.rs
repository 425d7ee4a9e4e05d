//! Ablations: the cells of a grid as a table, updated while they run, and a chart of any figure against any axis.

mod chart;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use ratatui::layout::Rect;
use serde_json::Value;
use syrinx_eval::Figure;
use syrinx_results::{Cell, ControlRequest, Run};

use crate::AblationCard;
use crate::keys::{Binding, Key, KeyHelp, LIST, Step, action, bind, helps};
use crate::message::{Effect, JobId, JobNews, News};
use crate::pen::{ClickTarget, Pen};
use crate::screens::{Component, ScreenContext};

#[derive(Debug, Clone, Copy)]
enum Act {
    Pane,
    Start,
    Figure,
    Axis,
    Stop,
    Resume,
    Cancel,
    Reload,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[Key::Enter], Act::Start, "start", "start or resume this ablation, after confirmation"),
    bind(&[Key::Char('f')], Act::Figure, "figure", "the next figure"),
    bind(&[Key::Char('a')], Act::Axis, "axis", "the chart's next axis"),
    bind(&[Key::Char('s')], Act::Stop, "stop", "stop this cell at its next safe point"),
    bind(&[Key::Char('r')], Act::Resume, "resume", "resume this cell"),
    bind(&[Key::Tab, Key::BackTab], Act::Pane, "pane", "the other list"),
    bind(
        &[Key::Char('x')],
        Act::Cancel,
        "",
        "stop ablations started here; finished cells are kept",
    ),
    bind(&[Key::Char('u')], Act::Reload, "", "read the store again"),
];

const ABLATIONS: usize = 0;
const CELLS: usize = 1;
const CHART: usize = 2;

/// State of the screen.
#[derive(Debug, Default)]
pub(crate) struct Ablations {
    /// Ablations that can be started.
    cards: Vec<AblationCard>,
    /// Cells by ablation: ablations in the store, then those that can be started and have no cells yet.
    ablations: Vec<(String, Vec<Cell>)>,
    runs: Vec<Run>,
    /// Ablation that starts as soon as the user confirms.
    asked: Option<AblationCard>,
    /// Running ablations that this dashboard started.
    live: BTreeMap<JobId, String>,
    /// Outcome of the last ablation that this dashboard ran.
    said: String,
    ablation: usize,
    at: usize,
    figure: usize,
    axis: usize,
    pane: usize,
}

impl Ablations {
    fn cells(&self) -> &[Cell] {
        self.ablations.get(self.ablation).map_or(&[], |(_, cells)| cells)
    }

    /// Returns the figures of the ablation's cells as name and variant. If each cell has a single variant, the variant
    /// is the varied setting, and the figures of all variants are merged.
    fn figures(&self) -> Vec<(String, String)> {
        let ablation = self.ablations.get(self.ablation).map_or("", |(name, _)| name);
        let runs: Vec<&Run> = self.runs.iter().filter(|r| r.about.ablation == ablation).collect();
        let several = runs.iter().any(|r| {
            let first = r.figures.first().map(|f| &f.variant);
            r.figures.iter().any(|f| Some(&f.variant) != first)
        });
        let variant = |f: &Figure| if several { f.variant.clone() } else { String::new() };
        let mut seen = BTreeSet::new();
        let names = runs.iter().flat_map(|r| &r.figures).map(|f| (f.name.clone(), variant(f)));
        names.filter(|name| seen.insert(name.clone())).collect()
    }

    fn wanted(&self) -> Option<(String, String)> {
        let all = self.figures();
        all.get(self.figure % all.len().max(1)).cloned()
    }

    fn figure_of(&self, cell: &Cell) -> Option<&Figure> {
        let (name, variant) = self.wanted()?;
        let of_cell = self
            .runs
            .iter()
            .filter(|r| r.about.ablation == cell.ablation && r.about.cell == cell.key);
        let fits = |f: &&Figure| f.name == name && (variant.is_empty() || f.variant == variant);
        of_cell.flat_map(|r| &r.figures).find(fits)
    }

    /// Returns the names of the axes of the grid.
    fn axes(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.cells().iter().flat_map(|c| c.axes.keys()).collect();
        names.into_iter().cloned().collect()
    }

    fn step(&mut self, pane: usize, step: Step) {
        if pane == ABLATIONS {
            self.ablation = step.from(self.ablation, self.ablations.len());
            self.at = 0;
        } else if pane == CELLS {
            self.at = step.from(self.at, self.cells().len());
        }
    }

    /// Returns the selected ablation, if it can be started.
    fn card(&self) -> Option<&AblationCard> {
        let (name, _) = self.ablations.get(self.ablation)?;
        self.cards.iter().find(|card| card.name == *name)
    }

    /// Appends the ablations that can be started and have no cells in the store.
    fn list_ready(&mut self) {
        self.ablations.retain(|(_, cells)| !cells.is_empty());
        for card in &self.cards {
            if !self.ablations.iter().any(|(name, _)| *name == card.name) {
                self.ablations.push((card.name.clone(), Vec::new()));
            }
        }
        self.ablation = self.ablation.min(self.ablations.len().saturating_sub(1));
        self.at = self.at.min(self.cells().len().saturating_sub(1));
    }

    /// Starts the ablation that waits for confirmation, if the key confirms.
    fn answered(&mut self, key: Key, context: &mut ScreenContext<'_>) {
        let Some(card) = self.asked.take() else { return };
        if matches!(key, Key::Char('y' | 'Y') | Key::Enter) {
            let job = context.job();
            self.live.insert(job, card.name.clone());
            context.ask(Effect::Ablate(job, Box::new(card)));
        }
    }

    fn control_request(&self, request: ControlRequest, context: &mut ScreenContext<'_>) {
        if let Some(cell) = self.cells().get(self.at) {
            context.ask(Effect::RequestControl(cell.ablation.clone(), cell.key.clone(), request));
        }
    }
}

impl Component for Ablations {
    fn keys(&self) -> Vec<(&'static str, Vec<KeyHelp>)> {
        vec![("ablations", helps(KEYS)), ("lists", helps(LIST))]
    }

    fn key(&mut self, key: Key, context: &mut ScreenContext<'_>) -> bool {
        if self.asked.is_some() {
            self.answered(key, context);
            return true;
        }
        if let Some(step) = action(LIST, key) {
            self.step(self.pane, step);
            return true;
        }
        match action(KEYS, key) {
            Some(Act::Pane) => self.pane = if self.pane == ABLATIONS { CELLS } else { ABLATIONS },
            Some(Act::Start) => self.asked = self.card().cloned(),
            Some(Act::Cancel) => {
                self.live.keys().for_each(|job| context.ask(Effect::Cancel(*job)));
            }
            Some(Act::Figure) => self.figure += 1,
            Some(Act::Axis) => self.axis += 1,
            Some(Act::Stop) => self.control_request(ControlRequest::Stop, context),
            Some(Act::Resume) => self.control_request(ControlRequest::Resume, context),
            Some(Act::Reload) => context.ask(Effect::LoadCells),
            None => return false,
        }
        true
    }

    fn click(&mut self, target: ClickTarget, _: &mut ScreenContext<'_>) {
        match target {
            ClickTarget::Item(ABLATIONS, i) => {
                (self.pane, self.ablation, self.at) = (ABLATIONS, i, 0)
            }
            ClickTarget::Item(CELLS, i) => (self.pane, self.at) = (CELLS, i),
            ClickTarget::Pane(pane) if pane <= CELLS => self.pane = pane,
            ClickTarget::Pane(CHART) => self.figure += 1,
            _ => {}
        }
    }

    fn scroll(&mut self, pane: usize, down: bool, _: &mut ScreenContext<'_>) {
        self.step(pane, if down { Step::Down } else { Step::Up });
    }

    fn shown(&mut self, context: &mut ScreenContext<'_>) {
        context.ask(Effect::LoadCells);
    }

    fn news(&mut self, news: &News, context: &mut ScreenContext<'_>) {
        match news {
            News::Cells(ablations, runs) => {
                // The selection follows its ablation when the list changes.
                let name = self.ablations.get(self.ablation).map(|(name, _)| name.clone());
                self.ablations.clone_from(ablations);
                self.runs.clone_from(runs);
                self.list_ready();
                let place = self.ablations.iter().position(|(n, _)| Some(n) == name.as_ref());
                self.ablation = place.unwrap_or(self.ablation);
            }
            News::Ablations(cards) => {
                self.cards.clone_from(cards);
                self.list_ready();
            }
            News::Job(job, JobNews::Ablated(said)) if self.live.remove(job).is_some() => {
                self.said.clone_from(said);
                context.ask(Effect::LoadCells);
            }
            News::Job(job, JobNews::Failed(error)) if self.live.remove(job).is_some() => {
                self.said = error.line();
            }
            News::Job(job, JobNews::Stopped) if self.live.remove(job).is_some() => {
                self.said = "stopped; finished cells are kept".into();
                context.ask(Effect::LoadCells);
            }
            _ => {}
        }
    }

    fn draw(&self, pen: &mut Pen<'_>, area: Rect) {
        self.view(pen, area);
    }
}

/// Formats a value of an axis; strings have no quotes.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "-".into(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
