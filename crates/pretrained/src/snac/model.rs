//! The SNAC network, from samples to codes and back. Tensors are (1, channels, steps).

use candle_core::{DType, Device, Result, Tensor};
use serde::Deserialize;

use super::attention::{LocalAttention, attention};
use super::noise::Noise;
use crate::checkpoint::{Checkpoint, Weights};
use crate::codebook::{Codebook, Distance};
use crate::conv::{Kernel, Size, TransposedKernel};
use crate::error::PretrainedError;
use crate::fault::ConfigFault;
use crate::ops::Snake;
use crate::sizes::{size_fault, stride_fault};

type Loaded<T> = std::result::Result<T, PretrainedError>;

/// Fields of `config.json` that the network depends on.
#[derive(Debug, Clone, Deserialize)]
pub struct SnacConfig {
    /// Sample rate, in Hz.
    pub sampling_rate: u32,
    /// Channels after the encoder's first layer; doubled by each stage.
    pub encoder_dim: usize,
    /// Strides of the encoder's stages, in order.
    pub encoder_rates: Vec<usize>,
    /// Channels after the decoder's first layer; halved by each stage.
    pub decoder_dim: usize,
    /// Strides of the decoder's stages, in order.
    pub decoder_rates: Vec<usize>,
    /// Window of the local attention, in steps; `None` without attention.
    pub attn_window_size: Option<usize>,
    /// Number of entries per level.
    pub codebook_size: usize,
    /// Dimension of an entry.
    pub codebook_dim: usize,
    /// Latent steps per frame for each level, the slowest level first.
    pub vq_strides: Vec<usize>,
    /// Whether the decoder adds noise.
    pub noise: bool,
    /// Whether wide convolutions are depthwise.
    pub depthwise: bool,
}

impl SnacConfig {
    /// Returns the number of samples per latent step.
    pub fn hop(&self) -> usize {
        self.encoder_rates.iter().product()
    }

    /// Returns the dimension of the latents.
    pub fn latent_dim(&self) -> usize {
        self.encoder_dim << self.encoder_rates.len()
    }

    /// Returns the number of latent steps that a signal is padded to a multiple of: complete frames of the slowest
    /// level, and complete attention windows.
    pub fn block(&self) -> usize {
        let (slowest, window) = (self.vq_strides[0], self.attn_window_size.unwrap_or(1));
        let mut both = slowest;
        while !both.is_multiple_of(window) {
            both += slowest;
        }
        both
    }

    /// Returns the first size that is out of range or inconsistent.
    fn fault(&self) -> Option<ConfigFault> {
        let (down, up) = (&self.encoder_rates, &self.decoder_rates);
        let sizes = [
            ("encoder_dim", self.encoder_dim),
            ("decoder_dim", self.decoder_dim),
            ("codebook_size", self.codebook_size),
            ("codebook_dim", self.codebook_dim),
            ("attn_window_size", self.attn_window_size.unwrap_or(1)),
        ];
        let fault = size_fault(&sizes, 1 << 13)
            .or_else(|| stride_fault("encoder_rates", down))
            .or_else(|| stride_fault("decoder_rates", up))
            .or_else(|| stride_fault("vq_strides", &self.vq_strides));
        if fault.is_some() {
            return fault;
        }
        let (down, up): (usize, usize) = (down.iter().product(), up.iter().product());
        if down != up {
            return Some(ConfigFault::StrideMismatch { encoder: down, decoder: up });
        }
        let strides = &self.vq_strides;
        let whole = strides.iter().all(|stride| strides[0].is_multiple_of(*stride));
        let falling = strides.is_sorted_by(|a, b| a >= b);
        (!whole || !falling).then(|| ConfigFault::LevelStrides { found: strides.clone() })
    }
}

/// Residual unit: a dilated and a pointwise convolution, each after a snake activation, with a skip connection.
struct ResidualUnit {
    snakes: [Snake; 2],
    dilated: Kernel,
    pointwise: Kernel,
    padding: usize,
}

impl ResidualUnit {
    fn load(weights: &Weights<'_>, c: &SnacConfig, dim: usize, dilation: usize) -> Loaded<Self> {
        let part = |i: usize| weights.pp("block").pp(i);
        let size = Size::new(dim, dim, 7).dilation(dilation).depthwise(c.depthwise);
        Ok(Self {
            snakes: [Snake::load(&part(0), dim)?, Snake::load(&part(2), dim)?],
            dilated: Kernel::load(&part(1), size)?,
            pointwise: Kernel::load(&part(3), Size::new(dim, dim, 1))?,
            padding: 3 * dilation,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.dilated.padded(&self.snakes[0].forward(x)?, self.padding)?;
        x + self.pointwise.forward(&self.snakes[1].forward(&y)?)?
    }
}

/// Reads the residual units of a stage; `first` is the index of the first one.
fn residual_units(
    weights: &Weights<'_>,
    c: &SnacConfig,
    dim: usize,
    first: usize,
) -> Loaded<Vec<ResidualUnit>> {
    let unit = |(i, dilation): (usize, usize)| {
        ResidualUnit::load(&weights.pp("block").pp(first + i), c, dim, dilation)
    };
    [1, 3, 9].into_iter().enumerate().map(unit).collect()
}

/// Steps on either side that an output of a stage's residual units depends on.
const STAGE_REACH: usize = 3 * (1 + 3 + 9);

/// A stage of the encoder: residual units, a snake activation, and a strided convolution.
struct EncoderStage {
    units: Vec<ResidualUnit>,
    snake: Snake,
    shrink: Kernel,
    padding: usize,
}

struct Encoder {
    first: Kernel,
    stages: Vec<EncoderStage>,
    attention: Option<LocalAttention>,
    last: Kernel,
}

impl Encoder {
    fn load(weights: &Weights<'_>, c: &SnacConfig) -> Loaded<Self> {
        let weights = weights.pp("block");
        let (mut dim, mut at, mut stages) = (c.encoder_dim, 1, Vec::new());
        let first = Kernel::load(&weights.pp(0), Size::new(1, dim, 7))?;
        for &ratio in &c.encoder_rates {
            let stage = weights.pp(at);
            let part = |i: usize| stage.pp("block").pp(i);
            stages.push(EncoderStage {
                units: residual_units(&stage, c, dim, 0)?,
                snake: Snake::load(&part(3), dim)?,
                shrink: Kernel::load(&part(4), Size::new(dim, 2 * dim, 2 * ratio).stride(ratio))?,
                padding: ratio.div_ceil(2),
            });
            (dim, at) = (2 * dim, at + 1);
        }
        let attention = attention(&weights, c, dim, &mut at)?;
        let last = Kernel::load(&weights.pp(at), Size::new(dim, dim, 7).depthwise(c.depthwise))?;
        Ok(Self { first, stages, attention, last })
    }

    /// Encodes (1, 1, samples) to (1, latent_dim, steps).
    fn forward(&self, samples: &Tensor) -> Result<Tensor> {
        let mut x = self.first.padded(samples, 3)?;
        for stage in &self.stages {
            for unit in &stage.units {
                x = unit.forward(&x)?;
            }
            x = stage.shrink.padded(&stage.snake.forward(&x)?, stage.padding)?;
        }
        if let Some(attention) = &self.attention {
            x = attention.forward(&x)?;
        }
        self.last.padded(&x, 3)
    }
}

/// A stage of the decoder: a snake activation, a transposed convolution, noise, and residual units.
struct DecoderStage {
    snake: Snake,
    grow: TransposedKernel,
    stride: usize,
    noise: Option<Kernel>,
    units: Vec<ResidualUnit>,
}

struct Decoder {
    first: Vec<(Kernel, usize)>, // kernels and their padding
    attention: Option<LocalAttention>,
    stages: Vec<DecoderStage>,
    snake: Snake,
    last: Kernel,
}

impl Decoder {
    fn load(weights: &Weights<'_>, c: &SnacConfig) -> Loaded<Self> {
        let weights = weights.pp("model");
        let (latent_dim, mut dim) = (c.latent_dim(), c.decoder_dim);
        let sizes = match c.depthwise {
            true => vec![
                (Size::new(latent_dim, latent_dim, 7).depthwise(true), 3),
                (Size::new(latent_dim, dim, 1), 0),
            ],
            false => vec![(Size::new(latent_dim, dim, 7), 3)],
        };
        let mut at = sizes.len();
        let kernel = |(i, (size, padding)): (usize, (Size, usize))| {
            Ok((Kernel::load(&weights.pp(i), size)?, padding))
        };
        let first = sizes.into_iter().enumerate().map(kernel).collect::<Loaded<_>>()?;
        let attention = attention(&weights, c, dim, &mut at)?;
        let mut stages = Vec::new();
        for &stride in &c.decoder_rates {
            let stage = weights.pp(at);
            let part = |i: usize| stage.pp("block").pp(i);
            let size = Size::new(dim, dim / 2, 2 * stride).stride(stride);
            let noise =
                || Kernel::load(&part(2).pp("linear"), Size::new(dim / 2, dim / 2, 1).no_bias());
            stages.push(DecoderStage {
                snake: Snake::load(&part(0), dim)?,
                grow: TransposedKernel::load(&part(1), size)?,
                stride,
                noise: c.noise.then(noise).transpose()?,
                units: residual_units(&stage, c, dim / 2, 2 + usize::from(c.noise))?,
            });
            (dim, at) = (dim / 2, at + 1);
        }
        let snake = Snake::load(&weights.pp(at), dim)?;
        let last = Kernel::load(&weights.pp(at + 1), Size::new(dim, 1, 7))?;
        Ok(Self { first, attention, stages, snake, last })
    }

    /// Decodes (1, latent_dim, steps) to (1, 1, samples).
    fn forward(&self, latents: &Tensor, noise: Noise<'_>) -> Result<Tensor> {
        let mut x = latents.clone();
        for (kernel, padding) in &self.first {
            x = kernel.padded(&x, *padding)?;
        }
        if let Some(attention) = &self.attention {
            x = attention.forward(&x)?;
        }
        let mut rate = 1;
        for (i, stage) in self.stages.iter().enumerate() {
            // PyTorch rounds the padding of an odd stride up, and adds an output step at the end.
            let (left, right) = (stage.stride.div_ceil(2), stage.stride / 2);
            x = stage.grow.trimmed(&stage.snake.forward(&x)?, left, right)?;
            rate *= stage.stride;
            if let Some(kernel) = &stage.noise
                && let Some(noise) = noise.draw(i, rate, x.dim(2)?)?
            {
                x = (&x + kernel.forward(&x)?.broadcast_mul(&noise)?)?;
            }
            for unit in &stage.units {
                x = unit.forward(&x)?;
            }
        }
        self.last.padded(&self.snake.forward(&x)?, 3)?.tanh()
    }
}

/// Quantizer of a level: a mean over its stride, a projection to few dimensions, a codebook, and a projection back.
struct Quantiser {
    stride: usize,
    into: Kernel,
    codebook: Codebook,
    out: Kernel,
}

impl Quantiser {
    /// Returns the latents of codes: (frames) to (1, latent_dim, steps), zeros for missing codes.
    fn embed(&self, codes: &[Option<u32>]) -> Result<Tensor> {
        let known: Vec<u32> = codes.iter().map(|c| c.unwrap_or(0)).collect();
        let entries = self.codebook.look_up(&known)?.t()?.unsqueeze(0)?.contiguous()?; // (1, codebook_dim, frames)
        let mut latents = self.out.forward(&entries)?; // (1, latent_dim, frames)
        if codes.iter().any(Option::is_none) {
            let kept: Vec<f32> =
                codes.iter().map(|c| if c.is_some() { 1.0 } else { 0.0 }).collect();
            let kept = Tensor::from_vec(kept, (1, 1, codes.len()), &Device::Cpu)?;
            latents = latents.broadcast_mul(&kept)?;
        }
        let (_, dim, frames) = latents.dims3()?;
        let repeated = latents.unsqueeze(3)?.broadcast_as((1, dim, frames, self.stride))?;
        repeated.contiguous()?.reshape((1, dim, frames * self.stride)) // (1, latent_dim, steps)
    }
}

/// The loaded codec.
pub struct Snac {
    pub(crate) config: SnacConfig,
    encoder: Encoder,
    decoder: Decoder,
    quantisers: Vec<Quantiser>,
}

impl Snac {
    /// Builds the codec from its checkpoint.
    ///
    /// # Errors
    /// [`PretrainedError::Config`] for an unsupported configuration, and the errors of [`Checkpoint::get`].
    pub fn load(checkpoint: &Checkpoint, config: SnacConfig) -> Loaded<Self> {
        if let Some(fault) = config.fault() {
            return Err(PretrainedError::config(checkpoint.path(), fault));
        }
        let root = checkpoint.root();
        let (latent_dim, dim) = (config.latent_dim(), config.codebook_dim);
        let quantiser = |(level, &stride): (usize, &usize)| {
            let weights = root.pp("quantizer.quantizers").pp(level);
            let entries = weights.pp("codebook").get("weight", &[config.codebook_size, dim])?;
            let codebook = Codebook::new(entries, Distance::Cosine);
            Ok(Quantiser {
                stride,
                into: Kernel::load(&weights.pp("in_proj"), Size::new(latent_dim, dim, 1))?,
                codebook: codebook.map_err(PretrainedError::compute("reading a codebook"))?,
                out: Kernel::load(&weights.pp("out_proj"), Size::new(dim, latent_dim, 1))?,
            })
        };
        Ok(Self {
            encoder: Encoder::load(&root.pp("encoder"), &config)?,
            decoder: Decoder::load(&root.pp("decoder"), &config)?,
            quantisers: config
                .vq_strides
                .iter()
                .enumerate()
                .map(quantiser)
                .collect::<Loaded<_>>()?,
            config,
        })
    }

    pub(crate) fn codebooks(&self) -> impl Iterator<Item = &Codebook> {
        self.quantisers.iter().map(|q| &q.codebook)
    }

    /// Returns the latents of samples, (1, latent_dim, steps). The samples are padded with zeros to a multiple of
    /// [`SnacConfig::block`] steps.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn latents(&self, samples: &[f32]) -> Result<Tensor> {
        let whole = samples.len().next_multiple_of(self.config.hop() * self.config.block());
        let mut padded = samples.to_vec();
        padded.resize(whole, 0.0);
        self.encoder.forward(&Tensor::from_vec(padded, (1, 1, whole), &Device::Cpu)?)
    }

    /// Returns the codes of latents (1, latent_dim, steps), (levels)(frames); levels have different numbers of frames.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn quantise(&self, latents: &Tensor) -> Result<Vec<Vec<u32>>> {
        let (_, dim, steps) = latents.dims3()?;
        let mut rest = latents.clone();
        let mut codes = Vec::with_capacity(self.quantisers.len());
        for level in &self.quantisers {
            let frames = steps / level.stride;
            let mean = rest.reshape((1, dim, frames, level.stride))?.mean(3)?; // (1, latent_dim, frames)
            let rows = level.into.forward(&mean)?.squeeze(0)?.t()?.contiguous()?; // (frames, codebook_dim)
            let found = level.codebook.nearest(&rows)?;
            let known: Vec<Option<u32>> = found.iter().copied().map(Some).collect();
            rest = (rest - level.embed(&known)?)?;
            codes.push(found);
        }
        Ok(codes)
    }

    /// Returns the latents of codes (levels)(frames), whose levels have different numbers of frames: (1, latent_dim,
    /// steps).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn dequantise(&self, codes: &[Vec<Option<u32>>]) -> Result<Tensor> {
        let steps = codes.first().map_or(0, Vec::len) * self.config.vq_strides[0];
        let zeros = Tensor::zeros((1, self.config.latent_dim(), steps), DType::F32, &Device::Cpu)?;
        self.quantisers
            .iter()
            .zip(codes)
            .try_fold(zeros, |sum, (level, codes)| sum + level.embed(codes)?)
    }

    /// Returns the samples of latents (1, latent_dim, steps), one hop per step. The steps are padded to complete
    /// attention windows.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn decode(&self, latents: &Tensor, noise: Noise<'_>) -> Result<Vec<f32>> {
        let steps = latents.dim(2)?;
        let whole = steps.next_multiple_of(self.config.attn_window_size.unwrap_or(1));
        let padded = latents.pad_with_zeros(2, 0, whole - steps)?;
        let mut samples: Vec<f32> =
            self.decoder.forward(&padded, noise)?.flatten_all()?.to_vec1()?;
        samples.truncate(steps * self.config.hop());
        Ok(samples)
    }

    /// Returns the number of latent steps on either side that a sample depends on, in addition to its attention window.
    pub fn reach_steps(&self) -> usize {
        let (mut reach, mut rate) = (3.0, 1.0); // in latent steps, and in steps of a stage per latent step
        for &stride in &self.config.decoder_rates {
            reach += 1.0 / rate; // an output of a transposed convolution depends on two inputs
            rate *= stride as f64;
            reach += STAGE_REACH as f64 / rate;
        }
        (reach + 3.0 / rate).ceil() as usize
    }
}
