//! The DAC network, from samples to codes and back. Tensors are (1, channels, steps).

use candle_core::{Device, Result, Tensor};
use serde::Deserialize;

use crate::checkpoint::{Checkpoint, Weights};
use crate::codebook::{Codebook, Distance};
use crate::conv::{Kernel, Size, TransposedKernel};
use crate::error::PretrainedError;
use crate::fault::ConfigFault;
use crate::ops::Snake;
use crate::sizes::{MOST, size_fault, stride_fault};

type Loaded<T> = std::result::Result<T, PretrainedError>;

/// Fields of `config.json` that the network depends on.
#[derive(Debug, Clone, Deserialize)]
pub struct DacConfig {
    /// Sample rate, in Hz.
    pub sampling_rate: u32,
    /// Channels after the encoder's first layer; doubled by each stage.
    pub encoder_hidden_size: usize,
    /// Strides of the encoder's stages, in order.
    pub downsampling_ratios: Vec<usize>,
    /// Channels after the decoder's first layer; halved by each stage.
    pub decoder_hidden_size: usize,
    /// Strides of the decoder's stages, in order.
    pub upsampling_ratios: Vec<usize>,
    /// Dimension of the latents.
    pub hidden_size: usize,
    /// Number of levels.
    pub n_codebooks: usize,
    /// Number of entries per level.
    pub codebook_size: usize,
    /// Dimension of an entry.
    pub codebook_dim: usize,
}

impl DacConfig {
    /// Returns the number of samples per frame.
    pub fn hop(&self) -> usize {
        self.downsampling_ratios.iter().product()
    }

    /// Returns the first size that is out of range or inconsistent.
    fn fault(&self) -> Option<ConfigFault> {
        let (down, up) = (&self.downsampling_ratios, &self.upsampling_ratios);
        let sizes = [
            ("encoder_hidden_size", self.encoder_hidden_size),
            ("decoder_hidden_size", self.decoder_hidden_size),
            ("hidden_size", self.hidden_size),
            ("n_codebooks", self.n_codebooks),
            ("codebook_size", self.codebook_size),
            ("codebook_dim", self.codebook_dim),
        ];
        let fault = size_fault(&sizes, MOST)
            .or_else(|| stride_fault("downsampling_ratios", down))
            .or_else(|| stride_fault("upsampling_ratios", up));
        if fault.is_some() {
            return fault;
        }
        let (down, up): (usize, usize) = (down.iter().product(), up.iter().product());
        (down != up).then_some(ConfigFault::StrideMismatch { encoder: down, decoder: up })
    }
}

/// Naming scheme of the tensors.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    /// `encoder.block.0.res_unit1.conv1`.
    Transformers,
    /// `encoder.block.1.block.0.block.1`.
    Original,
}

/// Dilations of the three residual units of a stage.
const DILATIONS: [usize; 3] = [1, 3, 9];

/// Steps on either side that an output of a stage's residual units depends on.
const STAGE_REACH: usize = 3 * (1 + 3 + 9);

/// Residual unit: a dilated and a pointwise convolution, each after a snake activation, with a skip connection.
struct ResidualUnit {
    snakes: [Snake; 2],
    dilated: Kernel,
    pointwise: Kernel,
    padding: usize,
}

impl ResidualUnit {
    fn load(weights: &Weights<'_>, names: Names, dim: usize, dilation: usize) -> Loaded<Self> {
        let parts = match names {
            Names::Transformers => ["snake1", "conv1", "snake2", "conv2"],
            Names::Original => ["block.0", "block.1", "block.2", "block.3"],
        };
        let part = |i: usize| weights.pp(parts[i]);
        Ok(Self {
            snakes: [Snake::load(&part(0), dim)?, Snake::load(&part(2), dim)?],
            dilated: Kernel::load(&part(1), Size::new(dim, dim, 7).dilation(dilation))?,
            pointwise: Kernel::load(&part(3), Size::new(dim, dim, 1))?,
            padding: 3 * dilation,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.dilated.padded(&self.snakes[0].forward(x)?, self.padding)?;
        x + self.pointwise.forward(&self.snakes[1].forward(&y)?)?
    }
}

/// Reads the residual units of a stage; `first` is the index of the first one in the original naming scheme.
fn residual_units(
    weights: &Weights<'_>,
    names: Names,
    dim: usize,
    first: usize,
) -> Loaded<Vec<ResidualUnit>> {
    let unit = |(i, &dilation): (usize, &usize)| {
        let name = match names {
            Names::Transformers => format!("res_unit{}", i + 1),
            Names::Original => format!("block.{}", first + i),
        };
        ResidualUnit::load(&weights.pp(name), names, dim, dilation)
    };
    DILATIONS.iter().enumerate().map(unit).collect()
}

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
    snake: Snake,
    last: Kernel,
}

impl Encoder {
    fn load(weights: &Weights<'_>, c: &DacConfig, names: Names) -> Loaded<Self> {
        let original = names == Names::Original;
        let count = c.downsampling_ratios.len();
        // The original scheme numbers all layers of the encoder consecutively.
        let name =
            |i: usize, other: &str| if original { format!("block.{i}") } else { other.to_owned() };
        let mut dim = c.encoder_hidden_size;
        let first = Kernel::load(&weights.pp(name(0, "conv1")), Size::new(1, dim, 7))?;
        let mut stages = Vec::new();
        for (i, &ratio) in c.downsampling_ratios.iter().enumerate() {
            let stage = weights.pp("block").pp(if original { i + 1 } else { i });
            let (snake, shrink) =
                if original { ("block.3", "block.4") } else { ("snake1", "conv1") };
            stages.push(EncoderStage {
                units: residual_units(&stage, names, dim, 0)?,
                snake: Snake::load(&stage.pp(snake), dim)?,
                shrink: Kernel::load(
                    &stage.pp(shrink),
                    Size::new(dim, 2 * dim, 2 * ratio).stride(ratio),
                )?,
                padding: ratio.div_ceil(2),
            });
            dim *= 2;
        }
        let snake = Snake::load(&weights.pp(name(count + 1, "snake1")), dim)?;
        let last =
            Kernel::load(&weights.pp(name(count + 2, "conv2")), Size::new(dim, c.hidden_size, 3))?;
        Ok(Self { first, stages, snake, last })
    }

    /// Encodes (1, 1, samples) to (1, hidden_size, frames).
    fn forward(&self, samples: &Tensor) -> Result<Tensor> {
        let mut x = self.first.padded(samples, 3)?;
        for stage in &self.stages {
            for unit in &stage.units {
                x = unit.forward(&x)?;
            }
            x = stage.shrink.padded(&stage.snake.forward(&x)?, stage.padding)?;
        }
        self.last.padded(&self.snake.forward(&x)?, 1)
    }
}

/// A stage of the decoder: a snake activation, a transposed convolution, and residual units.
struct DecoderStage {
    snake: Snake,
    grow: TransposedKernel,
    padding: usize,
    units: Vec<ResidualUnit>,
}

struct Decoder {
    first: Kernel,
    stages: Vec<DecoderStage>,
    snake: Snake,
    last: Kernel,
}

impl Decoder {
    fn load(weights: &Weights<'_>, c: &DacConfig, names: Names) -> Loaded<Self> {
        let original = names == Names::Original;
        let count = c.upsampling_ratios.len();
        let name =
            |i: usize, other: &str| if original { format!("model.{i}") } else { other.to_owned() };
        let mut dim = c.decoder_hidden_size;
        let first = Kernel::load(&weights.pp(name(0, "conv1")), Size::new(c.hidden_size, dim, 7))?;
        let mut stages = Vec::new();
        for (i, &ratio) in c.upsampling_ratios.iter().enumerate() {
            let stage =
                if original { weights.pp("model").pp(i + 1) } else { weights.pp("block").pp(i) };
            let (snake, grow) =
                if original { ("block.0", "block.1") } else { ("snake1", "conv_t1") };
            let size = Size::new(dim, dim / 2, 2 * ratio).stride(ratio);
            stages.push(DecoderStage {
                snake: Snake::load(&stage.pp(snake), dim)?,
                grow: TransposedKernel::load(&stage.pp(grow), size)?,
                padding: ratio.div_ceil(2),
                units: residual_units(&stage, names, dim / 2, 2)?,
            });
            dim /= 2;
        }
        let snake = Snake::load(&weights.pp(name(count + 1, "snake1")), dim)?;
        let last = Kernel::load(&weights.pp(name(count + 2, "conv2")), Size::new(dim, 1, 7))?;
        Ok(Self { first, stages, snake, last })
    }

    /// Decodes (1, hidden_size, frames) to (1, 1, samples). Each stage with an odd stride removes one sample per step
    /// of its output.
    fn forward(&self, latents: &Tensor) -> Result<Tensor> {
        let mut x = self.first.padded(latents, 3)?;
        for stage in &self.stages {
            x = stage.grow.trimmed(&stage.snake.forward(&x)?, stage.padding, stage.padding)?;
            for unit in &stage.units {
                x = unit.forward(&x)?;
            }
        }
        self.last.padded(&self.snake.forward(&x)?, 3)?.tanh()
    }
}

/// Quantizer of a level: a projection to few dimensions, a codebook, and a projection back.
struct Quantiser {
    into: Kernel,
    codebook: Codebook,
    out: Kernel,
}

/// The loaded codec.
pub struct Dac {
    pub(crate) config: DacConfig,
    encoder: Encoder,
    decoder: Decoder,
    quantisers: Vec<Quantiser>,
}

impl Dac {
    /// Builds the codec from its checkpoint, with the first `levels` levels, or all.
    ///
    /// # Errors
    /// [`PretrainedError::Config`] for an unsupported configuration, [`PretrainedError::Levels`], and the errors of
    /// [`Checkpoint::get`].
    pub fn load(checkpoint: &Checkpoint, config: DacConfig, levels: Option<usize>) -> Loaded<Self> {
        if let Some(fault) = config.fault() {
            return Err(PretrainedError::config(checkpoint.path(), fault));
        }
        let available = config.n_codebooks;
        let levels = levels.unwrap_or(available);
        if !(1..=available).contains(&levels) {
            return Err(PretrainedError::Levels { codec: "dac", requested: levels, available });
        }
        let root = checkpoint.root();
        let original = checkpoint.entries().keys().any(|name| name.starts_with("decoder.model."));
        let names = if original { Names::Original } else { Names::Transformers };
        let quantiser = |level: usize| {
            let weights = root.pp("quantizer.quantizers").pp(level);
            let entries = weights
                .pp("codebook")
                .get("weight", &[config.codebook_size, config.codebook_dim])?;
            let codebook = Codebook::new(entries, Distance::Cosine);
            Ok(Quantiser {
                into: Kernel::load(
                    &weights.pp("in_proj"),
                    Size::new(config.hidden_size, config.codebook_dim, 1),
                )?,
                codebook: codebook.map_err(PretrainedError::compute("reading a codebook"))?,
                out: Kernel::load(
                    &weights.pp("out_proj"),
                    Size::new(config.codebook_dim, config.hidden_size, 1),
                )?,
            })
        };
        Ok(Self {
            encoder: Encoder::load(&root.pp("encoder"), &config, names)?,
            decoder: Decoder::load(&root.pp("decoder"), &config, names)?,
            quantisers: (0..levels).map(quantiser).collect::<Loaded<_>>()?,
            config,
        })
    }

    pub(crate) fn codebooks(&self) -> impl Iterator<Item = &Codebook> {
        self.quantisers.iter().map(|q| &q.codebook)
    }

    /// Returns the latents of samples, (1, hidden_size, frames). The last incomplete frame is dropped unless the
    /// samples are padded to a multiple of the hop.
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
        let mut rest = latents.clone(); // (1, hidden_size, frames)
        let mut codes = Vec::with_capacity(self.quantisers.len());
        for level in &self.quantisers {
            let rows = level.into.forward(&rest)?.squeeze(0)?.t()?.contiguous()?; // (frames, codebook_dim)
            let found = level.codebook.nearest(&rows)?;
            rest = (rest - level.embed(&found)?)?;
            codes.push(found);
        }
        Ok(codes)
    }

    /// Returns the latents of codes (levels)(frames): (1, hidden_size, frames).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn dequantise(&self, codes: &[Vec<u32>]) -> Result<Tensor> {
        let frames = codes.first().map_or(0, Vec::len);
        let shape = (1, self.config.hidden_size, frames);
        let zeros = Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu)?;
        self.quantisers
            .iter()
            .zip(codes)
            .try_fold(zeros, |sum, (level, codes)| sum + level.embed(codes)?)
    }

    /// Returns the samples of latents (1, hidden_size, frames).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn decode(&self, latents: &Tensor) -> Result<Vec<f32>> {
        self.decoder.forward(latents)?.flatten_all()?.to_vec1()
    }

    /// Returns the number of frames on either side that a sample depends on.
    pub fn reach_frames(&self) -> usize {
        let (mut reach, mut rate) = (3.0, 1.0); // in frames, and in steps per frame
        for &ratio in &self.config.upsampling_ratios {
            reach += 1.0 / rate; // an output of a transposed convolution depends on two inputs
            rate *= ratio as f64;
            reach += STAGE_REACH as f64 / rate;
        }
        (reach + 3.0 / rate).ceil() as usize
    }
}

impl Quantiser {
    /// Returns the latents of codes: (frames) to (1, hidden_size, frames).
    fn embed(&self, codes: &[u32]) -> Result<Tensor> {
        let entries = self.codebook.look_up(codes)?.t()?.unsqueeze(0)?.contiguous()?; // (1, codebook_dim, frames)
        self.out.forward(&entries)
    }
}
