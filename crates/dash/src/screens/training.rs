//! Training: curves, checkpoints and notes of a running or finished run, from its events.

mod history;
mod samples;

use std::path::PathBuf;

use ratatui::layout::Rect;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};

use crate::TrainingCard;
use crate::grid::{Grid, cell};
use crate::keys::{Binding, Key, KeyHelp, LIST, Step, action, bind, helps};
use crate::message::{Effect, News};
use crate::pen::{ClickTarget, Pen, above, left};
use crate::screens::training::history::{History, LOSS};
use crate::screens::training::samples::Samples;
use crate::screens::{Component, ScreenContext, bounds, duration, number};

#[derive(Debug, Clone, Copy)]
enum Act {
    Pane,
    Back,
    Open,
    Log,
    Recent,
    Mark,
    Sample,
    Every,
    Play,
    Reload,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[Key::Enter], Act::Open, "open", "follow this run"),
    bind(&[Key::Tab], Act::Pane, "pane", "the next pane"),
    bind(&[Key::BackTab], Act::Back, "", "the previous pane"),
    bind(&[Key::Char(' ')], Act::Mark, "add curve", "show or hide this curve"),
    bind(&[Key::Char('y')], Act::Log, "log", "the chart's scale: linear or logarithmic"),
    bind(&[Key::Char('r')], Act::Recent, "recent", "the chart's steps: all, or the last tenth"),
    bind(&[Key::Char('s')], Act::Sample, "sample", "synthesize a sentence with the newest weights"),
    bind(&[Key::Char('c')], Act::Every, "", "switch samples at every new checkpoint on or off"),
    bind(&[Key::Char('p')], Act::Play, "", "play the last sample"),
    bind(&[Key::Char('u')], Act::Reload, "", "search for runs again"),
];

const RUNS: usize = 0;
const CURVES: usize = 1;
const CHART: usize = 2;
const NOTES: usize = 3;

/// State of the screen.
#[derive(Debug)]
pub(crate) struct Training {
    runs: Vec<TrainingCard>,
    at: usize,
    followed: Option<PathBuf>,
    replayed: bool,
    history: History,
    curve: usize,
    marked: Vec<String>,
    log: bool,
    recent: bool,
    scroll: usize,
    pane: usize,
    samples: Samples,
}

impl Training {
    pub(crate) fn new(replay: Option<PathBuf>) -> Self {
        Self {
            runs: Vec::new(),
            at: 0,
            replayed: replay.is_some(),
            followed: replay,
            history: History::default(),
            curve: 0,
            marked: vec![LOSS.into()],
            log: false,
            recent: false,
            scroll: 0,
            pane: RUNS,
            samples: Samples::default(),
        }
    }

    fn follow(&mut self, path: PathBuf, context: &mut ScreenContext<'_>) {
        self.history = History::default();
        self.samples.forget();
        self.followed = Some(path.clone());
        context.ask(Effect::Follow(path));
    }

    /// Requests a sample with the newest weights.
    fn sample(&mut self, context: &mut ScreenContext<'_>) {
        if let Some(path) = &self.followed {
            self.samples.make(path, self.history.checkpoint, context);
        }
    }

    fn names(&self) -> Vec<&String> {
        self.history.series.keys().collect()
    }

    fn step(&mut self, pane: usize, step: Step) {
        match pane {
            RUNS => self.at = step.from(self.at, self.runs.len()),
            CURVES => self.curve = step.from(self.curve, self.history.series.len()),
            NOTES => self.scroll = step.from(self.scroll, self.history.notes.len()),
            _ => {}
        }
    }

    fn mark(&mut self) {
        let Some(name) = self.names().get(self.curve).map(|n| (*n).clone()) else { return };
        match self.marked.iter().position(|m| *m == name) {
            Some(i) => {
                self.marked.remove(i);
            }
            None => self.marked.push(name),
        }
    }
}

impl Component for Training {
    fn keys(&self) -> Vec<(&'static str, Vec<KeyHelp>)> {
        vec![("training", helps(KEYS)), ("lists", helps(LIST))]
    }

    fn key(&mut self, key: Key, context: &mut ScreenContext<'_>) -> bool {
        // The keys of this screen take precedence over those of lists, which have other meanings for the same letters.
        if let Some(act) = action(KEYS, key) {
            match act {
                Act::Pane => self.pane = (self.pane + 1) % 4,
                Act::Back => self.pane = (self.pane + 3) % 4,
                Act::Open => {
                    if let Some(run) = self.runs.get(self.at) {
                        self.follow(run.path.clone(), context);
                    }
                }
                Act::Log => self.log = !self.log,
                Act::Recent => self.recent = !self.recent,
                Act::Mark => self.mark(),
                Act::Sample => self.sample(context),
                Act::Every => self.samples.every = !self.samples.every,
                Act::Play => {
                    if let Some(audio) = self.samples.last() {
                        context.ask(Effect::Play(std::sync::Arc::clone(audio)));
                    }
                }
                Act::Reload => context.ask(Effect::LoadTrainings),
            }
            return true;
        }
        let Some(step) = action(LIST, key) else { return false };
        self.step(self.pane, step);
        true
    }

    fn click(&mut self, target: ClickTarget, context: &mut ScreenContext<'_>) {
        match target {
            ClickTarget::Item(RUNS, i) => {
                (self.pane, self.at) = (RUNS, i);
                if let Some(run) = self.runs.get(i) {
                    self.follow(run.path.clone(), context);
                }
            }
            ClickTarget::Item(CURVES, i) => {
                (self.pane, self.curve) = (CURVES, i);
                self.mark();
            }
            ClickTarget::Pane(pane) if pane <= NOTES => self.pane = pane,
            _ => {}
        }
    }

    fn scroll(&mut self, pane: usize, down: bool, _: &mut ScreenContext<'_>) {
        self.step(pane, if down { Step::Down } else { Step::Up });
    }

    fn shown(&mut self, context: &mut ScreenContext<'_>) {
        context.ask(Effect::LoadTrainings);
        if let Some(path) = self.followed.clone().filter(|_| self.history == History::default()) {
            context.ask(Effect::Follow(path));
        }
    }

    fn news(&mut self, news: &News, context: &mut ScreenContext<'_>) {
        match news {
            News::Trainings(runs) => {
                self.runs.clone_from(runs);
                self.at = self.at.min(runs.len().saturating_sub(1));
                // The latest run is followed unless the user has opened another.
                if let (None, false, Some(run)) = (&self.followed, self.replayed, runs.first()) {
                    self.follow(run.path.clone(), context);
                }
            }
            News::Followed(path, events, start) if self.followed.as_ref() == Some(path) => {
                if *start {
                    self.history = History::default();
                }
                let before = self.history.checkpoint;
                for event in events {
                    self.history.take(event);
                }
                // Earlier checkpoints are listed, too, but only new ones are sampled automatically.
                if self.samples.every && !*start && self.history.checkpoint > before {
                    self.sample(context);
                }
            }
            News::Tasks(tasks) => self.samples.tasks(tasks),
            News::Job(job, news) => self.samples.job(*job, news),
            _ => {}
        }
    }

    fn draw(&self, pen: &mut Pen<'_>, area: Rect) {
        if pen.compact {
            match self.pane {
                RUNS => self.draw_runs(pen, area),
                CURVES => self.draw_curves(pen, area),
                CHART => {
                    let (head, rest) = above(area, 2);
                    self.draw_head(pen, head);
                    self.draw_chart(pen, rest);
                }
                _ => self.draw_notes(pen, area),
            }
            return;
        }
        let (lists, rest) = left(area, 30);
        let (runs, curves) = above(lists, (lists.height / 3).max(5));
        self.draw_runs(pen, runs);
        self.draw_curves(pen, curves);
        let (head, rest) = above(rest, 2);
        self.draw_head(pen, head);
        let (chart, notes) = above(rest, rest.height.saturating_sub((rest.height / 4).max(4)));
        self.draw_chart(pen, chart);
        self.draw_notes(pen, notes);
    }
}

impl Training {
    fn draw_runs(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == RUNS;
        let inner = pen.frame(area, "Runs", RUNS, focused);
        if self.runs.is_empty() {
            pen.paragraph(inner, "no events.jsonl below runs/", pen.theme.dim);
        }
        let sign = |path| if self.followed.as_ref() == Some(path) { "▶" } else { " " };
        let rows = self.runs.iter().map(|run| vec![cell(sign(&run.path)), cell(&run.name)]);
        let grid = Grid {
            rows: rows.collect(),
            selected: Some(self.at),
            right_from: 9,
            stretch: 1,
            ..Grid::default()
        };
        grid.draw(pen, inner, RUNS, focused);
    }

    fn draw_curves(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == CURVES;
        let inner = pen.frame(area, "Curves", CURVES, focused);
        let rows = self.history.series.iter().map(|(name, series)| {
            let place = self.marked.iter().position(|m| m == name);
            let style = place.map(|i| pen.theme.accent(i));
            let sign = place.map_or(" ", |i| SIGNS[i % SIGNS.len()]);
            vec![(sign.to_owned(), style), (name.clone(), style), cell(number(series.last))]
        });
        let grid = Grid {
            rows: rows.collect(),
            selected: Some(self.curve),
            right_from: 2,
            stretch: 1,
            ..Grid::default()
        };
        grid.draw(pen, inner, CURVES, focused);
    }

    fn draw_head(&self, pen: &mut Pen<'_>, area: Rect) {
        let h = &self.history;
        if h.total == 0 {
            let text = match h.jobs.iter().next() {
                Some((name, (done, Some(total)))) => format!("{name}: {done} of {total}"),
                Some((name, (done, None))) => format!("{name}: {done}"),
                None if self.followed.is_some() => "no step yet".to_owned(),
                None => "no run".to_owned(),
            };
            pen.text(area, 1, 0, &text, pen.theme.dim);
            return;
        }
        let left = match (h.step >= h.total, h.left_s()) {
            (true, _) => "done".to_owned(),
            (false, Some(seconds)) => format!("{} left", duration(seconds)),
            (false, None) => "time left unknown".to_owned(),
        };
        let silent = h.last_s().map(|at| pen.now_s - at).filter(|s| *s > 60.0 && h.step < h.total);
        let silent = silent.map_or(String::new(), |s| format!(", silent for {}", duration(s)));
        let share = h.step as f64 / h.total as f64;
        pen.gauge(area, 0, share, &format!("step {} of {}, {left}{silent}", h.step, h.total));
        let line = format!(
            " rate {}  gradient {}  {} positions/s",
            number(h.learning_rate),
            number(h.gradient_norm),
            number(h.tokens_per_s)
        );
        pen.text(area, 0, 1, &line, pen.theme.dim);
    }

    fn draw_chart(&self, pen: &mut Pen<'_>, area: Rect) {
        let scale = if self.log { ", log10" } else { "" };
        let range = if self.recent { ", last tenth" } else { "" };
        let title = format!("{}{scale}{range}", self.marked.join(", "));
        let inner = pen.frame(area, &title, CHART, self.pane == CHART);
        let from = if self.recent { 0.9 * self.history.step as f64 } else { 0.0 };
        let shown = |(step, value): &(f64, f64)| {
            let value = if self.log { value.max(1e-12).log10() } else { *value };
            (*step >= from).then_some((*step, value))
        };
        let curves: Vec<Vec<(f64, f64)>> = self
            .marked
            .iter()
            .filter_map(|name| self.history.series.get(name))
            .map(|series| series.points.iter().filter_map(shown).collect())
            .collect();
        let points = || curves.iter().flatten();
        let (Some(x), Some(y)) = (bounds(points().map(|p| p.0)), bounds(points().map(|p| p.1)))
        else {
            pen.text(inner, 0, 0, "nothing to draw yet", pen.theme.dim);
            return;
        };
        if inner.width < 16 || inner.height < 4 {
            return;
        }
        let sets = curves.iter().enumerate().map(|(i, points)| {
            Dataset::default()
                .marker(Marker::Braille)
                .graph_type(GraphType::Line)
                .style(pen.theme.accent(i))
                .data(points)
        });
        let label = |v: f64| Line::from(number(if self.log { 10f64.powf(v) } else { v }));
        let x_label = |v: f64| Line::from(format!("{:.0}", v.max(0.0)));
        let chart = Chart::new(sets.collect())
            .x_axis(
                Axis::default()
                    .style(pen.theme.dim)
                    .bounds(x)
                    .labels([x_label(x[0]), x_label(x[1])]),
            )
            .y_axis(Axis::default().style(pen.theme.dim).bounds(y).labels([
                label(y[0]),
                label((y[0] + y[1]) / 2.0),
                label(y[1]),
            ]))
            .legend_position(None);
        chart.render(inner, pen.buf);
    }

    fn draw_notes(&self, pen: &mut Pen<'_>, area: Rect) {
        let every = if self.samples.every { ", a sample at each" } else { "" };
        let title = format!("Checkpoints and notes{every}");
        let inner = pen.frame(area, &title, NOTES, self.pane == NOTES);
        let inner = if self.samples.is_empty() {
            inner
        } else {
            let (notes, sample) = left(inner, inner.width / 2);
            self.samples.draw(pen, sample);
            notes
        };
        let latest = self.history.notes.iter().rev().skip(self.scroll);
        for (i, (step, text)) in latest.enumerate().take(inner.height.into()) {
            let warning = text.starts_with('!');
            let style = if warning { pen.theme.warn } else { pen.theme.text };
            let step = format!("{step:>7} ");
            pen.line(inner, i as u16, &[(&step, pen.theme.dim), (text, style)]);
        }
    }
}

/// Markers of curves, which distinguish them without colors.
const SIGNS: [&str; 6] = ["●", "■", "▲", "◆", "○", "□"];
