//! Messages and effects.

use std::path::PathBuf;
use std::sync::Arc;

use syrinx_eval::{Comparison, Report, Row};
use syrinx_results::{Cell, ControlRequest, Run};
use syrinx_types::{Audio, Event};

use crate::follow::Stamped;
use crate::keys::Key;
use crate::{
    AblationCard, AnswerRequest, DrawnAnswer, EvalRequest, Knob, ModelCard, Picture, ProgramError,
    SuiteCard, TaskCard, TrainingCard,
};

/// Work that someone waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// A click on a cell of the terminal.
    Click {
        /// Column, from 0.
        column: u16,
        /// Line, from 0.
        row: u16,
    },
    /// The wheel over a cell of the terminal.
    Scroll {
        /// Column, from 0.
        column: u16,
        /// Line, from 0.
        row: u16,
        /// Whether downwards.
        down: bool,
    },
    /// The terminal has another size.
    Resized,
    /// Time goes by: seconds since 1970.
    Now(f64),
    /// A signal of the system requests the end.
    Terminate,
    /// From a worker.
    News(News),
}

/// Message of a worker.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The registry.
    Tasks(Vec<TaskCard>),
    /// Suites.
    Suites(Vec<SuiteCard>),
    /// Ablations.
    Ablations(Vec<AblationCard>),
    /// Models.
    Models(Vec<ModelCard>),
    /// Sampling settings.
    Knobs(Vec<Knob>),
    /// Voices of a model, by its name.
    Voices(String, Vec<String>),
    /// Something about a job.
    Job(JobId, JobNews),
    /// Runs in the store, the latest first.
    Runs(Vec<Run>),
    /// Rows of a run.
    Rows(String, Vec<Row>),
    /// Changes to a run.
    Compared(String, Box<Comparison>),
    /// A recording of a row, drawn, with its name.
    Pictured(String, Box<Picture>),
    /// Cells of ablations by name, and the runs that belong to them.
    Cells(Vec<(String, Vec<Cell>)>, Vec<Run>),
    /// Training runs on disk.
    Trainings(Vec<TrainingCard>),
    /// Events of a training run, from its beginning if `true`.
    Followed(PathBuf, Vec<Stamped>, bool),
    /// A line for the status bar.
    Said(String),
    /// An error for the status bar.
    Trouble(ProgramError),
}

/// Message of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum JobNews {
    /// Progress of the job.
    Event(Event),
    /// Answer to a request.
    Answered(Box<DrawnAnswer>),
    /// Report of an evaluation.
    Evaluated(Box<Report>),
    /// Summary of a finished ablation.
    Ablated(String),
    /// Failure of the job.
    Failed(ProgramError),
    /// End on request.
    Stopped,
}

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Redraw the whole screen.
    Redraw,
    /// Answer a request.
    Answer(JobId, Box<AnswerRequest>),
    /// Run a suite.
    Evaluate(JobId, Box<EvalRequest>),
    /// Run an ablation.
    Ablate(JobId, Box<AblationCard>),
    /// Stop a job.
    Cancel(JobId),
    /// Ask a model for its voices.
    LoadVoices(ModelCard),
    /// Read the store's runs.
    LoadRuns,
    /// Read the rows of a run.
    LoadRows(String),
    /// Compare two runs, the older first.
    Compare(String, String),
    /// Draw a recording.
    Draw(PathBuf),
    /// Read the cells of ablations.
    LoadCells,
    /// Leave a request for a cell of an ablation.
    RequestControl(String, String, ControlRequest),
    /// Look for training runs.
    LoadTrainings,
    /// Follow the events of a training run, and no other.
    Follow(PathBuf),
    /// Write an answer to files.
    Save(String, Box<crate::ProgramAnswer>),
    /// Play a recording.
    Play(Arc<Audio>),
}
