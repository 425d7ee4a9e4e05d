//! Configuration of a Whisper checkpoint: `config.json` and `generation_config.json` in the format of Hugging Face.

use serde::Deserialize;

use crate::fault::ConfigFault;
use crate::sizes::size_fault;

/// Content of `config.json`; other keys are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WhisperConfig {
    /// Number of mel bands in the spectrogram.
    pub num_mel_bins: usize,
    /// Number of encoder positions: half the number of spectrogram frames in a window.
    pub max_source_positions: usize,
    /// Width of encoder and decoder.
    pub d_model: usize,
    /// Number of attention heads in the encoder.
    pub encoder_attention_heads: usize,
    /// Number of encoder layers.
    pub encoder_layers: usize,
    /// Inner dimension of the encoder's feed-forward layers; four times `d_model` by default.
    #[serde(default)]
    pub encoder_ffn_dim: Option<usize>,
    /// Number of tokens.
    pub vocab_size: usize,
    /// Number of decoder positions.
    pub max_target_positions: usize,
    /// Number of attention heads in the decoder.
    pub decoder_attention_heads: usize,
    /// Number of decoder layers.
    pub decoder_layers: usize,
    /// Inner dimension of the decoder's feed-forward layers; four times `d_model` by default.
    #[serde(default)]
    pub decoder_ffn_dim: Option<usize>,
    /// Tokens that are never generated.
    #[serde(default)]
    pub suppress_tokens: Option<Vec<i64>>,
    /// Tokens that are never generated first.
    #[serde(default)]
    pub begin_suppress_tokens: Option<Vec<i64>>,
}

/// Content of `generation_config.json`; all keys are optional.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct GenerationConfig {
    /// Alignment heads (layer, head) of the decoder, whose cross-attention follows the words in time.
    #[serde(default)]
    pub alignment_heads: Option<Vec<(usize, usize)>>,
    /// Tokens that are never generated.
    #[serde(default)]
    pub suppress_tokens: Option<Vec<i64>>,
    /// Tokens that are never generated first.
    #[serde(default)]
    pub begin_suppress_tokens: Option<Vec<i64>>,
    /// Whether the model supports several languages.
    #[serde(default)]
    pub is_multilingual: Option<bool>,
}

/// Maximum of all other sizes, far above those of published checkpoints.
const LARGEST_SIZE: usize = 1 << 20;
/// Maximum number of encoder positions: eleven times that of published checkpoints, which is 30 s.
const MOST_POSITIONS: usize = 1 << 14;

impl WhisperConfig {
    /// Returns the inner dimension of the encoder's feed-forward layers.
    pub(crate) fn encoder_inner(&self) -> usize {
        self.encoder_ffn_dim.unwrap_or(self.d_model.saturating_mul(4))
    }

    /// Returns the inner dimension of the decoder's feed-forward layers.
    pub(crate) fn decoder_inner(&self) -> usize {
        self.decoder_ffn_dim.unwrap_or(self.d_model.saturating_mul(4))
    }

    /// Returns the number of spectrogram frames in a window: 3,000 or 30 s in published checkpoints.
    pub(crate) fn window_frames(&self) -> usize {
        2 * self.max_source_positions
    }

    /// Returns the first size that is out of range or inconsistent.
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
