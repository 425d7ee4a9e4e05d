//! State of the dashboard and its reducer.

mod draw;

use std::collections::BTreeSet;
use std::path::PathBuf;

use ratatui::layout::{Position, Rect};

use crate::keys::{Binding, Key, KeyHelp, action, bind, helps};
use crate::message::{Effect, JobId, JobNews, Msg, News};
use crate::overlay::{self, Overlay};
use crate::pen::ClickTarget;
use crate::screen::Screen;
use crate::screens::ablations::Ablations;
use crate::screens::compare::Compare;
use crate::screens::evals::Evals;
use crate::screens::tasks::Tasks;
use crate::screens::training::Training;
use crate::screens::{Component, ScreenContext};
use crate::{Theme, ThemeName};

/// Interval between reads of the results store while its runs or cells are shown, seconds.
const REFRESH_S: f64 = 3.0;

/// Initial state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Color theme.
    pub theme: ThemeName,
    /// First screen.
    pub screen: Screen,
    /// Seconds since 1970.
    pub now_s: f64,
    /// Event file of a past run to show.
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
    bind(&[Key::Char('[')], Global::Previous, "", "the previous screen"),
    bind(&[Key::Char('T')], Global::Theme, "", "the next color theme"),
    bind(&[Key::Ctrl('l')], Global::Redraw, "", "redraw the screen"),
    bind(&[Key::Char('q'), Key::Ctrl('c')], Global::Leave, "quit", "stop running jobs and quit"),
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

    /// Returns the current screen.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// Whether jobs are running.
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

    /// Advances the clock. Other processes write to the results store too, so it is read again at intervals of
    /// [`REFRESH_S`].
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
        // Ctrl-C works on every screen; all other keys go to the current screen first.
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
            // Audio libraries write error messages to the terminal, over the screen.
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

    /// Returns the key tables of the current screen and those of the dashboard.
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
}
