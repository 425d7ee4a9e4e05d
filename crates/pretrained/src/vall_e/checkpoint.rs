//! Tensors of a VALL-E checkpoint by their published names, and the model's sizes, derived from their shapes.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use super::error::{VallECheckpointFault, VallEFault};
use crate::{Checkpoint as Tensors, PretrainedError};

/// Maximum number of levels: that of EnCodec at 24 kbit/s.
const MOST_LEVELS: usize = 32;
/// Maximum number of embedding tables and heads for levels.
const MOST_TABLES: usize = 2 * MOST_LEVELS;
/// Prefix of the names of classification heads.
const HEADS: &str = "classifiers.proj.";

/// A checkpoint whose tensors are read one at a time.
pub(crate) struct Checkpoint {
    tensors: Tensors,
}

/// Sizes that follow from the shapes of the tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) dim: usize,
    pub(crate) layers: usize,
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    /// Number of levels of the codec.
    pub(crate) levels: usize,
    /// Number of codes per level.
    pub(crate) codes: usize,
    pub(crate) phones: usize,
    pub(crate) letters: usize,
    /// Whether the model has an embedding table and a head for masked decoding of level 1, and a head for lengths.
    pub(crate) masked: bool,
}

impl Checkpoint {
    pub(crate) fn open(path: &Path) -> Result<Self, VallEFault> {
        Ok(Self { tensors: Tensors::open(path)? })
    }

    pub(crate) fn broken(&self, fault: VallECheckpointFault) -> VallEFault {
        VallEFault::Broken { path: self.tensors.path().into(), fault }
    }

    /// Returns the error of tensors that can't be converted.
    pub(crate) fn unusable(&self, error: candle_core::Error) -> VallEFault {
        self.broken(VallECheckpointFault::Tensor(Box::new(error)))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.entries().contains_key(name)
    }

    /// Returns a tensor of the given shape.
    pub(crate) fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor, VallEFault> {
        Ok(self.tensors.get(name, shape)?)
    }

    /// Returns weight (classes, dim) and bias (classes) of a head whose shape in the file is (rows, dim); rows beyond
    /// `classes` are removed. In a checkpoint without biases, the bias is zero.
    pub(crate) fn head(
        &self,
        index: usize,
        shape: [usize; 2],
        classes: usize,
    ) -> Result<(Tensor, Tensor), VallEFault> {
        let name = format!("{HEADS}{index}");
        let fail = |e| self.unusable(e);
        let weight = self.get(&format!("{name}.weight"), &shape)?;
        let bias = match self.has_biases() {
            true => self.get(&format!("{name}.bias"), &shape[..1])?,
            false => Tensor::zeros(shape[0], DType::F32, &Device::Cpu).map_err(fail)?,
        };
        let first = |tensor: Tensor| tensor.narrow(0, 0, classes).map_err(fail);
        Ok((first(weight)?, first(bias)?))
    }

    /// Whether the heads have biases.
    fn has_biases(&self) -> bool {
        let mut names = self.tensors.entries().keys();
        names.any(|name| name.starts_with(HEADS) && name.ends_with(".bias"))
    }

    /// Returns one more than the largest index below `most` in the names `PREFIX.INDEX.…`. A missing index counts, so
    /// that reading its tensors reports an error.
    fn count(&self, prefix: &str, most: usize) -> usize {
        let index = |name: &String| {
            let (index, _) = name.strip_prefix(prefix)?.split_once('.')?;
            index.parse::<usize>().ok().filter(|&index| index < most)
        };
        let last = self.tensors.entries().keys().filter_map(index).max();
        last.map_or(0, |last| last + 1)
    }

    /// Returns the numbers of rows and columns of a matrix.
    fn matrix(&self, name: &str) -> Result<(usize, usize), VallEFault> {
        let entry = self.tensors.entries().get(name);
        match entry.map(|entry| entry.shape.as_slice()) {
            Some(&[rows, columns]) if rows > 0 && columns > 0 => Ok((rows, columns)),
            Some(found) => {
                let (tensor, found) = (name.to_owned(), found.to_vec());
                Err(self.broken(VallECheckpointFault::OtherShape { tensor, found }))
            }
            None => Err(self.broken(VallECheckpointFault::NoMatrix { tensor: name.to_owned() })),
        }
    }

    /// Returns the number of rows of a matrix.
    pub(crate) fn rows(&self, name: &str) -> Result<usize, VallEFault> {
        Ok(self.matrix(name)?.0)
    }

    /// Returns the configuration in the metadata; null for files without metadata.
    pub(crate) fn config(&self) -> Result<Value, VallEFault> {
        let Some(text) = self.tensors.metadata().get("config") else { return Ok(Value::Null) };
        let broken = |e| self.broken(VallECheckpointFault::Metadata(e));
        serde_json::from_str(text).map_err(broken)
    }

    /// Returns the sizes of the model; `heads` overrides the number in the metadata.
    pub(crate) fn sizes(&self, heads: Option<usize>) -> Result<Sizes, VallEFault> {
        let (phones, dim) = self.matrix("text_emb.weight")?;
        let (codes, _) = self.matrix("proms_emb.embeddings.0.weight")?;
        let (hidden, _) = self.matrix("model.layers.0.mlp.gate_proj.weight")?;
        let (levels, _) = self.matrix("rvq_l_emb.weight")?;
        let config = self.config()?;
        let named = |size: &str| config["size"][size].as_u64().map(|size| size as usize);
        let layers = self.count("model.layers.", self.tensors.entries().len());
        let layers = layers.max(named("layers").unwrap_or(0));
        let tables = self.count("resps_emb.embeddings.", MOST_TABLES);
        let classifiers = self.count(HEADS, MOST_TABLES);
        if levels > MOST_LEVELS || tables > levels + 1 || classifiers > levels + 3 {
            let heads = classifiers;
            return Err(self.broken(VallECheckpointFault::Tables { tables, heads, levels }));
        }
        // Models without masked decoding have one head more than levels, for phones.
        let masked = tables > levels || classifiers > levels + 1;
        let letters = match self.has("raw_text_emb.weight") {
            true => self.matrix("raw_text_emb.weight")?.0,
            false => 0,
        };
        // The published models have heads of dimension 64.
        let heads = heads.or_else(|| named("heads")).unwrap_or(dim / 64);
        if heads == 0 || !dim.is_multiple_of(heads) || !(dim / heads).is_multiple_of(2) {
            return Err(self.broken(VallECheckpointFault::Heads { width: dim, heads }));
        }
        Ok(Sizes { dim, layers, hidden, heads, levels, codes, phones, letters, masked })
    }
}

impl From<PretrainedError> for VallEFault {
    fn from(error: PretrainedError) -> Self {
        match error {
            PretrainedError::Read { path, cause } => Self::Read { path, cause },
            other => Self::Checkpoint(Box::new(other)),
        }
    }
}
