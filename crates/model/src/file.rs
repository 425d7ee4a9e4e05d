//! Weights as bytes: safetensors with the configuration in the metadata.

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use syrinx_task::TokenSpace;

use crate::fault::{ReadFault, TensorFault, WriteFault};
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
    /// Returns the language model as safetensors. `half` stores weights and codebooks as f16.
    pub fn to_bytes(&self, half: bool) -> Result<Vec<u8>, ModelError> {
        let mut tensors = self.tensors.clone();
        for (level, book) in self.codebooks.iter().enumerate() {
            let shape = (self.space.codebook_size, book.len() / self.space.codebook_size);
            tensors.insert(
                format!("{CODEBOOK}{level}"),
                Tensor::from_vec(book.clone(), shape, &Device::Cpu)?,
            );
        }
        let json = |value: serde_json::Result<String>| value.map_err(WriteFault::from);
        let mut metadata = HashMap::from([
            (CONFIG.to_string(), json(serde_json::to_string(&self.config))?),
            (SPACE.to_string(), json(serde_json::to_string(&self.space))?),
        ]);
        metadata.extend(self.tokenizer.clone().map(|json| (TOKENIZER.to_owned(), json)));
        f16_bytes(&tensors, metadata, half)
    }

    /// Reads a language model from safetensors. Fails on truncated files and on files that aren't language models.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let (mut tensors, metadata) = parse_tensors(bytes)?;
        tensors.par_iter().try_for_each(|(name, tensor)| check_weights(name, tensor))?;
        let config: LmConfig = entry(&metadata, CONFIG)?;
        let space: TokenSpace = entry(&metadata, SPACE)?;
        let mut codebooks: Vec<Vec<f32>> = Vec::new();
        let mut latent_dim = None;
        for level in 0..space.levels {
            let name = format!("{CODEBOOK}{level}");
            let book = tensors.remove(&name).ok_or(ReadFault::NoCodebook { level: level + 1 })?;
            let codebook_size = space.codebook_size;
            match *book.dims() {
                [entries, dim]
                    if entries == codebook_size && latent_dim.is_none_or(|d| d == dim) =>
                {
                    latent_dim = Some(dim);
                }
                ref shape => {
                    let shape = shape.to_vec();
                    let fault = TensorFault::Codebook { shape, codebook_size, latent_dim };
                    return Err(ModelError::Tensor { name, fault });
                }
            }
            codebooks.push(syrinx_nn::to_vec_f32(&book)?);
        }
        let tokenizer = metadata.get(TOKENIZER).cloned();
        Ok(Self { config, space, codebooks, tensors, tokenizer })
    }
}

/// Returns an entry of a file's metadata.
fn entry<T: serde::de::DeserializeOwned>(
    metadata: &HashMap<String, String>,
    key: &'static str,
) -> Result<T, ReadFault> {
    let json = metadata.get(key).ok_or(ReadFault::NoEntry { key })?;
    serde_json::from_str(json).map_err(|cause| ReadFault::Entry { key, cause })
}

/// Refuses tensors that are not floats or contain values that are not finite.
fn check_weights(name: &str, tensor: &Tensor) -> Result<(), ModelError> {
    let fail = |fault| Err(ModelError::Tensor { name: name.to_owned(), fault });
    if !tensor.dtype().is_float() {
        return fail(TensorFault::DType(tensor.dtype()));
    }
    let wrong = |values: &[f32]| values.iter().filter(|value| !value.is_finite()).count();
    match syrinx_nn::with_slice(tensor, |values| Ok(wrong(values)))? {
        0 => Ok(()),
        count => fail(TensorFault::NotFinite { count, values: tensor.elem_count() }),
    }
}

/// Tensors by name.
pub type TensorMap = BTreeMap<String, Tensor>;

/// Serializes tensors and metadata as safetensors: f16 if `half`, else f32.
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
    let bytes = safetensors::serialize(&stored, Some(metadata)).map_err(WriteFault::from)?;
    Ok(with_sorted_header(bytes)?)
}

/// Bytes of the length of a safetensors header.
const LENGTH_BYTES: usize = 8;

/// Sorts the entries of a safetensors header, so that equal tensors and metadata give equal bytes. Otherwise the order
/// of the metadata differs from run to run.
fn with_sorted_header(mut bytes: Vec<u8>) -> Result<Vec<u8>, WriteFault> {
    type Sorted = BTreeMap<String, serde_json::Value>;
    let length = bytes.first_chunk::<LENGTH_BYTES>().map_or(0, |n| u64::from_le_bytes(*n));
    let header = LENGTH_BYTES..LENGTH_BYTES + length as usize;
    let mut entries: Sorted = serde_json::from_slice(&bytes[header.clone()])?;
    if let Some(metadata) = entries.get_mut("__metadata__") {
        let sorted: Sorted = serde_json::from_value(metadata.take())?;
        *metadata = serde_json::to_value(sorted)?;
    }
    let mut sorted = serde_json::to_vec(&entries)?;
    if sorted.len() > header.len() {
        let (length, sorted) = (header.len(), sorted.len());
        return Err(WriteFault::HeaderGrew { length, sorted });
    }
    // Spaces fill a header up to a multiple of eight bytes.
    sorted.resize(header.len(), b' ');
    bytes[header].copy_from_slice(&sorted);
    Ok(bytes)
}

/// Returns the tensors of a safetensors file as f32, and its metadata.
///
/// # Errors
/// [`ModelError::Unreadable`].
pub fn parse_tensors(bytes: &[u8]) -> Result<(TensorMap, HashMap<String, String>), ModelError> {
    Ok(read_tensors(bytes)?)
}

/// Returns the same as [`parse_tensors`], with the fault alone.
pub(crate) fn read_tensors(
    bytes: &[u8],
) -> Result<(TensorMap, HashMap<String, String>), ReadFault> {
    let (_, header) = SafeTensors::read_metadata(bytes)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let views = SafeTensors::deserialize(bytes)?;
    let read = |(name, view): (String, TensorView<'_>)| Ok((name, tensor_of(&view)?));
    let tensors = views.tensors().into_par_iter().map(read).collect::<Result<_, ReadFault>>()?;
    Ok((tensors, metadata))
}

/// Returns a stored tensor, floats as f32.
fn tensor_of(view: &TensorView<'_>) -> Result<Tensor, candle_core::Error> {
    if view.dtype() == Dtype::F16 {
        let values = syrinx_nn::f32_of_f16(view.data());
        return Tensor::from_vec(values, view.shape(), &Device::Cpu);
    }
    let dtype = DType::try_from(view.dtype())?;
    let tensor = Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)?;
    if dtype.is_float() { tensor.to_dtype(DType::F32) } else { Ok(tensor) }
}
