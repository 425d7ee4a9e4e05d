//! Descriptions of runs.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use syrinx_eval::Figure;

/// Returns a time as people read it, UTC: `2026-11-22 09:41`.
pub fn date(seconds: f64) -> String {
    // Later than year 9999 there is no way to write it.
    let seconds = if seconds.is_finite() { seconds.clamp(0.0, 253_402_300_799.0) } else { 0.0 };
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs_f64(seconds);
    let full = humantime::format_rfc3339_seconds(time).to_string();
    full.get(..16).unwrap_or(&full).replace('T', " ")
}

/// Description of a run, known before it begins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunAbout {
    /// The suite.
    pub suite: String,
    /// The task; empty for a codec suite.
    pub task: String,
    /// The model's name: its file, or `embedded`.
    pub model: String,
    /// The model's fingerprint, settings included.
    pub fingerprint: String,
    /// [`content_hash`](crate::content_hash) of `settings`.
    pub config_hash: String,
    /// Settings: the suite as it was run, decoding, tasks.
    pub settings: Value,
    /// Revision of the checkout that it was run in (`git describe`); empty where there is none.
    pub revision: String,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// The computer.
    pub machine: String,
    /// Folder of the run on that computer; recordings are relative to it.
    pub folder: PathBuf,
    /// The ablation that it is part of; empty for an evaluation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ablation: String,
    /// The cell of the ablation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cell: String,
}

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Under way, or killed: see [`Run::updated_s`].
    Running,
    /// Done.
    Finished,
    /// Stopped on request; the same command resumes it.
    Stopped,
    /// Ended by an error, which is the note.
    Failed,
}

impl RunStatus {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Running, Self::Finished, Self::Stopped, Self::Failed]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

/// A run in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Twelve hexadecimal digits.
    pub id: String,
    /// Description of the run, known before it begins.
    pub about: RunAbout,
    /// Current state.
    pub status: RunStatus,
    /// Cause of a failure; otherwise empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Start, seconds since 1970.
    pub started_s: f64,
    /// Time of the last row. A run that is `running` without new rows for long was killed.
    pub updated_s: f64,
    /// End.
    pub ended_s: Option<f64>,
    /// Rows that are finished.
    pub rows: usize,
    /// Figures over the rows; for an unfinished run, over its rows so far.
    pub figures: Vec<Figure>,
}

impl Run {
    /// Returns the figure of that name without a variant (`wer@own`; without a judge, the first judge's).
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        let base = |f: &Figure| f.name.split('@').next() == Some(name);
        self.figures
            .iter()
            .find(|f| f.name == name)
            .or_else(|| self.figures.iter().find(|f| base(f)))
    }
}
