//! Description and state of runs.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use syrinx_eval::Figure;

/// Returns a time as UTC text: `2026-11-22 09:41`.
pub fn date(seconds: f64) -> String {
    // RFC 3339 ends with the year 9999.
    let seconds = if seconds.is_finite() { seconds.clamp(0.0, 253_402_300_799.0) } else { 0.0 };
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs_f64(seconds);
    let full = humantime::format_rfc3339_seconds(time).to_string();
    full.get(..16).unwrap_or(&full).replace('T', " ")
}

/// Description of a run, known before the run begins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunAbout {
    /// Name of the suite.
    pub suite: String,
    /// Name of the task; empty for a codec suite.
    pub task: String,
    /// Name of the model: its file, or `embedded`.
    pub model: String,
    /// Fingerprint of weights and settings.
    pub fingerprint: String,
    /// [`content_hash`](crate::content_hash) of `settings`.
    pub config_hash: String,
    /// Settings of the run: suite, decoding and tasks.
    pub settings: Value,
    /// Git revision of the checkout (`git describe`); empty outside a checkout.
    pub revision: String,
    /// Seeds of the run.
    pub seeds: Vec<u64>,
    /// Name of the computer.
    pub machine: String,
    /// Folder of the run on that computer; recordings are relative to it.
    pub folder: PathBuf,
    /// Name of the ablation; empty for an evaluation outside ablations.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ablation: String,
    /// Key of the cell of the ablation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cell: String,
}

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Running, or killed: see [`Run::updated_s`].
    Running,
    /// Done, with all rows and figures.
    Finished,
    /// Stopped on request; the same command resumes it.
    Stopped,
    /// Ended by an error, which is in the note.
    Failed,
}

impl RunStatus {
    /// Returns the name of the status.
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
    /// Description of the run.
    pub about: RunAbout,
    /// Current state.
    pub status: RunStatus,
    /// Cause of a failure; otherwise empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Start, in seconds since 1970.
    pub started_s: f64,
    /// Time of the last row, in seconds since 1970. A run that is `running`, but has had no new row for long, was
    /// killed.
    pub updated_s: f64,
    /// End, in seconds since 1970.
    pub ended_s: Option<f64>,
    /// Number of finished rows.
    pub rows: usize,
    /// Figures over the rows; for an unfinished run, over the rows so far.
    pub figures: Vec<Figure>,
}

impl Run {
    /// Returns a figure by its name (`wer@own`). A name without a judge selects the first judge.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        let base = |f: &Figure| f.name.split('@').next() == Some(name);
        self.figures
            .iter()
            .find(|f| f.name == name)
            .or_else(|| self.figures.iter().find(|f| base(f)))
    }
}
