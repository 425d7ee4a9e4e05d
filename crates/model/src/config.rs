//! Sizes and switches of the model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_nn::BlockConfig;
use syrinx_task::{Alignment, TextForm};

/// How codes are embedded and scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tables {
    /// Through the codec's own codebooks: embeddings are linear maps of the entries, and logits know their geometry,
    /// so that near codes behave alike from the start.
    #[default]
    Codebook,
    /// Free tables, as in VALL-E.
    Free,
}

/// The language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LmConfig {
    /// The trunk.
    pub trunk: BlockConfig,
    /// Blocks of the phone encoder (of the trunk's width); used with the pointer alignment.
    pub encoder_layers: usize,
    /// How text and frames meet.
    pub alignment: Alignment,
    /// How the words that are spoken are written: as phones or as plain text.
    pub text: TextForm,
    /// How codes are embedded and scored.
    pub tables: Tables,
    /// Frames that the AR writes a step (grouped codes, VALL-E 2 section 3.2).
    pub group: usize,
    /// Phone labels a frame that the phone head gives.
    pub phone_labels: usize,
    /// Weight of the NAR's regression of the residual latent beside its cross-entropy.
    pub residual_weight: f64,
    /// Weight of the pointer's loss.
    pub pointer_weight: f64,
}

impl Default for LmConfig {
    fn default() -> Self {
        Self {
            trunk: BlockConfig::default(),
            encoder_layers: 2,
            alignment: Alignment::Pointer,
            text: TextForm::Phones,
            tables: Tables::Codebook,
            group: 1,
            phone_labels: 2,
            residual_weight: 1.0,
            pointer_weight: 1.0,
        }
    }
}

impl LmConfig {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), String> {
        self.trunk.check()?;
        if self.group == 0 || self.phone_labels == 0 {
            return Err("group and phone_labels must be above zero".into());
        }
        if self.alignment == Alignment::Pointer && self.encoder_layers == 0 {
            return Err("the pointer alignment needs at least one encoder layer".into());
        }
        Ok(())
    }

    /// Sizes of the phone encoder.
    pub fn encoder(&self) -> BlockConfig {
        BlockConfig { layers: self.encoder_layers, ..self.trunk.clone() }
    }
}
