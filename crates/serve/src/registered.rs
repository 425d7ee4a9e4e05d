//! Voices that were registered over HTTP.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::engine::EngineService;

/// Prefix of the identifiers of registered voices.
pub(crate) const PREFIX: &str = "voice_";

/// Names of registered voices by identifier.
#[derive(Default)]
pub(crate) struct Registered(Mutex<BTreeMap<String, String>>);

impl Registered {
    /// Loads the voices that an earlier server registered.
    pub fn of(service: &EngineService) -> Self {
        let voices = service.voices().into_iter().filter(|(id, ..)| id.starts_with(PREFIX));
        Self(Mutex::new(voices.map(|(id, _, name)| (id, name)).collect()))
    }

    /// Returns the names by identifier, locked.
    pub fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the identifier of a registered voice, given its identifier or name.
    pub fn id(&self, voice: &str) -> Option<String> {
        let voices = self.lock();
        let found = voices.iter().find(|(id, name)| *id == voice || *name == voice);
        found.map(|(id, _)| id.clone())
    }
}
