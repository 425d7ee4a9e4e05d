//! Adapters: low-rank differences of fine-tuned weights.

use std::collections::{BTreeMap, HashMap};

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use syrinx_nn::{ADDED, AdapterScope, LORA_DOWN, LORA_UP, LoraConfig, to_vec_f32};
use syrinx_types::Fingerprint;

use crate::fault::{AdapterFault, WriteFault};
use crate::file::read_tensors;
use crate::{LmFile, ModelError, f16_bytes};

/// A low-rank difference to the weights of one language model, and the special tokens that it adds.
#[derive(Clone)]
pub struct Adapter {
    /// Fingerprint of the language model that it belongs to.
    pub base: String,
    /// Rank, scale and targets.
    pub lora: LoraConfig,
    /// Special tokens that the base lacks, in the order of their rows.
    pub special_tokens: Vec<String>,
    /// Low-rank pairs and added rows by name.
    pub tensors: BTreeMap<String, Tensor>,
}

/// Metadata.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    base: String,
    lora: LoraConfig,
    special_tokens: Vec<String>,
}

const METADATA: &str = "syrinx_adapter";
/// Prefix of the trunk's weights for non-autoregressive passes, where they differ.
pub(crate) const PASSES: &str = "passes.";
/// Table that gets a row for each special token of a new task.
const SPECIAL_TOKENS: &str = "special_tokens";

impl LmFile {
    /// Returns the fingerprint of the weights, 16 hexadecimal digits. It is the same for a language model file and a
    /// model file that contains it.
    ///
    /// # Errors
    /// If a tensor isn't one of floats.
    pub fn fingerprint(&self) -> Result<String, ModelError> {
        Ok(self.digest()?)
    }

    fn digest(&self) -> candle_core::Result<String> {
        let mut hash = Fingerprint::default();
        for (name, tensor) in &self.tensors {
            hash = hash.part(name.as_bytes());
            hash =
                tensor.dims().iter().fold(hash, |hash, &d| hash.bytes(&(d as u64).to_le_bytes()));
            hash = hash.values(&to_vec_f32(tensor)?);
        }
        Ok(hash.hex())
    }
}

impl Adapter {
    /// Returns the adapter as safetensors in f32.
    ///
    /// # Errors
    /// If it can't be serialized.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let header = Header {
            base: self.base.clone(),
            lora: self.lora.clone(),
            special_tokens: self.special_tokens.clone(),
        };
        let json = serde_json::to_string(&header).map_err(WriteFault::from)?;
        f16_bytes(&self.tensors, HashMap::from([(METADATA.to_owned(), json)]), false)
    }

    /// Reads an adapter from safetensors.
    ///
    /// # Errors
    /// For truncated files and files that aren't adapters.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AdapterFault> {
        let (tensors, metadata) = read_tensors(bytes)?;
        let json = metadata.get(METADATA).ok_or(AdapterFault::NoAdapter { entry: METADATA })?;
        let Header { base, lora, special_tokens } =
            serde_json::from_str(json).map_err(AdapterFault::Header)?;
        Ok(Self { base, lora, special_tokens, tensors })
    }

    /// Returns the model with the adapter merged into its weights. Weights that the adapter doesn't target, and
    /// existing rows of special tokens, are bit for bit those of the base. An adapter of non-autoregressive passes adds
    /// a second trunk for them.
    ///
    /// # Errors
    /// If it belongs to another model.
    pub fn merged(&self, base: &LmFile) -> Result<LmFile, AdapterFault> {
        let found = base.digest()?;
        if found != self.base {
            return Err(AdapterFault::OtherModel { expected: self.base.clone(), found });
        }
        let mut out = base.clone();
        if self.lora.scope == AdapterScope::NonAutoregressive {
            let trunk = base.tensors.iter().filter(|(name, _)| name.starts_with("trunk."));
            out.tensors.extend(trunk.map(|(n, t)| (format!("{PASSES}{n}"), t.clone())));
        }
        for (name, tensor) in &self.tensors {
            if let Some(layer) = name.strip_suffix(LORA_UP).map(|l| l.trim_end_matches('.')) {
                self.add_pair(&mut out, layer, tensor)?;
            } else if let Some(table) = name.strip_suffix(ADDED).map(|t| t.trim_end_matches('.')) {
                let before = weight(&out, table)?;
                let rows = Tensor::cat(&[&before, tensor], 0)?; // (rows before + added, dim)
                out.tensors.insert(table.to_owned(), rows);
            }
        }
        out.space.add_special_tokens(self.special_tokens.iter().cloned());
        let (rows, tokens) =
            (weight(&out, SPECIAL_TOKENS)?.dim(0)?, out.space.special_tokens.len());
        if rows != tokens {
            return Err(AdapterFault::SpecialTokens { tokens, rows });
        }
        Ok(out)
    }

    fn add_pair(&self, out: &mut LmFile, layer: &str, up: &Tensor) -> Result<(), AdapterFault> {
        let down = self
            .tensors
            .get(&format!("{layer}.{LORA_DOWN}"))
            .ok_or_else(|| AdapterFault::MissingHalf { layer: layer.to_owned() })?;
        let prefix = match self.lora.scope {
            AdapterScope::All => "",
            AdapterScope::NonAutoregressive => PASSES,
        };
        let name = format!("{prefix}{layer}.weight");
        let difference = (up.matmul(down)? * self.lora.scale())?; // (outputs, inputs)
        let adapted = (weight(out, &name)? + difference)?;
        out.tensors.insert(name, adapted);
        Ok(())
    }
}

fn weight(file: &LmFile, name: &str) -> Result<Tensor, AdapterFault> {
    let found = file.tensors.get(name);
    found.cloned().ok_or_else(|| AdapterFault::NoWeight { name: name.to_owned() })
}
