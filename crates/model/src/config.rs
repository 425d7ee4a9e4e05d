//! Sizes and switches of the model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_nn::BlockConfig;
use syrinx_task::{Alignment, CodeOrder, TextForm};

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
    /// Blocks of the phone encoder (of the trunk's width); used with the pointer and with durations.
    pub encoder_layers: usize,
    /// How text and frames meet.
    pub alignment: Alignment,
    /// How the words that are spoken are written: as phones or as plain text.
    pub text: TextForm,
    /// In what order codes are written.
    #[serde(skip_serializing_if = "CodeOrder::is_default")]
    pub codes: CodeOrder,
    /// How codes are embedded and scored.
    pub tables: Tables,
    /// Frames that the AR writes a step (grouped codes, VALL-E 2 section 3.2).
    pub group: usize,
    /// Phone labels a frame that the phone head gives.
    pub phone_labels: usize,
    /// Weight of the NAR's regression of the residual latent beside its cross-entropy.
    pub residual_weight: f64,
    /// Whether a stage beside a recording hears it as the latents that its codes round, too, and where it decides level 1
    /// says by how much the response's differ from them: what the recording is to be turned down to. Codes that were
    /// fitted to clean speech say little of noise. Goes with shards that were encoded with `--latents`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub latents_heard: bool,
    /// Weight of that difference's loss.
    #[serde(skip_serializing_if = "is_default_heard")]
    pub heard_weight: f64,
    /// Weight of the pointer's loss.
    pub pointer_weight: f64,
    /// Weight of the loss on the change from one frame to the next, where latents are written.
    #[serde(skip_serializing_if = "is_default_change")]
    pub latent_change_weight: f64,
}

/// Configurations are compared, and told apart by their text: one from before there was a key reads as it did.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_default_change(weight: &f64) -> bool {
    *weight == LmConfig::default().latent_change_weight
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_default_heard(weight: &f64) -> bool {
    *weight == LmConfig::default().heard_weight
}

impl Default for LmConfig {
    fn default() -> Self {
        Self {
            trunk: BlockConfig::default(),
            encoder_layers: 2,
            alignment: Alignment::Pointer,
            text: TextForm::Phones,
            codes: CodeOrder::ArNar,
            tables: Tables::Codebook,
            group: 1,
            phone_labels: 2,
            residual_weight: 1.0,
            latents_heard: false,
            heard_weight: 15.0,
            pointer_weight: 1.0,
            latent_change_weight: 0.5,
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
        if self.alignment.walks() && self.encoder_layers == 0 {
            return Err(
                "alignments with a pointer or durations need at least one encoder layer".into()
            );
        }
        if self.codes == CodeOrder::Masked && self.alignment != Alignment::Durations {
            return Err("`codes = \"masked\"` decides codes in a timing that is known first: it goes with `alignment = \"durations\"`".into());
        }
        if self.codes != CodeOrder::ArNar && self.group > 1 {
            return Err("`group` above 1 goes with `codes = \"ar_nar\"` only".into());
        }
        Ok(())
    }

    /// Sizes of the phone encoder.
    pub fn encoder(&self) -> BlockConfig {
        BlockConfig { layers: self.encoder_layers, ..self.trunk.clone() }
    }
}
