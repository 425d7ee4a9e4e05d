//! Columns: a task, a model, settings, and the state of the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use syrinx_types::Audio;

use crate::message::JobId;
use crate::{AnswerRequest, DrawnAnswer, Knob, ModelCard, ProgramError, TaskCard};

/// State of a column.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum ColumnState {
    /// Not run yet.
    #[default]
    Empty,
    /// Waits for the speech of another column.
    Waiting,
    /// The request is running.
    Running {
        /// Job of the request.
        job: JobId,
        /// Start of the job, seconds since 1970.
        since_s: f64,
        /// Progress note.
        note: String,
    },
    /// The request was answered.
    Shown(Box<DrawnAnswer>),
    /// The request failed.
    Failed(ProgramError),
}

/// Input fields, shared by all columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) text: &'a str,
    /// Path of a recording; empty for none.
    pub(super) file: &'a str,
    /// Name of a voice or path of a prompt; empty for the default.
    pub(super) voice: &'a str,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Column {
    pub(super) task: String,
    pub(super) model: usize,
    pub(super) seed: u64,
    /// Settings that differ from the default.
    pub(super) changed: BTreeMap<String, String>,
    pub(super) state: ColumnState,
}

impl Column {
    pub(super) fn of(task: &str) -> Self {
        Self { task: task.to_owned(), ..Self::default() }
    }

    /// Returns an empty column with the same task, model and settings.
    pub(super) fn like(&self) -> Self {
        Self { state: ColumnState::Empty, ..self.clone() }
    }

    /// Returns the answer, with a stem for the names of its files.
    pub(super) fn shown(&self) -> Option<(String, &DrawnAnswer)> {
        match &self.state {
            ColumnState::Shown(shown) => Some((format!("{}-seed{}", self.task, self.seed), shown)),
            _ => None,
        }
    }

    pub(super) fn audio(&self) -> Option<&Arc<Audio>> {
        self.shown().and_then(|(_, shown)| shown.answer.audio.as_ref())
    }

    /// Returns the value of a setting in this column.
    pub(super) fn value(&self, knob: &Knob) -> String {
        self.changed.get(&knob.key).unwrap_or(&knob.value).clone()
    }

    pub(super) fn set(&mut self, knob: &Knob, value: String) {
        if value == knob.value || value.is_empty() {
            self.changed.remove(&knob.key);
        } else {
            self.changed.insert(knob.key.clone(), value);
        }
    }

    /// Increases or decreases a setting: integers by 1, other numbers by 0.05; switches a Boolean on or off.
    pub(super) fn turn(&mut self, knob: &Knob, up: bool) {
        let now = self.value(knob);
        let sign = if up { 1 } else { -1 };
        let new = if now == "true" || now == "false" {
            up.to_string()
        } else if let Ok(whole) = now.parse::<i64>() {
            whole.saturating_add(sign).max(0).to_string()
        } else if let Ok(number) = now.parse::<f64>() {
            // Integer multiples of the step avoid rounding errors: 0.1 + 0.05 is 0.15.
            let steps = (number * 20.0).round() + sign as f64;
            format!("{:?}", (steps.max(0.0) / 20.0 * 1000.0).round() / 1000.0)
        } else {
            return;
        };
        self.set(knob, new);
    }

    /// Builds the request of this column from the input fields.
    pub(super) fn ask(
        &self,
        card: &TaskCard,
        model: ModelCard,
        input: Input<'_>,
        recording: Option<Arc<Audio>>,
    ) -> AnswerRequest {
        let Input { text, file, voice } = input;
        let mut request = Map::new();
        let about = match (card.takes_recording, &recording) {
            // A recording in memory replaces the file.
            (true, Some(_)) => "",
            (true, None) => file,
            (false, _) => text,
        };
        request.insert(card.positional.clone(), json!(about));
        // A voice with a slash or a dot is the path of a prompt recording.
        let imitated = voice.contains(['/', '.']) && card.takes("prompt");
        if imitated {
            request.insert("prompt".into(), json!(voice));
        } else if !voice.is_empty() && card.takes("voice") {
            request.insert("voice".into(), json!(voice));
        }
        AnswerRequest {
            model,
            task: card.id.clone(),
            request: Value::Object(request),
            changed: self.changed.clone().into_iter().collect(),
            seed: self.seed,
            recording,
        }
    }
}
