//! Models and tasks as settings describe them.

use std::sync::Arc;

use serde_json::Value;
use syrinx_config::Settings;
use syrinx_engine::{Engine, EngineOptions, ModelSource};
use syrinx_registry::ALL;
use syrinx_task::{DynTask, ModelSwitches, TaskDescriptor, TaskKit};
use syrinx_text::{Frontend, TextVocab};

use crate::RecipeError;

/// Name of the model that is compiled in.
pub const EMBEDDED: &str = "embedded";

/// Source of the model that settings name: a file, else the embedded model.
///
/// # Errors
/// [`RecipeError::NoModel`].
pub fn model_source(settings: &Settings) -> Result<ModelSource, RecipeError> {
    Ok(match &settings.model {
        Some(path) => ModelSource::File(path.clone()),
        None => ModelSource::Bytes(syrinx_embedded::model()?),
    })
}

/// Source of a named model: a file, or [`EMBEDDED`].
///
/// # Errors
/// [`RecipeError::NoModel`].
pub fn named_model(name: &str) -> Result<ModelSource, RecipeError> {
    Ok(match name {
        EMBEDDED => ModelSource::Bytes(syrinx_embedded::model()?),
        file => ModelSource::File(file.into()),
    })
}

/// Engine options of the settings, with the tasks of the registry.
///
/// # Errors
/// [`RecipeError::CodecSpec`] for a `codec` that is no codec specification; errors of the device.
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

/// Loads the model that settings name, with the tasks of the registry.
///
/// # Errors
/// Errors of the model and of its parts.
pub fn open_engine(settings: &Settings) -> Result<Engine, RecipeError> {
    open_engine_of(&model_source(settings)?, settings, ALL)
}

/// Loads a model with these settings and tasks.
///
/// # Errors
/// Errors of the model and of its parts, and of settings of a task that is not among these.
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

/// Task kit of a model with these switches: English front end and vocabulary.
///
/// # Errors
/// [`RecipeError::Text`].
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
/// [`RecipeError::Task`] for settings out of range.
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
/// [`RecipeError::Task`] for settings out of range.
pub fn build_tasks(
    tasks: &[&'static TaskDescriptor],
    settings: &Settings,
    switches: ModelSwitches,
) -> Result<Vec<Box<dyn DynTask>>, RecipeError> {
    let kit = task_kit(switches)?;
    tasks.iter().map(|descriptor| build_task(descriptor, settings, &kit)).collect()
}
