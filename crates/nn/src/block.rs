//! The transformer block: pre-norm attention with rotary positions and a gated MLP, and a stack of them.

use std::sync::Arc;

use candle_core::{Result, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::ConfigIssue;

use crate::cache::StackCache;
use crate::gradient_sink::EarlyGradients;
use crate::low_rank::LowRank;
use crate::matmul::{Mat, Panels};
use crate::matvec::{Int8Matrix, MOST_ROWS, WeightMatrix, product_rows};
use crate::ops::FixedLinear;
use crate::ops::stack::StackMemory;
use crate::ops::step::{StepWeights, is_short, step};
use crate::ops::{self, attention::AttentionPlan};
use crate::slices::{with_slice, with_slices};
use crate::{Init, Kernels, NnError, Precision, Scope};

/// Activation of the gate in the MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// Sigmoid linear unit, as in SwiGLU.
    #[default]
    Silu,
    /// Exact Gaussian error linear unit, as in GEGLU.
    Gelu,
}

impl Activation {
    /// Whether this is the default, which configurations without the key have.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Sizes of a stack of blocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BlockConfig {
    /// Width of the residual stream.
    pub dim: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Attention heads; `dim` must be a multiple of it, and the width of a head even.
    pub heads: usize,
    /// Width of the gated MLP.
    pub hidden: usize,
    /// Activation of the MLP's gate.
    #[serde(skip_serializing_if = "Activation::is_default")]
    pub activation: Activation,
}

impl Default for BlockConfig {
    fn default() -> Self {
        Self { dim: 256, layers: 6, heads: 4, hidden: 704, activation: Activation::Silu }
    }
}

impl BlockConfig {
    /// Checks the sizes.
    ///
    /// # Errors
    /// Names the size that cannot work.
    pub fn check(&self) -> std::result::Result<(), ConfigIssue> {
        let BlockConfig { dim, layers, heads, hidden, .. } = *self;
        ConfigIssue::above_zero(&[
            ("dim", dim),
            ("layers", layers),
            ("heads", heads),
            ("hidden", hidden),
        ])?;
        if dim % heads != 0 || (dim / heads) % 2 != 0 {
            let reason = format!("({dim}) must split into {heads} heads of an even size");
            return Err(ConfigIssue::new("dim", reason));
        }
        Ok(())
    }
}

/// A linear layer: weight (outputs, inputs), optional bias, and in adapted layers a low-rank difference.
#[derive(Clone)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
    /// The weight if it is not trained; no gradient is computed.
    fixed: Option<Box<FixedLinear>>,
    low_rank: Option<Box<LowRank>>,
    /// The weight in 8 bits, if it is quantized. `weight` then has the same values.
    int8: Option<Arc<Int8Matrix>>,
    /// The weight in panels for products of many rows; none unless wanted.
    panels: Option<Arc<Panels>>,
    kernels: Kernels,
}

impl Linear {
    /// Builds a layer without a bias; weights are drawn from a normal distribution with the given deviation.
    pub fn new(
        scope: &Scope,
        inputs: usize,
        outputs: usize,
        deviation: f64,
        kernels: Kernels,
    ) -> std::result::Result<Self, NnError> {
        let weight = scope.get("weight", &[outputs, inputs], Init::Normal(deviation))?;
        let int8 = match scope.precision() {
            Precision::Int8 => Some(Int8Matrix::new(&crate::to_vec_f32(&weight)?, inputs)),
            _ => None,
        };
        let weight = match &int8 {
            None => weight,
            Some(m) => Tensor::from_vec(m.dequantized(), (outputs, inputs), weight.device())?,
        };
        let fixed = match scope.is_fixed() {
            true => Some(Box::new(FixedLinear::new(&crate::to_vec_f32(&weight)?, inputs))),
            false => None,
        };
        let low_rank = scope.low_rank(inputs, outputs)?.map(Box::new);
        let int8 = int8.map(Arc::new);
        Ok(Self { weight, bias: None, fixed, low_rank, int8, panels: None, kernels })
    }

    /// Builds a layer with a bias that begins at zero.
    pub fn with_bias(
        scope: &Scope,
        inputs: usize,
        outputs: usize,
        deviation: f64,
        kernels: Kernels,
    ) -> std::result::Result<Self, NnError> {
        let bias = Some(scope.get("bias", &[outputs], Init::Constant(0.0))?);
        Ok(Self { bias, ..Self::new(scope, inputs, outputs, deviation, kernels)? })
    }

    /// Copies the weight into panels, so that products of many rows needn't. The layer is unchanged if its weight is
    /// trained or isn't on the host.
    ///
    /// # Errors
    /// candle's, for a weight that can't be read.
    pub fn in_panels(mut self) -> Result<Self> {
        let is_plain = self.fixed.is_none() && self.low_rank.is_none() && !self.weight.track_op();
        if is_plain && self.kernels == Kernels::Fused && self.weight.device().is_cpu() {
            let (outputs, inputs) = self.weight.dims2()?;
            let panels = with_slice(&self.weight, |weight| {
                Ok(Panels::new(Mat::new(weight, outputs, inputs).t()))
            })?;
            self.panels = Some(Arc::new(panels));
        }
        Ok(self)
    }

    /// Returns the panels, if they are there and fit the input.
    fn panels(&self, x: &Tensor) -> Result<Option<&Panels>> {
        let fits = !is_short(x.dim(0)?) && !x.track_op();
        Ok(self.panels.as_deref().filter(|_| fits))
    }

    /// `x` (rows, inputs) -> (rows, outputs).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if let Some(panels) = self.panels(x)? {
            return ops::linear_in_panels(x, panels, self.bias.as_ref(), None);
        }
        let y = match (&self.fixed, &self.bias) {
            (None, _) if self.int8.is_some() && x.dim(0)? <= MOST_ROWS => self.short(x)?,
            (Some(fixed), None) => fixed.forward(x, self.kernels)?,
            _ => ops::linear(x, &self.weight, self.bias.as_ref(), self.kernels)?,
        };
        match &self.low_rank {
            None => Ok(y),
            Some(difference) => difference.add_to(y, x, self.kernels),
        }
    }

    /// `residual + forward(x)`, for layers without a bias.
    pub fn forward_add(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        if let Some(panels) = self.panels(x)? {
            return ops::linear_in_panels(x, panels, self.bias.as_ref(), Some(residual));
        }
        if self.fixed.is_some() {
            return self.forward(x)? + residual;
        }
        ops::linear_add(x, &self.weight, residual, self.kernels)
    }

    /// Returns a few rows through the 8-bit weight.
    fn short(&self, x: &Tensor) -> Result<Tensor> {
        let (rows, inputs) = x.dims2()?;
        let outputs = self.weight.dim(0)?;
        let y = with_slices(std::slice::from_ref(&self.weight), |w| {
            let weights = self.weights_of(w[0]);
            let mut y = vec![0.0; rows * outputs];
            with_slice(x, |x| {
                product_rows(&mut y, x, weights, inputs, false);
                Ok(())
            })?;
            Tensor::from_vec(y, (rows, outputs), x.device())
        })?;
        self.bias.as_ref().map_or(Ok(y.clone()), |bias| y.broadcast_add(bias))
    }

    /// Returns the weight in the form for products of a few rows. `values` are those of the tensor.
    fn weights_of<'a>(&'a self, values: &'a [f32]) -> WeightMatrix<'a> {
        self.int8.as_deref().map_or(WeightMatrix::F32(values), WeightMatrix::Int8)
    }

    /// Returns the weight in the form for a step of this many rows.
    fn weights_for<'a>(&'a self, values: &'a [f32], rows: usize) -> WeightMatrix<'a> {
        match &self.panels {
            Some(panels) if !is_short(rows) => WeightMatrix::Panels(panels),
            _ => self.weights_of(values),
        }
    }

    /// Returns the weight, if the layer has nothing else.
    fn plain(&self) -> Option<&Tensor> {
        let alone = self.bias.is_none() && self.fixed.is_none() && self.low_rank.is_none();
        alone.then_some(&self.weight)
    }

    /// Returns the weight, (outputs, inputs).
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }
}

/// Root-mean-square normalisation with a learned scale.
#[derive(Clone)]
pub struct RmsNorm {
    weight: Tensor,
    kernels: Kernels,
}

impl RmsNorm {
    const EPS: f64 = 1e-6;

    /// Builds a scale of ones.
    pub fn new(scope: &Scope, dim: usize, kernels: Kernels) -> std::result::Result<Self, NnError> {
        Ok(Self { weight: scope.get("weight", &[dim], Init::Constant(1.0))?, kernels })
    }

    /// `x` (rows, dim) -> (rows, dim).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::rms_norm(x, &self.weight, Self::EPS, self.kernels)
    }
}

/// One block.
#[derive(Clone)]
pub struct Block {
    attention_norm: RmsNorm,
    qkv: Linear,
    out: Linear,
    mlp_norm: RmsNorm,
    gate_up: Linear,
    down: Linear,
    activation: Activation,
    kernels: Kernels,
}

impl Block {
    fn new(
        scope: &Scope,
        config: &BlockConfig,
        kernels: Kernels,
    ) -> std::result::Result<Self, NnError> {
        let (dim, hidden) = (config.dim, config.hidden);
        let inner = 1.0 / (dim as f64).sqrt();
        // Residual branches begin small, as in GPT-2, so that the variance of the stream doesn't grow with depth.
        let outer =
            |inputs: usize| 1.0 / (inputs as f64).sqrt() / (2.0 * config.layers as f64).sqrt();
        Ok(Self {
            attention_norm: RmsNorm::new(&scope.pp("attention_norm"), dim, kernels)?,
            qkv: Linear::new(&scope.pp("qkv"), dim, 3 * dim, inner, kernels)?,
            out: Linear::new(&scope.pp("out"), dim, dim, outer(dim), kernels)?,
            mlp_norm: RmsNorm::new(&scope.pp("mlp_norm"), dim, kernels)?,
            gate_up: Linear::new(&scope.pp("gate_up"), dim, 2 * hidden, inner, kernels)?,
            down: Linear::new(&scope.pp("down"), hidden, dim, outer(hidden), kernels)?,
            activation: config.activation,
            kernels,
        })
    }

    fn in_panels(self) -> Result<Self> {
        Ok(Self {
            qkv: self.qkv.in_panels()?,
            out: self.out.in_panels()?,
            gate_up: self.gate_up.in_panels()?,
            down: self.down.in_panels()?,
            ..self
        })
    }

    fn is_in_panels(&self) -> bool {
        [&self.qkv, &self.out, &self.gate_up, &self.down].iter().all(|l| l.panels.is_some())
    }

    /// Returns the weights in the order of [`ops::stack`], if no layer has anything else.
    fn weights(&self) -> Option<[&Tensor; ops::stack::BLOCK_WEIGHTS]> {
        if self.activation != Activation::Silu {
            return None;
        }
        Some([
            &self.attention_norm.weight,
            self.qkv.plain()?,
            self.out.plain()?,
            &self.mlp_norm.weight,
            self.gate_up.plain()?,
            self.down.plain()?,
        ])
    }

    /// Arranges the weights as a decoding step reads them; `values` are those of [`Block::weights`].
    fn step_weights<'a>(&'a self, values: &[&'a [f32]], rows: usize) -> StepWeights<'a> {
        use ops::stack::{ATTENTION_NORM, DOWN, GATE_UP, MLP_NORM, OUT, QKV};
        StepWeights {
            attention_norm: values[ATTENTION_NORM],
            qkv: self.qkv.weights_for(values[QKV], rows),
            out: self.out.weights_for(values[OUT], rows),
            mlp_norm: values[MLP_NORM],
            gate_up: self.gate_up.weights_for(values[GATE_UP], rows),
            down: self.down.weights_for(values[DOWN], rows),
        }
    }

    fn mlp(&self, x: &Tensor) -> Result<Tensor> {
        let h = self.gate_up.forward(&self.mlp_norm.forward(x)?)?; // (rows, 2 * hidden)
        self.down.forward_add(&ops::gated(&h, self.activation, self.kernels)?, x) // (rows, dim)
    }

    fn forward(&self, x: &Tensor, plan: &AttentionPlan) -> Result<Tensor> {
        let qkv = self.qkv.forward(&self.attention_norm.forward(x)?)?; // (rows, 3 * dim)
        let seen = ops::attention(&qkv, plan, self.kernels)?; // (rows, dim)
        self.mlp(&self.out.forward_add(&seen, x)?)
    }
}

/// Consecutive blocks with a final norm.
#[derive(Clone)]
pub struct Stack {
    blocks: Vec<Block>,
    norm: RmsNorm,
    config: BlockConfig,
    kernels: Kernels,
    memory: StackMemory,
    early: Option<EarlyGradients>,
}

impl Stack {
    /// Builds the blocks under `scope`.
    pub fn new(
        scope: &Scope,
        config: &BlockConfig,
        kernels: Kernels,
    ) -> std::result::Result<Self, NnError> {
        let blocks = (0..config.layers)
            .map(|i| Block::new(&scope.pp("blocks").pp(i), config, kernels))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let early = scope.gradient_sink().filter(|_| !scope.is_fixed()).map(|sink| {
            EarlyGradients::new(sink, weight_names(scope, config.layers), ops::stack::BLOCK_WEIGHTS)
        });
        Ok(Self {
            blocks,
            norm: RmsNorm::new(&scope.pp("norm"), config.dim, kernels)?,
            config: config.clone(),
            kernels,
            memory: StackMemory::default(),
            early,
        })
    }

    /// Copies all weights into panels as [`Linear::in_panels`] does, for [`Stack::step`] with many rows.
    ///
    /// # Errors
    /// candle's, for a weight that can't be read.
    pub fn in_panels(mut self) -> Result<Self> {
        let blocks = std::mem::take(&mut self.blocks).into_iter().map(Block::in_panels);
        self.blocks = blocks.collect::<Result<_>>()?;
        Ok(self)
    }

    /// Returns the sizes.
    pub fn config(&self) -> &BlockConfig {
        &self.config
    }

    /// Returns the weights in the order of [`ops::stack`], if that operation can compute this stack.
    fn weights(&self) -> Option<Vec<Tensor>> {
        let blocks = self.blocks.iter().map(Block::weights).collect::<Option<Vec<_>>>()?;
        let all = blocks.into_iter().flatten().chain([&self.norm.weight]);
        (self.kernels == Kernels::Fused && !self.blocks.is_empty()).then(|| all.cloned().collect())
    }

    /// `x` (rows, dim) -> (rows, dim), normalised.
    pub fn forward(&self, x: &Tensor, plan: &AttentionPlan) -> Result<Tensor> {
        let weights = self.weights().filter(|_| ops::stack::is_packed(plan, x.dims()[0]));
        if let Some(weights) = weights {
            let (eps, early) = (RmsNorm::EPS as f32, self.early.as_ref());
            return ops::stack::stack(x, plan, &self.config, eps, weights, &self.memory, early);
        }
        if let Some(early) = &self.early {
            early.forward_recorded();
        }
        let mut x = x.clone();
        for block in &self.blocks {
            x = block.forward(&x, plan)?;
        }
        self.norm.forward(&x)
    }

    /// Computes [`Stack::forward_cached`] for decoding: rows pass through all blocks without intermediate tensors, if
    /// there are few of them or the weights are in panels. Results of a few rows don't depend on their number.
    pub fn step(
        &self,
        x: &Tensor,
        plan: &AttentionPlan,
        caches: &mut [&mut StackCache],
    ) -> Result<Tensor> {
        let rows = x.dims()[0];
        let fits = is_short(rows) || self.blocks.iter().all(Block::is_in_panels);
        let fused = self.config.activation == Activation::Silu && fits && x.device().is_cpu();
        let weights = self.weights().filter(|_| fused);
        let Some(weights) = weights else { return self.forward_cached(x, plan, caches) };
        with_slices(&weights, |w| {
            let per_block = w.chunks_exact(ops::stack::BLOCK_WEIGHTS);
            let blocks = self.blocks.iter().zip(per_block);
            let blocks: Vec<_> = blocks.map(|(block, w)| block.step_weights(w, rows)).collect();
            let norm = w.last().copied().unwrap_or_default();
            step(x, plan, &self.config, RmsNorm::EPS as f32, &blocks, norm, caches)
        })
    }

    /// Computes rows that continue the sequences of `caches`, one cache for each span of the plan.
    pub fn forward_cached(
        &self,
        x: &Tensor,
        plan: &AttentionPlan,
        caches: &mut [&mut StackCache],
    ) -> Result<Tensor> {
        // Outside the thread pool, every operation would wake a thread and wait for it.
        match x.device().is_cpu() {
            true => rayon::scope(|_| self.cached(x, plan, caches)),
            false => self.cached(x, plan, caches),
        }
    }

    fn cached(
        &self,
        x: &Tensor,
        plan: &AttentionPlan,
        caches: &mut [&mut StackCache],
    ) -> Result<Tensor> {
        let mut x = x.clone();
        for (i, block) in self.blocks.iter().enumerate() {
            let qkv = block.qkv.forward(&block.attention_norm.forward(&x)?)?; // (rows, 3 * dim)
            let mut layer: Vec<_> = caches.iter_mut().map(|c| c.layer(i)).collect();
            let seen = ops::attention_cached(&qkv, plan, &mut layer)?; // (rows, dim)
            x = block.mlp(&block.out.forward_add(&seen, &x)?)?;
        }
        self.norm.forward(&x)
    }
}

/// Returns the names of a stack's weights in the order of [`ops::stack`].
fn weight_names(scope: &Scope, layers: usize) -> Vec<String> {
    const LAYERS: [&str; ops::stack::BLOCK_WEIGHTS] =
        ["attention_norm", "qkv", "out", "mlp_norm", "gate_up", "down"];
    let block = |i: usize| {
        let scope = scope.pp("blocks").pp(i);
        LAYERS.map(|layer| scope.pp(layer).name("weight"))
    };
    let mut names: Vec<String> = (0..layers).flat_map(block).collect();
    names.push(scope.pp("norm").name("weight"));
    names
}
