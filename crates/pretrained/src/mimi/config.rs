//! Configuration of a Mimi checkpoint.

use serde::Deserialize;

use crate::conv::PadMode;
use crate::fault::ConfigFault;
use crate::sizes::{MOST, size_fault, stride_fault};

/// Fields of `config.json` that the network depends on.
#[derive(Debug, Clone, Deserialize)]
pub struct MimiConfig {
    /// Sample rate, in Hz.
    pub sampling_rate: u32,
    /// Frame rate, in Hz.
    pub frame_rate: f64,
    /// Number of audio channels; must be 1.
    pub audio_channels: usize,
    /// Whether all convolutions are causal; must be true.
    pub use_causal_conv: bool,
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
    /// Groups of the convolution that doubles the frame rate; must be one per channel.
    pub upsample_groups: usize,
    /// Whether the skip connection of a residual block has a convolution; must be false.
    pub use_conv_shortcut: bool,
    /// Dimension of the latents and width of the transformers.
    pub hidden_size: usize,
    /// Number of layers of each transformer.
    pub num_hidden_layers: usize,
    /// Number of attention heads.
    pub num_attention_heads: usize,
    /// Number of heads of keys and values; must equal `num_attention_heads`.
    pub num_key_value_heads: usize,
    /// Dimension of a head; `hidden_size / num_attention_heads` by default.
    pub head_dim: Option<usize>,
    /// Inner dimension of the feed-forward layers.
    pub intermediate_size: usize,
    /// Constant added to the variances of layer norms.
    pub norm_eps: f64,
    /// Base of the rotary position embeddings.
    pub rope_theta: f32,
    /// Number of keys that a query attends to, including its own.
    pub sliding_window: usize,
    /// Number of levels.
    pub num_quantizers: usize,
    /// Number of levels of the semantic quantizer, which come first.
    pub num_semantic_quantizers: usize,
    /// Number of entries per level.
    pub codebook_size: usize,
    /// Dimension of an entry.
    pub codebook_dim: usize,
}

impl MimiConfig {
    /// Returns the number of samples per frame.
    pub fn hop(&self) -> usize {
        2 * self.upsampling_ratios.iter().product::<usize>()
    }

    /// Returns the dimension of a head.
    pub(super) fn head_dim(&self) -> usize {
        self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads.max(1))
    }

    /// Returns the first setting that this network does not support.
    pub(super) fn fault(&self) -> Option<ConfigFault> {
        let sizes = [
            ("num_filters", self.num_filters),
            ("compress", self.compress),
            ("hidden_size", self.hidden_size),
            ("num_attention_heads", self.num_attention_heads),
            ("head_dim", self.head_dim()),
            ("sliding_window", self.sliding_window),
            ("num_quantizers", self.num_quantizers),
            ("codebook_size", self.codebook_size),
            ("codebook_dim", self.codebook_dim),
        ];
        let fault = size_fault(&sizes, MOST)
            .or_else(|| stride_fault("upsampling_ratios", &self.upsampling_ratios));
        if fault.is_some() {
            return fault;
        }
        if !self.use_causal_conv || self.audio_channels != 1 || self.use_conv_shortcut {
            let supported = "the causal model of one channel";
            return Some(ConfigFault::Unsupported { supported });
        }
        if self.num_key_value_heads != self.num_attention_heads
            || self.upsample_groups != self.hidden_size
        {
            let supported = "a model with the heads and groups of kyutai/mimi";
            return Some(ConfigFault::Unsupported { supported });
        }
        let first = [("num_semantic_quantizers", self.num_semantic_quantizers)];
        if let Some(fault) = size_fault(&first, self.num_quantizers) {
            return Some(fault);
        }
        let (hop, frame_rate_hz) = (self.hop(), self.frame_rate);
        let fits = (frame_rate_hz * hop as f64 - f64::from(self.sampling_rate)).abs() < 1.0;
        (!fits).then_some(ConfigFault::FrameRate { hop, frame_rate_hz })
    }
}
