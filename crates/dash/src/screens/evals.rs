//! Evaluations: suites that can be run, runs of the store, the rows of one of them.

mod rows;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use ratatui::layout::Rect;
use syrinx_eval::Comparison;
use syrinx_results::Run;
use syrinx_types::Event;

use crate::keys::{Binding, Key, KeyHelp, LIST, Step, action, bind, helps};
use crate::message::{Effect, JobId, JobNews, News};
use crate::pen::{ClickTarget, Pen};
use crate::screens::evals::rows::{Rows, SORTING};
use crate::screens::{Component, ScreenContext};
use crate::{EvalRequest, ModelCard, SuiteCard};

#[derive(Debug, Clone, Copy)]
enum Act {
    Pane,
    Back,
    Open,
    Pick,
    Start,
    Model,
    Limit,
    Figures,
    Baseline,
    Stop,
    Reload,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[Key::Enter], Act::Open, "open", "open the suite's last run, the run or the row"),
    bind(&[Key::Tab], Act::Pane, "pane", "the next pane"),
    bind(&[Key::BackTab], Act::Back, "", "the previous pane"),
    bind(&[Key::Char(' ')], Act::Pick, "pick", "select or deselect this suite"),
    bind(&[Key::Char('r')], Act::Start, "run", "run the selected suites"),
    bind(&[Key::Char('m')], Act::Model, "model", "the next model"),
    bind(&[Key::Char('n')], Act::Limit, "items", "the next limit on the number of items"),
    bind(&[Key::Char('f')], Act::Figures, "figures", "the next figures of the run"),
    bind(&[Key::Char('b')], Act::Baseline, "baseline", "set or clear this run as the baseline"),
    bind(&[Key::Char('x')], Act::Stop, "stop", "stop running suites; finished rows are kept"),
    bind(&[Key::Char('u')], Act::Reload, "", "read the store again"),
];

const SUITES: usize = 0;
const RUNS: usize = 1;
const ROWS: usize = 2;
/// Limits on the number of items that the key selects in turn.
const LIMITS: [Option<usize>; 5] = [None, Some(2), Some(4), Some(16), Some(64)];

/// A running evaluation that this dashboard started.
#[derive(Debug, Clone, Default)]
struct Live {
    suite: String,
    model: String,
    done: u64,
    total: Option<u64>,
    arrived: Vec<(String, Vec<(String, f64)>)>,
}

/// State of the screen.
#[derive(Debug, Default)]
pub(crate) struct Evals {
    suites: Vec<SuiteCard>,
    suite: usize,
    picked: BTreeSet<String>,
    models: Vec<ModelCard>,
    model: usize,
    limit: usize,
    runs: Vec<Run>,
    run: usize,
    baseline: Option<String>,
    compared: BTreeMap<String, Comparison>,
    rows: Rows,
    live: BTreeMap<JobId, Live>,
    /// Suite of an evaluation that has just finished: its newest run is selected when the store is read.
    finished: Option<String>,
    /// Index of the first figure shown.
    first_figure: usize,
    pane: usize,
}

/// Number of figures by which the key for the next figures advances; the smallest screen shows as many.
const FIGURE_STEP: usize = 3;

impl Evals {
    fn shown_run(&self) -> Option<&Run> {
        let id = self.rows.run()?;
        self.runs.iter().find(|run| run.id == *id)
    }

    fn start(&mut self, context: &mut ScreenContext<'_>) {
        let model = self.models.get(self.model).cloned().unwrap_or_default();
        let here = self.suites.get(self.suite).map(|s| s.name.clone());
        let wanted = |s: &&SuiteCard| {
            if self.picked.is_empty() {
                here.as_ref() == Some(&s.name)
            } else {
                self.picked.contains(&s.name)
            }
        };
        for suite in self.suites.iter().filter(wanted) {
            let job = context.job();
            let ask = EvalRequest {
                suite: suite.clone(),
                model: model.clone(),
                limit: LIMITS[self.limit],
            };
            let live =
                Live { suite: suite.name.clone(), model: model.name.clone(), ..Live::default() };
            self.live.insert(job, live);
            context.ask(Effect::Evaluate(job, Box::new(ask)));
        }
        self.picked.clear();
    }

    fn open_run(&mut self, context: &mut ScreenContext<'_>) {
        let Some(run) = self.runs.get(self.run) else { return };
        self.first_figure = 0;
        self.rows.of(run);
        context.ask(Effect::LoadRows(run.id.clone()));
        self.compare(context);
    }

    /// Requests a comparison of the open run with the baseline, unless they are the same run.
    fn compare(&mut self, context: &mut ScreenContext<'_>) {
        let (Some(old), Some(new)) = (self.baseline.clone(), self.rows.run().cloned()) else {
            return;
        };
        if old != new {
            context.ask(Effect::Compare(old, new));
        }
    }

    fn mark_baseline(&mut self, context: &mut ScreenContext<'_>) {
        let Some(run) = self.runs.get(self.run) else { return };
        self.compared.clear();
        self.rows.baseline(None);
        if self.baseline.as_ref() == Some(&run.id) {
            self.baseline = None;
            return;
        }
        self.baseline = Some(run.id.clone());
        context.ask(Effect::LoadRows(run.id.clone()));
        self.compare(context);
    }

    fn step(&mut self, pane: usize, step: Step, context: &mut ScreenContext<'_>) {
        match pane {
            SUITES => self.suite = step.from(self.suite, self.suites.len()),
            RUNS => self.run = step.from(self.run, self.runs.len()),
            _ => self.rows.step(step, context),
        }
    }

    fn open(&mut self, context: &mut ScreenContext<'_>) {
        match self.pane {
            // Enter does not run a suite, since that takes minutes; another key does.
            SUITES => {
                let suite = self.suites.get(self.suite).map(|s| s.name.clone());
                let last = self.runs.iter().position(|r| Some(&r.about.suite) == suite.as_ref());
                self.run = last.unwrap_or(self.run);
                self.pane = RUNS;
            }
            RUNS => {
                self.open_run(context);
                self.pane = ROWS;
            }
            _ => self.rows.open(context),
        }
    }

    fn job(&mut self, job: JobId, news: &JobNews, context: &mut ScreenContext<'_>) {
        let Some(live) = self.live.get_mut(&job) else { return };
        match news {
            JobNews::Event(Event::JobStarted { total, .. }) => {
                (live.done, live.total) = (0, *total)
            }
            JobNews::Event(Event::JobProgress { done, .. }) => live.done = *done,
            JobNews::Event(Event::EvalRow { id, figures, .. }) => {
                live.arrived.retain(|(other, _)| other != id);
                live.arrived.push((id.clone(), figures.clone()));
            }
            JobNews::Event(_) | JobNews::Answered(_) | JobNews::Ablated(_) => {}
            JobNews::Evaluated(_) | JobNews::Failed(_) | JobNews::Stopped => {
                self.finished = self.live.remove(&job).map(|live| live.suite);
                context.ask(Effect::LoadRuns);
            }
        }
    }
}

impl Component for Evals {
    fn keys(&self) -> Vec<(&'static str, Vec<KeyHelp>)> {
        let mut all = vec![("evaluations", helps(KEYS))];
        if self.pane == ROWS {
            all.insert(0, ("rows", helps(SORTING)));
        }
        all.push(("lists", helps(LIST)));
        all
    }

    fn key(&mut self, key: Key, context: &mut ScreenContext<'_>) -> bool {
        if self.pane == ROWS && self.rows.key(key) {
            return true;
        }
        if let Some(step) = action(LIST, key) {
            self.step(self.pane, step, context);
            return true;
        }
        match action(KEYS, key) {
            Some(Act::Pane) => self.pane = (self.pane + 1) % 3,
            Some(Act::Back) => self.pane = (self.pane + 2) % 3,
            Some(Act::Open) => self.open(context),
            Some(Act::Pick) => {
                if let Some(suite) = self.suites.get(self.suite).map(|s| s.name.clone())
                    && !self.picked.remove(&suite)
                {
                    self.picked.insert(suite);
                }
            }
            Some(Act::Start) => self.start(context),
            Some(Act::Model) => self.model = (self.model + 1) % self.models.len().max(1),
            Some(Act::Limit) => self.limit = (self.limit + 1) % LIMITS.len(),
            Some(Act::Figures) => {
                let all = self.shown_run().map_or(0, |run| run.figures.len());
                let next = self.first_figure + FIGURE_STEP;
                self.first_figure = if next < all { next } else { 0 };
            }
            Some(Act::Baseline) => self.mark_baseline(context),
            Some(Act::Stop) => self.live.keys().for_each(|job| context.ask(Effect::Cancel(*job))),
            Some(Act::Reload) => context.ask(Effect::LoadRuns),
            None => return false,
        }
        true
    }

    fn click(&mut self, target: ClickTarget, context: &mut ScreenContext<'_>) {
        match target {
            ClickTarget::Item(SUITES, i) => (self.pane, self.suite) = (SUITES, i),
            ClickTarget::Item(RUNS, i) => {
                (self.pane, self.run) = (RUNS, i);
                self.open_run(context);
            }
            ClickTarget::Item(ROWS, i) => {
                self.pane = ROWS;
                self.rows.select(i, context);
            }
            ClickTarget::Pane(pane) if pane <= ROWS => self.pane = pane,
            _ => {}
        }
    }

    fn scroll(&mut self, pane: usize, down: bool, context: &mut ScreenContext<'_>) {
        self.step(pane, if down { Step::Down } else { Step::Up }, context);
    }

    fn shown(&mut self, context: &mut ScreenContext<'_>) {
        context.ask(Effect::LoadRuns);
    }

    fn news(&mut self, news: &News, context: &mut ScreenContext<'_>) {
        match news {
            News::Suites(suites) => {
                self.suites.clone_from(suites);
                self.suite = self.suite.min(suites.len().saturating_sub(1));
            }
            News::Models(models) => self.models.clone_from(models),
            News::Runs(runs) => {
                // The selection follows its run when the list changes.
                let id = self.runs.get(self.run).map(|r| r.id.clone());
                self.runs.clone_from(runs);
                let newest = self
                    .finished
                    .take()
                    .and_then(|suite| runs.iter().position(|run| run.about.suite == suite));
                let place =
                    newest.or_else(|| id.and_then(|id| runs.iter().position(|r| r.id == id)));
                self.run = place.unwrap_or(self.run).min(runs.len().saturating_sub(1));
            }
            News::Rows(run, rows) => {
                if self.baseline.as_ref() == Some(run) {
                    self.rows.baseline(Some(rows));
                }
                self.rows.take(run, rows);
            }
            News::Compared(run, comparison) => {
                self.compared.insert(run.clone(), (**comparison).clone());
            }
            News::Pictured(name, picture) => self.rows.picture(name, picture),
            News::Job(job, news) => self.job(*job, news, context),
            _ => {}
        }
    }

    fn draw(&self, pen: &mut Pen<'_>, area: Rect) {
        self.view(pen, area);
    }
}
