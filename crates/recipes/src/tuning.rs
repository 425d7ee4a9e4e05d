//! Initial weights of a training, and fine-tuning of a finished model.

use std::path::Path;

use syrinx_config::Settings;
use syrinx_engine::language_model;
use syrinx_model::LmFile;
use syrinx_task::{DynTask, TokenSpace};
use syrinx_train::{TrainConfig, TrainingCheckpoint, mix_of, space_of};

use crate::RecipeError;
use crate::models::{model_source, named_model};

/// Start of a training: random weights, the weights of another model, or fine-tuning of a model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tuning<'a> {
    /// Tasks to train, with all their stages; empty for the mix of the configuration.
    pub tasks: &'a [String],
    /// Sampling weights of the tasks; empty for equal weights.
    pub weights: &'a [f64],
    /// Initial model: a file, or [`crate::EMBEDDED`].
    pub from: Option<&'a str>,
    /// Rank of a LoRA adapter.
    pub lora: Option<usize>,
}

impl Tuning<'_> {
    /// Returns the initial model: `from`, else the model of the settings if tasks or an adapter are selected, else
    /// `None`.
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

    /// Writes the tasks, the rank and, for fine-tuning, the model configuration of `base` into the training
    /// configuration.
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

    /// Whether the model is fine-tuned; otherwise `from` only provides initial weights.
    pub(crate) fn adapts(&self, config: &TrainConfig) -> bool {
        !self.tasks.is_empty() || config.lora.is_some()
    }
}

/// Sources of the token space of a run.
pub(crate) struct KnownSpaces<'a> {
    /// Folder of the run. A resumed run continues its own token space.
    pub(crate) folder: &'a Path,
    pub(crate) resume: bool,
    /// Model that is fine-tuned.
    pub(crate) base: Option<&'a LmFile>,
    /// Token space of a new model.
    pub(crate) fresh: TokenSpace,
}

/// Returns the token space of a run, extended by the special tokens of its tasks. The space is that of the model that
/// is fine-tuned, else that of the resumed run, else a new one.
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
