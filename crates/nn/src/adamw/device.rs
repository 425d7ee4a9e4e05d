//! The update in primitive operations: on any device, without reading a value.

use candle_core::{DType, Result, Tensor, Var};

use super::StepSizes;

/// Moments of one parameter, f32, on the parameter's device.
pub(super) struct DeviceMoments {
    pub(super) mean: Tensor,
    pub(super) square: Tensor,
    pub(super) average: Option<Tensor>,
}

impl DeviceMoments {
    pub(super) fn new(var: &Var, averaged: bool) -> Result<Self> {
        let zeros = || Tensor::zeros(var.shape(), DType::F32, var.device());
        // A copy, since the variable changes in place.
        let average = averaged.then(|| var.as_detached_tensor().copy()).transpose()?;
        Ok(Self { mean: zeros()?, square: zeros()?, average })
    }

    /// Takes one step; `scale` is a scalar that multiplies the gradient.
    pub(super) fn update(
        &mut self,
        var: &Var,
        g: &Tensor,
        scale: &Tensor,
        s: &StepSizes,
    ) -> Result<()> {
        let (beta1, beta2) = (f64::from(s.beta1), f64::from(s.beta2));
        let g = g.to_dtype(DType::F32)?.broadcast_mul(scale)?;
        self.mean = ((&self.mean * beta1)? + (&g * (1.0 - beta1))?)?;
        self.square = ((&self.square * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
        let size = ((&self.square * f64::from(s.correction2))?.sqrt()? + f64::from(s.eps))?;
        let direction = ((&self.mean * f64::from(s.correction1))? / size)?;
        // Detached: the parameter's own tensor would keep a graph of all steps.
        let before = var.as_detached_tensor();
        let change = ((direction + (&before * f64::from(s.decay))?)? * f64::from(s.rate))?;
        let after = (before - change)?;
        var.set(&after)?;
        if let Some(average) = &self.average {
            let moved = ((after - average)? * (1.0 - f64::from(s.ema)))?;
            self.average = Some((average + moved)?);
        }
        Ok(())
    }

    /// Restores one saved tensor. An average is restored only if the optimiser keeps averages.
    pub(super) fn restore(&mut self, kind: &str, saved: &Tensor) {
        match kind {
            "mean" => self.mean = saved.clone(),
            "square" => self.square = saved.clone(),
            _ if self.average.is_some() => self.average = Some(saved.clone()),
            _ => {}
        }
    }
}
