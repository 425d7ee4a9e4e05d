//! Sizes and switches of the model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_nn::BlockConfig;
use syrinx_task::{CodeOrder, ModelSwitches};
use syrinx_types::{ConfigIssue, Requirement};

/// Embedding and scoring of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tables {
    /// Tables derived from the codec's codebooks: embeddings are linear maps of the entries, and logits are products
    /// with the entries. Similar codes have similar embeddings from the start.
    #[default]
    Codebook,
    /// Learned tables, as in VALL-E.
    Free,
}

/// The language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LmConfig {
    /// The trunk.
    pub trunk: BlockConfig,
    /// Blocks of the phone encoder (of the trunk's width); used with the pointer and with durations.
    pub encoder_layers: usize,
    /// The switches that tasks share with the model.
    #[serde(flatten)]
    pub switches: ModelSwitches,
    /// Embedding and scoring of codes.
    pub tables: Tables,
    /// Frames that the AR predicts in a step (grouped codes, VALL-E 2, section 3.2).
    pub group: usize,
    /// Phone labels that the phone head predicts for each frame.
    pub phone_labels: usize,
    /// Weight of the NAR's regression of the residual latent next to its cross-entropy.
    pub residual_weight: f64,
    /// Weight of the loss on the latents' difference from the conditioning (`latent_conditioning`).
    #[serde(skip_serializing_if = "is_default_latent_difference")]
    pub latent_difference_weight: f64,
    /// Weight of the pointer's loss.
    pub pointer_weight: f64,
    /// Weight of the loss on the change from one frame to the next, where latents are generated.
    #[serde(skip_serializing_if = "is_default_change")]
    pub latent_change_weight: f64,
}

/// Whether the weight is the default, which JSON omits: configurations are compared by their JSON, and that of older
/// models lacks the key.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_default_change(weight: &f64) -> bool {
    *weight == LmConfig::default().latent_change_weight
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_default_latent_difference(weight: &f64) -> bool {
    *weight == LmConfig::default().latent_difference_weight
}

impl Default for LmConfig {
    fn default() -> Self {
        Self {
            trunk: BlockConfig::default(),
            encoder_layers: 2,
            switches: ModelSwitches::default(),
            tables: Tables::Codebook,
            group: 1,
            phone_labels: 2,
            residual_weight: 1.0,
            latent_difference_weight: 15.0,
            pointer_weight: 1.0,
            latent_change_weight: 0.5,
        }
    }
}

impl LmConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting that cannot work.
    pub fn check(&self) -> Result<(), ConfigIssue> {
        self.trunk.check().map_err(|issue| issue.in_table("trunk"))?;
        ConfigIssue::above_zero(&[("group", self.group), ("phone_labels", self.phone_labels)])?;
        if self.switches.alignment.is_aligned() && self.encoder_layers == 0 {
            let reason = "must be above zero with `alignment = \"pointer\"` or `\"durations\"`";
            return Err(ConfigIssue::new("encoder_layers", reason));
        }
        self.switches.check()?;
        if !self.switches.codes.head().takes_groups() && self.group > 1 {
            let grouped = CodeOrder::ALL.iter().filter(|order| order.head().takes_groups());
            let orders: Vec<String> =
                grouped.map(|order| format!("`codes = \"{}\"`", order.name())).collect();
            let with = orders.join(" or ").into();
            let reason = Requirement::Together { value: "above 1".into(), with };
            return Err(ConfigIssue::new("group", reason));
        }
        Ok(())
    }

    /// Returns the sizes of the phone encoder.
    pub fn encoder(&self) -> BlockConfig {
        BlockConfig { layers: self.encoder_layers, ..self.trunk.clone() }
    }
}
