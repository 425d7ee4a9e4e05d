//! Tensors of a checkpoint by name: safetensors, or GGUF with quantized matrices.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{Device, Tensor};
use candle_nn::LayerNorm;

use super::attention::{Attention, FeedForward};
use super::gguf;
use super::linear::{Linear, Matrix};
use crate::{Checkpoint, PretrainedError};

/// Tensors of a checkpoint.
pub(crate) struct Weights {
    tensors: Tensors,
    device: Device,
}

enum Tensors {
    Plain(Checkpoint),
    Quantized { path: PathBuf, tensors: HashMap<String, Arc<QTensor>> },
}

impl Weights {
    /// Opens a safetensors file, whose tensors are read one at a time.
    pub(crate) fn safetensors(path: &Path, device: &Device) -> Result<Self, PretrainedError> {
        let tensors = Tensors::Plain(Checkpoint::open(path)?);
        Ok(Self { tensors, device: device.clone() })
    }

    /// Reads a GGUF file with the tensor names of Hugging Face.
    pub(crate) fn gguf(path: &Path, device: &Device) -> Result<Self, PretrainedError> {
        let tensors = gguf::tensors(path, device)?;
        let tensors = Tensors::Quantized { path: path.into(), tensors };
        Ok(Self { tensors, device: device.clone() })
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        match &self.tensors {
            Tensors::Plain(checkpoint) => checkpoint.entries().contains_key(name),
            Tensors::Quantized { tensors, .. } => tensors.contains_key(name),
        }
    }

    /// Returns a tensor of the given shape in f32.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor, PretrainedError> {
        match &self.tensors {
            Tensors::Plain(checkpoint) => {
                let tensor = checkpoint.get(name, shape)?;
                tensor.to_device(&self.device).map_err(failed)
            }
            Tensors::Quantized { path, tensors } => {
                let tensor = quantized(path, tensors, name, shape)?;
                finite(path, name, tensor.dequantize(&self.device).map_err(failed)?)
            }
        }
    }

    /// Returns a linear layer with weights (outputs, inputs).
    fn linear(
        &self,
        name: &str,
        outputs: usize,
        inputs: usize,
        bias: bool,
    ) -> Result<Linear, PretrainedError> {
        let key = format!("{name}.weight");
        let shape = [outputs, inputs];
        // Quantized matrices stay quantized; the dequantized copy is only checked for finite values.
        let plain = self.tensor(&key, &shape)?;
        let weight = match &self.tensors {
            Tensors::Plain(_) => Matrix::Plain(plain),
            Tensors::Quantized { path, tensors } => {
                let tensor = quantized(path, tensors, &key, &shape)?;
                Matrix::Quantized(QMatMul::from_arc(Arc::clone(tensor)).map_err(failed)?)
            }
        };
        let bias =
            if bias { Some(self.tensor(&format!("{name}.bias"), &[outputs])?) } else { None };
        Ok(Linear { weight, bias })
    }

    pub(crate) fn norm(&self, name: &str, width: usize) -> Result<LayerNorm, PretrainedError> {
        let part = |part: &str| self.tensor(&format!("{name}.{part}"), &[width]);
        Ok(LayerNorm::new(part("weight")?, part("bias")?, 1e-5))
    }

    pub(crate) fn attention(
        &self,
        name: &str,
        width: usize,
        heads: usize,
    ) -> Result<Attention, PretrainedError> {
        let linear = |part: &str, bias| self.linear(&format!("{name}.{part}"), width, width, bias);
        Ok(Attention {
            query: linear("q_proj", true)?,
            key: linear("k_proj", false)?,
            value: linear("v_proj", true)?,
            out: linear("out_proj", true)?,
            heads,
        })
    }

    pub(crate) fn feed_forward(
        &self,
        layer: &str,
        width: usize,
        inner: usize,
    ) -> Result<FeedForward, PretrainedError> {
        Ok(FeedForward {
            norm: self.norm(&format!("{layer}.final_layer_norm"), width)?,
            up: self.linear(&format!("{layer}.fc1"), inner, width, true)?,
            down: self.linear(&format!("{layer}.fc2"), width, inner, true)?,
        })
    }
}

fn failed(cause: candle_core::Error) -> PretrainedError {
    PretrainedError::Compute { operation: "reading a tensor", cause }
}

/// Returns a quantized tensor of the given shape.
fn quantized<'a>(
    path: &Path,
    tensors: &'a HashMap<String, Arc<QTensor>>,
    name: &str,
    shape: &[usize],
) -> Result<&'a Arc<QTensor>, PretrainedError> {
    let (path, tensor, expected) = (path.to_owned(), name.to_owned(), shape.to_vec());
    let Some(found) = tensors.get(name) else {
        return Err(PretrainedError::Missing { path, tensor, expected });
    };
    match found.shape().dims() == shape {
        true => Ok(found),
        false => {
            let found = found.shape().dims().to_vec();
            Err(PretrainedError::Shape { path, tensor, found, expected })
        }
    }
}

/// Checks that all values of a tensor are finite.
fn finite(path: &Path, name: &str, tensor: Tensor) -> Result<Tensor, PretrainedError> {
    let values = tensor.flatten_all().and_then(|t| t.to_vec1::<f32>()).map_err(failed)?;
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(tensor),
        Some(index) => Err(PretrainedError::NotFinite {
            path: path.to_owned(),
            tensor: name.to_owned(),
            index,
            value: values[index],
        }),
    }
}
