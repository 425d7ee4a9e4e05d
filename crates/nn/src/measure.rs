//! Measurements of this machine and of decoding on it.

use std::time::Instant;

use candle_core::{Device, Tensor};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::matmul::{Mat, ProductOptions, product};
use crate::{
    AttentionPlan, BlockConfig, Kernels, Linear, NnError, ParamStore, Precision, Span, Stack,
    StackCache, ops,
};

/// Limits of this machine, as measured with all threads of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MachineFigures {
    /// Bytes a second that all threads together read from memory.
    pub bytes_per_s: f64,
    /// Floating-point operations a second of a large matrix product, f32. A multiplication and an addition are two.
    pub flop_per_s: f64,
    /// Threads.
    pub threads: usize,
}

/// Values that are read at once: more than caches hold.
const VALUES: usize = 64 << 20;
/// Sides of the matrices of the product.
const SIDE: usize = 1_024;
/// Attempts, of which the best counts.
const ATTEMPTS: usize = 5;

/// Measures memory bandwidth and arithmetic.
pub fn measure_machine() -> MachineFigures {
    let threads = rayon::current_num_threads();
    let values = vec![1.0f32; VALUES];
    let step = VALUES.div_ceil(threads);
    let read = || {
        let sums = values.par_chunks(step).map(|part| {
            let mut lanes = [0.0f32; 32];
            for chunk in part.chunks_exact(32) {
                for i in 0..32 {
                    lanes[i] += chunk[i];
                }
            }
            lanes.iter().sum::<f32>()
        });
        sums.sum::<f32>()
    };
    let bytes = size_of_val(values.as_slice()) as f64;
    let bytes_per_s = bytes / best(|| std::hint::black_box(read()));
    let (a, b) = (vec![1.0f32; SIDE * SIDE], vec![1.0f32; SIDE * SIDE]);
    let mut c = vec![0.0f32; SIDE * SIDE];
    let seconds = best(|| {
        let (a, b) = (Mat::new(&a, SIDE, SIDE), Mat::new(&b, SIDE, SIDE));
        product(&mut c, SIDE, a, b, ProductOptions::default());
        std::hint::black_box(c[0])
    });
    let flop_per_s = 2.0 * (SIDE as f64).powi(3) / seconds;
    MachineFigures { bytes_per_s, flop_per_s, threads }
}

/// Returns the seconds of the fastest of some attempts.
fn best<T>(mut work: impl FnMut() -> T) -> f64 {
    let attempts = (0..ATTEMPTS).map(|_| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    });
    attempts.fold(f64::INFINITY, f64::min)
}

/// Workload of the decoding benchmark: a causal transformer on synthetic tokens, greedy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecodeBenchConfig {
    /// Sizes of the trunk.
    pub block: BlockConfig,
    /// Classes of the head.
    pub classes: usize,
    /// Sequences that are decoded side by side.
    pub sequences: usize,
    /// Positions before the measured ones.
    pub history: usize,
    /// Measured positions of each sequence.
    pub frames: usize,
    /// Precision of the weights.
    pub precision: Precision,
}

impl Default for DecodeBenchConfig {
    /// Returns the reference's shape: 151 million parameters in 12 blocks, 75 to 150 frames.
    fn default() -> Self {
        Self {
            block: BlockConfig {
                dim: 1_024,
                layers: 12,
                heads: 16,
                hidden: 2_736,
                ..Default::default()
            },
            classes: 1_024,
            sequences: 1,
            history: 75,
            frames: 75,
            precision: Precision::F32,
        }
    }
}

/// Speed of decoding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecodeFigures {
    /// Frames a second over all sequences, from the median step.
    pub frames_per_s: f64,
    /// Bytes of weights that a step reads.
    pub weight_bytes: usize,
    /// Tokens of the first sequence, to compare implementations.
    pub tokens: Vec<u32>,
}

/// Measures decoding.
///
/// # Errors
/// [`NnError`] for sizes that don't fit.
pub fn measure_decode(config: &DecodeBenchConfig) -> Result<DecodeFigures, NnError> {
    config.block.check()?;
    let BlockConfig { dim, layers, heads, .. } = config.block;
    let (store, table) = weights(config)?;
    let trunk = Stack::new(&store.root().pp("trunk"), &config.block, Kernels::Fused)?;
    let head = Linear::new(&store.root().pp("head"), dim, config.classes, 0.02, Kernels::Fused)?;
    let count = config.sequences.max(1);
    let mut caches = vec![StackCache::new(layers); count];
    let mut tokens = vec![0u32; count];
    let (mut taken, mut first) = (Vec::new(), Vec::new());
    for at in 0..config.history + config.frames {
        let begun = Instant::now();
        let x = ops::embed(&table, &tokens, 1, Kernels::Fused)?; // (sequences, dim)
        let spans = (0..count).map(|start| Span { start, len: 1, prefix: 0 }).collect();
        let plan = AttentionPlan::new(spans, &vec![at as u32; count], heads, dim, None);
        let mut each: Vec<&mut StackCache> = caches.iter_mut().collect();
        let logits = head.forward(&trunk.step(&x, &plan, &mut each)?)?; // (sequences, classes)
        tokens = crate::to_vec_f32(&logits)?.chunks(config.classes).map(likeliest).collect();
        if at >= config.history {
            taken.push(begun.elapsed().as_secs_f64());
            first.push(tokens[0]);
        }
    }
    let median = median(&mut taken);
    let bytes = if config.precision == Precision::Int8 { 1 } else { size_of::<f32>() };
    Ok(DecodeFigures {
        frames_per_s: count as f64 / median,
        weight_bytes: matrix_values(config) * bytes,
        tokens: first,
    })
}

/// Returns the weights that every step reads.
fn matrix_values(config: &DecodeBenchConfig) -> usize {
    let BlockConfig { dim, layers, hidden, .. } = config.block;
    layers * (4 * dim * dim + 3 * dim * hidden) + dim * config.classes
}

/// Builds random weights in the requested precision, and the table of tokens.
fn weights(config: &DecodeBenchConfig) -> Result<(ParamStore, Tensor), NnError> {
    let seeded = ParamStore::seeded(1, &Device::Cpu);
    let dim = config.block.dim;
    let table = seeded.root().get("table", &[config.classes, dim], crate::Init::Normal(0.3))?;
    // A first construction creates the parameters; they are then loaded like those of a trained model.
    Stack::new(&seeded.root().pp("trunk"), &config.block, Kernels::Fused)?;
    Linear::new(&seeded.root().pp("head"), dim, config.classes, 0.02, Kernels::Fused)?;
    let loaded = ParamStore::loaded(seeded.tensors(), &Device::Cpu);
    Ok((loaded.with_precision(config.precision), table.detach()))
}

/// Workload of the benchmark of full forward passes, as in the NAR: every position attends to all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassBenchConfig {
    /// Sizes of the trunk.
    pub block: BlockConfig,
    /// Positions: the response's frames, and the prompt's frames and phones before them.
    pub positions: usize,
    /// Measured passes, after one warm-up pass.
    pub passes: usize,
}

/// Speed of full forward passes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PassFigures {
    /// Seconds of a pass, median.
    pub pass_s: f64,
    /// Floating-point operations a second of the products of a pass, f32.
    pub flop_per_s: f64,
}

/// Measures full forward passes.
///
/// # Errors
/// [`NnError`] for sizes that don't fit.
pub fn measure_pass(config: &PassBenchConfig) -> Result<PassFigures, NnError> {
    config.block.check()?;
    let BlockConfig { dim, heads, .. } = config.block;
    let len = config.positions;
    let seeded = ParamStore::seeded(1, &Device::Cpu);
    Stack::new(&seeded.root(), &config.block, Kernels::Fused)?;
    let loaded = ParamStore::loaded(seeded.tensors(), &Device::Cpu);
    let trunk = Stack::new(&loaded.root(), &config.block, Kernels::Fused)?;
    let values = (0..len * dim).map(|i| (i as f32 * 0.37).sin()).collect();
    let x = Tensor::from_vec(values, (len, dim), &Device::Cpu)?;
    let rotary: Vec<u32> = (0..len as u32).collect();
    let plan =
        AttentionPlan::new(vec![Span { start: 0, len, prefix: len }], &rotary, heads, dim, None);
    let mut taken = Vec::new();
    for _ in 0..=config.passes.max(1) {
        let begun = Instant::now();
        std::hint::black_box(trunk.forward(&x, &plan)?);
        taken.push(begun.elapsed().as_secs_f64());
    }
    // The first pass includes the allocation of memory.
    let pass_s = median(&mut taken[1..]);
    Ok(PassFigures { pass_s, flop_per_s: pass_flop(&config.block, len) / pass_s })
}

/// Floating-point operations of the products of a pass.
fn pass_flop(block: &BlockConfig, positions: usize) -> f64 {
    let BlockConfig { dim, layers, hidden, .. } = *block;
    let weights = (4 * dim * dim + 3 * dim * hidden) as f64;
    let (positions, dim) = (positions as f64, dim as f64);
    layers as f64 * (2.0 * positions * weights + 4.0 * positions * positions * dim)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn likeliest(logits: &[f32]) -> u32 {
    let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(class, _)| class as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_side_by_side_decode_the_same() {
        let block = BlockConfig { dim: 32, layers: 2, heads: 2, hidden: 48, ..Default::default() };
        let config =
            DecodeBenchConfig { block, classes: 40, history: 3, frames: 9, ..Default::default() };
        let one = measure_decode(&config).unwrap();
        let several =
            measure_decode(&DecodeBenchConfig { sequences: 3, ..config.clone() }).unwrap();
        assert_eq!(one.tokens, several.tokens);
        assert_eq!(one.weight_bytes, 4 * (2 * (4 * 32 * 32 + 3 * 32 * 48) + 32 * 40));
        let int8 = DecodeBenchConfig { precision: Precision::Int8, ..config };
        assert_eq!(measure_decode(&int8).unwrap().weight_bytes * 4, one.weight_bytes);
    }

    #[test]
    fn operations_of_a_pass_are_counted() {
        let block = BlockConfig { dim: 8, layers: 3, heads: 2, hidden: 10, ..Default::default() };
        // Per block and position: queries, keys, values and output 4 x 8 x 8, the MLP 3 x 8 x 10, two operations each;
        // scores and their sums 2 x 5 x 8, two operations each.
        let of_block = 5 * (2 * (4 * 64 + 3 * 80) + 2 * 2 * 5 * 8);
        assert_eq!(pass_flop(&block, 5), f64::from(3 * of_block));
        let figures = measure_pass(&PassBenchConfig { block, positions: 5, passes: 2 }).unwrap();
        assert!(figures.pass_s > 0.0 && figures.flop_per_s.is_finite());
    }
}
