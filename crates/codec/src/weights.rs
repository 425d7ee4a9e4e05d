//! Codecs as safetensors bytes: the configuration in the header, tensors behind it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::CodecError;
use crate::fault::{ReadFault, WeightsMismatch};
use syrinx_types::IoOperation;

/// Name of the header's one entry. One entry only, so that equal codecs give equal bytes.
const HEADER: &str = "syrinx_codec";

/// Nearest value that f16 can hold.
pub(crate) fn round_to_f16(value: f32) -> f32 {
    f16::from_f32(value).to_f32()
}

/// Precision that the weights of networks are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoredPrecision {
    /// Four bytes a value.
    F32,
    /// Two bytes a value.
    F16,
    /// One byte a value and a scale a row for matrices, two bytes a value for others.
    #[default]
    I8,
}

/// Ending of the name of a tensor's scales, (rows).
const SCALE: &str = ".scale";

/// Largest stored magnitude of a matrix in 8 bits.
const I8_MAX: f32 = 127.0;

/// Returns the value of one quantization step of a row.
fn row_scale(row: &[f32]) -> f32 {
    let largest = row.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    if largest > 0.0 { largest / I8_MAX } else { 1.0 }
}

/// A tensor outside candle: shape and values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Values {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// Tensors on their way into a file.
#[derive(Default)]
pub(crate) struct Writer {
    tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
}

impl Writer {
    pub(crate) fn add(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[f32],
        precision: StoredPrecision,
    ) {
        let precision = match precision {
            StoredPrecision::I8 if shape.len() != 2 => StoredPrecision::F16,
            other => other,
        };
        let (dtype, bytes) = match precision {
            StoredPrecision::I8 => {
                let rows = values.chunks_exact(shape[1].max(1));
                let scales: Vec<f32> = rows.clone().map(row_scale).collect();
                let round = |(row, s): (&[f32], &f32)| -> Vec<u8> {
                    row.iter().map(|v| (v / s).round().clamp(-I8_MAX, I8_MAX) as i8 as u8).collect()
                };
                let bytes = rows.zip(&scales).flat_map(round).collect();
                self.add(&format!("{name}{SCALE}"), &[scales.len()], &scales, StoredPrecision::F32);
                (Dtype::I8, bytes)
            }
            StoredPrecision::F32 => {
                (Dtype::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
            StoredPrecision::F16 => {
                let bytes = values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect();
                (Dtype::F16, bytes)
            }
        };
        self.tensors.insert(name.to_owned(), (dtype, shape.to_vec(), bytes));
    }

    pub(crate) fn bytes(&self, config: &impl Serialize) -> Result<Vec<u8>, CodecError> {
        let config = serde_json::to_string(config).map_err(WeightsMismatch::WriteConfig)?;
        let views = self
            .tensors
            .iter()
            .map(|(name, (dtype, shape, bytes))| {
                Ok((name.clone(), TensorView::new(*dtype, shape.clone(), bytes)?))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(WeightsMismatch::WriteTensors)?;
        let header = HashMap::from([(HEADER.to_owned(), config)]);
        Ok(safetensors::serialize(views, Some(header)).map_err(WeightsMismatch::WriteTensors)?)
    }
}

/// Tensors out of a file; each can be taken once.
#[derive(Debug)]
pub(crate) struct Reader {
    tensors: BTreeMap<String, Values>,
}

impl Reader {
    /// Returns the configuration and the tensors.
    pub(crate) fn open<C: DeserializeOwned>(bytes: &[u8]) -> Result<(C, Self), CodecError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(ReadFault::from)?;
        let config = metadata.metadata().as_ref().and_then(|m| m.get(HEADER));
        let config = config.ok_or(ReadFault::NoHeader { entry: HEADER })?;
        let config =
            serde_json::from_str(config).map_err(|cause| WeightsMismatch::ReadConfig { cause })?;
        let file = SafeTensors::deserialize(bytes).map_err(ReadFault::from)?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            let data = view.data();
            let values: Vec<f32> = match view.dtype() {
                Dtype::F32 => data
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                    .collect(),
                Dtype::F16 => syrinx_nn::f32_of_f16(data),
                Dtype::I8 => data.iter().map(|&b| f32::from(b as i8)).collect(),
                dtype => return Err(ReadFault::TensorType { name: name.to_owned(), dtype }.into()),
            };
            tensors.insert(name.to_owned(), Values { shape: view.shape().to_vec(), values });
        }
        scale_rows(&file, &mut tensors)?;
        Ok((config, Self { tensors }))
    }

    /// Returns the values of a tensor of this shape.
    pub(crate) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, CodecError> {
        let missing = || WeightsMismatch::MissingTensor { name: name.to_owned() };
        let found = self.tensors.remove(name).ok_or_else(missing)?;
        if found.shape != shape {
            let (name, found, expected) = (name.to_owned(), found.shape, shape.to_vec());
            return Err(WeightsMismatch::TensorShape { name, found, expected }.into());
        }
        Ok(found.values)
    }

    /// All tensors below a prefix, without it.
    pub(crate) fn take_below(&mut self, prefix: &str) -> BTreeMap<String, Values> {
        let names: Vec<String> =
            self.tensors.keys().filter(|n| n.starts_with(prefix)).cloned().collect();
        names
            .into_iter()
            .filter_map(|n| Some((n[prefix.len()..].to_owned(), self.tensors.remove(&n)?)))
            .collect()
    }

    /// Fails if a tensor was not taken.
    pub(crate) fn finish(self) -> Result<(), CodecError> {
        match self.tensors.keys().next() {
            None => Ok(()),
            Some(name) => Err(WeightsMismatch::UnusedTensor { name: name.clone() }.into()),
        }
    }
}

/// Multiplies the rows of matrices in 8 bits by their scales, which are removed.
fn scale_rows(
    file: &SafeTensors,
    tensors: &mut BTreeMap<String, Values>,
) -> Result<(), CodecError> {
    for (name, _) in file.iter().filter(|(_, view)| view.dtype() == Dtype::I8) {
        let scales = tensors.remove(&format!("{name}{SCALE}"));
        let matrix = tensors.get_mut(name).zip(scales);
        let Some((matrix, scales)) = matrix.filter(|(m, s)| m.shape.first() == s.shape.first())
        else {
            return Err(WeightsMismatch::RowScales { name: name.to_owned() }.into());
        };
        let columns = (matrix.values.len() / scales.values.len().max(1)).max(1);
        for (row, scale) in matrix.values.chunks_mut(columns).zip(&scales.values) {
            row.iter_mut().for_each(|v| *v *= scale);
        }
    }
    Ok(())
}

/// Reads a whole file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, CodecError> {
    std::fs::read(path).map_err(|cause| CodecError::Io {
        operation: IoOperation::Read,
        path: path.to_owned(),
        cause,
    })
}

/// Writes a file atomically.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CodecError> {
    syrinx_atomic::write_bytes(path, bytes).map_err(|cause| CodecError::Io {
        operation: IoOperation::Write,
        path: path.to_owned(),
        cause,
    })
}
