//! Whisper's network (Radford et al., arXiv 2212.04356): an encoder of log-mel windows and a decoder of tokens, which
//! caches keys and values.

use candle_core::{Device, Result, Tensor};
use candle_nn::{Conv1d, Conv1dConfig, Embedding, LayerNorm, Module};

use super::attention::{Attention, FeedForward, KeysValues, causal_mask};
use super::config::WhisperConfig;
use super::weights::Weights;
use crate::PretrainedError;

/// Encoder and decoder.
pub(crate) struct Network {
    encoder: Encoder,
    decoder: Decoder,
    pub(crate) device: Device,
}

struct Encoder {
    conv1: Conv1d,
    conv2: Conv1d,
    positions: Tensor, // (positions, width)
    layers: Vec<EncoderLayer>,
    norm: LayerNorm,
}

struct EncoderLayer {
    norm: LayerNorm,
    attention: Attention,
    feed_forward: FeedForward,
}

struct Decoder {
    tokens: Embedding,
    positions: Tensor, // (positions, width)
    layers: Vec<DecoderLayer>,
    norm: LayerNorm,
}

struct DecoderLayer {
    self_norm: LayerNorm,
    self_attention: Attention,
    cross_norm: LayerNorm,
    cross_attention: Attention,
    feed_forward: FeedForward,
}

/// Decoder state of a window: keys and values of the encoded window, and of the tokens so far.
#[derive(Clone)]
pub(crate) struct Cache {
    window: Vec<KeysValues>,         // (layers)
    tokens: Vec<Option<KeysValues>>, // (layers)
    pub(crate) len: usize,
}

impl Network {
    pub(crate) fn load(
        weights: &Weights,
        config: &WhisperConfig,
    ) -> std::result::Result<Self, PretrainedError> {
        Ok(Self {
            encoder: Encoder::load(weights, config)?,
            decoder: Decoder::load(weights, config)?,
            device: weights.device().clone(),
        })
    }

    /// Encodes a log-mel window (1, bands, frames), and returns the decoder state with its keys and values.
    pub(crate) fn encode(&self, mel: &Tensor) -> Result<Cache> {
        let encoded = self.encoder.forward(mel)?; // (1, positions, width)
        let layers = &self.decoder.layers;
        let window = layers.iter().map(|layer| layer.cross_attention.keys_values(&encoded));
        let window = window.collect::<Result<_>>()?;
        Ok(Cache { window, tokens: vec![None; layers.len()], len: 0 })
    }

    /// Returns the hidden states (tokens, width) of further tokens. `cross` receives the cross-attention weights of
    /// each layer, (heads, tokens, positions).
    pub(crate) fn decode(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        cross: Option<&mut Vec<Tensor>>,
    ) -> Result<Tensor> {
        self.decoder.forward(tokens, cache, cross)
    }

    /// Returns the logits (tokens, vocabulary) of hidden states (tokens, width).
    pub(crate) fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        hidden.matmul(&self.decoder.tokens.embeddings().t()?)
    }
}

impl Encoder {
    fn load(
        weights: &Weights,
        config: &WhisperConfig,
    ) -> std::result::Result<Self, PretrainedError> {
        let (width, bands) = (config.d_model, config.num_mel_bins);
        let conv = |name: &str, inputs: usize, stride: usize| {
            let name = format!("model.encoder.{name}");
            let weight = weights.tensor(&format!("{name}.weight"), &[width, inputs, 3])?;
            let bias = weights.tensor(&format!("{name}.bias"), &[width])?;
            let config = Conv1dConfig { padding: 1, stride, ..Conv1dConfig::default() };
            Ok::<_, PretrainedError>(Conv1d::new(weight, Some(bias), config))
        };
        let layer = |i: usize| {
            let at = format!("model.encoder.layers.{i}");
            Ok::<_, PretrainedError>(EncoderLayer {
                norm: weights.norm(&format!("{at}.self_attn_layer_norm"), width)?,
                attention: weights.attention(
                    &format!("{at}.self_attn"),
                    width,
                    config.encoder_attention_heads,
                )?,
                feed_forward: weights.feed_forward(&at, width, config.encoder_inner())?,
            })
        };
        let positions = config.max_source_positions;
        let name = "model.encoder.embed_positions.weight";
        Ok(Self {
            conv1: conv("conv1", bands, 1)?,
            conv2: conv("conv2", width, 2)?,
            positions: match weights.has(name) {
                true => weights.tensor(name, &[positions, width])?,
                false => sinusoids(positions, width, weights.device())
                    .map_err(PretrainedError::compute("computing positions"))?,
            },
            layers: (0..config.encoder_layers).map(layer).collect::<std::result::Result<_, _>>()?,
            norm: weights.norm("model.encoder.layer_norm", width)?,
        })
    }

    /// Encodes (1, bands, frames) to (1, positions, width).
    fn forward(&self, mel: &Tensor) -> Result<Tensor> {
        let x = self.conv1.forward(mel)?.gelu_erf()?; // (1, width, frames)
        let x = self.conv2.forward(&x)?.gelu_erf()?; // (1, width, positions)
        let mut x = x.transpose(1, 2)?.contiguous()?.broadcast_add(&self.positions)?; // (1, positions, width)
        for layer in &self.layers {
            let normed = layer.norm.forward(&x)?;
            let own = layer.attention.keys_values(&normed)?;
            x = (x + layer.attention.attend(&normed, &own, None)?.0)?;
            x = layer.feed_forward.forward(&x)?;
        }
        self.norm.forward(&x)
    }
}

impl Decoder {
    fn load(
        weights: &Weights,
        config: &WhisperConfig,
    ) -> std::result::Result<Self, PretrainedError> {
        let (width, heads) = (config.d_model, config.decoder_attention_heads);
        let layer = |i: usize| {
            let at = format!("model.decoder.layers.{i}");
            Ok::<_, PretrainedError>(DecoderLayer {
                self_norm: weights.norm(&format!("{at}.self_attn_layer_norm"), width)?,
                self_attention: weights.attention(&format!("{at}.self_attn"), width, heads)?,
                cross_norm: weights.norm(&format!("{at}.encoder_attn_layer_norm"), width)?,
                cross_attention: weights.attention(&format!("{at}.encoder_attn"), width, heads)?,
                feed_forward: weights.feed_forward(&at, width, config.decoder_inner())?,
            })
        };
        let table = |name: &str, rows: usize| weights.tensor(name, &[rows, width]);
        let tokens = table("model.decoder.embed_tokens.weight", config.vocab_size)?;
        let positions = config.max_target_positions;
        Ok(Self {
            tokens: Embedding::new(tokens, width),
            positions: table("model.decoder.embed_positions.weight", positions)?,
            layers: (0..config.decoder_layers).map(layer).collect::<std::result::Result<_, _>>()?,
            norm: weights.norm("model.decoder.layer_norm", width)?,
        })
    }

    /// Returns the hidden states (tokens, width) of further tokens, as [`Network::decode`] does.
    fn forward(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        mut cross: Option<&mut Vec<Tensor>>,
    ) -> Result<Tensor> {
        let (new, total) = (tokens.len(), cache.len + tokens.len());
        let ids = Tensor::new(tokens, self.positions.device())?;
        let positions = self.positions.narrow(0, cache.len, new)?;
        let mut x = (self.tokens.forward(&ids)? + positions)?.unsqueeze(0)?; // (1, tokens, width)
        let mask = if new > 1 { Some(causal_mask(new, total, &x)?) } else { None };
        for (i, layer) in self.layers.iter().enumerate() {
            let normed = layer.self_norm.forward(&x)?;
            let (mut keys, mut values) = layer.self_attention.keys_values(&normed)?;
            if let Some((before_keys, before_values)) = &cache.tokens[i] {
                keys = Tensor::cat(&[before_keys, &keys], 2)?; // (1, heads, total, head_dim)
                values = Tensor::cat(&[before_values, &values], 2)?;
            }
            let own = (keys, values);
            x = (x + layer.self_attention.attend(&normed, &own, mask.as_ref())?.0)?;
            cache.tokens[i] = Some(own);
            let normed = layer.cross_norm.forward(&x)?;
            let (mixed, weights) = layer.cross_attention.attend(&normed, &cache.window[i], None)?;
            x = (x + mixed)?;
            if let Some(cross) = cross.as_deref_mut() {
                cross.push(weights.squeeze(0)?);
            }
            x = layer.feed_forward.forward(&x)?;
        }
        cache.len = total;
        self.norm.forward(&x.squeeze(0)?) // (tokens, width)
    }
}

/// Returns the encoder's positional encodings (positions, width), if the checkpoint has none: sines, then cosines, of
/// frequencies from 1 to 1/10,000.
fn sinusoids(positions: usize, width: usize, device: &Device) -> Result<Tensor> {
    let half = width / 2;
    let step = 10_000f64.ln() / (half - 1) as f64;
    let angle = |t: usize, i: usize| t as f64 * (-step * i as f64).exp();
    let values: Vec<f32> = (0..positions)
        .flat_map(|t| {
            let sines = (0..half).map(move |i| angle(t, i).sin() as f32);
            sines.chain((0..half).map(move |i| angle(t, i).cos() as f32))
        })
        .collect();
    Tensor::from_vec(values, (positions, width), device)
}
