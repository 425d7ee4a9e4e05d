//! Models and tasks of the settings.

use std::sync::Arc;

use serde_json::Value;
use syrinx_config::Settings;
use syrinx_engine::{Engine, EngineOptions, ModelSource};
use syrinx_registry::ALL;
use syrinx_task::{DynTask, ModelSwitches, TaskDescriptor, TaskKit};
use syrinx_text::{Frontend, TextVocab};

use crate::RecipeError;

/// Name of the embedded model.
pub const EMBEDDED: &str = "embedded";

/// Returns the source of the model that the settings select: a file, else the embedded model.
///
/// # Errors
/// [`RecipeError::NoModel`] if the program has no embedded model.
pub fn model_source(settings: &Settings) -> Result<ModelSource, RecipeError> {
    Ok(match &settings.model {
        Some(path) => ModelSource::File(path.clone()),
        None => ModelSource::Bytes(syrinx_embedded::model()?),
    })
}

/// Returns the source of a model: a file, or the embedded model for the name [`EMBEDDED`].
///
/// # Errors
/// [`RecipeError::NoModel`] if the program has no embedded model.
pub fn named_model(name: &str) -> Result<ModelSource, RecipeError> {
    Ok(match name {
        EMBEDDED => ModelSource::Bytes(syrinx_embedded::model()?),
        file => ModelSource::File(file.into()),
    })
}

/// Returns the engine options of the settings, with all registered tasks.
///
/// # Errors
/// [`RecipeError::CodecSpec`] if `codec` is not a codec specification; errors of the device.
pub fn engine_options(settings: &Settings) -> Result<EngineOptions, RecipeError> {
    Ok(EngineOptions {
        kernels: settings.kernels,
        device: settings.device.open()?,
        precision: settings.precision,
        voices_dir: settings.voices_dir.clone(),
        lexicon_path: settings.lexicon.clone(),
        adapter: settings.adapter.clone(),
        codec: settings.codec.as_deref().map(str::parse).transpose()?,
        read_files: true,
        tasks: ALL.to_vec(),
        task_settings: settings.tasks.clone(),
        prompt: settings.prompt.clone(),
    })
}

/// Loads the model that the settings select, with all registered tasks.
///
/// # Errors
/// Errors of reading the model, its tasks and its codec.
pub fn open_engine(settings: &Settings) -> Result<Engine, RecipeError> {
    open_engine_of(&model_source(settings)?, settings, ALL)
}

/// Loads a model with these settings and tasks.
///
/// # Errors
/// Errors of reading the model, its tasks and its codec, and of settings of a task that is not in `tasks`.
pub fn open_engine_of(
    source: &ModelSource,
    settings: &Settings,
    tasks: &[&'static TaskDescriptor],
) -> Result<Engine, RecipeError> {
    let options = EngineOptions { tasks: tasks.to_vec(), ..engine_options(settings)? };
    let engine = Engine::open(source, &options)?;
    Ok(match &settings.recognizer {
        Some(choice) => engine.with_recognizer(Arc::new(choice.open(&settings.whisper)?)),
        None => engine,
    })
}

/// Returns the English text front end and vocabulary for the tasks of a model with these switches.
///
/// # Errors
/// [`RecipeError::Text`] if the embedded lexicon or vocabulary cannot be read.
pub fn task_kit(switches: ModelSwitches) -> Result<TaskKit, RecipeError> {
    Ok(TaskKit {
        vocab: Arc::new(TextVocab::english()?),
        frontend: Arc::new(Frontend::english()?),
        switches,
    })
}

/// Builds a task with its settings.
///
/// # Errors
/// [`RecipeError::Task`] for invalid settings.
pub fn build_task(
    descriptor: &TaskDescriptor,
    settings: &Settings,
    kit: &TaskKit,
) -> Result<Box<dyn DynTask>, RecipeError> {
    let own: Value = settings.tasks.get(descriptor.id).cloned().unwrap_or_default();
    Ok((descriptor.build)(own, kit)?)
}

/// Builds tasks with their settings for a model with these switches.
///
/// # Errors
/// [`RecipeError::Task`] for invalid settings.
pub fn build_tasks(
    tasks: &[&'static TaskDescriptor],
    settings: &Settings,
    switches: ModelSwitches,
) -> Result<Vec<Box<dyn DynTask>>, RecipeError> {
    let kit = task_kit(switches)?;
    tasks.iter().map(|descriptor| build_task(descriptor, settings, &kit)).collect()
}
