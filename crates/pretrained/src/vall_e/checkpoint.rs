//! A checkpoint's tensors by their published names, and what their shapes say.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use serde_json::Value;
use syrinx_model::{TensorMap, parse_tensors};

use super::error::VallEError;

/// Levels of EnCodec at 6 kbit/s, which every version 5 model has.
const MOST_LEVELS: usize = 32;

/// A checkpoint in memory.
pub(crate) struct Checkpoint {
    path: PathBuf,
    tensors: TensorMap,
    metadata: HashMap<String, String>,
}

/// Sizes that follow from the tensors' shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) dim: usize,
    pub(crate) layers: usize,
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    /// Levels of the codec.
    pub(crate) levels: usize,
    /// Codes of a level.
    pub(crate) codes: usize,
    pub(crate) phones: usize,
    pub(crate) letters: usize,
    /// Whether there are a table and a head for level 1 in place, and a head for lengths.
    pub(crate) masked: bool,
}

impl Checkpoint {
    pub(crate) fn open(path: &Path) -> Result<Self, VallEError> {
        let bytes =
            std::fs::read(path).map_err(|source| VallEError::Read { path: path.into(), source })?;
        let broken = |reason: String| VallEError::Broken { path: path.into(), reason };
        // ZIP and pickle containers are refused by their first bytes, without a look inside. A safetensors file may begin with
        // the same bytes, and has its header after eight.
        let pickle = bytes.starts_with(b"PK") || bytes.starts_with(&[0x80]);
        if pickle && bytes.get(8) != Some(&b'{') {
            return Err(broken("it is a PyTorch file, expected safetensors".into()));
        }
        let (tensors, metadata) = parse_tensors(&bytes).map_err(|e| broken(e.to_string()))?;
        Ok(Self { path: path.into(), tensors, metadata })
    }

    pub(crate) fn broken(&self, reason: impl Into<String>) -> VallEError {
        VallEError::Broken { path: self.path.clone(), reason: reason.into() }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A tensor of any shape with finite floating-point values.
    fn tensor(&self, name: &str) -> Result<&Tensor, VallEError> {
        let tensor = self
            .tensors
            .get(name)
            .ok_or_else(|| self.broken(format!("tensor `{name}` is missing")))?;
        if tensor.dtype() != DType::F32 {
            let found = tensor.dtype();
            let reason =
                format!("tensor `{name}` holds {found:?} values, expected F32, F16 or BF16");
            return Err(self.broken(reason));
        }
        Ok(tensor)
    }

    /// A tensor of a shape.
    pub(crate) fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor, VallEError> {
        let tensor = self.tensor(name)?;
        if tensor.dims() != shape {
            return Err(self.shape(name, tensor, shape));
        }
        self.finite(name, tensor.clone())
    }

    /// The first rows of a matrix that may have more: some exports did not trim them.
    pub(crate) fn first_rows(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Tensor, VallEError> {
        let tensor = self.tensor(name)?;
        match tensor.dims() {
            [found, width] if *found >= rows && *width == columns => {
                let first = tensor.narrow(0, 0, rows).map_err(|e| self.broken(e.to_string()))?;
                self.finite(name, first)
            }
            _ => Err(self.shape(name, tensor, &[rows, columns])),
        }
    }

    /// The first values of a bias, or zeros for a checkpoint without biases.
    pub(crate) fn bias(&self, name: &str, values: usize) -> Result<Tensor, VallEError> {
        if !self.has(name) {
            return Tensor::zeros(values, DType::F32, &Device::Cpu)
                .map_err(|e| self.broken(e.to_string()));
        }
        let tensor = self.tensor(name)?;
        match tensor.dims() {
            [found] if *found >= values => {
                let first = tensor.narrow(0, 0, values).map_err(|e| self.broken(e.to_string()))?;
                self.finite(name, first)
            }
            _ => Err(self.shape(name, tensor, &[values])),
        }
    }

    fn shape(&self, name: &str, found: &Tensor, expected: &[usize]) -> VallEError {
        let found = found.dims();
        self.broken(format!("tensor `{name}` has the shape {found:?}, expected {expected:?}"))
    }

    fn finite(&self, name: &str, tensor: Tensor) -> Result<Tensor, VallEError> {
        let mean = tensor.abs().and_then(|t| t.mean_all()?.to_scalar::<f32>());
        match mean {
            Ok(mean) if mean.is_finite() => Ok(tensor),
            _ => Err(self.broken(format!("tensor `{name}` holds values that are not finite"))),
        }
    }

    /// Rows and columns of a matrix.
    fn matrix(&self, name: &str) -> Result<(usize, usize), VallEError> {
        let tensor = self.tensor(name)?;
        match tensor.dims() {
            [rows, columns] if *rows > 0 && *columns > 0 => Ok((*rows, *columns)),
            _ => Err(self.shape(name, tensor, &[0, 0])),
        }
    }

    /// Rows of a matrix.
    pub(crate) fn rows(&self, name: &str) -> Result<usize, VallEError> {
        Ok(self.matrix(name)?.0)
    }

    /// The configuration in the metadata. Some exports dropped it.
    pub(crate) fn config(&self) -> Value {
        let text = self.metadata.get("config").map_or("", String::as_str);
        serde_json::from_str(text).unwrap_or(Value::Null)
    }

    /// Sizes of the model; `heads` overrides the metadata.
    pub(crate) fn sizes(&self, heads: Option<usize>) -> Result<Sizes, VallEError> {
        let count = |name: &dyn Fn(usize) -> String, most: usize| {
            (0..most).take_while(|&i| self.has(&name(i))).count()
        };
        let (phones, dim) = self.matrix("text_emb.weight")?;
        let (codes, _) = self.matrix("proms_emb.embeddings.0.weight")?;
        let (hidden, _) = self.matrix("model.layers.0.mlp.gate_proj.weight")?;
        let layers =
            count(&|i| format!("model.layers.{i}.input_layernorm.weight"), self.tensors.len());
        let levels = count(&|i| format!("proms_emb.embeddings.{i}.weight"), MOST_LEVELS);
        let tables = count(&|i| format!("resps_emb.embeddings.{i}.weight"), MOST_LEVELS + 1);
        if tables != levels && tables != levels + 1 {
            return Err(self.broken(format!(
                "{levels} prompt tables and {tables} response tables, expected as many or one more"
            )));
        }
        let letters = match self.has("raw_text_emb.weight") {
            true => self.matrix("raw_text_emb.weight")?.0,
            false => 0,
        };
        let named = self.config()["size"]["heads"].as_u64().map(|heads| heads as usize);
        // Published sizes have heads of 64.
        let heads = heads.or(named).unwrap_or(dim / 64);
        if heads == 0 || !dim.is_multiple_of(heads) || !(dim / heads).is_multiple_of(2) {
            return Err(self.broken(format!("a width of {dim} does not split into {heads} heads")));
        }
        let masked = tables == levels + 1;
        Ok(Sizes { dim, layers, hidden, heads, levels, codes, phones, letters, masked })
    }
}
