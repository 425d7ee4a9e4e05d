//! Low-rank adapters (LoRA, arXiv 2106.09685): trained low-rank differences of fixed linear maps.

use candle_core::{Result, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{Allowed, ConfigIssue};

use crate::{Kernels, ops};

/// Name of the trunk among the weights of a model.
const TRUNK: &str = "trunk";

/// Passes of a model in which an adapter is applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdapterScope {
    /// All passes.
    #[default]
    All,
    /// Non-autoregressive passes. The autoregressive ones, which determine the words, keep the base's trunk.
    NonAutoregressive,
}

/// Rank, scale, targets and scope of a low-rank adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoraConfig {
    /// Rank of the difference.
    pub rank: usize,
    /// Scale of the difference: it is multiplied by `alpha / rank`, so that the learning rate needs no change with the
    /// rank.
    pub alpha: f64,
    /// Names of the linear maps that are adapted; `*` matches any text, as in `trunk.*.qkv`.
    pub targets: Vec<String>,
    /// Passes in which the difference is applied. Any choice but `all` needs targets within the trunk.
    pub scope: AdapterScope,
}

impl Default for LoraConfig {
    fn default() -> Self {
        let targets = vec![format!("{TRUNK}.*")];
        Self { rank: 8, alpha: 16.0, targets, scope: AdapterScope::All }
    }
}

impl LoraConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting that cannot work.
    pub fn check(&self) -> std::result::Result<(), ConfigIssue> {
        ConfigIssue::above_zero(&[("rank", self.rank)])?;
        let within = |target: &String| target.starts_with(&format!("{TRUNK}."));
        if self.scope != AdapterScope::All && !self.targets.iter().all(within) {
            return Err(ConfigIssue::new("targets", "must begin with `trunk.` for that scope"));
        }
        if self.targets.is_empty() {
            return Err(ConfigIssue::new("targets", "must name a linear map"));
        }
        Allowed::Above(0.0).check("alpha", self.alpha)?;
        Allowed::Finite.check("alpha", self.alpha)
    }

    /// Returns the factor of the low-rank difference.
    pub fn scale(&self) -> f64 {
        self.alpha / self.rank as f64
    }

    /// Whether the linear map of this name is adapted.
    pub fn adapts(&self, name: &str) -> bool {
        self.targets.iter().any(|pattern| matches(pattern, name))
    }
}

/// Whether a name matches a pattern in which `*` matches any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(first) else { return false };
    let starts = (0..=name.len()).filter(|&i| name.is_char_boundary(i));
    starts.into_iter().any(|i| matches(rest, &name[i..]))
}

/// Suffix of the name of a linear map for the first matrix of its low-rank pair.
pub const LORA_DOWN: &str = "lora_down";
/// Suffix for the second matrix; see [`LORA_DOWN`].
pub const LORA_UP: &str = "lora_up";

/// Trained difference of a linear map: `scale * up * down`.
#[derive(Clone)]
pub(crate) struct LowRank {
    pub(crate) down: Tensor, // (rank, inputs)
    pub(crate) up: Tensor,   // (outputs, rank)
    pub(crate) scale: f64,
}

impl LowRank {
    /// `y + scale * x downᵀ upᵀ`: `x` (rows, inputs), `y` (rows, outputs).
    pub(crate) fn add_to(&self, y: Tensor, x: &Tensor, kernels: Kernels) -> Result<Tensor> {
        let inner = (ops::linear(x, &self.down, None, kernels)? * self.scale)?; // (rows, rank)
        ops::linear_add(&inner, &self.up, &y, kernels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_linear_maps() {
        for (pattern, name, fits) in [
            ("trunk.*", "trunk.blocks.0.qkv", true),
            ("trunk.*", "encoder.stack.blocks.0.qkv", false),
            ("*.qkv", "trunk.blocks.0.qkv", true),
            ("trunk.*.qkv", "trunk.blocks.11.qkv", true),
            ("trunk.*.qkv", "trunk.blocks.11.out", false),
            ("*blocks*down", "trunk.blocks.1.down", true),
            ("heads.residual", "heads.residual", true),
            ("heads.residual", "heads.residual.x", false),
            ("*", "anything", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
