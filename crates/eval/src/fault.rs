//! Faults of evaluation material, judges and baselines, inside [`EvalError`](crate::EvalError).

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use syrinx_audio::AudioError;
use syrinx_data::DataError;
use syrinx_pretrained::PretrainedError;
use syrinx_task::AnswerKind;
use syrinx_types::{IoOperation, io_hint};

use crate::{EndpointFault, SuiteIssue};

/// Fault of evaluation material.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MaterialFault {
    /// A line of a list of edits without a tab.
    #[error("line {line}: no tab after the name")]
    NoTab {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A line of a list of edits that names no utterance of the manifest.
    #[error("line {line}: the manifest has no utterance `{id}`")]
    NoUtterance {
        /// Number of the line, from 1.
        line: usize,
        /// Name of the utterance.
        id: String,
    },
    /// A manifest that can't be read.
    #[error(transparent)]
    Manifest(Box<DataError>),
    /// A recording whose length can't be measured.
    #[error(transparent)]
    Recording(Box<AudioError>),
}

impl MaterialFault {
    /// Remedy, where one is known.
    pub(crate) fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::NoTab { .. } => "write the utterance's name, a tab and the edited text".into(),
            Self::NoUtterance { .. } => "name an utterance of `items.manifest`".into(),
            Self::Manifest(error) => return error.hint(),
            Self::Recording(error) => return error.hint(),
        })
    }
}

/// Fault of a baseline.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineFault {
    /// A file that can't be read.
    #[error("can't be read: {cause}")]
    Read {
        /// Cause.
        cause: io::Error,
    },
    /// A file that is not a report.
    #[error("is not an evaluation report: {cause}")]
    NoReport {
        /// Cause.
        cause: serde_json::Error,
    },
    /// A report of another format.
    #[error("has format {found}, this program reads {expected}")]
    Format {
        /// Number of the report's format.
        found: u32,
        /// Number of the format that this program reads.
        expected: u32,
    },
    /// A report without common rows.
    #[error("has no row in common with this run (it is of suite `{suite}`)")]
    OtherRows {
        /// Suite of the report.
        suite: String,
    },
}

impl BaselineFault {
    /// Remedy, where one is known.
    pub(crate) fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Read { cause } => {
                return io_hint(IoOperation::Read, cause.kind()).map(Into::into);
            }
            Self::NoReport { .. } => "name the report.json of an evaluation".into(),
            Self::Format { .. } => "run the older evaluation again with this program".into(),
            Self::OtherRows { .. } => "name a report of the same suite".into(),
        })
    }
}

/// Fault of a judge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeFault {
    /// A task of the evaluated model whose answer is not text.
    #[error("task `{task}` returns {kind:?}, not text")]
    AnswerKind {
        /// Identifier of the task.
        task: String,
        /// Kind of its answer.
        kind: AnswerKind,
    },
    /// A task that the evaluated model doesn't have.
    #[error("the model has no task `{task}`")]
    NoTask {
        /// Identifier of the task.
        task: String,
        /// Tasks of the model.
        known: Vec<String>,
    },
    /// A placeholder of the judge's request that can't be filled.
    #[error(transparent)]
    Request(#[from] SuiteIssue),
    /// An answer of the evaluated model without transcript.
    #[error("task `{task}` returned no transcript")]
    NoTranscript {
        /// Identifier of the task.
        task: String,
    },
    /// An endpoint that can't be called, or without a transcript.
    #[error(transparent)]
    Endpoint(#[from] EndpointFault),
    /// A program that can't be started.
    #[error("can't start `sh -c {command}`: {cause}")]
    Start {
        /// Command line.
        command: String,
        /// Cause.
        cause: io::Error,
    },
    /// A program whose output can't be read.
    #[error("its output can't be read")]
    Output,
    /// A program whose exit can't be awaited.
    #[error(transparent)]
    Wait(io::Error),
    /// A program that failed.
    #[error("`{command}` ended with {status}")]
    Failed {
        /// Command line.
        command: String,
        /// Exit status of the command.
        status: ExitStatus,
    },
    /// A line for a program that can't be written as JSON.
    #[error("`{}`: {cause}", recording.display())]
    WriteLine {
        /// Recording of the line.
        recording: PathBuf,
        /// Cause.
        cause: serde_json::Error,
    },
    /// A program that returned no verdict.
    #[error("it returned no result for any recording")]
    NoVerdicts,
    /// A Whisper checkpoint that can't be loaded.
    #[error(transparent)]
    Checkpoint(Box<PretrainedError>),
    /// A recording that Whisper can't transcribe.
    #[error("{}: {cause}", recording.display())]
    Transcribe {
        /// The recording.
        recording: PathBuf,
        /// Cause.
        cause: Box<PretrainedError>,
    },
}

impl JudgeFault {
    /// Remedy, where one is known.
    pub(crate) fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::NoTask { known, .. } => format!("it has {}", known.join(", ")).into(),
            Self::Failed { .. } => "run it by hand to see why, or leave the judge out".into(),
            Self::NoVerdicts => {
                "print JSON lines with `wav`, or write them to the file `{out}` of the command"
                    .into()
            }
            Self::AnswerKind { .. } => "name a task that returns text".into(),
            Self::Request(issue) => issue.hint(),
            Self::Endpoint(fault) => return fault.hint(),
            Self::Checkpoint(cause) | Self::Transcribe { cause, .. } => {
                return cause.hint();
            }
            _ => return None,
        })
    }
}
