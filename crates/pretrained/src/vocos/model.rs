//! The Vocos network, from codes to samples. Tensors are (1, channels, frames) or (1, frames, channels).

use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Result, Tensor};
use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner};
use serde::Deserialize;

use crate::checkpoint::Weights;
use crate::conv::{Kernel, Size};
use crate::error::PretrainedError;
use crate::fault::ConfigFault;
use crate::ops::{Linear, normalise};
use crate::sizes::{MOST, size_fault};

type Loaded<T> = std::result::Result<T, PretrainedError>;

/// Sizes in `config.yaml`.
#[derive(Debug, Clone)]
pub struct VocosConfig {
    features: Features,
    backbone: Backbone,
    head: Head,
}

#[derive(Debug, Clone, Deserialize)]
struct Features {
    encodec_model: String,
    bandwidths: Vec<f64>,
}

#[derive(Debug, Clone, Deserialize)]
struct Backbone {
    input_channels: usize,
    dim: usize,
    intermediate_dim: usize,
    num_layers: usize,
    adanorm_num_embeddings: Option<usize>,
}

#[derive(Debug, Clone, Deserialize)]
struct Head {
    n_fft: usize,
    hop_length: usize,
    padding: String,
}

#[derive(Deserialize)]
struct ModuleConfig<T> {
    class_path: String,
    init_args: T,
}

#[derive(Deserialize)]
struct ModuleConfigs {
    feature_extractor: ModuleConfig<serde_yaml_ng::Value>,
    backbone: ModuleConfig<Backbone>,
    head: ModuleConfig<Head>,
}

impl VocosConfig {
    /// Parses a `config.yaml`.
    ///
    /// # Errors
    /// [`PretrainedError::Config`] for an unsupported configuration.
    pub fn parse(path: &Path, yaml: &str) -> Loaded<Self> {
        let fail = |fault| PretrainedError::config(path, fault);
        let parts: ModuleConfigs =
            serde_yaml_ng::from_str(yaml).map_err(|e| fail(ConfigFault::Yaml(e)))?;
        let class = parts.feature_extractor.class_path;
        if !class.ends_with("EncodecFeatures") {
            return Err(fail(ConfigFault::FeatureExtractor { class }));
        }
        let features: Features = serde_yaml_ng::from_value(parts.feature_extractor.init_args)
            .map_err(|e| fail(ConfigFault::Yaml(e)))?;
        let (backbone, head) = (parts.backbone.init_args, parts.head.init_args);
        let sizes = [
            ("input_channels", backbone.input_channels),
            ("dim", backbone.dim),
            ("intermediate_dim", backbone.intermediate_dim),
            ("n_fft", head.n_fft),
        ];
        let fault = size_fault(&sizes, MOST)
            .or_else(|| size_fault(&[("hop_length", head.hop_length)], head.n_fft));
        if let Some(fault) = fault {
            return Err(fail(fault));
        }
        if features.encodec_model != "encodec_24khz" || head.padding != "same" {
            let supported = "encodec_24khz with the padding `same`";
            return Err(fail(ConfigFault::Unsupported { supported }));
        }
        if backbone.adanorm_num_embeddings != Some(features.bandwidths.len()) {
            let bandwidths = features.bandwidths.len();
            return Err(fail(ConfigFault::Bandwidths { bandwidths }));
        }
        Ok(Self { features, backbone, head })
    }

    /// Returns the number of levels of each bandwidth, for a codebook size and a frame rate in Hz.
    pub fn levels(&self, codebook_size: usize, frame_rate_hz: f64) -> Vec<usize> {
        let bits_per_second = (codebook_size as f64).log2().max(1.0) * frame_rate_hz;
        self.features
            .bandwidths
            .iter()
            .map(|b| ((1000.0 * b / bits_per_second) as usize).max(1))
            .collect()
    }
}

/// Layer norm whose scale and shift depend on the bandwidth.
struct AdaptiveNorm {
    scale: Tensor, // (bandwidths, dim)
    shift: Tensor, // (bandwidths, dim)
}

impl AdaptiveNorm {
    fn load(weights: &Weights<'_>, shape: [usize; 2]) -> Loaded<Self> {
        let table = |name: &str| weights.pp(name).get("weight", &shape);
        Ok(Self { scale: table("scale")?, shift: table("shift")? })
    }

    /// Normalizes (1, frames, dim) with the scale and shift of a bandwidth, given by its index.
    fn forward(&self, x: &Tensor, bandwidth: usize) -> Result<Tensor> {
        let row = |table: &Tensor| table.narrow(0, bandwidth, 1);
        normalise(x, EPSILON)?.broadcast_mul(&row(&self.scale)?)?.broadcast_add(&row(&self.shift)?)
    }
}

/// Constant added to the variances of layer norms.
const EPSILON: f64 = 1e-6;

/// Maximum magnitude of a spectral bin.
const MAX_MAGNITUDE: f32 = 100.0;

/// Kernel width of all convolutions.
const WIDTH: usize = 7;

struct Block {
    depthwise: Kernel,
    norm: AdaptiveNorm,
    widen: Linear,
    narrow: Linear,
    gamma: Tensor, // (dim)
}

/// The loaded decoder.
pub struct Vocos {
    codebooks: Tensor, // (levels codebook_size, input_channels)
    codebook_size: usize,
    levels: Vec<usize>, // of the bandwidths
    embed: Kernel,
    norm: AdaptiveNorm,
    blocks: Vec<Block>,
    last_norm: crate::ops::LayerNorm,
    out: Linear,
    window: Vec<f32>, // (n_fft)
    hop: usize,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Vocos {
    /// Builds the decoder from its checkpoint, for codes of a codebook size and a frame rate in Hz.
    ///
    /// # Errors
    /// [`PretrainedError::Config`] for an unsupported configuration, and the errors of [`crate::Checkpoint::get`].
    pub fn load(
        root: &Weights<'_>,
        config: &VocosConfig,
        codebook_size: usize,
        frame_rate_hz: f64,
    ) -> Loaded<Self> {
        let VocosConfig { backbone: b, head, .. } = config;
        let levels = config.levels(codebook_size, frame_rate_hz);
        let most = levels.iter().copied().max().unwrap_or(1);
        let norm_shape = [levels.len(), b.dim];
        let weights = root.pp("backbone");
        let block = |i: usize| {
            let weights = weights.pp("convnext").pp(i);
            Ok(Block {
                depthwise: Kernel::load(
                    &weights.pp("dwconv"),
                    Size::new(b.dim, b.dim, WIDTH).depthwise(true),
                )?,
                norm: AdaptiveNorm::load(&weights.pp("norm"), norm_shape)?,
                widen: Linear::load(&weights.pp("pwconv1"), b.dim, b.intermediate_dim, true)?,
                narrow: Linear::load(&weights.pp("pwconv2"), b.intermediate_dim, b.dim, true)?,
                gamma: weights.get("gamma", &[b.dim])?,
            })
        };
        let window = root.get("head.istft.window", &[head.n_fft])?;
        let table = [most * codebook_size, b.input_channels];
        Ok(Self {
            codebooks: root.get("feature_extractor.codebook_weights", &table)?,
            codebook_size,
            levels,
            embed: Kernel::load(&weights.pp("embed"), Size::new(b.input_channels, b.dim, WIDTH))?,
            norm: AdaptiveNorm::load(&weights.pp("norm"), norm_shape)?,
            blocks: (0..b.num_layers).map(block).collect::<Loaded<_>>()?,
            last_norm: crate::ops::LayerNorm::load(
                &weights.pp("final_layer_norm"),
                b.dim,
                EPSILON,
            )?,
            out: Linear::load(&root.pp("head.out"), b.dim, head.n_fft + 2, true)?,
            window: window.to_vec1().map_err(PretrainedError::compute("reading the window"))?,
            hop: head.hop_length,
            inverse: RealFftPlanner::new().plan_fft_inverse(head.n_fft),
        })
    }

    /// Returns the maximum number of levels that the decoder supports.
    pub fn most_levels(&self) -> usize {
        self.levels.iter().copied().max().unwrap_or(0)
    }

    /// Returns the number of samples per frame.
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// Returns the number of frames on either side that a sample depends on.
    pub fn reach_frames(&self) -> usize {
        let overlap = self.window.len().div_ceil(2 * self.hop) + 1;
        (WIDTH / 2) * (1 + self.blocks.len()) + overlap
    }

    /// Returns the index of the smallest bandwidth with at least `levels` levels.
    pub fn bandwidth(&self, levels: usize) -> Option<usize> {
        let enough = self.levels.iter().enumerate().filter(|(_, n)| **n >= levels);
        enough.min_by_key(|(_, n)| **n).map(|(i, _)| i)
    }

    /// Returns the sums of the entries of codes (levels)(frames): (1, input_channels, frames).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn features(&self, codes: &[Vec<u32>]) -> Result<Tensor> {
        let frames = codes.first().map_or(0, Vec::len);
        let mut sum =
            Tensor::zeros((frames, self.codebooks.dim(1)?), self.codebooks.dtype(), &Device::Cpu)?;
        for (level, codes) in codes.iter().enumerate() {
            let rows: Vec<u32> =
                codes.iter().map(|c| c + (level * self.codebook_size) as u32).collect();
            sum = (sum + self.codebooks.index_select(&Tensor::new(rows, &Device::Cpu)?, 0)?)?; // (frames, channels)
        }
        sum.t()?.unsqueeze(0)?.contiguous()
    }

    /// Transforms features (1, input_channels, frames) to hidden states (1, frames, dim).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn backbone(&self, features: &Tensor, bandwidth: usize) -> Result<Tensor> {
        let rows = self.embed.padded(features, WIDTH / 2)?.transpose(1, 2)?.contiguous()?; // (1, frames, dim)
        let mut x = self.norm.forward(&rows, bandwidth)?; // (1, frames, dim)
        for block in &self.blocks {
            let y = block.depthwise.padded(&x.transpose(1, 2)?.contiguous()?, WIDTH / 2)?; // (1, dim, frames)
            let y = block.norm.forward(&y.transpose(1, 2)?.contiguous()?, bandwidth)?; // (1, frames, dim)
            let y = block.narrow.forward(&block.widen.forward(&y)?.gelu_erf()?)?;
            x = (x + y.broadcast_mul(&block.gamma)?)?;
        }
        self.last_norm.forward(&x)
    }

    /// Returns the samples of hidden states (1, frames, dim), one hop per frame, by an inverse short-time Fourier
    /// transform.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn samples(&self, hidden: &Tensor) -> Result<Vec<f32>> {
        let spectra: Vec<Vec<f32>> = self.out.forward(hidden)?.squeeze(0)?.to_vec2()?; // (frames, n_fft + 2)
        let (n_fft, frames) = (self.window.len(), spectra.len());
        let length = frames.saturating_sub(1) * self.hop + n_fft;
        let (mut sum, mut weight) = (vec![0.0f32; length], vec![0.0f32; length]);
        let mut frame = vec![0.0f32; n_fft];
        for (t, spectrum) in spectra.iter().enumerate() {
            self.frame(spectrum, &mut frame)?;
            for (i, (value, window)) in frame.iter().zip(&self.window).enumerate() {
                sum[t * self.hop + i] += value * window;
                weight[t * self.hop + i] += window * window;
            }
        }
        let cut = (n_fft - self.hop) / 2;
        let kept = cut..length.saturating_sub(cut).max(cut);
        Ok(sum[kept.clone()].iter().zip(&weight[kept]).map(|(s, w)| s / w.max(1e-11)).collect())
    }

    /// Computes the samples of a frame from its log-magnitudes and phases. `spectrum` is (n_fft + 2), `frame` (n_fft).
    fn frame(&self, spectrum: &[f32], frame: &mut [f32]) -> Result<()> {
        let bins = spectrum.len() / 2;
        let (magnitudes, phases) = spectrum.split_at(bins);
        let bin = |(m, p): (&f32, &f32)| Complex32::from_polar(m.exp().min(MAX_MAGNITUDE), *p);
        let mut values: Vec<Complex32> = magnitudes.iter().zip(phases).map(bin).collect();
        // The first and last bin of a real signal are real; PyTorch drops their imaginary parts.
        values[0].im = 0.0;
        values[bins - 1].im = 0.0;
        let failed = |e: realfft::FftError| candle_core::Error::Msg(e.to_string());
        self.inverse.process(&mut values, frame).map_err(failed)?;
        let scale = 1.0 / frame.len() as f32;
        frame.iter_mut().for_each(|v| *v *= scale);
        Ok(())
    }

    /// Returns the samples of codes (levels)(frames), one hop per frame.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn decode(&self, codes: &[Vec<u32>]) -> Result<Vec<f32>> {
        let Some(bandwidth) = self.bandwidth(codes.len()) else {
            candle_core::bail!(
                "{} levels exceed the {} levels of the vocoder",
                codes.len(),
                self.most_levels()
            )
        };
        self.samples(&self.backbone(&self.features(codes)?, bandwidth)?)
    }
}
