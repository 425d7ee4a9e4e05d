//! Linear layers, quantised or not.

use candle_core::quantized::QMatMul;
use candle_core::{Result, Tensor};
use candle_nn::Module;

/// A linear layer, quantised or not.
pub(crate) struct Linear {
    pub(super) weight: Matrix,
    pub(super) bias: Option<Tensor>, // (outputs)
}

/// Weights of a layer.
pub(super) enum Matrix {
    Plain(Tensor), // (outputs, inputs)
    Quantized(QMatMul),
}

impl Linear {
    /// `x` (batch, rows, inputs) -> (batch, rows, outputs).
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let out = match &self.weight {
            Matrix::Plain(weight) => {
                let (batch, rows, inputs) = x.dims3()?;
                let flat = x.reshape((batch * rows, inputs))?.matmul(&weight.t()?)?; // (rows, outputs)
                flat.reshape((batch, rows, weight.dim(0)?))?
            }
            Matrix::Quantized(weight) => weight.forward(&x.contiguous()?)?,
        };
        match &self.bias {
            Some(bias) => out.broadcast_add(bias),
            None => Ok(out),
        }
    }
}
