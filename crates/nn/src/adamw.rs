//! AdamW (Loshchilov & Hutter 2019) with a state that can be saved; one pass over memory for each parameter.

mod device;

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, DType, Device, InplaceOp2, Layout, Result, Tensor, Var};
use multiversion::multiversion;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::adamw::device::DeviceMoments;
use crate::slices::{slice_of, with_slice};
use crate::{Kernels, NnError};

/// Settings of the optimiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdamWConfig {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Constant that keeps the division finite.
    pub eps: f64,
    /// Decoupled decay of matrices; vectors (norms, biases) are not decayed.
    pub weight_decay: f64,
    /// Global norm to which gradients are clipped; 0 for no clipping.
    pub clip_norm: f64,
    /// Decay of the averaged weights (EMA) that evaluation uses; 0 keeps none.
    pub ema_decay: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.98,
            eps: 1e-9,
            weight_decay: 0.01,
            clip_norm: 1.0,
            ema_decay: 0.999,
        }
    }
}

/// Moments of one parameter, on the host. `average` is empty where none is kept.
#[derive(Debug, Clone)]
struct Moments {
    mean: Vec<f32>,
    square: Vec<f32>,
    average: Vec<f32>,
}

impl Moments {
    fn part(&mut self, kind: &str) -> &mut Vec<f32> {
        match kind {
            "mean" => &mut self.mean,
            "square" => &mut self.square,
            _ => &mut self.average,
        }
    }
}

/// Moments in the form that the update of the parameter reads.
enum Kept {
    /// For the fused update.
    Host(Moments),
    /// For the update in primitive operations, on the parameter's device.
    Device(DeviceMoments),
}

/// Optimiser over parameters in name order, with all state that an exact resume needs.
pub struct AdamW {
    config: AdamWConfig,
    vars: BTreeMap<String, Var>,
    moments: BTreeMap<String, Kept>,
    step: u64,
}

/// Saved state: tensors by name and the number of steps taken.
pub struct AdamWState {
    /// `mean/NAME`, `square/NAME` and `average/NAME`.
    pub tensors: BTreeMap<String, Tensor>,
    /// Steps taken.
    pub step: u64,
}

/// Saved state of a parameter.
const KINDS: [&str; 3] = ["mean", "square", "average"];

/// Values that a task handles at once.
const CHUNK: usize = 16_384;

struct StepSizes {
    rate: f32,
    beta1: f32,
    beta2: f32,
    eps: f32,
    decay: f32,
    grad_scale: f32,
    correction1: f32,
    correction2: f32,
    ema: f32,
}

struct UpdateOp<'a> {
    moments: std::sync::Mutex<&'a mut Moments>,
    sizes: StepSizes,
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn update(p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], s: &StepSizes) {
    // Slices of equal length need no bounds checks, which would keep the loop from vectors.
    let count = p.len();
    let (g, m, v) = (&g[..count], &mut m[..count], &mut v[..count]);
    for i in 0..count {
        let g = g[i] * s.grad_scale;
        m[i] = s.beta1 * m[i] + (1.0 - s.beta1) * g;
        v[i] = s.beta2 * v[i] + (1.0 - s.beta2) * g * g;
        let direction = (m[i] * s.correction1) / ((v[i] * s.correction2).sqrt() + s.eps);
        p[i] -= s.rate * (direction + s.decay * p[i]);
    }
}

/// Moves an average towards the parameters by a share of the distance.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn follow(average: &mut [f32], p: &[f32], share: f32) {
    for (a, p) in average.iter_mut().zip(p) {
        *a += share * (p - *a);
    }
}

impl InplaceOp2 for UpdateOp<'_> {
    fn name(&self) -> &'static str {
        "fused-adamw"
    }

    fn cpu_fwd(&self, p: &mut CpuStorage, pl: &Layout, g: &CpuStorage, gl: &Layout) -> Result<()> {
        let g = slice_of(g, gl)?;
        let CpuStorage::F32(p) = p else {
            candle_core::bail!("the optimiser updates f32 parameters only")
        };
        let Some((start, end)) = pl.contiguous_offsets() else {
            candle_core::bail!("the optimiser needs contiguous parameters")
        };
        let mut moments = self.moments.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Moments { mean, square, average } = &mut **moments;
        let s = &self.sizes;
        p[start..end]
            .par_chunks_mut(CHUNK)
            .zip(g.par_chunks(CHUNK))
            .zip(mean.par_chunks_mut(CHUNK).zip(square.par_chunks_mut(CHUNK)))
            .for_each(|((p, g), (m, v))| update(p, g, m, v, s));
        let averages = average.par_chunks_mut(CHUNK).zip(p[start..end].par_chunks(CHUNK));
        averages.for_each(|(average, p)| follow(average, p, 1.0 - s.ema));
        Ok(())
    }
}

impl AdamW {
    /// Builds an optimiser of these parameters, without history. The update is fused on a CPU.
    pub fn new(
        vars: BTreeMap<String, Var>,
        config: AdamWConfig,
    ) -> std::result::Result<Self, NnError> {
        Self::with_kernels(vars, config, Kernels::Fused)
    }

    /// Builds an optimiser with these kernels. On devices other than a CPU the update consists of primitive operations.
    pub fn with_kernels(
        vars: BTreeMap<String, Var>,
        config: AdamWConfig,
        kernels: Kernels,
    ) -> std::result::Result<Self, NnError> {
        let mut moments = BTreeMap::new();
        for (name, var) in &vars {
            let kept = if kernels == Kernels::Fused && var.device().is_cpu() {
                let n = var.elem_count();
                let averaged = config.ema_decay > 0.0;
                let average = if averaged { crate::to_vec_f32(var)? } else { Vec::new() };
                Kept::Host(Moments { mean: vec![0.0; n], square: vec![0.0; n], average })
            } else {
                Kept::Device(DeviceMoments::new(var, config.ema_decay > 0.0)?)
            };
            moments.insert(name.clone(), kept);
        }
        Ok(Self { config, vars, moments, step: 0 })
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Takes one step at this learning rate. Returns the gradient norm before clipping. On a CPU nothing changes if the
    /// norm isn't finite (on a GPU see [`AdamW::step_unread`]).
    pub fn step(
        &mut self,
        grads: &GradStore,
        learning_rate: f64,
    ) -> std::result::Result<f64, NnError> {
        Ok(self.step_unread(grads, learning_rate)?.to_dtype(DType::F64)?.to_scalar()?)
    }

    /// Takes one step without waiting for the device, and returns the norm as a scalar on the device. On devices other
    /// than a CPU clipping happens on the device, so that a norm that isn't finite makes the parameters invalid: the
    /// caller must then return to a checkpoint.
    pub fn step_unread(
        &mut self,
        grads: &GradStore,
        learning_rate: f64,
    ) -> std::result::Result<Tensor, NnError> {
        let norm = self.norm(grads)?;
        self.step_with_norm(grads, learning_rate, norm)
    }

    /// Returns the global norm of the gradients of this optimiser's parameters: a scalar on their device, f64 on a CPU.
    pub fn norm(&self, grads: &GradStore) -> std::result::Result<Tensor, NnError> {
        let fused = self.moments.values().all(|kept| matches!(kept, Kept::Host(_)));
        Ok(if fused { self.host_norm(grads)? } else { self.device_norm(grads)? })
    }

    /// Takes one step as [`AdamW::step_unread`] does, with a norm that the caller computed: for an optimiser that holds
    /// only some of the parameters whose gradients are clipped together.
    pub fn step_with_norm(
        &mut self,
        grads: &GradStore,
        learning_rate: f64,
        norm: Tensor,
    ) -> std::result::Result<Tensor, NnError> {
        let mut clip = 1.0;
        if norm.device().is_cpu() {
            let norm: f64 = norm.to_dtype(DType::F64)?.to_scalar()?;
            if !norm.is_finite() {
                return Ok(Tensor::new(norm, &Device::Cpu)?);
            }
            if self.config.clip_norm > 0.0 && norm > self.config.clip_norm {
                clip = self.config.clip_norm / norm;
            }
        }
        self.step += 1;
        let scale = self.device_scale(&norm, clip)?;
        let c = &self.config;
        let correction = |beta: f64| (1.0 / (1.0 - beta.powf(self.step as f64))) as f32;
        // The average follows faster at first, so that it soon forgets the initial values.
        let ema = c.ema_decay.min((1.0 + self.step as f64) / (10.0 + self.step as f64));
        for (name, var) in &self.vars {
            let (Some(g), Some(kept)) = (grads.get(var), self.moments.get_mut(name)) else {
                continue;
            };
            let sizes = StepSizes {
                rate: learning_rate as f32,
                beta1: c.beta1 as f32,
                beta2: c.beta2 as f32,
                eps: c.eps as f32,
                decay: if var.rank() >= 2 { c.weight_decay as f32 } else { 0.0 },
                grad_scale: clip as f32,
                correction1: correction(c.beta1),
                correction2: correction(c.beta2),
                ema: ema as f32,
            };
            match kept {
                Kept::Host(moments) => {
                    let op = UpdateOp { moments: std::sync::Mutex::new(moments), sizes };
                    var.inplace_op2(&g.contiguous()?, &op)?;
                }
                Kept::Device(moments) => moments.update(var, g, &scale, &sizes)?,
            }
        }
        Ok(norm)
    }

    /// Returns the gradients' global norm, summed on the host in f64: a scalar.
    fn host_norm(&self, grads: &GradStore) -> Result<Tensor> {
        let mut square_sum = 0.0;
        for var in self.vars.values() {
            if let Some(g) = grads.get(var) {
                square_sum += with_slice(g, |g| Ok(sum_of_squares(g)))?;
            }
        }
        Tensor::new(square_sum.sqrt(), &Device::Cpu)
    }

    /// Returns the gradients' global norm as a scalar on their device.
    fn device_norm(&self, grads: &GradStore) -> Result<Tensor> {
        let mut sum: Option<Tensor> = None;
        for g in self.vars.values().filter_map(|var| grads.get(var)) {
            let square = g.to_dtype(DType::F32)?.sqr()?.sum_all()?;
            sum = Some(sum.map_or(Ok(square.clone()), |s| s + square)?);
        }
        sum.map_or_else(|| Tensor::new(0f32, &Device::Cpu), |s| s.sqrt())
    }

    /// Returns the factor of the gradients, a scalar on their device.
    fn device_scale(&self, norm: &Tensor, clip: f64) -> Result<Tensor> {
        if norm.device().is_cpu() || self.config.clip_norm <= 0.0 {
            return Tensor::new(clip as f32, norm.device());
        }
        // clip_norm / max(norm, clip_norm)
        norm.maximum(self.config.clip_norm)?.recip()? * self.config.clip_norm
    }

    /// Returns the averaged weights on the host, or the weights themselves if no average is kept.
    pub fn averaged(&self) -> std::result::Result<BTreeMap<String, Tensor>, NnError> {
        let mut out = BTreeMap::new();
        for (name, var) in &self.vars {
            let tensor = match &self.moments[name] {
                Kept::Host(m) if m.average.is_empty() => var.as_detached_tensor(),
                Kept::Host(m) => Tensor::from_vec(m.average.clone(), var.dims(), &Device::Cpu)?,
                Kept::Device(m) => match &m.average {
                    None => var.as_detached_tensor(),
                    Some(average) => average.clone(),
                },
            };
            out.insert(name.clone(), tensor.to_device(&Device::Cpu)?);
        }
        Ok(out)
    }

    /// Returns the number of bytes of the moments and averages that this optimiser keeps.
    pub fn state_bytes(&self) -> usize {
        let values = |kept: &Kept| match kept {
            Kept::Host(m) => m.mean.len() + m.square.len() + m.average.len(),
            Kept::Device(m) => {
                let average = m.average.as_ref().map_or(0, Tensor::elem_count);
                m.mean.elem_count() + m.square.elem_count() + average
            }
        };
        self.moments.values().map(values).sum::<usize>() * size_of::<f32>()
    }

    /// Returns all state that an exact resume needs, on the host.
    pub fn state(&self) -> std::result::Result<AdamWState, NnError> {
        let mut tensors = BTreeMap::new();
        for (name, kept) in &self.moments {
            let mut keep = |kind: &str, tensor: Tensor| {
                tensors.insert(format!("{kind}/{name}"), tensor);
            };
            match kept {
                Kept::Host(m) => {
                    let dims = self.vars[name].dims();
                    for (kind, values) in KINDS.iter().zip([&m.mean, &m.square, &m.average]) {
                        if !values.is_empty() {
                            keep(kind, Tensor::from_vec(values.clone(), dims, &Device::Cpu)?);
                        }
                    }
                }
                Kept::Device(m) => {
                    let all = [Some(&m.mean), Some(&m.square), m.average.as_ref()];
                    for (kind, tensor) in KINDS.iter().zip(all) {
                        if let Some(tensor) = tensor {
                            keep(kind, tensor.to_device(&Device::Cpu)?);
                        }
                    }
                }
            }
        }
        Ok(AdamWState { tensors, step: self.step })
    }

    /// Restores a saved state. Parameters that are not in the state (new tasks, new tokens) begin without history.
    pub fn restore(&mut self, state: &AdamWState) -> std::result::Result<(), NnError> {
        for (name, kept) in &mut self.moments {
            let var = &self.vars[name];
            for kind in KINDS {
                let Some(saved) = state.tensors.get(&format!("{kind}/{name}")) else { continue };
                if saved.elem_count() != var.elem_count() {
                    return Err(NnError::OptimizerState {
                        name: name.clone(),
                        saved: saved.elem_count(),
                        current: var.elem_count(),
                    });
                }
                match kept {
                    Kept::Host(m) => *m.part(kind) = crate::to_vec_f32(saved)?,
                    Kept::Device(m) => m.restore(kind, &saved.to_device(var.device())?),
                }
            }
        }
        self.step = state.step;
        Ok(())
    }
}

fn sum_of_squares(values: &[f32]) -> f64 {
    let parts: Vec<f64> = values
        .par_chunks(CHUNK)
        .map(|c| c.iter().map(|&v| f64::from(v) * f64::from(v)).sum())
        .collect();
    parts.iter().sum()
}
