//! Loaded models, kept until their files change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use syrinx_config::Settings;
use syrinx_engine::{Engine, ModelSource, with_language_model, write_atomic};
use syrinx_train::TrainingCheckpoint;

use crate::RecipeError;
use crate::models::{model_source, open_engine};

/// File of a whole model in the folder of a training run.
const PACKAGED_FILE: &str = "packaged.safetensors";

/// File of a model and its time of modification; the empty path is that of the embedded model.
type ModelVersion = (PathBuf, Option<SystemTime>);

/// Models by their files. Each is loaded once, and again after its file changed.
pub struct ModelCache {
    /// Model whose codec and voices complete the weights of training runs.
    base: ModelSource,
    engines: Mutex<BTreeMap<ModelVersion, Arc<Engine>>>,
}

impl ModelCache {
    /// Begins without loaded models. The weights of a training run synthesize with codec and voices of `base`.
    pub fn new(base: ModelSource) -> Self {
        Self { base, engines: Mutex::default() }
    }

    /// Begins without loaded models, with the model of some settings as the base.
    ///
    /// # Errors
    /// [`RecipeError::NoModel`].
    pub fn of_settings(settings: &Settings) -> Result<Self, RecipeError> {
        Ok(Self::new(model_source(settings)?))
    }

    /// Returns the model that settings name: a model file, the weights in the folder of a training run, or the embedded
    /// model. Other settings than the model count at the first load only.
    ///
    /// # Errors
    /// Errors of the model and of its parts.
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
        // Engines of a file's older content are dropped.
        engines.retain(|(other, _), _| *other != path);
        engines.insert(key, Arc::clone(&engine));
        Ok(engine)
    }

    /// Writes a whole model around the weights of a training run; returns the settings that name it.
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
