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

/// Number of a running job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// Message to the reducer: input, time, or the result of an effect.
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
        /// Whether the wheel turned downwards.
        down: bool,
    },
    /// The terminal has another size.
    Resized,
    /// Clock tick, in seconds since 1970.
    Now(f64),
    /// Request to quit from a signal, or a closed terminal.
    Terminate,
    /// Message of a worker.
    News(News),
}

/// Message of a worker.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Tasks of the registry.
    Tasks(Vec<TaskCard>),
    /// Available suites.
    Suites(Vec<SuiteCard>),
    /// Available ablations.
    Ablations(Vec<AblationCard>),
    /// Available models.
    Models(Vec<ModelCard>),
    /// Sampling settings.
    Knobs(Vec<Knob>),
    /// Name of a model, and its voices.
    Voices(String, Vec<String>),
    /// A job's progress or result.
    Job(JobId, JobNews),
    /// Runs in the store, the latest first.
    Runs(Vec<Run>),
    /// Identifier of a run, and its rows.
    Rows(String, Vec<Row>),
    /// Identifier of a run, and its changes against the baseline.
    Compared(String, Box<Comparison>),
    /// Path of a row's recording, and its picture.
    Pictured(String, Box<Picture>),
    /// Cells by the name of their ablation, and the runs that evaluated them.
    Cells(Vec<(String, Vec<Cell>)>, Vec<Run>),
    /// Training runs on disk.
    Trainings(Vec<TrainingCard>),
    /// Event file of a training run, its new events, and whether these start at the beginning of the file.
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
    /// The job was cancelled.
    Stopped,
}

/// Side effect, requested by the reducer and run outside of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Quit the dashboard.
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
    /// Read the voices of a model.
    LoadVoices(ModelCard),
    /// Read the store's runs.
    LoadRuns,
    /// Read the rows of a run.
    LoadRows(String),
    /// Compare two runs, given by identifier, the older first.
    Compare(String, String),
    /// Draw a recording.
    Draw(PathBuf),
    /// Read the cells of ablations.
    LoadCells,
    /// Store a control request for a cell: ablation, cell, request.
    RequestControl(String, String, ControlRequest),
    /// Search for training runs.
    LoadTrainings,
    /// Follow the events of this training run instead of any other.
    Follow(PathBuf),
    /// Write an answer to files.
    Save(String, Box<crate::ProgramAnswer>),
    /// Play a recording.
    Play(Arc<Audio>),
}
