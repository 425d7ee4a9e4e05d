//! Start of a training: a new model, or a finished one that is fine-tuned.

use std::path::Path;

use syrinx_config::Settings;
use syrinx_engine::language_model;
use syrinx_model::LmFile;
use syrinx_task::{DynTask, TokenSpace};
use syrinx_train::{TrainConfig, TrainingCheckpoint, mix_of, space_of};

use crate::RecipeError;
use crate::models::{model_source, named_model};

/// Start of a training: from first weights, from those of a finished model, or fine-tuning of one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tuning<'a> {
    /// Tasks to learn, with all their stages; the configuration's mix if there are none.
    pub tasks: &'a [String],
    /// Sampling weights of the tasks; equal if there are none.
    pub weights: &'a [f64],
    /// The model to begin with: a file, or [`crate::EMBEDDED`].
    pub from: Option<&'a str>,
    /// Rank of the adapter.
    pub lora: Option<usize>,
}

impl Tuning<'_> {
    /// Returns the model to begin with, if there is one: the named one, or with tasks or an adapter that of the
    /// settings.
    pub(crate) fn base(
        &self,
        settings: &Settings,
        config: &TrainConfig,
    ) -> Result<Option<LmFile>, RecipeError> {
        let adapts = !self.tasks.is_empty() || self.lora.is_some() || config.lora.is_some();
        let source = match self.from {
            Some(name) => named_model(name)?,
            None if adapts => model_source(settings)?,
            None => return Ok(None),
        };
        Ok(Some(language_model(&source)?))
    }

    /// Puts the tasks, the rank and the sizes of the model to begin with into the configuration.
    pub(crate) fn apply(
        &self,
        config: &mut TrainConfig,
        base: Option<&LmFile>,
        tasks: &[Box<dyn DynTask>],
    ) -> Result<(), RecipeError> {
        if !self.tasks.is_empty() {
            config.mix = mix_of(tasks, self.tasks, self.weights)?;
        }
        if let Some(rank) = self.lora {
            config.lora.get_or_insert_default().rank = rank;
        }
        if let (Some(base), true) = (base, self.adapts(config)) {
            config.model = base.config.clone();
        }
        Ok(())
    }

    /// Whether a finished model is fine-tuned, and not only a source of first weights.
    pub(crate) fn adapts(&self, config: &TrainConfig) -> bool {
        !self.tasks.is_empty() || config.lora.is_some()
    }
}

/// Token spaces that a run may continue.
pub(crate) struct KnownSpaces<'a> {
    /// Folder of the run, whose own space is used where the run is resumed.
    pub(crate) folder: &'a Path,
    pub(crate) resume: bool,
    /// The model to begin with.
    pub(crate) base: Option<&'a LmFile>,
    /// Space of a new model.
    pub(crate) fresh: TokenSpace,
}

/// Returns the token space of a run: that of the model before it (its own when resumed), with the special tokens of its
/// tasks.
pub(crate) fn space(
    known: KnownSpaces<'_>,
    tasks: &[Box<dyn DynTask>],
    config: &TrainConfig,
) -> TokenSpace {
    let KnownSpaces { folder, resume, base, fresh } = known;
    let goes_on = resume && base.is_none() && TrainingCheckpoint::path(folder).exists();
    let own = goes_on.then(|| std::fs::read(folder.join("model.safetensors")).ok()).flatten();
    let own = own.and_then(|bytes| LmFile::from_bytes(&bytes).ok()).map(|lm| lm.space);
    let known = own.or_else(|| base.map(|b| b.space.clone())).unwrap_or(fresh);
    space_of(known, tasks, &config.mix)
}
