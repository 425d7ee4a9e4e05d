//! A checkpoint's tensors by their published names, and what their shapes say.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use super::error::VallEError;
use crate::{Checkpoint as Tensors, PretrainedError};

/// Most levels of a codec: EnCodec's at 24 kbit/s.
const MOST_LEVELS: usize = 32;

/// A checkpoint; tensors are read one at a time.
pub(crate) struct Checkpoint {
    tensors: Tensors,
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
        Ok(Self { tensors: Tensors::open(path)? })
    }

    pub(crate) fn broken(&self, reason: impl Into<String>) -> VallEError {
        VallEError::Broken { path: self.tensors.path().into(), reason: reason.into() }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.entries().contains_key(name)
    }

    /// Returns a tensor of a shape.
    pub(crate) fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor, VallEError> {
        Ok(self.tensors.get(name, shape)?)
    }

    /// Returns the first rows of a tensor that may have more: some exports did not trim them.
    pub(crate) fn first_rows(&self, name: &str, shape: &[usize]) -> Result<Tensor, VallEError> {
        let found = self.tensors.entries().get(name).map(|entry| entry.shape.as_slice());
        let longer = |found: &&[usize]| {
            found.len() == shape.len() && found[0] >= shape[0] && found[1..] == shape[1..]
        };
        let Some(found) = found.filter(longer) else { return self.get(name, shape) };
        let tensor = self.get(name, found)?;
        tensor.narrow(0, 0, shape[0]).map_err(|e| self.broken(e.to_string()))
    }

    /// Returns the first values of a bias, or zeros for a checkpoint without biases.
    pub(crate) fn bias(&self, name: &str, values: usize) -> Result<Tensor, VallEError> {
        if self.has(name) {
            return self.first_rows(name, &[values]);
        }
        Tensor::zeros(values, DType::F32, &Device::Cpu).map_err(|e| self.broken(e.to_string()))
    }

    /// Rows and columns of a matrix.
    fn matrix(&self, name: &str) -> Result<(usize, usize), VallEError> {
        let entry = self.tensors.entries().get(name);
        match entry.map(|entry| entry.shape.as_slice()) {
            Some(&[rows, columns]) if rows > 0 && columns > 0 => Ok((rows, columns)),
            Some(found) => {
                let reason = format!("tensor `{name}` has shape {found:?}, expected a matrix");
                Err(self.broken(reason))
            }
            None => Err(self.broken(format!("tensor `{name}` is missing, expected a matrix"))),
        }
    }

    /// Returns the rows of a matrix.
    pub(crate) fn rows(&self, name: &str) -> Result<usize, VallEError> {
        Ok(self.matrix(name)?.0)
    }

    /// Returns the configuration in the metadata. Some exports dropped it.
    pub(crate) fn config(&self) -> Value {
        let text = self.tensors.metadata().get("config").map_or("", String::as_str);
        serde_json::from_str(text).unwrap_or(Value::Null)
    }

    /// Returns the sizes of the model; `heads` overrides the metadata.
    pub(crate) fn sizes(&self, heads: Option<usize>) -> Result<Sizes, VallEError> {
        let count = |name: &dyn Fn(usize) -> String, most: usize| {
            (0..most).take_while(|&i| self.has(&name(i))).count()
        };
        let (phones, dim) = self.matrix("text_emb.weight")?;
        let (codes, _) = self.matrix("proms_emb.embeddings.0.weight")?;
        let (hidden, _) = self.matrix("model.layers.0.mlp.gate_proj.weight")?;
        let layers = count(
            &|i| format!("model.layers.{i}.input_layernorm.weight"),
            self.tensors.entries().len(),
        );
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

impl From<PretrainedError> for VallEError {
    fn from(error: PretrainedError) -> Self {
        Self::Checkpoint(Box::new(error))
    }
}
