//! The vocoder: log-mel frames to samples, causal up to one frame, piece by piece or as a whole.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_audio::{MelConfig, mel_filterbank};
use syrinx_nn::{
    AttentionPlan, BlockConfig, Init, Kernels, Linear, ParamStore, Scope, Span, Stack, StackCache,
    ops, with_slice,
};

use crate::CodecError;
use crate::istft::{Istft, IstftStream};

/// Shape of a vocoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VocoderConfig {
    /// The log-mel spectrogram it reads; its hop is also the hop of the output.
    pub mel: MelConfig,
    /// Sizes of the transformer.
    pub block: BlockConfig,
    /// Mel frames a frame attends to, itself included.
    pub window_frames: usize,
    /// Mel frames that a frame sees ahead of itself, and as many behind, side by side at the input.
    pub look_ahead_frames: usize,
    /// Samples of the inverse transform: a multiple of twice the hop.
    pub n_fft: usize,
    /// Taken from log-mel values before the network.
    pub mel_offset: f64,
    /// Log-mel values are divided by this before the network.
    pub mel_scale: f64,
}

impl Default for VocoderConfig {
    fn default() -> Self {
        Self {
            mel: MelConfig::default(),
            block: BlockConfig {
                dim: 256,
                layers: 4,
                heads: 4,
                hidden: 512,
                ..BlockConfig::default()
            },
            window_frames: 32,
            look_ahead_frames: 1,
            n_fft: 960,
            mel_offset: -6.0,
            mel_scale: 2.5,
        }
    }
}

impl VocoderConfig {
    /// # Errors
    /// [`CodecError::Config`] naming the setting that can't work.
    pub fn check(&self) -> Result<(), CodecError> {
        let fail = |setting, reason: String| Err(CodecError::Config { setting, reason });
        if let Err(reason) = self.block.check() {
            return fail("block", reason);
        }
        if self.window_frames == 0 {
            return fail("window_frames", "must be above 0".into());
        }
        if self.look_ahead_frames >= BLOCK_FRAMES {
            return fail("look_ahead_frames", format!("must be below {BLOCK_FRAMES}"));
        }
        if self.mel.hop == 0
            || self.n_fft < 2 * self.mel.hop
            || !self.n_fft.is_multiple_of(2 * self.mel.hop)
        {
            return fail("n_fft", format!("must be a multiple of twice the hop, {}", self.mel.hop));
        }
        if !(self.mel_scale.is_finite() && self.mel_scale > 0.0 && self.mel_offset.is_finite()) {
            return fail("mel_scale", "must be above 0".into());
        }
        Ok(())
    }

    /// Frequencies of an output frame.
    fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// Mel frames side by side at the input.
    fn neighbours(&self) -> usize {
        2 * self.look_ahead_frames + 1
    }
}

/// Mel frames a stream takes at once, at first. Blocks are fixed by their place in the stream, so that how it is cut
/// changes no sum's order.
pub(crate) const BLOCK_FRAMES: usize = 16;

/// Mel frames a stream takes at once from this frame on: whoever listens is that far behind by then, and large blocks
/// cost half, as the products prepare every weight once a block.
const LATER_BLOCK_FRAMES: usize = 64;

/// A causal sliding-window transformer over mel frames whose output rows are log-magnitudes and phases of a short-time
/// Fourier transform, inverted by overlap-add (Vocos: Siuzdak 2023, 2306.00814, with attention for ConvNeXt).
///
/// The log-magnitudes begin as the mel spectrogram interpolated to linear frequency, so the network learns what that
/// lacks. Cloning shares the weights.
#[derive(Clone)]
pub struct Vocoder {
    config: VocoderConfig,
    input: Linear,
    stack: Stack,
    output: Linear,
    skip: Tensor, // (2 * bins, mel bins)
    istft: Istft,
    store: ParamStore,
}

impl Vocoder {
    /// Builds the network on a store of parameters: seeded ones to train, loaded ones to use.
    ///
    /// # Errors
    /// [`CodecError::Config`], or [`CodecError::Nn`] for weights that are missing, of another shape, or too many.
    pub fn new(config: VocoderConfig, store: ParamStore) -> Result<Self, CodecError> {
        config.check()?;
        let (kernels, root) = (Kernels::Fused, store.root());
        let (mel, dim, width) = (config.mel.bins, config.block.dim, 2 * config.bins());
        let inputs = config.neighbours() * mel;
        let deviation = |inputs: usize| 1.0 / (inputs as f64).sqrt();
        let input = Linear::with_bias(&root.pp("input"), inputs, dim, deviation(inputs), kernels)?;
        let stack = Stack::new(&root, &config.block, kernels)?;
        let skip = mel_to_magnitudes(&config);
        let scope: Scope = root.pp("output");
        // Made here first, as it begins at other values than zero.
        scope.get("bias", &[width], Init::Values(padded(skip.bias, width)))?;
        let output = Linear::with_bias(&scope, dim, width, 0.5 * deviation(dim), kernels)?;
        let skip = root.pp("skip").get(
            "weight",
            &[width, mel],
            Init::Values(padded(skip.weight, width * mel)),
        )?;
        store.check_all_used()?;
        let istft = Istft::new(config.n_fft, config.mel.hop);
        Ok(Self { config, input, stack, output, skip, istft, store })
    }

    /// A vocoder with these weights, for use.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn from_tensors(
        config: VocoderConfig,
        tensors: BTreeMap<String, Tensor>,
    ) -> Result<Self, CodecError> {
        Self::new(config, ParamStore::loaded(tensors, &Device::Cpu))
    }

    /// Shape.
    pub fn config(&self) -> &VocoderConfig {
        &self.config
    }

    /// The weights by name.
    pub fn tensors(&self) -> BTreeMap<String, Tensor> {
        self.store.tensors()
    }

    /// Number of weights.
    pub fn parameter_count(&self) -> usize {
        self.tensors().values().map(Tensor::elem_count).sum()
    }

    /// Input rows of the mel frames `from..to`, neighbours beyond the ends being the ends: (to - from, neighbours *
    /// bins), and the frames themselves (to - from, bins); both scaled.
    fn input_rows(&self, mel: &[f32], from: usize, to: usize) -> (Vec<f32>, Vec<f32>) {
        let (bins, ahead) = (self.config.mel.bins, self.config.look_ahead_frames);
        let frames = mel.len() / bins;
        let (offset, scale) = (self.config.mel_offset as f32, 1.0 / self.config.mel_scale as f32);
        let mut rows = Vec::with_capacity((to - from) * (2 * ahead + 1) * bins);
        let mut centres = Vec::with_capacity((to - from) * bins);
        for t in from..to {
            for i in 0..=2 * ahead {
                let at = (t + i).saturating_sub(ahead).min(frames - 1);
                rows.extend(mel[at * bins..][..bins].iter().map(|v| (v - offset) * scale));
            }
            centres.extend(mel[t * bins..][..bins].iter().map(|v| (v - offset) * scale));
        }
        (rows, centres)
    }

    /// Log-magnitudes and phases of hidden rows and their mel frames: (rows, 2 * bins).
    fn head(&self, hidden: &Tensor, centres: &Tensor) -> candle_core::Result<Tensor> {
        ops::linear_add(centres, &self.skip, &self.output.forward(hidden)?, Kernels::Fused)
    }

    /// Samples of a batch of mel clips (clips * frames, bins), every clip a recording of its own: (clips * frames * hop).
    /// Differentiable by the weights.
    ///
    /// # Errors
    /// [`CodecError::Candle`] if the values don't fill clips of `frames` frames.
    pub fn forward(&self, mel: &[f32], frames: usize) -> Result<Tensor, CodecError> {
        let bins = self.config.mel.bins;
        let clip = (frames * bins).max(1);
        let clips = mel.len() / clip;
        let (mut rows, mut centres) = (Vec::new(), Vec::new());
        for mel in mel.chunks_exact(clip) {
            let (r, c) = self.input_rows(mel, 0, frames);
            rows.extend(r);
            centres.extend(c);
        }
        let count = clips * frames;
        let rows = Tensor::from_vec(rows, (count, self.config.neighbours() * bins), &Device::Cpu)?;
        let centres = Tensor::from_vec(centres, (count, bins), &Device::Cpu)?;
        let spans = (0..clips).map(|c| Span { start: c * frames, len: frames, prefix: 0 });
        let positions: Vec<u32> = (0..count).map(|i| (i % frames) as u32).collect();
        let plan = self.plan(spans.collect(), &positions);
        let hidden = self.stack.forward(&self.input.forward(&rows)?, &plan)?; // (clips * frames, dim)
        Ok(self.istft.forward(&self.head(&hidden, &centres)?, frames)?)
    }

    fn plan(&self, spans: Vec<Span>, positions: &[u32]) -> AttentionPlan {
        let BlockConfig { heads, dim, .. } = self.config.block;
        AttentionPlan::new(spans, positions, heads, dim, Some(self.config.window_frames))
    }

    /// A stream from mel frames to samples.
    pub fn stream(&self) -> VocoderStream {
        VocoderStream {
            vocoder: self.clone(),
            cache: StackCache::new(self.config.block.layers),
            istft: self.istft.stream(),
            mel: Vec::new(),
            first: 0,
            taken: 0,
            received: 0,
        }
    }

    /// Samples of mel frames (frames, bins): (frames * hop), those of the stream.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network.
    pub fn decode(&self, mel: &[f32]) -> Result<Vec<f32>, CodecError> {
        let mut stream = self.stream();
        let mut out = stream.push(mel)?;
        out.extend(stream.finish()?);
        Ok(out)
    }
}

/// Values with zeros behind them: what is known of log-magnitudes, and nothing of phases.
fn padded(mut values: Vec<f32>, len: usize) -> Vec<f32> {
    values.resize(len, 0.0);
    values
}

/// A linear map from scaled log-mel frames to log-magnitudes.
pub(crate) struct MelToMagnitudes {
    weight: Vec<f32>, // (bins, mel bins)
    bias: Vec<f32>,   // (bins)
    offset: f32,
    scale: f32,
}

impl MelToMagnitudes {
    /// Log-magnitudes of one log-mel frame.
    pub(crate) fn row<'a>(&'a self, frame: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        self.weight.chunks_exact(frame.len()).zip(&self.bias).map(|(w, b)| {
            let scaled = frame.iter().map(|v| (v - self.offset) / self.scale);
            b + w.iter().zip(scaled).map(|(w, v)| w * v).sum::<f32>()
        })
    }
}

/// A mel value is a weighted sum of magnitudes, so a magnitude is about the value over the sum of weights; frequencies
/// between bands take from both.
pub(crate) fn mel_to_magnitudes(config: &VocoderConfig) -> MelToMagnitudes {
    let (bins, bands) = (config.bins(), config.mel.bins);
    let sums: Vec<f64> = mel_filterbank(&config.mel)
        .chunks_exact(config.mel.n_fft / 2 + 1)
        .map(|row| row.iter().map(|&w| f64::from(w)).sum::<f64>().max(1e-6))
        .collect();
    let grid = mel_filterbank(&MelConfig { n_fft: config.n_fft, ..config.mel.clone() }); // (bands, bins)
    let mut weight = vec![0.0; bins * bands];
    let mut bias = vec![0.0; bins];
    // A longer window gathers more: by its length for a tone, by the root of it for noise.
    let window = 0.75 * (config.n_fft as f64 / config.mel.n_fft as f64).ln();
    for k in 0..bins {
        let column: Vec<f64> = (0..bands).map(|b| f64::from(grid[b * bins + k])).collect();
        let total: f64 = column.iter().sum();
        let edge = if k < bins / 2 { 0 } else { bands - 1 };
        let mut offset = config.mel_offset + window;
        for b in 0..bands {
            let nearest = if b == edge { 1.0 } else { 0.0 };
            let share = if total > 0.0 { column[b] / total } else { nearest };
            weight[k * bands + b] = (share * config.mel_scale) as f32;
            offset -= share * sums[b].ln();
        }
        bias[k] = offset as f32;
    }
    let (offset, scale) = (config.mel_offset as f32, config.mel_scale as f32);
    MelToMagnitudes { weight, bias, offset, scale }
}

/// Mel frames in, samples out. The samples are the same however the frames are cut.
pub struct VocoderStream {
    vocoder: Vocoder,
    cache: StackCache,
    istft: IstftStream,
    /// Mel frames from `first` on: what is still needed.
    mel: Vec<f32>,
    first: usize,
    /// Frames that have gone through the network.
    taken: usize,
    /// Frames received in whole blocks.
    received: usize,
}

impl VocoderStream {
    /// Takes mel frames (n, bins), gives the samples that are certain: those of whole blocks, the first after 16 frames.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network.
    pub fn push(&mut self, mel: &[f32]) -> Result<Vec<f32>, CodecError> {
        let bins = self.vocoder.config.mel.bins;
        let mut out = Vec::new();
        // Piece by piece, so that a long recording isn't held twice.
        for piece in mel.chunks(BLOCK_FRAMES * bins) {
            self.mel.extend_from_slice(piece);
            while self.first + self.mel.len() / bins >= self.received + self.block() {
                self.received += self.block();
                let upto = self.received - self.vocoder.config.look_ahead_frames;
                out.extend(self.take(upto, self.received)?);
            }
        }
        Ok(out)
    }

    /// Frames of the next block.
    fn block(&self) -> usize {
        if self.received < LATER_BLOCK_FRAMES { BLOCK_FRAMES } else { LATER_BLOCK_FRAMES }
    }

    /// The samples that are left.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network.
    pub fn finish(&mut self) -> Result<Vec<f32>, CodecError> {
        let end = self.first + self.mel.len() / self.vocoder.config.mel.bins;
        let mut out = self.take(end, end)?;
        out.extend(self.istft.finish());
        Ok(out)
    }

    /// Sends the frames from `taken` to `upto` through the network; it may see frames before `visible`.
    fn take(&mut self, upto: usize, visible: usize) -> Result<Vec<f32>, CodecError> {
        let count = upto - self.taken;
        if count == 0 {
            return Ok(Vec::new());
        }
        let v = &self.vocoder;
        let (bins, ahead) = (v.config.mel.bins, v.config.look_ahead_frames);
        let seen = &self.mel[..(visible - self.first) * bins];
        let (rows, centres) = v.input_rows(seen, self.taken - self.first, upto - self.first);
        let rows = Tensor::from_vec(rows, (count, v.config.neighbours() * bins), &Device::Cpu)?;
        let centres = Tensor::from_vec(centres, (count, bins), &Device::Cpu)?;
        let positions: Vec<u32> = (self.taken..upto).map(|p| p as u32).collect();
        let plan = v.plan(vec![Span { start: 0, len: count, prefix: 0 }], &positions);
        let x = v.input.forward(&rows)?;
        let hidden = v.stack.forward_cached(&x, &plan, &mut [&mut self.cache])?; // (count, dim)
        let rows = v.head(&hidden, &centres)?; // (count, 2 * bins)
        let istft = &mut self.istft;
        let out = with_slice(&rows, |rows| Ok(istft.push(rows)))?;
        self.taken = upto;
        let keep = upto.saturating_sub(ahead);
        self.mel.drain(..(keep - self.first) * bins);
        self.first = keep;
        Ok(out)
    }
}
