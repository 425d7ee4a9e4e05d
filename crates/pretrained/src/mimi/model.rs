//! The Mimi network, from samples to codes and back. Tensors are (1, channels, steps).

use candle_core::{DType, Device, Result, Tensor};

use super::config::MimiConfig;
use super::transformer::{Cache, Transformer};
use crate::checkpoint::{Checkpoint, Weights};
use crate::codebook::{Codebook, Distance};
use crate::conv::{CausalConv, Kernel, PadMode, Size, TransposedKernel};
use crate::error::PretrainedError;

type Loaded<T> = std::result::Result<T, PretrainedError>;

/// Residual block: two convolutions, each after an ELU, with a skip connection.
struct ResidualBlock {
    narrow: CausalConv,
    widen: CausalConv,
}

impl ResidualBlock {
    fn load(weights: &Weights<'_>, c: &MimiConfig, dim: usize, index: usize) -> Loaded<Self> {
        let inner = dim / c.compress;
        let dilation = c.dilation_growth_rate.saturating_pow(index as u32).min(1 << 12);
        let conv = |i: usize, size: Size| {
            CausalConv::load(&weights.pp("block").pp(i).pp("conv"), size, c.pad_mode)
        };
        Ok(Self {
            narrow: conv(1, Size::new(dim, inner, c.residual_kernel_size).dilation(dilation))?,
            widen: conv(3, Size::new(inner, dim, 1))?,
        })
    }

    /// Transforms (1, dim, steps) to the same shape. `context` is that of the first convolution in a stream; `None` for
    /// a complete signal.
    fn forward(&self, x: &Tensor, context: Option<&mut Option<Tensor>>) -> Result<Tensor> {
        let y = x.elu(1.0)?;
        let y = match context {
            Some(context) => self.narrow.step(&y, context)?,
            None => self.narrow.whole(&y)?,
        };
        x + self.widen.whole(&y.elu(1.0)?)? // width 1 needs no context
    }
}

/// Encoder, whose stages reduce the steps and increase the channels.
struct Encoder {
    first: CausalConv,
    stages: Vec<(Vec<ResidualBlock>, CausalConv)>,
    last: CausalConv,
    transformer: Transformer,
    halve: CausalConv,
}

impl Encoder {
    fn load(root: &Weights<'_>, c: &MimiConfig) -> Loaded<Self> {
        let layers = root.pp("encoder.layers");
        let conv =
            |i: usize, size: Size| CausalConv::load(&layers.pp(i).pp("conv"), size, c.pad_mode);
        let first = conv(0, Size::new(1, c.num_filters, c.kernel_size))?;
        let (mut dim, mut i, mut stages) = (c.num_filters, 1, Vec::new());
        for &ratio in c.upsampling_ratios.iter().rev() {
            let block = |j: usize| ResidualBlock::load(&layers.pp(i + j), c, dim, j);
            let blocks = (0..c.num_residual_layers).map(block).collect::<Loaded<_>>()?;
            i += c.num_residual_layers + 1; // the ELU has an index, too
            stages.push((blocks, conv(i, Size::new(dim, 2 * dim, 2 * ratio).stride(ratio))?));
            (dim, i) = (2 * dim, i + 1);
        }
        let last = conv(i + 1, Size::new(dim, c.hidden_size, c.last_kernel_size))?;
        let transformer = Transformer::load(&root.pp("encoder_transformer"), c)?;
        let size = Size::new(c.hidden_size, c.hidden_size, 4).stride(2).no_bias();
        let halve = CausalConv::load(&root.pp("downsample.conv"), size, PadMode::Replicate)?;
        Ok(Self { first, stages, last, transformer, halve })
    }

    /// Encodes (1, 1, samples) to (1, hidden_size, frames).
    fn forward(&self, samples: &Tensor) -> Result<Tensor> {
        let mut x = self.first.whole(samples)?;
        for (blocks, shrink) in &self.stages {
            for block in blocks {
                x = block.forward(&x, None)?;
            }
            x = shrink.whole(&x.elu(1.0)?)?;
        }
        let x = self.last.whole(&x.elu(1.0)?)?;
        self.halve.whole(&self.transformer.step(&x, &mut Cache::default())?)
    }
}

/// Decoder, whose stages mirror those of the encoder.
struct Decoder {
    double: TransposedKernel,
    transformer: Transformer,
    first: CausalConv,
    stages: Vec<(TransposedKernel, Vec<ResidualBlock>)>,
    last: CausalConv,
}

/// State of a decoded stream: contexts of the decoder's layers between two calls.
#[derive(Default)]
pub struct MimiStream {
    double: Option<Tensor>,
    transformer: Cache,
    first: Option<Tensor>,
    stages: Vec<(Option<Tensor>, Vec<Option<Tensor>>)>,
    last: Option<Tensor>,
}

impl Decoder {
    fn load(root: &Weights<'_>, c: &MimiConfig) -> Loaded<Self> {
        let size = Size::new(c.hidden_size, c.hidden_size, 4).stride(2).depthwise(true).no_bias();
        let double = TransposedKernel::load(&root.pp("upsample.conv"), size)?;
        let transformer = Transformer::load(&root.pp("decoder_transformer"), c)?;
        let layers = root.pp("decoder.layers");
        let conv =
            |i: usize, size: Size| CausalConv::load(&layers.pp(i).pp("conv"), size, c.pad_mode);
        let mut dim = c.num_filters << c.upsampling_ratios.len();
        let first = conv(0, Size::new(c.hidden_size, dim, c.kernel_size))?;
        let (mut i, mut stages) = (2, Vec::new());
        for &ratio in &c.upsampling_ratios {
            let size = Size::new(dim, dim / 2, 2 * ratio).stride(ratio);
            let grow = TransposedKernel::load(&layers.pp(i).pp("conv"), size)?;
            (dim, i) = (dim / 2, i + 1);
            let block = |j: usize| ResidualBlock::load(&layers.pp(i + j), c, dim, j);
            stages.push((grow, (0..c.num_residual_layers).map(block).collect::<Loaded<_>>()?));
            i += c.num_residual_layers + 1; // the ELU has an index, too
        }
        let last = conv(i, Size::new(dim, 1, c.last_kernel_size))?;
        Ok(Self { double, transformer, first, stages, last })
    }

    /// Decodes the next frames of a stream: (1, hidden_size, frames) to (1, 1, samples).
    fn step(&self, latents: &Tensor, state: &mut MimiStream) -> Result<Tensor> {
        state.stages.resize(self.stages.len(), (None, Vec::new()));
        let x = self.double.step(latents, &mut state.double)?;
        let x = self.transformer.step(&x, &mut state.transformer)?;
        let mut x = self.first.step(&x, &mut state.first)?;
        for ((grow, blocks), (tail, contexts)) in self.stages.iter().zip(&mut state.stages) {
            contexts.resize(blocks.len(), None);
            x = grow.step(&x.elu(1.0)?, tail)?;
            for (block, context) in blocks.iter().zip(contexts) {
                x = block.forward(&x, Some(context))?;
            }
        }
        self.last.step(&x.elu(1.0)?, &mut state.last)
    }
}

/// Residual quantizer of latents that are projected to fewer dimensions.
struct Quantiser {
    into: Kernel,
    codebooks: Vec<Codebook>,
    out: Kernel,
}

/// Minimum usage that the sum of an entry is divided by.
const LEAST_USAGE: f64 = 1e-5;

impl Quantiser {
    fn load(weights: &Weights<'_>, c: &MimiConfig, levels: usize) -> Loaded<Self> {
        let (dim, inner) = (c.hidden_size, c.codebook_dim);
        let codebook = |level: usize| {
            let weights = weights.pp("layers").pp(level).pp("codebook");
            let usage = weights.get("cluster_usage", &[c.codebook_size])?;
            let sums = weights.get("embed_sum", &[c.codebook_size, inner])?;
            let book = || -> Result<Codebook> {
                let usage = usage.maximum(LEAST_USAGE)?.unsqueeze(1)?;
                Codebook::new(sums.broadcast_div(&usage)?, Distance::Euclidean)
            };
            book().map_err(PretrainedError::compute("reading a codebook"))
        };
        Ok(Self {
            into: Kernel::load(&weights.pp("input_proj"), Size::new(dim, inner, 1).no_bias())?,
            codebooks: (0..levels).map(codebook).collect::<Loaded<_>>()?,
            out: Kernel::load(&weights.pp("output_proj"), Size::new(inner, dim, 1).no_bias())?,
        })
    }

    fn quantise(&self, latents: &Tensor, codes: &mut Vec<Vec<u32>>) -> Result<()> {
        let mut rest = self.into.forward(latents)?.squeeze(0)?.t()?.contiguous()?; // (frames, codebook_dim)
        for book in &self.codebooks {
            let level = book.nearest(&rest)?;
            rest = (rest - book.look_up(&level)?)?;
            codes.push(level);
        }
        Ok(())
    }

    /// Returns the latents of codes (levels)(frames): (1, hidden_size, frames), or `None` without codes.
    fn dequantise(&self, codes: &[Vec<u32>]) -> Result<Option<Tensor>> {
        let mut sum: Option<Tensor> = None;
        for (book, level) in self.codebooks.iter().zip(codes) {
            let entries = book.look_up(level)?; // (frames, codebook_dim)
            sum = Some(sum.map_or(Ok(entries.clone()), |s| s + entries)?);
        }
        sum.map(|s| self.out.forward(&s.t()?.unsqueeze(0)?.contiguous()?)).transpose()
    }
}

/// The loaded codec.
pub struct Mimi {
    pub(crate) config: MimiConfig,
    encoder: Encoder,
    decoder: Decoder,
    semantic: Quantiser,
    acoustic: Quantiser,
}

impl Mimi {
    /// Builds the codec from its checkpoint, with the first `levels` levels, or all.
    ///
    /// # Errors
    /// [`PretrainedError::Config`] for an unsupported configuration, [`PretrainedError::Levels`], and the errors of
    /// [`Checkpoint::get`].
    pub fn load(
        checkpoint: &Checkpoint,
        config: MimiConfig,
        levels: Option<usize>,
    ) -> Loaded<Self> {
        if let Some(fault) = config.fault() {
            return Err(PretrainedError::config(checkpoint.path(), fault));
        }
        let (available, first) = (config.num_quantizers, config.num_semantic_quantizers);
        let levels = levels.unwrap_or(available);
        if !(1..=available).contains(&levels) {
            return Err(PretrainedError::Levels { codec: "mimi", requested: levels, available });
        }
        let root = checkpoint.root();
        let quantiser = |name: &str, levels: usize| {
            let name = format!("quantizer.{name}_residual_vector_quantizer");
            Quantiser::load(&root.pp(name), &config, levels)
        };
        Ok(Self {
            encoder: Encoder::load(&root, &config)?,
            decoder: Decoder::load(&root, &config)?,
            semantic: quantiser("semantic", levels.min(first))?,
            acoustic: quantiser("acoustic", levels.saturating_sub(first))?,
            config,
        })
    }

    pub(crate) fn codebooks(&self) -> impl Iterator<Item = &Codebook> {
        self.semantic.codebooks.iter().chain(&self.acoustic.codebooks)
    }

    /// Returns the latents of samples: (1, hidden_size, frames), with a frame for an incomplete hop at the end.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn latents(&self, samples: &[f32]) -> Result<Tensor> {
        let samples = Tensor::new(samples, &Device::Cpu)?.reshape((1, 1, samples.len()))?; // (1, 1, samples)
        self.encoder.forward(&samples)
    }

    /// Returns the codes of latents (1, hidden_size, frames). // (levels)(frames)
    ///
    /// # Errors
    /// Errors of candle.
    pub fn quantise(&self, latents: &Tensor) -> Result<Vec<Vec<u32>>> {
        let mut codes = Vec::new();
        self.semantic.quantise(latents, &mut codes)?;
        self.acoustic.quantise(latents, &mut codes)?;
        Ok(codes)
    }

    /// Returns the latents of codes (levels)(frames): (1, hidden_size, frames).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn dequantise(&self, codes: &[Vec<u32>]) -> Result<Tensor> {
        let (first, rest) = codes.split_at(codes.len().min(self.semantic.codebooks.len()));
        let frames = codes.first().map_or(0, Vec::len);
        let mut sum =
            Tensor::zeros((1, self.config.hidden_size, frames), DType::F32, &Device::Cpu)?;
        for part in [self.semantic.dequantise(first)?, self.acoustic.dequantise(rest)?] {
            sum = part.map_or(Ok(sum.clone()), |p| &sum + p)?;
        }
        Ok(sum)
    }

    /// Returns the samples of latents (1, hidden_size, frames), one hop per frame.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn decode(&self, latents: &Tensor) -> Result<Vec<f32>> {
        self.decoder.step(latents, &mut MimiStream::default())?.flatten_all()?.to_vec1()
    }

    /// Returns the samples of further codes (levels)(frames) of a stream.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn push(&self, stream: &mut MimiStream, codes: &[Vec<u32>]) -> Result<Vec<f32>> {
        if codes.first().is_none_or(Vec::is_empty) {
            return Ok(Vec::new());
        }
        self.decoder.step(&self.dequantise(codes)?, stream)?.flatten_all()?.to_vec1()
    }
}
