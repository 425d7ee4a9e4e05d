//! The terminal dashboard: tasks side by side, evaluations, ablations, training runs, the registry.
//!
//! The state is a value ([`App`]). [`App::update`] takes a message ([`Msg`]), changes the state and returns effects
//! ([`Effect`]); [`App::draw`] draws the state. [`run`] connects these to a terminal: threads read keys, run effects
//! with the caller's [`Program`], and send messages back.
//!
//! Invariants:
//!
//! - The reducer uses no files, no clock and no engine. A test can build any state and draw it.
//! - [`Program`] runs on threads of its own, so that drawing never waits for the engine, nor the engine for drawing.
//! - Each component has one table ([`keys`]) that defines the effect of every key and its line in the help.
//! - No information is shown by color alone. Every terminal size is supported; below 80×24 one pane is shown at a time.
//! - Quitting stops running jobs and restores the terminal. A panic restores it, too.

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
