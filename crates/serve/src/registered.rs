//! Names of voices that were registered over HTTP.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::engine::EngineService;

/// Prefix of identifiers of registered voices.
pub(crate) const PREFIX: &str = "voice_";

/// Registered voices: names by identifier.
#[derive(Default)]
pub(crate) struct Registered(Mutex<BTreeMap<String, String>>);

impl Registered {
    /// Finds the voices that were registered before.
    pub fn of(service: &EngineService) -> Self {
        let voices = service.voices().into_iter().filter(|(id, ..)| id.starts_with(PREFIX));
        Self(Mutex::new(voices.map(|(id, _, name)| (id, name)).collect()))
    }

    /// Returns the names, locked.
    pub fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the identifier of a registered voice by its identifier or name.
    pub fn id(&self, voice: &str) -> Option<String> {
        let voices = self.lock();
        let found = voices.iter().find(|(id, name)| *id == voice || *name == voice);
        found.map(|(id, _)| id.clone())
    }
}
