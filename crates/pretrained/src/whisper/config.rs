//! Sizes of a Whisper checkpoint: `config.json` and `generation_config.json` as Hugging Face writes them.

use serde::Deserialize;

use crate::fault::ConfigFault;
use crate::sizes::size_fault;

/// Contents of `config.json`; other keys are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WhisperConfig {
    /// Mel bands of the spectrogram.
    pub num_mel_bins: usize,
    /// Positions of the encoder: half as many as frames in a window.
    pub max_source_positions: usize,
    /// Width of both stacks.
    pub d_model: usize,
    /// Attention heads of the encoder.
    pub encoder_attention_heads: usize,
    /// Layers of the encoder.
    pub encoder_layers: usize,
    /// Width of the encoder's feed-forward layers; four times `d_model` by default.
    #[serde(default)]
    pub encoder_ffn_dim: Option<usize>,
    /// Tokens.
    pub vocab_size: usize,
    /// Positions of the decoder.
    pub max_target_positions: usize,
    /// Attention heads of the decoder.
    pub decoder_attention_heads: usize,
    /// Layers of the decoder.
    pub decoder_layers: usize,
    /// Width of the decoder's feed-forward layers; four times `d_model` by default.
    #[serde(default)]
    pub decoder_ffn_dim: Option<usize>,
    /// Tokens that are never generated.
    #[serde(default)]
    pub suppress_tokens: Option<Vec<i64>>,
    /// Tokens that are not generated first.
    #[serde(default)]
    pub begin_suppress_tokens: Option<Vec<i64>>,
}

/// Contents of `generation_config.json`; every key is optional.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct GenerationConfig {
    /// Heads (layer, head) of the decoder whose cross-attention follows the words in time.
    #[serde(default)]
    pub alignment_heads: Option<Vec<(usize, usize)>>,
    /// Tokens that are never generated.
    #[serde(default)]
    pub suppress_tokens: Option<Vec<i64>>,
    /// Tokens that are not generated first.
    #[serde(default)]
    pub begin_suppress_tokens: Option<Vec<i64>>,
    /// Whether the model knows several languages.
    #[serde(default)]
    pub is_multilingual: Option<bool>,
}

/// Largest size of any dimension that a checkpoint may have: far above the largest published one.
const LARGEST_SIZE: usize = 1 << 20;
/// Most encoder positions: eleven times those of the published ones, which are 30 s.
const MOST_POSITIONS: usize = 1 << 14;

impl WhisperConfig {
    /// Width of the encoder's feed-forward layers.
    pub(crate) fn encoder_inner(&self) -> usize {
        self.encoder_ffn_dim.unwrap_or(self.d_model.saturating_mul(4))
    }

    /// Width of the decoder's feed-forward layers.
    pub(crate) fn decoder_inner(&self) -> usize {
        self.decoder_ffn_dim.unwrap_or(self.d_model.saturating_mul(4))
    }

    /// Spectrogram frames of a window: 3,000 in published checkpoints, 30 s.
    pub(crate) fn window_frames(&self) -> usize {
        2 * self.max_source_positions
    }

    /// Returns the reason why the configuration is not usable.
    pub(crate) fn fault(&self) -> Option<ConfigFault> {
        let sizes = [
            ("num_mel_bins", self.num_mel_bins),
            ("d_model", self.d_model),
            ("encoder_attention_heads", self.encoder_attention_heads),
            ("encoder_layers", self.encoder_layers),
            ("encoder_ffn_dim", self.encoder_inner()),
            ("vocab_size", self.vocab_size),
            ("max_target_positions", self.max_target_positions),
            ("decoder_attention_heads", self.decoder_attention_heads),
            ("decoder_layers", self.decoder_layers),
            ("decoder_ffn_dim", self.decoder_inner()),
        ];
        let positions = [("max_source_positions", self.max_source_positions)];
        let fault = size_fault(&positions, MOST_POSITIONS);
        if let Some(fault) = fault.or_else(|| size_fault(&sizes, LARGEST_SIZE)) {
            return Some(fault);
        }
        let heads = [
            ("encoder_attention_heads", self.encoder_attention_heads),
            ("decoder_attention_heads", self.decoder_attention_heads),
        ];
        let uneven = heads.into_iter().find(|(_, heads)| !self.d_model.is_multiple_of(*heads));
        if let Some((key, heads)) = uneven {
            return Some(ConfigFault::Heads { width: self.d_model, key, heads });
        }
        (!self.d_model.is_multiple_of(2) || self.d_model < 4)
            .then_some(ConfigFault::Width(self.d_model))
    }
}
