//! Ablations: the grid as a table that fills while it runs, and a chart of any figure against any axis.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::layout::Rect;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};
use serde_json::Value;
use syrinx_eval::{Figure, range, title};
use syrinx_results::{Cell, CellState, ControlRequest, Run};

use crate::AblationCard;
use crate::grid::{Grid, cell};
use crate::keys::{Binding, Key, KeyHelp, LIST, Step, action, bind, helps};
use crate::message::{Effect, JobId, JobNews, News};
use crate::overlay::centred;
use crate::pen::{ClickTarget, Pen, above, left};
use crate::screens::{Component, ScreenContext, bounds, number};

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
    bind(&[Key::Enter], Act::Start, "start", "start this ablation, or go on with it; asks first"),
    bind(&[Key::Char('f')], Act::Figure, "figure", "the next figure"),
    bind(&[Key::Char('a')], Act::Axis, "axis", "the chart's next axis"),
    bind(&[Key::Char('s')], Act::Stop, "stop", "stop this cell at its next safe point"),
    bind(&[Key::Char('r')], Act::Resume, "resume", "take this cell up again"),
    bind(&[Key::Tab, Key::BackTab], Act::Pane, "pane", "to the other list"),
    bind(&[Key::Char('x')], Act::Cancel, "", "stop what was started here; finished cells are kept"),
    bind(&[Key::Char('u')], Act::Reload, "", "read the store again"),
];

const ABLATIONS: usize = 0;
const CELLS: usize = 1;
const CHART: usize = 2;

/// Ablations on the screen.
#[derive(Debug, Default)]
pub(crate) struct Ablations {
    /// Ablations that can be started.
    cards: Vec<AblationCard>,
    /// Cells by ablation: those of the store, then ready ones without cells.
    ablations: Vec<(String, Vec<Cell>)>,
    runs: Vec<Run>,
    /// The ablation that is about to be started, once that is confirmed.
    asked: Option<AblationCard>,
    /// Ablations that were started here.
    live: BTreeMap<JobId, String>,
    /// Outcome of the last one.
    said: String,
    ablation: usize,
    at: usize,
    figure: usize,
    axis: usize,
    pane: usize,
}

/// A point of the chart.
struct Point {
    x: f64,
    figure: Figure,
}

impl Ablations {
    fn cells(&self) -> &[Cell] {
        self.ablations.get(self.ablation).map_or(&[], |(_, cells)| cells)
    }

    /// Returns the figures of the ablation's cells: name and variant. Where every cell has a single variant of its own,
    /// the variants are the varied setting, and the figures are merged.
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

    /// Returns the file of the selected ablation, if it can be started.
    fn card(&self) -> Option<&AblationCard> {
        let (name, _) = self.ablations.get(self.ablation)?;
        self.cards.iter().find(|card| card.name == *name)
    }

    /// Lists ready ablations behind those of the store.
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

    /// Starts the ablation of the open question if the key confirms it.
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
                // The selection stays with its ablation when others come in before it.
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
        if pen.compact {
            match self.pane {
                ABLATIONS => self.draw_ablations(pen, area),
                _ => self.draw_cells(pen, area),
            }
        } else {
            let (ablations, rest) = left(area, 26);
            self.draw_ablations(pen, ablations);
            let (cells, chart) = above(rest, rest.height - rest.height * 2 / 5);
            self.draw_cells(pen, cells);
            self.draw_chart(pen, chart);
        }
        if let Some(card) = &self.asked {
            ask(pen, area, card);
        }
    }
}

/// Opens the question whether to start an ablation.
fn ask(pen: &mut Pen<'_>, area: Rect, card: &AblationCard) {
    let trains = if card.trains { " It trains models, which may take hours." } else { "" };
    let text = format!(
        "{} {} cells, finished ones are not run again.{trains} y: start, n: not now",
        card.question, card.cells
    );
    let box_ = centred(area, 60, 8);
    pen.clear(box_);
    let inner = pen.frame(box_, &format!("Start {}?", card.name), usize::MAX, true);
    pen.paragraph(inner, &text, pen.theme.text);
}

impl Ablations {
    fn draw_ablations(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == ABLATIONS;
        let inner = pen.frame(area, "Ablations", ABLATIONS, focused);
        if self.ablations.is_empty() {
            let text = "none in the store, and none ready in configs/ablations";
            pen.paragraph(inner, text, pen.theme.dim);
        }
        let rows = self.ablations.iter().map(|(name, cells)| {
            let finished = cells.iter().filter(|c| c.state == CellState::Finished).count();
            let (state, style) = match cells.len() {
                _ if self.live.values().any(|live| live == name) => ("runs", pen.theme.warn),
                0 => ("ready", pen.theme.good),
                all => (&*format!("{finished}/{all}"), pen.theme.text),
            };
            vec![cell(name), (state.to_owned(), Some(style))]
        });
        let selected = Some(self.ablation);
        let grid =
            Grid { rows: rows.collect(), selected, right_from: 1, stretch: 0, ..Grid::default() };
        grid.draw(pen, inner, ABLATIONS, focused);
    }

    fn draw_cells(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == CELLS;
        let name = self.ablations.get(self.ablation).map_or("Cells", |(name, _)| name);
        let inner = pen.frame(area, name, CELLS, focused);
        if self.cells().is_empty()
            && let Some(card) = self.card()
        {
            let trains = if card.trains { ", each trains a model" } else { "" };
            let text = format!(
                "{} {} cells{trains}; not run yet. Enter starts it.",
                card.question, card.cells
            );
            let used = pen.paragraph(inner, &text, pen.theme.text);
            pen.paragraph(above(inner, used).1, &self.said, pen.theme.warn);
            return;
        }
        let axes = self.axes();
        let figure = self.wanted().map_or("figure".to_owned(), |(f, v)| shown_name(&f, &v));
        let mut titles = axes.clone();
        titles.extend(["seed".into(), "state".into(), figure, "95 % interval".into()]);
        let rows = self.cells().iter().map(|c| {
            let mut row: Vec<_> = axes.iter().map(|a| cell(shown(c.axes.get(a)))).collect();
            row.push(cell(c.seed.to_string()));
            row.push((state(c, pen.now_s), Some(style(c.state, pen))));
            let figure = self.figure_of(c);
            row.push(cell(figure.map_or("-".into(), |f| f.unit.show(f.value))));
            row.push(cell(figure.map_or(String::new(), range)));
            row
        });
        let grid = Grid {
            titles,
            rows: rows.collect(),
            selected: Some(self.at),
            right_from: axes.len() + 2,
            stretch: axes.len() + 1,
        };
        let (table, note) = above(inner, inner.height.saturating_sub(1));
        grid.draw(pen, table, CELLS, focused);
        if let Some(cell) = self.cells().get(self.at).filter(|c| !c.note.is_empty()) {
            pen.text(note, 0, 0, &cell.note, style(cell.state, pen));
        } else {
            pen.text(note, 0, 0, &self.said, pen.theme.dim);
        }
    }

    fn draw_chart(&self, pen: &mut Pen<'_>, area: Rect) {
        let axes = self.axes();
        let axis = axes.get(self.axis % axes.len().max(1)).cloned().unwrap_or_default();
        let wanted = self.wanted();
        let name = wanted.map_or("no figure yet".to_owned(), |(f, v)| {
            let name = if v.is_empty() { title(&f) } else { format!("{}, {v}", title(&f)) };
            format!("{name} against {axis}")
        });
        let inner = pen.frame(area, &name, CHART, self.pane == CHART);
        let (points, names) = self.points(&axis);
        let ends = points.iter().flat_map(|p| [p.figure.low, p.figure.high, p.figure.value]);
        let (Some(x), Some(y)) = (bounds(points.iter().map(|p| p.x)), bounds(ends)) else {
            pen.text(inner, 0, 0, "no finished cell has it", pen.theme.dim);
            return;
        };
        if inner.width < 16 || inner.height < 4 {
            return;
        }
        let unit = points[0].figure.unit;
        let values: Vec<(f64, f64)> = points.iter().map(|p| (p.x, p.figure.value)).collect();
        let bars: Vec<[(f64, f64); 2]> =
            points.iter().map(|p| [(p.x, p.figure.low), (p.x, p.figure.high)]).collect();
        let mut sets: Vec<Dataset<'_>> = bars
            .iter()
            .map(|bar| {
                Dataset::default()
                    .marker(Marker::Braille)
                    .graph_type(GraphType::Line)
                    .style(pen.theme.dim)
                    .data(bar)
            })
            .collect();
        sets.push(
            Dataset::default()
                .marker(Marker::Dot)
                .graph_type(GraphType::Scatter)
                .style(pen.theme.accent(0))
                .data(&values),
        );
        let label = |v: f64| Line::from(unit.show(v));
        let x_labels: Vec<Line<'_>> = match names.as_slice() {
            [] => [x[0], (x[0] + x[1]) / 2.0, x[1]].map(|v| Line::from(number(v))).to_vec(),
            names => names.iter().map(|n| Line::from(n.clone())).collect(),
        };
        let chart = Chart::new(sets)
            .x_axis(Axis::default().style(pen.theme.dim).bounds(x).labels(x_labels))
            .y_axis(
                Axis::default().style(pen.theme.dim).bounds(y).labels([label(y[0]), label(y[1])]),
            )
            .legend_position(None);
        chart.render(inner, pen.buf);
    }

    /// Returns the points of the chart; for an axis that isn't of numbers, its values' names in the order of their
    /// places.
    fn points(&self, axis: &str) -> (Vec<Point>, Vec<String>) {
        let cells: Vec<(&Value, &Figure)> = self
            .cells()
            .iter()
            .filter_map(|c| Some((c.axes.get(axis)?, self.figure_of(c)?)))
            .filter(|(_, f)| [f.value, f.low, f.high].iter().all(|v| v.is_finite()))
            .collect();
        let point = |x: f64, figure: &Figure| Point { x, figure: figure.clone() };
        if cells.iter().all(|(value, _)| value.is_number()) {
            let x = |value: &Value| value.as_f64().unwrap_or_default();
            return (cells.iter().map(|(value, f)| point(x(value), f)).collect(), Vec::new());
        }
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut names: Vec<String> = Vec::new();
        let mut points = Vec::new();
        for (value, figure) in cells {
            let name = shown(Some(value));
            let place = *places.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            });
            points.push(point(place as f64, figure));
        }
        (points, names)
    }
}

fn shown_name(figure: &str, variant: &str) -> String {
    if variant.is_empty() { figure.to_owned() } else { format!("{figure}, {variant}") }
}

/// Returns a value of an axis, texts without quotes.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "-".into(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Time without a heartbeat after which a running cell counts as killed, seconds.
const SILENT_S: f64 = 120.0;

fn state(cell: &Cell, now_s: f64) -> String {
    let name = cell.state.name();
    if !cell.state.is_active() {
        return name.to_owned();
    }
    let silent = now_s - cell.updated_s > SILENT_S;
    format!("{name} {:.0} %{}", 100.0 * cell.done, if silent { ", silent" } else { "" })
}

fn style(state: CellState, pen: &Pen<'_>) -> ratatui::style::Style {
    match state {
        CellState::Finished => pen.theme.good,
        CellState::Failed => pen.theme.bad,
        CellState::Stopped => pen.theme.warn,
        CellState::Planned => pen.theme.dim,
        _ => pen.theme.text,
    }
}
