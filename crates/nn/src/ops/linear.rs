//! Linear maps y = x Wᵀ + b, with an optional residual added in the same pass.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use crate::Kernels;
use crate::matmul::{Mat, Panels, ProductOptions, product, product_with_panels};
use crate::matvec::{MOST_ROWS, WeightMatrix, product_rows};
use crate::slices::{slice_of, with_slice};

/// `x` (n, inputs), `weight` (outputs, inputs), `bias` (outputs) -> (n, outputs).
pub fn linear(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    kernels: Kernels,
) -> Result<Tensor> {
    match (kernels, bias) {
        (Kernels::Fused, None) => x.contiguous()?.apply_op2(weight, LinearOp),
        (Kernels::Fused, Some(b)) => x.contiguous()?.apply_op3(weight, b, LinearBiasOp),
        (Kernels::Primitive | Kernels::Flash, b) => {
            // Master weights are f32; the cast converts their gradient back to f32.
            let y = x.matmul(&weight.to_dtype(x.dtype())?.t()?)?; // (n, outputs)
            b.map_or(Ok(y.clone()), |b| y.broadcast_add(&b.to_dtype(x.dtype())?))
        }
    }
}

/// `residual + x Wᵀ`: (n, outputs).
pub fn linear_add(
    x: &Tensor,
    weight: &Tensor,
    residual: &Tensor,
    kernels: Kernels,
) -> Result<Tensor> {
    match kernels {
        Kernels::Fused => x.contiguous()?.apply_op3(weight, residual, LinearAddOp),
        Kernels::Primitive | Kernels::Flash => {
            x.matmul(&weight.to_dtype(x.dtype())?.t()?)? + residual
        }
    }
}

/// `x Wᵀ + bias + residual` of a weight in panels, (n, outputs), without a gradient.
pub(crate) fn linear_in_panels(
    x: &Tensor,
    weight: &Panels,
    bias: Option<&Tensor>,
    residual: Option<&Tensor>,
) -> Result<Tensor> {
    let (rows, inputs) = x.dims2()?;
    let outputs = weight.columns();
    let mut y = match (residual, bias) {
        (Some(residual), _) => with_slice(residual, |residual| Ok(residual.to_vec()))?,
        (None, Some(bias)) => with_slice(bias, |bias| Ok(bias.repeat(rows)))?,
        (None, None) => vec![0.0; rows * outputs],
    };
    if inputs != weight.depth() || y.len() != rows * outputs {
        candle_core::bail!("linear: {rows} x {inputs} values don't fit the weight in panels");
    }
    let accumulate = bias.is_some() || residual.is_some();
    let options = ProductOptions { accumulate, ..Default::default() };
    with_slice(x, |x| {
        product_with_panels(&mut y, outputs, Mat::new(x, rows, inputs), weight, options);
        Ok(())
    })?;
    let y = Tensor::from_vec(y, (rows, outputs), x.device())?;
    match (residual, bias) {
        (Some(_), Some(bias)) => y.broadcast_add(bias),
        _ => Ok(y),
    }
}

fn sizes(x: &Layout, w: &Layout) -> Result<(usize, usize, usize)> {
    let (n, inputs) = x.shape().dims2()?;
    let (outputs, inputs_w) = w.shape().dims2()?;
    if inputs != inputs_w {
        candle_core::bail!("linear: input has {inputs} features, the weight takes {inputs_w}");
    }
    Ok((n, inputs, outputs))
}

/// Computes `y = x Wᵀ`, or adds it to `y`: `x` (rows, inputs), `w` (outputs, inputs), `y` (rows, outputs). For a few
/// rows it uses the products of decoding, since a general product would first copy the weight.
pub(super) fn rows_through(
    y: &mut [f32],
    x: &[f32],
    w: &[f32],
    inputs: usize,
    outputs: usize,
    accumulate: bool,
) {
    let rows = x.len() / inputs.max(1);
    if rows <= MOST_ROWS {
        return product_rows(y, x, WeightMatrix::F32(w), inputs, accumulate);
    }
    let options = ProductOptions { accumulate, ..Default::default() };
    product(y, outputs, Mat::new(x, rows, inputs), Mat::new(w, outputs, inputs).t(), options);
}

/// Returns the gradients of the input and of the weight.
fn backward(x: &Tensor, w: &Tensor, dy: &Tensor) -> Result<(Tensor, Tensor)> {
    let (n, inputs) = x.dims2()?;
    let outputs = w.dim(0)?;
    with_slice(dy, |dy| {
        let dx = with_slice(w, |w| {
            let mut dx = vec![0.0; n * inputs];
            let options = ProductOptions::default();
            product(
                &mut dx,
                inputs,
                Mat::new(dy, n, outputs),
                Mat::new(w, outputs, inputs),
                options,
            );
            Tensor::from_vec(dx, (n, inputs), x.device())
        })?;
        let dw = with_slice(x, |x| {
            let mut dw = vec![0.0; outputs * inputs];
            let options = ProductOptions::default();
            product(&mut dw, inputs, Mat::new(dy, n, outputs).t(), Mat::new(x, n, inputs), options);
            Tensor::from_vec(dw, (outputs, inputs), w.device())
        })?;
        Ok((dx, dw))
    })
}

struct LinearOp;

impl CustomOp2 for LinearOp {
    fn name(&self) -> &'static str {
        "fused-linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, inputs, outputs) = sizes(xl, wl)?;
        let (x, w) = (slice_of(x, xl)?, slice_of(w, wl)?);
        let mut y = vec![0.0; n * outputs];
        rows_through(&mut y, x, w, inputs, outputs, false);
        Ok((CpuStorage::F32(y), (n, outputs).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = backward(x, w, dy)?;
        Ok((Some(dx), Some(dw)))
    }
}

/// Linear map with a bias, which initializes the sum.
struct LinearBiasOp;

impl CustomOp3 for LinearBiasOp {
    fn name(&self) -> &'static str {
        "fused-linear-bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
        b: &CpuStorage,
        bl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, inputs, outputs) = sizes(xl, wl)?;
        let (x, w, b) = (slice_of(x, xl)?, slice_of(w, wl)?, slice_of(b, bl)?);
        let mut y = Vec::with_capacity(n * outputs);
        for _ in 0..n {
            y.extend_from_slice(b);
        }
        rows_through(&mut y, x, w, inputs, outputs, true);
        Ok((CpuStorage::F32(y), (n, outputs).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = backward(x, w, dy)?;
        let outputs = b.dim(0)?;
        let db =
            with_slice(dy, |dy| Tensor::from_vec(column_sums(dy, outputs), outputs, b.device()))?;
        Ok((Some(dx), Some(dw), Some(db)))
    }
}

/// Sums over rows, in fixed chunks so that the order of additions never changes.
pub(crate) fn column_sums(rows: &[f32], cols: usize) -> Vec<f32> {
    let parts: Vec<Vec<f32>> = rows
        .par_chunks(cols * super::ROWS_PER_TASK)
        .map(|chunk| {
            let mut sum = vec![0.0; cols];
            for row in chunk.chunks_exact(cols) {
                for (s, v) in sum.iter_mut().zip(row) {
                    *s += v;
                }
            }
            sum
        })
        .collect();
    let mut sum = vec![0.0; cols];
    for part in parts {
        for (s, v) in sum.iter_mut().zip(part) {
            *s += v;
        }
    }
    sum
}

struct LinearAddOp;

impl CustomOp3 for LinearAddOp {
    fn name(&self) -> &'static str {
        "fused-linear-add"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
        r: &CpuStorage,
        rl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, inputs, outputs) = sizes(xl, wl)?;
        let (x, w) = (slice_of(x, xl)?, slice_of(w, wl)?);
        let mut y = slice_of(r, rl)?.to_vec();
        if y.len() != n * outputs {
            candle_core::bail!(
                "linear_add: the residual has {} values, not {n} x {outputs}",
                y.len()
            );
        }
        rows_through(&mut y, x, w, inputs, outputs, true);
        Ok((CpuStorage::F32(y), (n, outputs).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _r: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = backward(x, w, dy)?;
        Ok((Some(dx), Some(dw), Some(dy.clone())))
    }
}
