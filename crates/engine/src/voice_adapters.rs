//! Voices with adapters: a request that names such a voice is answered by the adapted language model.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::Value;
use syrinx_model::LanguageModel;
use syrinx_task::Request;
use syrinx_types::Fingerprint;

use crate::adapters::with_adapter;
use crate::loading::lm_fingerprint;
use crate::{Engine, EngineError, EngineOptions, ModelSource, language_model};

/// Adapted engines by adapter file, loaded when a voice is first used.
pub(crate) struct VoiceAdapters {
    source: ModelSource,
    options: EngineOptions,
    slots: Mutex<BTreeMap<PathBuf, Arc<Slot>>>,
}

/// Slot of one adapted engine. The lock is held while the adapter is loaded: requests for the same voice wait, those
/// for other voices do not.
type Slot = Mutex<Option<Loaded>>;

struct Loaded {
    /// Time of the file's last change when it was loaded.
    modified: Option<SystemTime>,
    engine: Arc<Engine>,
}

impl VoiceAdapters {
    pub(crate) fn new(source: &ModelSource, options: &EngineOptions) -> Self {
        Self { source: source.clone(), options: options.clone(), slots: Mutex::default() }
    }

    fn slot(&self, path: &Path) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(path.to_owned()).or_default())
    }
}

impl Engine {
    /// Returns the engine with the adapter of the voice that a request names; `None` for a voice without an adapter.
    pub(crate) fn adapted_for(
        &self,
        task: &str,
        request: &Request,
    ) -> Result<Option<Arc<Self>>, EngineError> {
        let Some(adapters) = &self.voice_adapters else { return Ok(None) };
        let field = self.running(task)?.descriptor.capabilities.voice;
        let name = field.and_then(|field| request.fields.get(field)).and_then(Value::as_str);
        match name.and_then(|name| self.voices().adapter(name)) {
            Some(path) => self.adapted(adapters, &path).map(Some),
            None => Ok(None),
        }
    }

    fn adapted(&self, adapters: &VoiceAdapters, path: &Path) -> Result<Arc<Self>, EngineError> {
        let modified = std::fs::metadata(path).and_then(|m| m.modified()).ok();
        let slot = adapters.slot(path);
        let mut loaded = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = loaded.as_ref().filter(|known| known.modified == modified) {
            return Ok(Arc::clone(&known.engine));
        }
        let engine = Arc::new(self.load_adapted(adapters, path)?);
        *loaded = Some(Loaded { modified, engine: Arc::clone(&engine) });
        Ok(engine)
    }

    fn load_adapted(&self, adapters: &VoiceAdapters, path: &Path) -> Result<Self, EngineError> {
        let options = &adapters.options;
        let lm = with_adapter(&language_model(&adapters.source)?, path)?;
        let fingerprint = Fingerprint::default()
            .part(self.fingerprint().as_bytes())
            .part(lm_fingerprint(&lm, self.file())?.as_bytes())
            .hex();
        let model =
            LanguageModel::load_in(&lm, &options.device, options.precision, options.kernels)
                .map_err(EngineError::language_model(&path.display().to_string()))?;
        Ok(self.with_model(Arc::new(model), fingerprint))
    }
}
