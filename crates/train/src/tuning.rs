//! Fine-tuning of a finished model on tasks.

use candle_core::{Tensor, Var};
use syrinx_model::LmFile;
use syrinx_nn::AdapterScope;
use syrinx_task::{DynTask, TokenSpace};

use crate::{BaseIssue, MixEntry, TrainConfig, TrainError, TrainingMaterial};

/// Name of the table of special tokens.
const SPECIAL_TOKENS: &str = "special_tokens";

/// Returns all stages of these tasks; a task's weight is divided evenly among its stages. Without weights all are
/// equal.
///
/// # Errors
/// [`TrainError::UnknownTask`], [`TrainError::RepeatedTask`], [`TrainError::TaskWeights`].
pub fn mix_of(
    tasks: &[Box<dyn DynTask>],
    names: &[String],
    weights: &[f64],
) -> Result<Vec<MixEntry>, TrainError> {
    if !weights.is_empty() && weights.len() != names.len() {
        return Err(TrainError::TaskWeights { weights: weights.len(), tasks: names.len() });
    }
    let mut mix = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let Some(task) = tasks.iter().find(|t| t.id() == name) else {
            let known = tasks.iter().map(|t| t.id().to_owned()).collect();
            return Err(TrainError::UnknownTask { name: name.clone(), known });
        };
        if names[..i].contains(name) {
            return Err(TrainError::RepeatedTask(name.clone()));
        }
        let stages = task.layout().stages;
        let weight = weights.get(i).copied().unwrap_or(1.0) / stages.len() as f64;
        let entry = |stage: String| MixEntry { task: name.clone(), stage, weight };
        mix.extend(stages.into_iter().map(|s| entry(s.name)));
    }
    Ok(mix)
}

/// Returns the token space of a run: that of the base model, with the special tokens of the tasks in the mix appended.
/// Special tokens of other tasks are left out, since the model is not trained on them.
pub fn space_of(known: TokenSpace, tasks: &[Box<dyn DynTask>], mix: &[MixEntry]) -> TokenSpace {
    let mut space = known;
    let trained = tasks.iter().filter(|t| mix.iter().any(|m| m.task == t.id()));
    space.add_special_tokens(trained.flat_map(|t| t.layout().special_tokens()));
    space
}

/// Checks that a model can be fine-tuned with this configuration and material.
pub(crate) fn check_base(
    base: &LmFile,
    config: &TrainConfig,
    material: &TrainingMaterial<'_>,
) -> Result<(), TrainError> {
    if base.config != config.model {
        return Err(BaseIssue::Sizes.into());
    }
    if !material.space.special_tokens.starts_with(&base.space.special_tokens) {
        return Err(BaseIssue::SpecialTokens.into());
    }
    let scope = config.lora.as_ref().map_or(AdapterScope::All, |lora| lora.scope);
    let learns_causal = || config.mix.iter().any(|entry| entry.is_causal(material.tasks));
    if scope == AdapterScope::NonAutoregressive && learns_causal() {
        return Err(BaseIssue::Scope.into());
    }
    let same =
        TokenSpace { special_tokens: base.space.special_tokens.clone(), ..material.space.clone() };
    if base.space != same {
        return Err(BaseIssue::Space.into());
    }
    Ok(())
}

impl MixEntry {
    /// Whether the entry's stage predicts positions one after another.
    pub fn is_causal(&self, tasks: &[Box<dyn DynTask>]) -> bool {
        let task = tasks.iter().find(|task| task.id() == self.task);
        let stages = task.map(|task| task.layout().stages).unwrap_or_default();
        stages.iter().any(|s| s.name == self.stage && s.head.is_causal())
    }
}

/// Returns the tensor of another model for a parameter: the one with the same name and shape. Rows of special tokens
/// are matched by the tokens' names.
pub(crate) fn carried_over(
    name: &str,
    var: &Var,
    file: &LmFile,
    space: &TokenSpace,
) -> Result<Option<Tensor>, TrainError> {
    let Some(tensor) = file.tensors.get(name) else { return Ok(None) };
    let dim = var.dims().last().copied();
    if name != SPECIAL_TOKENS || tensor.dims().last().copied() != dim {
        return Ok((tensor.dims() == var.dims()).then(|| tensor.clone()));
    }
    let rows = space.special_tokens.iter().enumerate().map(|(i, special_token)| {
        match file.space.special_token(special_token) {
            Some(row) => tensor.narrow(0, row as usize, 1),
            None => var.as_detached_tensor().narrow(0, i, 1),
        }
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(Some(Tensor::cat(&rows, 0)?)) // (special tokens, dim)
}
