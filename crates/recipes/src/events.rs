//! Event logs of training runs.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use syrinx_types::{Event, EventSink, IoOperation};

use crate::RecipeError;

/// Name of the event log in the folder of a training run.
pub const EVENTS_FILE: &str = "events.jsonl";

/// An event with its time in seconds since 1970-01-01, UTC.
#[derive(Serialize)]
struct Stamped<'a> {
    at_s: f64,
    #[serde(flatten)]
    event: &'a Event,
}

/// Sink that appends events with their times to a file, one JSON object per line.
pub struct JsonLines {
    file: Mutex<File>,
    now_s: fn() -> f64,
}

impl JsonLines {
    /// Opens or creates the file. `now_s` returns the time in seconds since 1970-01-01, UTC.
    ///
    /// # Errors
    /// [`RecipeError::Io`] if the file cannot be opened or created.
    pub fn open(path: &Path, now_s: fn() -> f64) -> Result<Self, RecipeError> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(RecipeError::io(IoOperation::Write, path))?;
        Ok(Self { file: Mutex::new(file), now_s })
    }
}

impl EventSink for JsonLines {
    fn emit(&self, event: Event) {
        let Ok(mut line) = serde_json::to_vec(&Stamped { at_s: (self.now_s)(), event: &event })
        else {
            return;
        };
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not stop the training.
        let _ = file.write_all(&line);
    }
}

/// Returns the figures of the last evaluation in an event log; none if the log is missing or has no evaluation.
pub fn last_figures(events: &Path) -> Vec<(String, f64)> {
    let text = std::fs::read_to_string(events).unwrap_or_default();
    let mut events = text.lines().rev().filter_map(|line| serde_json::from_str(line).ok());
    let figures = events.find_map(|event| match event {
        Event::TrainEval { figures, .. } => Some(figures),
        _ => None,
    });
    figures.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_figures_are_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(EVENTS_FILE);
        assert!(last_figures(&path).is_empty());
        let events = JsonLines::open(&path, || 1.5).expect("it is created");
        for loss in [2.0, 1.0] {
            let figures = vec![("loss".to_owned(), loss)];
            events.emit(Event::TrainEval { step: 1, figures });
        }
        events.emit(Event::Warning { message: "late".into() });
        assert_eq!(last_figures(&path), [("loss".to_owned(), 1.0)]);
        let text = std::fs::read_to_string(&path).expect("it is read");
        assert!(text.starts_with("{\"at_s\":1.5,"), "{text}");
    }
}
