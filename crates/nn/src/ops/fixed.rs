//! A linear map that isn't trained (a codebook): no gradient of the weight is computed.

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::linear::rows_through;
use crate::Kernels;
use crate::matmul::{Mat, ProductOptions, product};
use crate::slices::{slice_of, with_slice};

/// A fixed weight (outputs, inputs).
#[derive(Debug, Clone)]
pub struct FixedLinear {
    weight: Arc<[f32]>,
    inputs: usize,
    outputs: usize,
    /// The weight as a tensor, for kernels that need one.
    there: Arc<OnceLock<Tensor>>,
}

impl FixedLinear {
    /// Builds a weight from values in row-major order; their number must be a multiple of `inputs`.
    pub fn new(weight: &[f32], inputs: usize) -> Self {
        assert!(inputs > 0 && weight.len().is_multiple_of(inputs), "a fixed weight has whole rows");
        let outputs = weight.len() / inputs;
        Self { weight: weight.into(), inputs, outputs, there: Arc::default() }
    }

    /// `x` (rows, inputs) -> (rows, outputs).
    pub fn forward(&self, x: &Tensor, kernels: Kernels) -> Result<Tensor> {
        match kernels {
            Kernels::Fused => x.contiguous()?.apply_op1(FixedLinearOp(self.clone())),
            Kernels::Primitive | Kernels::Flash => x.matmul(&self.tensor(x)?.t()?),
        }
    }

    /// Returns the weight on the device and in the type of `x`. It is converted once.
    fn tensor(&self, x: &Tensor) -> Result<Tensor> {
        let fits = |t: &&Tensor| t.dtype() == x.dtype() && t.device().same_device(x.device());
        if let Some(there) = self.there.get().filter(fits) {
            return Ok(there.clone());
        }
        let shape = (self.outputs, self.inputs);
        let made = Tensor::from_slice(&self.weight, shape, x.device())?.to_dtype(x.dtype())?;
        // The first result is kept, since a network computes on one device.
        let _ = self.there.set(made.clone());
        Ok(made)
    }
}

struct FixedLinearOp(FixedLinear);

impl CustomOp1 for FixedLinearOp {
    fn name(&self) -> &'static str {
        "fused-fixed-linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let FixedLinear { weight, inputs, outputs, .. } = &self.0;
        let (rows, found) = layout.shape().dims2()?;
        if found != *inputs {
            candle_core::bail!("fixed linear: input has {found} features, not {inputs}");
        }
        let mut y = vec![0.0; rows * outputs];
        rows_through(&mut y, slice_of(x, layout)?, weight, *inputs, *outputs, false);
        Ok((CpuStorage::F32(y), (rows, *outputs).into()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let FixedLinear { weight, inputs, outputs, .. } = &self.0;
        let rows = x.dim(0)?;
        with_slice(dy, |dy| {
            let mut dx = vec![0.0; rows * inputs];
            let weight = Mat::new(weight, *outputs, *inputs);
            product(
                &mut dx,
                *inputs,
                Mat::new(dy, rows, *outputs),
                weight,
                ProductOptions::default(),
            );
            Ok(Some(Tensor::from_vec(dx, (rows, *inputs), x.device())?))
        })
    }
}
