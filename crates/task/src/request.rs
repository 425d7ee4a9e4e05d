//! Untyped requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use syrinx_types::Audio;

use crate::{RequestIssue, Task, TaskError};

/// A request of any task: its fields as JSON, and the recordings in memory as values of their fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Request {
    /// Fields, as the task's request schema describes them.
    pub fields: Value,
    /// Recordings in memory by field, in place of file names.
    pub recordings: BTreeMap<String, Arc<Audio>>,
}

impl Request {
    /// Builds a request whose recordings are files.
    pub fn new(fields: Value) -> Self {
        Self { fields, recordings: BTreeMap::new() }
    }

    /// Returns the request with a recording in memory.
    #[must_use]
    pub fn with_recording(
        mut self,
        field: impl Into<String>,
        audio: impl Into<Arc<Audio>>,
    ) -> Self {
        self.recordings.insert(field.into(), audio.into());
        self
    }

    /// Builds a typed request of a task.
    ///
    /// # Errors
    /// [`TaskError::Request`] for a request that is not representable as JSON.
    pub fn of<T: Task>(mut request: T::Request) -> Result<Self, TaskError> {
        let in_memory = |(name, clip): (String, &mut crate::Clip)| Some((name, clip.audio.take()?));
        let recordings = T::clips(&mut request).into_iter().filter_map(in_memory).collect();
        let fields = serde_json::to_value(request)
            .map_err(|e| TaskError::Request { task: T::ID.into(), issue: e.into() })?;
        Ok(Self { fields, recordings })
    }

    /// Returns the request in its task's type.
    ///
    /// # Errors
    /// [`TaskError::Request`] for unknown or missing fields, and for a recording of a field that takes none.
    pub fn parse<T: Task>(&self) -> Result<T::Request, TaskError> {
        let fault = |issue| TaskError::Request { task: T::ID.into(), issue };
        let mut fields = self.fields.clone();
        if let Some(fields) = fields.as_object_mut() {
            for name in self.recordings.keys().filter(|name| !name.contains('.')) {
                fields.entry(name.clone()).or_insert_with(|| Value::from(""));
            }
        }
        let mut request: T::Request =
            serde_json::from_value(fields).map_err(|e| fault(e.into()))?;
        let mut clips: BTreeMap<String, &mut crate::Clip> =
            T::clips(&mut request).into_iter().collect();
        for (name, audio) in &self.recordings {
            let clip = clips
                .get_mut(name)
                .ok_or_else(|| fault(RequestIssue::NoRecording { field: name.clone() }))?;
            **clip = Arc::clone(audio).into();
        }
        drop(clips);
        Ok(request)
    }
}

impl From<Value> for Request {
    fn from(fields: Value) -> Self {
        Self::new(fields)
    }
}
