//! The terminal dashboard: tasks side by side, evaluations, ablations, training runs, the registry.
//!
//! The state is a value ([`App`]). [`App::update`] takes a message ([`Msg`]), changes the state and returns effects
//! ([`Effect`]); [`App::draw`] draws the state. [`run`] connects these to a terminal: threads read keys, run effects
//! with the caller's [`Program`], and send messages back.
//!
//! Invariants:
//!
//! - The reducer does no work: no files, no clock, no engine. A test can make any state and draw it.
//! - The engine is behind [`Program`] and runs on threads of its own: neither it nor drawing waits for the other.
//! - One table a component ([`keys`]) defines the effect of a key and its line in the help.
//! - Colour is never the only sign. A terminal of any size is drawn, below 80×24 one pane at a time.
//! - Leaving stops running work and restores the terminal, after a panic too.

mod app;
mod error;
mod field;
mod follow;
mod grid;
mod input;
pub mod keys;
mod message;
mod overlay;
mod pen;
mod picture;
mod program;
mod run;
mod screen;
mod screens;
mod terminal;
mod theme;
mod workers;

pub use app::{App, Facts};
pub use error::{DashError, ProgramError};
pub use field::Field;
pub use follow::{Stamped, read_events};
pub use message::{Effect, JobId, JobNews, Msg, News};
pub use picture::Picture;
pub use program::{
    AblationCard, AnswerRequest, DrawnAnswer, EvalRequest, FieldCard, Knob, ModelCard, Program,
    ProgramAnswer, SuiteCard, TaskCard, TrainingCard,
};
pub use run::{DashOptions, run};
pub use screen::Screen;
pub use theme::{Theme, ThemeName};
