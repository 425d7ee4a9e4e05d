//! A linear map that isn't trained (a codebook): no gradient of the weight is computed.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use crate::Kernels;
use crate::matmul::{Mat, ProductOptions, product};
use crate::slices::{slice_of, with_slice};

/// A fixed weight (outputs, inputs).
#[derive(Debug, Clone)]
pub struct FixedLinear {
    weight: Arc<[f32]>,
    inputs: usize,
    outputs: usize,
}

impl FixedLinear {
    /// From values in row-major order; their number must be a multiple of `inputs`.
    pub fn new(weight: &[f32], inputs: usize) -> Self {
        assert!(inputs > 0 && weight.len().is_multiple_of(inputs), "a fixed weight has whole rows");
        Self { weight: weight.into(), inputs, outputs: weight.len() / inputs }
    }

    /// `x` (rows, inputs) -> (rows, outputs).
    pub fn forward(&self, x: &Tensor, kernels: Kernels) -> Result<Tensor> {
        match kernels {
            Kernels::Fused => x.contiguous()?.apply_op1(FixedLinearOp(self.clone())),
            Kernels::Primitive => {
                let w = Tensor::from_vec(
                    self.weight.to_vec(),
                    (self.outputs, self.inputs),
                    x.device(),
                )?;
                x.matmul(&w.to_dtype(x.dtype())?.t()?)
            }
        }
    }
}

struct FixedLinearOp(FixedLinear);

impl CustomOp1 for FixedLinearOp {
    fn name(&self) -> &'static str {
        "fused-fixed-linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let FixedLinear { weight, inputs, outputs } = &self.0;
        let (rows, found) = layout.shape().dims2()?;
        if found != *inputs {
            candle_core::bail!("fixed linear: input has {found} features, not {inputs}");
        }
        let mut y = vec![0.0; rows * outputs];
        let x = Mat::new(slice_of(x, layout)?, rows, *inputs);
        product(
            &mut y,
            *outputs,
            x,
            Mat::new(weight, *outputs, *inputs).t(),
            ProductOptions::default(),
        );
        Ok((CpuStorage::F32(y), (rows, *outputs).into()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let FixedLinear { weight, inputs, outputs } = &self.0;
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
