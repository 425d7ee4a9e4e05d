//! The configuration of a checkpoint.

use serde::Deserialize;

use crate::conv::PadMode;
use crate::fault::ConfigFault;
use crate::sizes::{MOST, size_fault, stride_fault};

/// Fields of `config.json` that the network depends on.
#[derive(Debug, Clone, Deserialize)]
pub struct MimiConfig {
    /// Samples a second.
    pub sampling_rate: u32,
    /// Frames a second.
    pub frame_rate: f64,
    /// Channels of the sound; 1.
    pub audio_channels: usize,
    /// Whether no layer sees later steps.
    pub use_causal_conv: bool,
    /// Padding of the convolutions.
    pub pad_mode: PadMode,
    /// Channels after the first layer.
    pub num_filters: usize,
    /// Factor by which a residual block narrows.
    pub compress: usize,
    /// Width of the first kernel.
    pub kernel_size: usize,
    /// Width of the last kernel.
    pub last_kernel_size: usize,
    /// Width of the kernels in residual blocks.
    pub residual_kernel_size: usize,
    /// Base of the dilations in residual blocks.
    pub dilation_growth_rate: usize,
    /// Residual blocks a stage.
    pub num_residual_layers: usize,
    /// Strides of the decoder, the first first.
    pub upsampling_ratios: Vec<usize>,
    /// Groups of the convolution that doubles the frame rate; one a channel.
    pub upsample_groups: usize,
    /// Whether the skip connection has a convolution; not in Mimi.
    pub use_conv_shortcut: bool,
    /// Channels of the latents and of the transformer.
    pub hidden_size: usize,
    /// Layers of either transformer.
    pub num_hidden_layers: usize,
    /// Heads of the attention.
    pub num_attention_heads: usize,
    /// Heads of keys and values; as many.
    pub num_key_value_heads: usize,
    /// Numbers a head.
    pub head_dim: Option<usize>,
    /// Numbers in the feed-forward layers.
    pub intermediate_size: usize,
    /// Added to variances.
    pub norm_eps: f64,
    /// Base of the rotary positions.
    pub rope_theta: f32,
    /// Keys that a query sees, itself included.
    pub sliding_window: usize,
    /// Levels.
    pub num_quantizers: usize,
    /// Levels of the first quantiser.
    pub num_semantic_quantizers: usize,
    /// Entries a level.
    pub codebook_size: usize,
    /// Numbers an entry.
    pub codebook_dim: usize,
}

impl MimiConfig {
    /// Samples a frame.
    pub fn hop(&self) -> usize {
        2 * self.upsampling_ratios.iter().product::<usize>()
    }

    /// Numbers a head.
    pub(super) fn head_dim(&self) -> usize {
        self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads.max(1))
    }

    /// Fault of a configuration that this network is not made for.
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
