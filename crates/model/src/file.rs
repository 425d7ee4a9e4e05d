//! Weights as bytes: safetensors with the configuration in the metadata.

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use syrinx_task::TokenSpace;

use crate::{LmConfig, ModelError};

/// A language model's weights and everything needed to build it.
#[derive(Clone)]
pub struct LmFile {
    /// Sizes and switches.
    pub config: LmConfig,
    /// Token spaces.
    pub space: TokenSpace,
    /// The codec's codebooks, one a level, (codebook_size, latent_dim) row-major.
    pub codebooks: Vec<Vec<f32>>,
    /// Weights by name.
    pub tensors: BTreeMap<String, Tensor>,
    /// Tokenizer of a published model, the text of its `tokenizer.json`.
    pub tokenizer: Option<String>,
}

const CONFIG: &str = "config";
const SPACE: &str = "space";
const TOKENIZER: &str = "tokenizer";
const CODEBOOK: &str = "codebook.";

impl LmFile {
    /// As safetensors. `half` stores weights as f16 (half the size; codebooks too).
    pub fn to_bytes(&self, half: bool) -> Result<Vec<u8>, ModelError> {
        let mut tensors = self.tensors.clone();
        for (level, book) in self.codebooks.iter().enumerate() {
            let shape = (self.space.codebook_size, book.len() / self.space.codebook_size);
            tensors.insert(
                format!("{CODEBOOK}{level}"),
                Tensor::from_vec(book.clone(), shape, &Device::Cpu)?,
            );
        }
        let json = |value: Result<String, serde_json::Error>| {
            value.map_err(|e| ModelError::Unwritable(e.to_string()))
        };
        let mut metadata = HashMap::from([
            (CONFIG.to_string(), json(serde_json::to_string(&self.config))?),
            (SPACE.to_string(), json(serde_json::to_string(&self.space))?),
        ]);
        metadata.extend(self.tokenizer.clone().map(|json| (TOKENIZER.to_owned(), json)));
        f16_bytes(&tensors, metadata, half)
    }

    /// From safetensors. Fails on cut files and on files that aren't language models.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let (mut tensors, metadata) = parse_tensors(bytes)?;
        tensors.par_iter().try_for_each(|(name, tensor)| check_weights(name, tensor))?;
        let read = |key: &str| {
            metadata
                .get(key)
                .ok_or_else(|| ModelError::Broken(format!("no `{key}` in its metadata")))
        };
        let broken = |e: serde_json::Error| ModelError::Broken(e.to_string());
        let config: LmConfig = serde_json::from_str(read(CONFIG)?).map_err(broken)?;
        let space: TokenSpace = serde_json::from_str(read(SPACE)?).map_err(broken)?;
        let mut codebooks: Vec<Vec<f32>> = Vec::new();
        let mut latent_dim = None;
        for level in 0..space.levels {
            let name = format!("{CODEBOOK}{level}");
            let book = tensors
                .remove(&name)
                .ok_or_else(|| ModelError::Broken(format!("no codebook of level {}", level + 1)))?;
            let expected =
                latent_dim.map_or_else(|| "latent_dim".to_owned(), |d: usize| d.to_string());
            match *book.dims() {
                [entries, dim]
                    if entries == space.codebook_size && latent_dim.is_none_or(|d| d == dim) =>
                {
                    latent_dim = Some(dim);
                }
                ref shape => {
                    let found = format!("of shape {shape:?}");
                    let expected = format!("[{}, {expected}]", space.codebook_size);
                    return Err(ModelError::Tensor { name, found, expected });
                }
            }
            codebooks.push(syrinx_nn::to_vec_f32(&book)?);
        }
        let tokenizer = metadata.get(TOKENIZER).cloned();
        Ok(Self { config, space, codebooks, tensors, tokenizer })
    }
}

/// Refuses tensors that are no floats or hold values that are not finite.
fn check_weights(name: &str, tensor: &Tensor) -> Result<(), ModelError> {
    let fault = |found: String, expected: &str| {
        Err(ModelError::Tensor { name: name.to_owned(), found, expected: expected.to_owned() })
    };
    if !tensor.dtype().is_float() {
        return fault(format!("of type {:?}", tensor.dtype()), "floating point");
    }
    let wrong = |values: &[f32]| values.iter().filter(|value| !value.is_finite()).count();
    match syrinx_nn::with_slice(tensor, |values| Ok(wrong(values)))? {
        0 => Ok(()),
        count => {
            fault(format!("not finite in {count} of {} values", tensor.elem_count()), "finite")
        }
    }
}

/// Tensors by name.
pub type TensorMap = BTreeMap<String, Tensor>;

/// Tensors and metadata as safetensors, as f16 if `half`.
pub fn f16_bytes(
    tensors: &BTreeMap<String, Tensor>,
    metadata: HashMap<String, String>,
    half: bool,
) -> Result<Vec<u8>, ModelError> {
    let dtype = if half { DType::F16 } else { DType::F32 };
    let stored: BTreeMap<String, Tensor> = tensors
        .iter()
        .map(|(n, t)| Ok((n.clone(), t.to_dtype(dtype)?.contiguous()?)))
        .collect::<Result<_, candle_core::Error>>()?;
    let bytes = safetensors::serialize(&stored, Some(metadata));
    with_sorted_header(bytes.map_err(|e| ModelError::Broken(e.to_string()))?)
}

/// Bytes of the length of a safetensors header.
const LENGTH_BYTES: usize = 8;

/// Sorts the entries of a safetensors header, whose metadata otherwise has another order at every run: equal tensors
/// and metadata are equal bytes.
fn with_sorted_header(mut bytes: Vec<u8>) -> Result<Vec<u8>, ModelError> {
    type Sorted = BTreeMap<String, serde_json::Value>;
    let broken = |e: serde_json::Error| ModelError::Broken(e.to_string());
    let length = bytes.first_chunk::<LENGTH_BYTES>().map_or(0, |n| u64::from_le_bytes(*n));
    let header = LENGTH_BYTES..LENGTH_BYTES + length as usize;
    let mut entries: Sorted = serde_json::from_slice(&bytes[header.clone()]).map_err(broken)?;
    if let Some(metadata) = entries.get_mut("__metadata__") {
        let sorted: Sorted = serde_json::from_value(metadata.take()).map_err(broken)?;
        *metadata = serde_json::to_value(sorted).map_err(broken)?;
    }
    let mut sorted = serde_json::to_vec(&entries).map_err(broken)?;
    if sorted.len() > header.len() {
        return Err(ModelError::Broken("the header grew when it was sorted".into()));
    }
    // Spaces fill a header up to a multiple of eight bytes.
    sorted.resize(header.len(), b' ');
    bytes[header].copy_from_slice(&sorted);
    Ok(bytes)
}

/// Returns the tensors of a safetensors file as f32, and its metadata.
pub fn parse_tensors(bytes: &[u8]) -> Result<(TensorMap, HashMap<String, String>), ModelError> {
    let broken = |e: safetensors::SafeTensorError| ModelError::Broken(e.to_string());
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let views = SafeTensors::deserialize(bytes).map_err(broken)?;
    let read = |(name, view): (String, TensorView<'_>)| Ok((name, tensor_of(&view)?));
    let tensors = views.tensors().into_par_iter().map(read).collect::<Result<_, ModelError>>()?;
    Ok((tensors, metadata))
}

/// Returns a stored tensor, floats as f32.
fn tensor_of(view: &TensorView<'_>) -> Result<Tensor, ModelError> {
    if view.dtype() == Dtype::F16 {
        let values = syrinx_nn::f32_of_f16(view.data());
        return Ok(Tensor::from_vec(values, view.shape(), &Device::Cpu)?);
    }
    let dtype = DType::try_from(view.dtype())?;
    let tensor = Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)?;
    Ok(if dtype.is_float() { tensor.to_dtype(DType::F32)? } else { tensor })
}
