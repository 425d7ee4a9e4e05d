//! The EnCodec network, from samples to codes and back. Tensors are (1, channels, steps).

use candle_core::{Device, Result, Tensor};
use serde::Deserialize;

use super::lstm::{Lstm, LstmState};
use crate::checkpoint::{Checkpoint, Weights};
use crate::codebook::{Codebook, Distance};
use crate::conv::{CausalConv, PadMode, Size, TransposedKernel};
use crate::error::PretrainedError;
use crate::fault::ConfigFault;
use crate::sizes::{MOST, size_fault, stride_fault};

type Loaded<T> = std::result::Result<T, PretrainedError>;

/// Fields of `config.json` that the network depends on.
#[derive(Debug, Clone, Deserialize)]
pub struct EncodecConfig {
    /// Sample rate, in Hz.
    pub sampling_rate: u32,
    /// Number of audio channels; must be 1.
    pub audio_channels: usize,
    /// Whether the audio's level is normalized; must be false, as in the 24 kHz model.
    pub normalize: bool,
    /// Whether all convolutions are causal; must be true.
    pub use_causal_conv: bool,
    /// Normalization of the convolutions; must be `weight_norm`.
    pub norm_type: String,
    /// Padding of the convolutions.
    pub pad_mode: PadMode,
    /// Channels after the encoder's first layer.
    pub num_filters: usize,
    /// Factor by which the first convolution of a residual block reduces the channels.
    pub compress: usize,
    /// Kernel width of the first layer.
    pub kernel_size: usize,
    /// Kernel width of the last layer.
    pub last_kernel_size: usize,
    /// Kernel width in residual blocks.
    pub residual_kernel_size: usize,
    /// Base of the dilations in residual blocks: block `i` has the dilation base to the power of `i`.
    pub dilation_growth_rate: usize,
    /// Number of residual blocks per stage.
    pub num_residual_layers: usize,
    /// Strides of the decoder's stages, in order; the encoder has them in reverse order.
    pub upsampling_ratios: Vec<usize>,
    /// Number of LSTM layers.
    pub num_lstm_layers: usize,
    /// Dimension of the latents.
    pub hidden_size: usize,
    /// Dimension of an entry; `hidden_size` by default.
    pub codebook_dim: Option<usize>,
    /// Number of entries per level.
    pub codebook_size: usize,
    /// Bit rates in kbit/s; the highest determines the number of levels.
    pub target_bandwidths: Vec<f64>,
    /// Whether the skip connection of a residual block has a convolution.
    pub use_conv_shortcut: bool,
    /// Share of the transposed convolutions' padding that is removed at the end; must be 1.
    #[serde(default = "one")]
    pub trim_right_ratio: f64,
}

fn one() -> f64 {
    1.0
}

impl EncodecConfig {
    /// Returns the number of samples per frame.
    pub fn hop(&self) -> usize {
        self.upsampling_ratios.iter().product()
    }

    /// Returns the number of levels at the highest bit rate.
    pub fn levels(&self) -> usize {
        let frame_rate_hz = (self.sampling_rate as usize).div_ceil(self.hop()) as f64;
        let bits_per_second = (self.codebook_size as f64).log2().max(1.0) * frame_rate_hz;
        let highest = self.target_bandwidths.iter().copied().fold(0.0, f64::max);
        ((1000.0 * highest / bits_per_second) as usize).max(1)
    }

    /// Returns the first setting that this network does not support.
    fn fault(&self) -> Option<ConfigFault> {
        let sizes = [
            ("num_filters", self.num_filters),
            ("compress", self.compress),
            ("hidden_size", self.hidden_size),
            ("codebook_size", self.codebook_size),
        ];
        let fault = size_fault(&sizes, MOST)
            .or_else(|| stride_fault("upsampling_ratios", &self.upsampling_ratios));
        if fault.is_some() {
            return fault;
        }
        if !self.use_causal_conv || self.normalize || self.audio_channels != 1 {
            let supported = "the causal model of one channel (24 kHz)";
            return Some(ConfigFault::Unsupported { supported });
        }
        if self.norm_type != "weight_norm" || self.trim_right_ratio != 1.0 {
            let supported = "weight norm with trim_right_ratio 1";
            return Some(ConfigFault::Unsupported { supported });
        }
        None
    }
}

/// Residual block: two convolutions, each after an ELU, with a skip connection.
struct ResidualBlock {
    narrow: CausalConv,
    widen: CausalConv,
    shortcut: Option<CausalConv>,
}

impl ResidualBlock {
    fn load(weights: &Weights<'_>, c: &EncodecConfig, dim: usize, index: usize) -> Loaded<Self> {
        let inner = dim / c.compress;
        let dilation = c.dilation_growth_rate.saturating_pow(index as u32).min(1 << 12);
        let conv = |name: &str, size: Size| {
            CausalConv::load(&weights.pp(name).pp("conv"), size, c.pad_mode)
        };
        Ok(Self {
            narrow: conv(
                "block.1",
                Size::new(dim, inner, c.residual_kernel_size).dilation(dilation),
            )?,
            widen: conv("block.3", Size::new(inner, dim, 1))?,
            shortcut: c
                .use_conv_shortcut
                .then(|| conv("shortcut", Size::new(dim, dim, 1)))
                .transpose()?,
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
        let y = self.widen.whole(&y.elu(1.0)?)?; // width 1 needs no context
        let skipped = self.shortcut.as_ref().map_or(Ok(x.clone()), |conv| conv.whole(x))?;
        skipped + y
    }
}

/// Encoder, whose stages reduce the steps and increase the channels.
struct Encoder {
    first: CausalConv,
    stages: Vec<(Vec<ResidualBlock>, CausalConv)>,
    lstm: Lstm,
    last: CausalConv,
}

impl Encoder {
    fn load(weights: &Weights<'_>, c: &EncodecConfig) -> Loaded<Self> {
        let layers = weights.pp("layers");
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
        let lstm = Lstm::load(&layers.pp(i), dim, c.num_lstm_layers)?;
        let last = conv(i + 2, Size::new(dim, c.hidden_size, c.last_kernel_size))?;
        Ok(Self { first, stages, lstm, last })
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
        self.last.whole(&self.lstm.forward(&x, &mut Vec::new())?.elu(1.0)?)
    }
}

/// Decoder, whose stages mirror those of the encoder.
struct Decoder {
    first: CausalConv,
    lstm: Lstm,
    stages: Vec<(TransposedKernel, Vec<ResidualBlock>)>,
    last: CausalConv,
}

/// Contexts of the decoder's layers between two calls in a stream.
#[derive(Default)]
struct DecoderState {
    first: Option<Tensor>,
    lstm: Vec<LstmState>,
    stages: Vec<(Option<Tensor>, Vec<Option<Tensor>>)>,
    last: Option<Tensor>,
}

impl Decoder {
    fn load(weights: &Weights<'_>, c: &EncodecConfig) -> Loaded<Self> {
        let layers = weights.pp("layers");
        let conv =
            |i: usize, size: Size| CausalConv::load(&layers.pp(i).pp("conv"), size, c.pad_mode);
        let mut dim = c.num_filters << c.upsampling_ratios.len();
        let first = conv(0, Size::new(c.hidden_size, dim, c.kernel_size))?;
        let lstm = Lstm::load(&layers.pp(1), dim, c.num_lstm_layers)?;
        let (mut i, mut stages) = (3, Vec::new());
        for &ratio in &c.upsampling_ratios {
            let size = Size::new(dim, dim / 2, 2 * ratio).stride(ratio);
            let grow = TransposedKernel::load(&layers.pp(i).pp("conv"), size)?;
            (dim, i) = (dim / 2, i + 1);
            let block = |j: usize| ResidualBlock::load(&layers.pp(i + j), c, dim, j);
            stages.push((grow, (0..c.num_residual_layers).map(block).collect::<Loaded<_>>()?));
            i += c.num_residual_layers + 1; // the ELU has an index, too
        }
        let last = conv(i, Size::new(dim, 1, c.last_kernel_size))?;
        Ok(Self { first, lstm, stages, last })
    }

    /// Decodes the next frames of a stream: (1, hidden_size, frames) to (1, 1, samples).
    fn step(&self, latents: &Tensor, state: &mut DecoderState) -> Result<Tensor> {
        state.stages.resize(self.stages.len(), (None, Vec::new()));
        let x = self.first.step(latents, &mut state.first)?;
        let mut x = self.lstm.forward(&x, &mut state.lstm)?;
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

/// The loaded codec.
pub struct Encodec {
    pub(crate) config: EncodecConfig,
    encoder: Encoder,
    decoder: Decoder,
    pub(crate) codebooks: Vec<Codebook>,
}

impl Encodec {
    /// Builds the codec from its checkpoint, with the first `levels` levels, or all.
    ///
    /// # Errors
    /// [`PretrainedError::Config`] for an unsupported configuration, [`PretrainedError::Levels`], and the errors of
    /// [`Checkpoint::get`].
    pub fn load(
        checkpoint: &Checkpoint,
        config: EncodecConfig,
        levels: Option<usize>,
    ) -> Loaded<Self> {
        if let Some(fault) = config.fault() {
            return Err(PretrainedError::config(checkpoint.path(), fault));
        }
        let available = config.levels();
        let levels = levels.unwrap_or(available);
        if !(1..=available).contains(&levels) {
            return Err(PretrainedError::Levels { codec: "encodec", requested: levels, available });
        }
        let root = checkpoint.root();
        let shape = [config.codebook_size, config.codebook_dim.unwrap_or(config.hidden_size)];
        let codebook = |level: usize| {
            let entries =
                root.pp("quantizer.layers").pp(level).pp("codebook").get("embed", &shape)?;
            let book = Codebook::new(entries, Distance::Euclidean);
            book.map_err(PretrainedError::compute("reading a codebook"))
        };
        Ok(Self {
            encoder: Encoder::load(&root.pp("encoder"), &config)?,
            decoder: Decoder::load(&root.pp("decoder"), &config)?,
            codebooks: (0..levels).map(codebook).collect::<Loaded<_>>()?,
            config,
        })
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
        let mut rest = latents.squeeze(0)?.t()?.contiguous()?; // (frames, hidden_size)
        let mut codes = Vec::with_capacity(self.codebooks.len());
        for book in &self.codebooks {
            let level = book.nearest(&rest)?;
            rest = (rest - book.look_up(&level)?)?;
            codes.push(level);
        }
        Ok(codes)
    }

    /// Returns the sum of the entries of codes (levels)(frames): (1, hidden_size, frames).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn dequantise(&self, codes: &[Vec<u32>]) -> Result<Tensor> {
        let frames = codes.first().map_or(0, Vec::len);
        let shape = (frames, self.config.hidden_size);
        let mut sum = Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu)?;
        for (book, level) in self.codebooks.iter().zip(codes) {
            sum = (sum + book.look_up(level)?)?; // (frames, hidden_size)
        }
        sum.t()?.unsqueeze(0)?.contiguous() // (1, hidden_size, frames)
    }

    /// Returns the number of frames that a stream needs before its first sample, because the first layer mirrors them.
    pub fn first_frames(&self) -> usize {
        match self.config.pad_mode {
            PadMode::Reflect => self.decoder.first.padding() + 1,
            PadMode::Replicate | PadMode::Constant => 1,
        }
    }

    /// Returns the samples of latents (1, hidden_size, frames), one hop per frame.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn decode(&self, latents: &Tensor) -> Result<Vec<f32>> {
        self.decoder.step(latents, &mut DecoderState::default())?.flatten_all()?.to_vec1()
    }

    /// Starts decoding of a stream.
    pub fn stream(&self) -> EncodecStream {
        EncodecStream::default()
    }
}

/// State of a decoded stream.
#[derive(Default)]
pub struct EncodecStream {
    state: DecoderState,
    /// Frames that wait until there are enough to start.
    waiting: Vec<Vec<u32>>, // (levels)(frames)
    begun: bool,
}

impl EncodecStream {
    /// Returns the samples of further codes (levels)(frames). The first [`Encodec::first_frames`] frames are decoded
    /// together, or fewer at the end of the stream.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn push(&mut self, codec: &Encodec, codes: &[Vec<u32>], end: bool) -> Result<Vec<f32>> {
        self.waiting.resize(self.waiting.len().max(codes.len()), Vec::new());
        self.waiting.iter_mut().zip(codes).for_each(|(all, more)| all.extend(more));
        let frames = self.waiting.first().map_or(0, Vec::len);
        if frames == 0 || !(self.begun || end || frames >= codec.first_frames()) {
            return Ok(Vec::new());
        }
        self.begun = true;
        let latents = codec.dequantise(&std::mem::take(&mut self.waiting))?;
        codec.decoder.step(&latents, &mut self.state)?.flatten_all()?.to_vec1()
    }
}
