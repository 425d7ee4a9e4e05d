//! Comparison: one input, and the answers of several tasks, models and settings side by side.

mod bindings;
mod column;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use syrinx_task::AnswerKind;
use syrinx_types::{Audio, Event};

use crate::field::Field;
use crate::keys::{Key, KeyHelp, LIST, action, helps};
use crate::message::{Effect, JobId, JobNews, News};
use crate::pen::ClickTarget;
use crate::screens::compare::bindings::{Act, KEYS, KNOBS, Knobs, TYPING, Typing};
use crate::screens::compare::column::{Column, ColumnState, Input};
use crate::screens::{Component, ScreenContext};
use crate::{Knob, ModelCard, ProgramError, TaskCard};

/// Keyboard focus.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Focus {
    #[default]
    Columns,
    Text,
    File,
    Voice,
    Knobs,
    /// The value of a setting, while it is edited.
    Value(Field),
}

/// Indices of panes as click targets; the pane of column `i` has the index `COLUMN + i`.
const TEXT: usize = 0;
const FILE: usize = 1;
const VOICE: usize = 2;
const KNOB: usize = 3;
const COLUMN: usize = 4;

/// Largest number of columns.
const MOST_COLUMNS: usize = 8;

/// State of the screen.
#[derive(Debug, Default)]
pub(crate) struct Compare {
    tasks: Vec<TaskCard>,
    models: Vec<ModelCard>,
    knobs: Vec<Knob>,
    voices: BTreeMap<String, Vec<String>>,
    text: Field,
    file: Field,
    voice: Field,
    columns: Vec<Column>,
    at: usize,
    knob: usize,
    focus: Focus,
}

impl Compare {
    fn card(&self, column: &Column) -> Option<&TaskCard> {
        self.tasks.iter().find(|t| t.id == column.task)
    }

    fn column(&self) -> Option<&Column> {
        self.columns.get(self.at)
    }

    /// Runs the columns that `which` selects. A column that needs a recording waits for a column that synthesizes
    /// speech, if no file is given.
    fn run(&mut self, which: impl Fn(usize) -> bool, context: &mut ScreenContext<'_>) {
        let chosen: Vec<usize> = (0..self.columns.len()).filter(|i| which(*i)).collect();
        for i in chosen {
            self.stop(i, context);
            let needs = self.card(&self.columns[i]).is_some_and(|c| c.takes_recording);
            if needs && self.file.text().trim().is_empty() {
                self.columns[i].state = ColumnState::Waiting;
            } else {
                self.start(i, None, context);
            }
        }
        self.start_waiting(context);
    }

    /// Starts the waiting columns when a recording is available; marks them as failed if no running column will provide
    /// one.
    fn start_waiting(&mut self, context: &mut ScreenContext<'_>) {
        let speaks = |c: &Column| self.card(c).is_some_and(TaskCard::speaks);
        let speaking: Vec<usize> =
            (0..self.columns.len()).filter(|i| speaks(&self.columns[*i])).collect();
        if speaking.iter().any(|i| matches!(self.columns[*i].state, ColumnState::Running { .. })) {
            return;
        }
        let audio: Option<Arc<Audio>> =
            speaking.iter().find_map(|i| self.columns[*i].audio().cloned());
        for i in 0..self.columns.len() {
            if !matches!(self.columns[i].state, ColumnState::Waiting) {
                continue;
            }
            match &audio {
                Some(audio) => self.start(i, Some(Arc::clone(audio)), context),
                None => {
                    let hint = "name a file, or add a column that synthesizes speech".into();
                    let error = ProgramError::new("the task needs a recording", Some(hint));
                    self.columns[i].state = ColumnState::Failed(error);
                }
            }
        }
    }

    fn start(&mut self, i: usize, recording: Option<Arc<Audio>>, context: &mut ScreenContext<'_>) {
        let Some(card) = self.card(&self.columns[i]).cloned() else { return };
        let model = self.models.get(self.columns[i].model).cloned().unwrap_or_default();
        let input = Input {
            text: self.text.text(),
            file: self.file.text().trim(),
            voice: self.voice.text().trim(),
        };
        let job = context.job();
        let ask = self.columns[i].ask(&card, model, input, recording);
        self.columns[i].state =
            ColumnState::Running { job, since_s: context.now_s, note: String::new() };
        context.ask(Effect::Answer(job, Box::new(ask)));
    }

    fn stop(&mut self, i: usize, context: &mut ScreenContext<'_>) {
        if let ColumnState::Running { job, .. } = self.columns[i].state {
            context.ask(Effect::Cancel(job));
        }
    }

    fn act(&mut self, act: Act, context: &mut ScreenContext<'_>) {
        match act {
            Act::All => self.run(|_| true, context),
            Act::One => {
                let at = self.at;
                self.run(|i| i == at, context);
            }
            Act::Left => self.at = self.at.saturating_sub(1),
            Act::Right => self.at = (self.at + 1).min(self.columns.len().saturating_sub(1)),
            Act::Add if self.columns.len() < MOST_COLUMNS => {
                let like = self.column().map(Column::like);
                let first = || self.tasks.first().map(|t| Column::of(&t.id));
                if let Some(new) = like.or_else(first) {
                    self.at = (self.at + 1).min(self.columns.len());
                    self.columns.insert(self.at, new);
                }
            }
            Act::Remove if self.columns.len() > 1 => {
                self.stop(self.at, context);
                self.columns.remove(self.at);
                self.at = self.at.min(self.columns.len() - 1);
            }
            Act::Task => self.next_task(context),
            Act::Model => self.next_model(context),
            Act::Seed => {
                if let Some(column) = self.columns.get_mut(self.at) {
                    column.seed += 1;
                }
            }
            Act::Voice => self.next_voice(),
            Act::Settings => self.focus = Focus::Knobs,
            Act::Input => self.focus = Focus::Text,
            Act::Save => {
                if let Some((name, shown)) = self.column().and_then(Column::shown) {
                    context.ask(Effect::Save(name, Box::new(shown.answer.clone())));
                }
            }
            Act::Play => {
                if let Some(audio) = self.column().and_then(Column::audio) {
                    context.ask(Effect::Play(Arc::clone(audio)));
                }
            }
            Act::Stop => {
                for i in 0..self.columns.len() {
                    self.stop(i, context);
                    if matches!(self.columns[i].state, ColumnState::Waiting) {
                        self.columns[i].state = ColumnState::Empty;
                    }
                }
            }
            Act::Add | Act::Remove => {}
        }
    }

    fn next_task(&mut self, context: &mut ScreenContext<'_>) {
        if self.columns.is_empty() || self.tasks.is_empty() {
            return;
        }
        self.stop(self.at, context);
        let column = &mut self.columns[self.at];
        let now = self.tasks.iter().position(|t| t.id == column.task).map_or(0, |i| i + 1);
        column.task.clone_from(&self.tasks[now % self.tasks.len()].id);
        column.state = ColumnState::Empty;
    }

    fn next_model(&mut self, context: &mut ScreenContext<'_>) {
        let models = self.models.len().max(1);
        if let Some(column) = self.columns.get_mut(self.at) {
            column.model = (column.model + 1) % models;
            if let Some(model) = self.models.get(column.model)
                && !self.voices.contains_key(&model.name)
            {
                context.ask(Effect::LoadVoices(model.clone()));
            }
        }
    }

    fn next_voice(&mut self) {
        let model = self.column().and_then(|c| self.models.get(c.model));
        let Some(voices) = model.and_then(|m| self.voices.get(&m.name)) else { return };
        let now = voices.iter().position(|v| v == self.voice.text()).map_or(0, |i| i + 1);
        if let Some(voice) = voices.get(now % voices.len().max(1)) {
            self.voice = Field::new(voice.clone());
        }
    }

    fn field(&mut self) -> Option<&mut Field> {
        match &mut self.focus {
            Focus::Text => Some(&mut self.text),
            Focus::File => Some(&mut self.file),
            Focus::Voice => Some(&mut self.voice),
            Focus::Value(value) => Some(value),
            Focus::Columns | Focus::Knobs => None,
        }
    }

    fn typing(&mut self, key: Key, context: &mut ScreenContext<'_>) -> bool {
        let order = [Focus::Text, Focus::File, Focus::Voice, Focus::Columns];
        let now = order.iter().position(|f| *f == self.focus).unwrap_or(0);
        match action(TYPING, key) {
            Some(Typing::Run) => self.run(|_| true, context),
            Some(Typing::Next) => self.focus = order[(now + 1) % order.len()].clone(),
            Some(Typing::Previous) => self.focus = order[(now + 3) % order.len()].clone(),
            Some(Typing::Leave) => self.focus = Focus::Columns,
            None => return self.field().is_some_and(|field| field.key(key)),
        }
        true
    }

    fn knob_key(&mut self, key: Key, context: &mut ScreenContext<'_>) -> bool {
        if let Some(step) = action(LIST, key) {
            self.knob = step.from(self.knob, self.knobs.len());
            return true;
        }
        let (Some(knob), Some(column)) = (self.knobs.get(self.knob), self.columns.get_mut(self.at))
        else {
            self.focus = Focus::Columns;
            return true;
        };
        match action(KNOBS, key) {
            Some(Knobs::More) => column.turn(knob, true),
            Some(Knobs::Less) => column.turn(knob, false),
            Some(Knobs::Type) => self.focus = Focus::Value(Field::new(column.value(knob))),
            Some(Knobs::Reset) => {
                column.changed.remove(&knob.key);
            }
            Some(Knobs::Run) => self.act(Act::One, context),
            Some(Knobs::Leave) => self.focus = Focus::Columns,
            None => return false,
        }
        true
    }

    fn value_key(&mut self, key: Key) -> bool {
        match (key, &mut self.focus) {
            (Key::Esc, _) => self.focus = Focus::Knobs,
            (Key::Enter, Focus::Value(value)) => {
                let value = value.text().trim().to_owned();
                if let (Some(knob), Some(column)) =
                    (self.knobs.get(self.knob), self.columns.get_mut(self.at))
                {
                    column.set(knob, value);
                }
                self.focus = Focus::Knobs;
            }
            (key, Focus::Value(value)) => return value.key(key),
            _ => return false,
        }
        true
    }

    fn job(&mut self, job: JobId, news: &JobNews, context: &mut ScreenContext<'_>) {
        let mine =
            |c: &&mut Column| matches!(c.state, ColumnState::Running { job: j, .. } if j == job);
        let Some(column) = self.columns.iter_mut().find(mine) else { return };
        match news {
            JobNews::Event(Event::JobProgress { done, note, .. }) => {
                if let ColumnState::Running { note: shown, .. } = &mut column.state {
                    *shown = format!("{done} {note}");
                }
                return;
            }
            JobNews::Answered(shown) => column.state = ColumnState::Shown(shown.clone()),
            JobNews::Failed(error) => column.state = ColumnState::Failed(error.clone()),
            JobNews::Stopped => column.state = ColumnState::Empty,
            JobNews::Event(_) | JobNews::Evaluated(_) | JobNews::Ablated(_) => return,
        }
        self.start_waiting(context);
    }

    /// Opens the initial columns: a task that synthesizes speech, and one that recognizes its answer.
    fn first_columns(&mut self) {
        let speaks = self.tasks.iter().find(|t| t.speaks());
        let recognizes = self.tasks.iter().find(|t| t.answer_kind == AnswerKind::Text);
        self.columns = speaks.into_iter().chain(recognizes).map(|t| Column::of(&t.id)).collect();
        if self.columns.is_empty() {
            self.columns = self.tasks.first().map(|t| Column::of(&t.id)).into_iter().collect();
        }
        if self.text.text().is_empty() {
            self.text = Field::new("The birch canoe slid on the smooth planks.");
        }
    }
}

impl Component for Compare {
    fn keys(&self) -> Vec<(&'static str, Vec<KeyHelp>)> {
        match self.focus {
            Focus::Columns => vec![("columns", helps(KEYS))],
            Focus::Knobs | Focus::Value(_) => {
                vec![("settings", helps(KNOBS)), ("lists", helps(LIST))]
            }
            _ => vec![("input", helps(TYPING))],
        }
    }

    fn key(&mut self, key: Key, context: &mut ScreenContext<'_>) -> bool {
        match self.focus {
            Focus::Columns => match action(KEYS, key) {
                Some(act) => {
                    self.act(act, context);
                    true
                }
                None => false,
            },
            Focus::Knobs => self.knob_key(key, context),
            Focus::Value(_) => self.value_key(key),
            _ => self.typing(key, context),
        }
    }

    fn paste(&mut self, text: &str) {
        if self.focus == Focus::Columns {
            self.focus = Focus::Text;
        }
        if let Some(field) = self.field() {
            field.paste(text);
        }
    }

    fn click(&mut self, target: ClickTarget, _: &mut ScreenContext<'_>) {
        match target {
            ClickTarget::Pane(TEXT) => self.focus = Focus::Text,
            ClickTarget::Pane(FILE) => self.focus = Focus::File,
            ClickTarget::Pane(VOICE) => self.focus = Focus::Voice,
            ClickTarget::Item(KNOB, i) => (self.focus, self.knob) = (Focus::Knobs, i),
            ClickTarget::Pane(pane) if (COLUMN..COLUMN + self.columns.len()).contains(&pane) => {
                (self.focus, self.at) = (Focus::Columns, pane - COLUMN);
            }
            _ => {}
        }
    }

    fn scroll(&mut self, pane: usize, down: bool, _: &mut ScreenContext<'_>) {
        if pane == KNOB {
            let last = self.knobs.len().saturating_sub(1);
            self.knob = if down { (self.knob + 1).min(last) } else { self.knob.saturating_sub(1) };
        }
    }

    fn news(&mut self, news: &News, context: &mut ScreenContext<'_>) {
        match news {
            News::Tasks(tasks) => {
                self.tasks.clone_from(tasks);
                if self.columns.is_empty() {
                    self.first_columns();
                }
            }
            News::Models(models) => {
                self.models.clone_from(models);
                if let Some(model) = models.first() {
                    context.ask(Effect::LoadVoices(model.clone()));
                }
            }
            News::Knobs(knobs) => self.knobs.clone_from(knobs),
            News::Voices(model, voices) => {
                self.voices.insert(model.clone(), voices.clone());
                if self.voice.text().is_empty() {
                    self.voice = Field::new(voices.first().cloned().unwrap_or_default());
                }
            }
            News::Job(job, news) => self.job(*job, news, context),
            _ => {}
        }
    }

    fn draw(&self, pen: &mut crate::pen::Pen<'_>, area: ratatui::layout::Rect) {
        self.view(pen, area);
    }
}
