//! State of the dashboard and its reducer.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::keys::{Binding, Key, KeyHelp, action, bind, helps};
use crate::message::{Effect, JobId, JobNews, Msg, News};
use crate::overlay::{self, Overlay};
use crate::pen::{ClickTarget, Pen, above, width};
use crate::screens::ablations::Ablations;
use crate::screens::compare::Compare;
use crate::screens::evals::Evals;
use crate::screens::tasks::Tasks;
use crate::screens::training::Training;
use crate::screens::{Component, ScreenContext};
use crate::{Theme, ThemeName};

/// A terminal smaller than this gets one pane at a time.
const FULL: (u16, u16) = (80, 24);
/// Time that a line stays in the status bar, seconds.
const SAID_S: f64 = 8.0;
/// Interval between reads of a shown store, seconds.
const REFRESH_S: f64 = 3.0;

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    /// One input, several tasks, models and settings side by side.
    #[default]
    Compare,
    /// Suites and their runs.
    Evals,
    /// Grids of cells.
    Ablations,
    /// Training runs.
    Training,
    /// The registry.
    Tasks,
}

impl Screen {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Compare, Self::Evals, Self::Ablations, Self::Training, Self::Tasks];

    /// Returns the title of the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compare => "Compare",
            Self::Evals => "Evals",
            Self::Ablations => "Ablations",
            Self::Training => "Training",
            Self::Tasks => "Tasks",
        }
    }
}

/// Initial state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Color theme.
    pub theme: ThemeName,
    /// First screen.
    pub screen: Screen,
    /// Seconds since 1970.
    pub now_s: f64,
    /// Events of a past run to be shown.
    pub replay: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum Global {
    Screen(usize),
    Next,
    Previous,
    Help,
    Theme,
    Redraw,
    Leave,
}

const KEYS: &[Binding<Global>] = &[
    bind(&[Key::Char('?')], Global::Help, "help", "this help"),
    bind(&[Key::Char('1')], Global::Screen(0), "", "compare"),
    bind(&[Key::Char('2')], Global::Screen(1), "", "evaluations"),
    bind(&[Key::Char('3')], Global::Screen(2), "", "ablations"),
    bind(&[Key::Char('4')], Global::Screen(3), "", "training"),
    bind(&[Key::Char('5')], Global::Screen(4), "", "tasks"),
    bind(&[Key::Char(']')], Global::Next, "", "the next screen"),
    bind(&[Key::Char('[')], Global::Previous, "", "the screen before"),
    bind(&[Key::Char('T')], Global::Theme, "", "light or dark"),
    bind(&[Key::Ctrl('l')], Global::Redraw, "", "draw the screen anew"),
    bind(&[Key::Char('q'), Key::Ctrl('c')], Global::Leave, "quit", "leave; stops what is running"),
];

/// The state of the dashboard.
pub struct App {
    screen: Screen,
    theme: Theme,
    now_s: f64,
    read_s: f64,
    compare: Compare,
    evals: Evals,
    ablations: Ablations,
    training: Training,
    tasks: Tasks,
    overlay: Option<Overlay>,
    said: Option<(String, bool, f64)>,
    working: BTreeSet<JobId>,
    last_job: u64,
    hits: Vec<(Rect, ClickTarget)>,
}

impl App {
    /// Returns the initial state with its first effects.
    pub fn new(facts: Facts) -> (Self, Vec<Effect>) {
        let mut app = Self {
            screen: facts.screen,
            theme: Theme::named(facts.theme),
            now_s: facts.now_s,
            read_s: facts.now_s,
            compare: Compare::default(),
            evals: Evals::default(),
            ablations: Ablations::default(),
            training: Training::new(facts.replay),
            tasks: Tasks::default(),
            overlay: None,
            said: None,
            working: BTreeSet::new(),
            last_job: 0,
            hits: Vec::new(),
        };
        let effects = app.with_screen(|screen, context| screen.shown(context));
        (app, effects)
    }

    /// Returns the screen that is shown.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// Whether jobs are under way.
    pub fn is_working(&self) -> bool {
        !self.working.is_empty()
    }

    /// Applies a message; returns the effects to run.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = match msg {
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => {
                if self.overlay.is_none() {
                    self.current().paste(&text);
                }
                Vec::new()
            }
            Msg::Click { column, row } => self.click(Position::new(column, row)),
            Msg::Scroll { column, row, down } => self.wheel(Position::new(column, row), down),
            Msg::Resized => Vec::new(),
            Msg::Now(now_s) => self.tick(now_s),
            Msg::Terminate => vec![Effect::Quit],
            Msg::News(news) => self.news(&news),
        };
        for effect in &effects {
            if let Effect::Answer(job, _) | Effect::Evaluate(job, _) | Effect::Ablate(job, _) =
                effect
            {
                self.working.insert(*job);
            }
        }
        effects
    }

    /// Others write to the store too, so it is read again now and then.
    fn tick(&mut self, now_s: f64) -> Vec<Effect> {
        self.now_s = now_s;
        if (now_s - self.read_s).abs() < REFRESH_S {
            return Vec::new();
        }
        self.read_s = now_s;
        match self.screen {
            Screen::Evals => vec![Effect::LoadRuns],
            Screen::Ablations => vec![Effect::LoadCells],
            Screen::Compare | Screen::Training | Screen::Tasks => Vec::new(),
        }
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        match self.overlay.as_mut().map(|overlay| overlay.key(key)) {
            Some(overlay::OverlayOutcome::Stay) => return Vec::new(),
            Some(overlay::OverlayOutcome::Close) => {
                self.overlay = None;
                return Vec::new();
            }
            Some(overlay::OverlayOutcome::Leave) => return vec![Effect::Quit],
            None => {}
        }
        // Ctrl-C works wherever one is; everything else goes to the screen first.
        if key != Key::Ctrl('c') {
            let mut taken = false;
            let effects = self.with_screen(|screen, context| taken = screen.key(key, context));
            if taken {
                return effects;
            }
        }
        match action(KEYS, key) {
            Some(Global::Screen(number)) => self.show(number),
            Some(Global::Next) => self.show((self.number() + 1) % Screen::ALL.len()),
            Some(Global::Previous) => {
                self.show((self.number() + Screen::ALL.len() - 1) % Screen::ALL.len())
            }
            Some(Global::Help) => {
                self.overlay = Some(Overlay::Help { scroll: 0 });
                Vec::new()
            }
            Some(Global::Theme) => {
                self.theme = Theme::named(self.theme.name.next());
                Vec::new()
            }
            Some(Global::Redraw) => vec![Effect::Redraw],
            Some(Global::Leave) if self.working.is_empty() => vec![Effect::Quit],
            Some(Global::Leave) => {
                self.overlay = Some(Overlay::Leave);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn number(&self) -> usize {
        Screen::ALL.iter().position(|s| *s == self.screen).unwrap_or(0)
    }

    fn show(&mut self, number: usize) -> Vec<Effect> {
        let Some(screen) = Screen::ALL.get(number) else { return Vec::new() };
        self.screen = *screen;
        self.with_screen(|screen, context| screen.shown(context))
    }

    /// Returns the targets under a position of the terminal.
    fn under(&self, at: Position) -> impl Iterator<Item = ClickTarget> + '_ {
        let hit = move |(area, target): &(Rect, ClickTarget)| area.contains(at).then_some(*target);
        self.hits.iter().rev().filter_map(hit)
    }

    fn click(&mut self, at: Position) -> Vec<Effect> {
        if self.overlay.take().is_some() {
            return Vec::new();
        }
        let target = self.under(at).next();
        match target {
            None => Vec::new(),
            Some(ClickTarget::Screen(number)) => self.show(number),
            Some(target) => self.with_screen(|screen, context| screen.click(target, context)),
        }
    }

    fn wheel(&mut self, at: Position, down: bool) -> Vec<Effect> {
        let pane = self.under(at).find_map(|target| match target {
            ClickTarget::Pane(pane) | ClickTarget::Item(pane, _) => Some(pane),
            ClickTarget::Screen(_) => None,
        });
        if let Some(overlay) = &mut self.overlay {
            overlay.key(if down { Key::Down } else { Key::Up });
            return Vec::new();
        }
        match pane {
            Some(pane) => self.with_screen(|screen, context| screen.scroll(pane, down, context)),
            None => Vec::new(),
        }
    }

    fn news(&mut self, news: &News) -> Vec<Effect> {
        match news {
            News::Said(text) => self.said = Some((text.clone(), false, self.now_s)),
            News::Trouble(error) => self.said = Some((error.line(), true, self.now_s)),
            News::Job(
                job,
                JobNews::Answered(_)
                | JobNews::Evaluated(_)
                | JobNews::Ablated(_)
                | JobNews::Failed(_)
                | JobNews::Stopped,
            ) => {
                self.working.remove(job);
            }
            _ => {}
        }
        let mut context =
            ScreenContext { now_s: self.now_s, effects: Vec::new(), last_job: &mut self.last_job };
        let screens: [&mut dyn Component; 5] = [
            &mut self.compare,
            &mut self.evals,
            &mut self.ablations,
            &mut self.training,
            &mut self.tasks,
        ];
        for screen in screens {
            screen.news(news, &mut context);
        }
        let mut effects = context.effects;
        if matches!(news, News::Trouble(_)) {
            // Libraries of sound tell their troubles to the terminal, across the screen.
            effects.push(Effect::Redraw);
        }
        effects
    }

    fn current(&mut self) -> &mut dyn Component {
        match self.screen {
            Screen::Compare => &mut self.compare,
            Screen::Evals => &mut self.evals,
            Screen::Ablations => &mut self.ablations,
            Screen::Training => &mut self.training,
            Screen::Tasks => &mut self.tasks,
        }
    }

    fn with_screen(
        &mut self,
        act: impl FnOnce(&mut dyn Component, &mut ScreenContext<'_>),
    ) -> Vec<Effect> {
        let mut last_job = self.last_job;
        let mut context =
            ScreenContext { now_s: self.now_s, effects: Vec::new(), last_job: &mut last_job };
        act(self.current(), &mut context);
        let effects = context.effects;
        self.last_job = last_job;
        effects
    }

    /// Returns all tables of keys that count now.
    fn helps(&self) -> Vec<(&'static str, Vec<KeyHelp>)> {
        let mut all = self.shown_screen().keys();
        all.push(("everywhere", helps(KEYS)));
        all
    }

    fn shown_screen(&self) -> &dyn Component {
        match self.screen {
            Screen::Compare => &self.compare,
            Screen::Evals => &self.evals,
            Screen::Ablations => &self.ablations,
            Screen::Training => &self.training,
            Screen::Tasks => &self.tasks,
        }
    }

    /// Draws the state on a terminal's frame.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        self.draw_on(frame.buffer_mut(), area);
    }

    /// Draws the state on an area of a buffer and records the click targets.
    pub fn draw_on(&mut self, buf: &mut Buffer, area: Rect) {
        let mut hits = Vec::new();
        let compact = area.width < FULL.0 || area.height < FULL.1;
        let mut pen = Pen { buf, theme: &self.theme, hits: &mut hits, now_s: self.now_s, compact };
        let (tabs, rest) = above(area, 1);
        let (body, bar) = above(rest, rest.height.saturating_sub(1));
        self.draw_tabs(&mut pen, tabs);
        self.shown_screen().draw(&mut pen, body);
        self.draw_bar(&mut pen, bar);
        if let Some(overlay) = &self.overlay {
            overlay.draw(&mut pen, area, &self.helps());
        }
        self.hits = hits;
    }

    fn draw_tabs(&self, pen: &mut Pen<'_>, area: Rect) {
        let mut column = pen.text(area, 0, 0, " Syrinx ", pen.theme.title);
        for (i, screen) in Screen::ALL.iter().enumerate() {
            let here = *screen == self.screen;
            let name = match (here, pen.compact) {
                (true, _) => format!("[{} {}]", i + 1, screen.name()),
                (false, false) => format!(" {} {} ", i + 1, screen.name()),
                (false, true) => format!(" {} ", i + 1),
            };
            let style = if here { pen.theme.title } else { pen.theme.dim };
            let wide = pen.text(area, column, 0, &name, style);
            let place = Rect { x: area.x.saturating_add(column), width: wide, ..area };
            pen.hits.push((place.intersection(area), ClickTarget::Screen(i)));
            column += wide;
        }
        if self.is_working() {
            let spinner = ['|', '/', '-', '\\'][(self.now_s * 4.0) as u64 as usize % 4];
            let text = format!("{spinner} {} running ", self.working.len());
            let at = usize::from(area.width).saturating_sub(width(&text));
            if at > usize::from(column) {
                pen.text(area, at as u16, 0, &text, pen.theme.warn);
            }
        }
    }

    fn draw_bar(&self, pen: &mut Pen<'_>, area: Rect) {
        if let Some((text, trouble, at_s)) = &self.said
            && self.now_s - at_s < SAID_S
        {
            let (sign, style) = if *trouble { ("! ", pen.theme.bad) } else { ("", pen.theme.text) };
            pen.line(area, 0, &[(" ", style), (sign, style), (text, style)]);
            return;
        }
        // Help and the way out are always there, at the right.
        const ALWAYS: [(&str, &str); 2] = [("?", "help"), ("q", "quit")];
        let room: usize = ALWAYS.iter().map(|(key, word)| width(key) + width(word) + 3).sum();
        let end = usize::from(area.width).saturating_sub(room);
        let mut right = end as u16 + 1;
        for (key, word) in ALWAYS {
            right += pen.text(area, right, 0, key, pen.theme.title) + 1;
            right += pen.text(area, right, 0, word, pen.theme.dim) + 2;
        }
        let mut column = 1;
        for row in self.helps().into_iter().flat_map(|(_, rows)| rows) {
            let key = row.keys.split(' ').next().unwrap_or_default();
            let wanted = width(key) + width(row.bar) + 3;
            let always = ALWAYS.iter().any(|(name, _)| *name == key);
            if row.bar.is_empty() || always || usize::from(column) + wanted > end {
                continue;
            }
            column += pen.text(area, column, 0, key, pen.theme.title) + 1;
            column += pen.text(area, column, 0, row.bar, pen.theme.dim) + 2;
        }
    }
}
