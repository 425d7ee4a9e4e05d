//! Speed of a step: the trunk alone on synthetic tokens, so that other programs can run the same workload.

use std::time::Instant;

use candle_core::{DType, Device};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use syrinx_metrics::bootstrap::median;
use syrinx_nn::{
    AdamW, AdamWConfig, AttentionPlan, BlockConfig, Init, Kernels, Linear, ParamStore, Precision,
    Span, Stack, ops,
};
use syrinx_types::{Allowed, ConfigIssue};

use crate::TrainError;

/// Workload of a benchmark: a causal transformer with rotary positions and gated MLPs, AdamW with clipping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchConfig {
    /// Sizes of the trunk.
    pub block: BlockConfig,
    /// Number of tokens.
    pub classes: usize,
    /// Sequences in a step.
    pub sequences: usize,
    /// Positions in a sequence.
    pub positions: usize,
    /// Measured steps, after one warm-up step.
    pub steps: usize,
    /// Operations.
    pub kernels: Kernels,
    /// Precision.
    pub precision: Precision,
}

impl Default for BenchConfig {
    fn default() -> Self {
        Self {
            block: BlockConfig::default(),
            classes: 1_024,
            sequences: 8,
            positions: 256,
            steps: 3,
            kernels: Kernels::Fused,
            precision: Precision::F32,
        }
    }
}

/// Result of a benchmark: medians of the steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchFigures {
    /// Positions a second.
    pub tokens_per_s: f64,
    /// Seconds of the forward pass. On a GPU the parts of a step overlap, so that only their sum is meaningful.
    pub forward_s: f64,
    /// See `forward_s`.
    pub backward_s: f64,
    /// See `forward_s`.
    pub optimizer_s: f64,
    /// Loss of the last step, to compare implementations.
    pub loss: f64,
}

/// Measures the speed of a step.
///
/// # Errors
/// [`TrainError::Config`] for sizes that don't fit; those of the device.
pub fn measure_step(config: &BenchConfig, device: &Device) -> Result<BenchFigures, TrainError> {
    config.block.check().map_err(|issue| issue.in_table("block"))?;
    ConfigIssue::above_zero(&[
        ("classes", config.classes),
        ("sequences", config.sequences),
        ("steps", config.steps),
    ])?;
    Allowed::AtLeast(2.0).check("positions", config.positions as f64)?;
    let kernels = config.kernels.on(device, config.precision)?;
    let store = ParamStore::seeded(1, device).with_precision(config.precision);
    let (root, dim) = (store.root(), config.block.dim);
    let table = root.get("table", &[config.classes, dim], Init::Normal(0.3))?;
    let trunk = Stack::new(&root.pp("trunk"), &config.block, kernels)?;
    let head = Linear::new(&root.pp("head"), dim, config.classes, 0.02, kernels)?;
    let options = AdamWConfig { ema_decay: 0.0, ..AdamWConfig::default() };
    let mut optimizer = AdamW::with_kernels(store.vars(), options, kernels)?;
    let (len, count) = (config.positions, config.sequences);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let tokens: Vec<u32> =
        (0..len * count).map(|_| rng.random_range(0..config.classes as u32)).collect();
    let targets: Vec<u32> = (0..len * count).map(|i| tokens[(i + 1) % tokens.len()]).collect();
    let spans: Vec<Span> = (0..count).map(|i| Span { start: i * len, len, prefix: 0 }).collect();
    let rotary: Vec<u32> = (0..count).flat_map(|_| 0..len as u32).collect();
    let mut taken = Vec::new();
    let mut last = f64::NAN;
    for _ in 0..=config.steps {
        let begun = Instant::now();
        let plan = AttentionPlan::new(spans.clone(), &rotary, config.block.heads, dim, None);
        let x = ops::embed(&table, &tokens, 1, kernels)?.to_dtype(config.precision.dtype())?;
        let logits = head.forward(&trunk.forward(&x, &plan)?)?; // (positions, classes)
        let loss = ops::cross_entropy(&logits, &targets, kernels)?;
        let forward_s = begun.elapsed().as_secs_f64();
        let grads = loss.backward()?;
        let backward_s = begun.elapsed().as_secs_f64() - forward_s;
        optimizer.step_unread(&grads, 1e-3)?;
        // Reading the loss waits until the device has finished.
        last = loss.detach().to_dtype(DType::F64)?.to_scalar()?;
        let optimizer_s = begun.elapsed().as_secs_f64() - forward_s - backward_s;
        taken.push([forward_s, backward_s, optimizer_s]);
    }
    // The first step includes the allocation of memory.
    let later = taken.get(1..).unwrap_or_default();
    let part = |i: usize| median(&later.iter().map(|parts| &parts[i]).collect::<Vec<_>>());
    let whole: Vec<f64> = later.iter().map(|parts| parts.iter().sum()).collect();
    let step_s = median(&whole.iter().collect::<Vec<_>>());
    Ok(BenchFigures {
        tokens_per_s: (len * count) as f64 / step_s.max(1e-9),
        forward_s: part(0),
        backward_s: part(1),
        optimizer_s: part(2),
        loss: last,
    })
}
