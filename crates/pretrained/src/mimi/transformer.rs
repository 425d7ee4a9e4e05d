//! The transformers between the convolutions and the quantizers: causal, with windowed attention. Tensors are (1,
//! steps, dim).

use candle_core::{Device, Result, Tensor};

use super::MimiConfig;
use crate::checkpoint::Weights;
use crate::error::PretrainedError;
use crate::ops::{LayerNorm, Linear, attend, rotate};

type Loaded<T> = std::result::Result<T, PretrainedError>;

/// Number of queries that attend at once, so that memory does not grow with the square of the length.
const BLOCK: usize = 256;

struct Layer {
    norms: [LayerNorm; 2],
    qkv: [Linear; 3],
    out: Linear,
    feed: [Linear; 2],
    scales: [Tensor; 2], // (dim)
}

/// Keys and values of a layer that later steps attend to, each (heads, steps, head_dim).
type LayerCache = Option<(Tensor, Tensor)>;

/// State between two calls in a stream.
#[derive(Default)]
pub(super) struct Cache {
    layers: Vec<LayerCache>,
    position: usize,
}

pub(super) struct Transformer {
    layers: Vec<Layer>,
    heads: usize,
    head_dim: usize,
    window: usize,
    theta: f32,
}

impl Transformer {
    pub(super) fn load(weights: &Weights<'_>, c: &MimiConfig) -> Loaded<Self> {
        let (dim, inner) = (c.hidden_size, c.num_attention_heads * c.head_dim());
        let layer = |i: usize| {
            let layer = weights.pp("layers").pp(i);
            let norm = |name: &str| LayerNorm::load(&layer.pp(name), dim, c.norm_eps);
            let linear =
                |name: &str, input, output| Linear::load(&layer.pp(name), input, output, false);
            let scale = |name: &str| layer.pp(name).get("scale", &[dim]);
            Ok(Layer {
                norms: [norm("input_layernorm")?, norm("post_attention_layernorm")?],
                qkv: [
                    linear("self_attn.q_proj", dim, inner)?,
                    linear("self_attn.k_proj", dim, inner)?,
                    linear("self_attn.v_proj", dim, inner)?,
                ],
                out: linear("self_attn.o_proj", inner, dim)?,
                feed: [
                    linear("mlp.fc1", dim, c.intermediate_size)?,
                    linear("mlp.fc2", c.intermediate_size, dim)?,
                ],
                scales: [scale("self_attn_layer_scale")?, scale("mlp_layer_scale")?],
            })
        };
        Ok(Self {
            layers: (0..c.num_hidden_layers).map(layer).collect::<Loaded<_>>()?,
            heads: c.num_attention_heads,
            head_dim: c.head_dim(),
            window: c.sliding_window,
            theta: c.rope_theta,
        })
    }

    /// Transforms the next steps of a stream: (1, dim, steps) to the same shape.
    pub(super) fn step(&self, x: &Tensor, cache: &mut Cache) -> Result<Tensor> {
        cache.layers.resize(self.layers.len(), None);
        let rows = x.transpose(1, 2)?.contiguous()?; // (1, steps, dim)
        let steps = rows.dim(1)?;
        let mut made = Vec::new();
        for start in (0..steps).step_by(BLOCK) {
            let mut block = rows.narrow(1, start, BLOCK.min(steps - start))?.contiguous()?; // (1, block, dim)
            let count = block.dim(1)?;
            for (layer, cached) in self.layers.iter().zip(&mut cache.layers) {
                block = self.layer(layer, &block, cache.position, cached)?;
            }
            cache.position += count;
            made.push(block);
        }
        Tensor::cat(&made, 1)?.transpose(1, 2)?.contiguous() // (1, dim, steps)
    }

    fn layer(
        &self,
        layer: &Layer,
        x: &Tensor,
        at: usize,
        cached: &mut LayerCache,
    ) -> Result<Tensor> {
        let steps = x.dim(1)?;
        let normed = layer.norms[0].forward(x)?;
        let split = |linear: &Linear| -> Result<Tensor> {
            let y = linear.forward(&normed)?.reshape((steps, self.heads, self.head_dim))?;
            y.transpose(0, 1)?.contiguous() // (heads, steps, head_dim)
        };
        let [q, k, v] = &layer.qkv;
        let q = rotate(&split(q)?, at, self.theta)?;
        let (mut k, mut v) = (rotate(&split(k)?, at, self.theta)?, split(v)?);
        if let Some((keys, values)) = cached.take() {
            (k, v) = (Tensor::cat(&[&keys, &k], 1)?, Tensor::cat(&[&values, &v], 1)?);
        }
        let keys = k.dim(1)?;
        let mixed = attend(&q, &k, &v, Some(&self.mask(steps, keys)?))?; // (heads, steps, head_dim)
        let kept = keys.min(self.window.saturating_sub(1).max(1));
        *cached = Some((
            k.narrow(1, keys - kept, kept)?.contiguous()?,
            v.narrow(1, keys - kept, kept)?.contiguous()?,
        ));
        let mixed = mixed.transpose(0, 1)?.contiguous()?; // (steps, heads, head_dim)
        let mixed = mixed.reshape((1, steps, self.heads * self.head_dim))?; // (1, steps, heads * head_dim)
        let x = (x + layer.out.forward(&mixed)?.broadcast_mul(&layer.scales[0])?)?;
        let [into, out] = &layer.feed;
        let fed = out.forward(&into.forward(&layer.norms[1].forward(&x)?)?.gelu_erf()?)?;
        &x + fed.broadcast_mul(&layer.scales[1])?
    }

    /// Returns the additive attention mask: 0 if a query attends to a key, otherwise a large negative number. The last
    /// `steps` keys are those of the queries. A query attends to its own key and the `window` - 1 keys before. //
    /// (steps, keys)
    fn mask(&self, steps: usize, keys: usize) -> Result<Tensor> {
        let sees = |query: usize, key: usize| key <= query && query - key < self.window;
        let values: Vec<f32> = (keys - steps..keys)
            .flat_map(|q| (0..keys).map(move |k| if sees(q, k) { 0.0 } else { -1e30 }))
            .collect();
        Tensor::from_vec(values, (steps, keys), &Device::Cpu)
    }
}
