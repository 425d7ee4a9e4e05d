//! Cache of loaded models.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use syrinx_config::Settings;
use syrinx_engine::{Engine, ModelSource, with_language_model, write_atomic};
use syrinx_train::TrainingCheckpoint;

use crate::RecipeError;
use crate::models::{model_source, open_engine};

/// Name of the complete model file in the folder of a training run.
const PACKAGED_FILE: &str = "packaged.safetensors";

/// Path of a model file and its modification time; the empty path is the embedded model.
type ModelVersion = (PathBuf, Option<SystemTime>);

/// Loaded models by path. A model is loaded again when its file changes.
pub struct ModelCache {
    /// Model whose codec and voices complete the language model of a training run.
    base: ModelSource,
    engines: Mutex<BTreeMap<ModelVersion, Arc<Engine>>>,
}

impl ModelCache {
    /// Returns an empty cache. Language models of training runs are combined with the codec and voices of `base`.
    pub fn new(base: ModelSource) -> Self {
        Self { base, engines: Mutex::default() }
    }

    /// Returns an empty cache with the model of the settings as the base.
    ///
    /// # Errors
    /// [`RecipeError::NoModel`] if the settings select the embedded model and the program has none.
    pub fn of_settings(settings: &Settings) -> Result<Self, RecipeError> {
        Ok(Self::new(model_source(settings)?))
    }

    /// Returns the model that the settings select: a model file, the language model in the folder of a training run, or
    /// the embedded model. Settings other than `model` take effect only when the model is loaded.
    ///
    /// # Errors
    /// Errors of reading the model, its tasks and its codec.
    pub fn engine(&self, settings: &Settings) -> Result<Arc<Engine>, RecipeError> {
        let path = settings.model.clone().unwrap_or_default();
        let modified = path.metadata().and_then(|m| m.modified()).ok();
        let key = (path.clone(), modified);
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = engines.get(&key) {
            return Ok(Arc::clone(engine));
        }
        let run = path.parent().filter(|folder| TrainingCheckpoint::path(folder).exists());
        let engine = Arc::new(match run {
            None => open_engine(settings)?,
            Some(run) => open_engine(&self.packaged(settings, &path, run)?)?,
        });
        // Engines of earlier versions of the file are dropped.
        engines.retain(|(other, _), _| *other != path);
        engines.insert(key, Arc::clone(&engine));
        Ok(engine)
    }

    /// Writes a complete model file with the language model of a training run; returns settings that select it.
    fn packaged(
        &self,
        settings: &Settings,
        lm: &Path,
        run: &Path,
    ) -> Result<Settings, RecipeError> {
        let bytes = with_language_model(&self.base, lm, None, None)?;
        let whole = run.join(PACKAGED_FILE);
        write_atomic(&whole, &bytes)?;
        Ok(Settings { model: Some(whole), ..settings.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_loaded_once_until_its_file_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("model.safetensors");
        let write = || std::fs::write(&file, syrinx_embedded::model().expect("it is compiled in"));
        write().expect("it is written");
        let cache = ModelCache::of_settings(&Settings::default()).expect("the embedded model");
        let settings = Settings { model: Some(file.clone()), ..Settings::default() };
        let first = cache.engine(&settings).expect("it is loaded");
        assert!(Arc::ptr_eq(&first, &cache.engine(&settings).expect("it is kept")));
        write().expect("it is written again");
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        let opened = std::fs::File::options().write(true).open(&file).expect("it is there");
        opened.set_modified(later).expect("its time is set");
        assert!(!Arc::ptr_eq(&first, &cache.engine(&settings).expect("it is loaded")));
    }
}
