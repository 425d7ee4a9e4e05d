//! Linear layers with plain or quantized weights.

use candle_core::quantized::QMatMul;
use candle_core::{Result, Tensor};
use candle_nn::Module;

/// Linear layer with plain or quantized weights.
pub(crate) struct Linear {
    pub(super) weight: Matrix,
    pub(super) bias: Option<Tensor>, // (outputs)
}

/// Weights of a linear layer.
pub(super) enum Matrix {
    Plain(Tensor), // (outputs, inputs)
    Quantized(QMatMul),
}

impl Linear {
    /// Transforms (batch, rows, inputs) to (batch, rows, outputs).
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let out = match &self.weight {
            Matrix::Plain(weight) => {
                let (batch, rows, inputs) = x.dims3()?;
                let flat = x.reshape((batch * rows, inputs))?.matmul(&weight.t()?)?; // (batch * rows, outputs)
                flat.reshape((batch, rows, weight.dim(0)?))? // (batch, rows, outputs)
            }
            Matrix::Quantized(weight) => weight.forward(&x.contiguous()?)?,
        };
        match &self.bias {
            Some(bias) => out.broadcast_add(bias),
            None => Ok(out),
        }
    }
}
