//! From a folder to a model.

use std::path::{Path, PathBuf};

use candle_core::{DType, Device, safetensors};
use candle_nn::VarBuilder;
use candle_transformers::models::whisper::{self as w, Config, model};
use syrinx_audio::{MelConfig, mel_filterbank};
use tokenizers::Tokenizer;

use crate::WhisperError;

/// A loaded model.
pub struct Whisper {
    pub(crate) model: model::Whisper,
    pub(crate) tokenizer: Tokenizer,
    pub(crate) marks: Marks,
    /// Tokens that are never written: those that the configuration lists.
    pub(crate) suppressed: Vec<u32>,
    pub(crate) filters: Vec<f32>, // (mel bins, frequencies)
    pub(crate) device: Device,
}

/// Token ids with a meaning of their own.
pub(crate) struct Marks {
    /// What every transcript begins with.
    pub(crate) start: Vec<u32>,
    /// What ends it.
    pub(crate) end: u32,
    /// The first mark: everything from here on but words.
    pub(crate) first: u32,
}

impl Whisper {
    /// Loads a model from a folder.
    ///
    /// # Errors
    /// [`WhisperError::Read`] for a missing file, [`WhisperError::Broken`] for one of another kind.
    pub fn load(folder: &Path) -> Result<Self, WhisperError> {
        let read = |name: &str| {
            let path = folder.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => Ok((path, bytes)),
                Err(source) => Err(WhisperError::Read { path, source }),
            }
        };
        let (path, bytes) = read("config.json")?;
        let config: Config =
            serde_json::from_slice(&bytes).map_err(|e| broken(&path, e.to_string()))?;
        check(&config).map_err(|e| broken(&path, e))?;
        let (path, bytes) = read("tokenizer.json")?;
        let tokenizer = Tokenizer::from_bytes(&bytes).map_err(|e| broken(&path, e.to_string()))?;
        let marks = Marks::of(&tokenizer).map_err(|e| broken(&path, e))?;
        let (path, bytes) = read("model.safetensors")?;
        let device = Device::Cpu;
        let tensors =
            safetensors::load_buffer(&bytes, &device).map_err(|e| broken(&path, e.to_string()))?;
        let weights = VarBuilder::from_tensors(tensors, DType::F32, &device);
        let model = model::Whisper::load(&weights, config.clone())
            .map_err(|e| broken(&path, e.to_string()))?;
        let filters = mel_filterbank(&MelConfig {
            sample_rate_hz: w::SAMPLE_RATE as u32,
            n_fft: w::N_FFT,
            hop: w::HOP_LENGTH,
            bins: config.num_mel_bins,
            fmin_hz: 0.0,
            fmax_hz: w::SAMPLE_RATE as f64 / 2.0,
            floor: 1e-10,
        });
        Ok(Self { model, tokenizer, marks, suppressed: config.suppress_tokens, filters, device })
    }
}

fn broken(path: &Path, reason: String) -> WhisperError {
    WhisperError::Broken { path: PathBuf::from(path), reason }
}

/// Sizes that would make candle panic or divide by nothing.
fn check(config: &Config) -> Result<(), String> {
    let sizes = [
        ("num_mel_bins", config.num_mel_bins),
        ("max_source_positions", config.max_source_positions),
        ("d_model", config.d_model),
        ("encoder_attention_heads", config.encoder_attention_heads),
        ("decoder_attention_heads", config.decoder_attention_heads),
        ("vocab_size", config.vocab_size),
        ("max_target_positions", config.max_target_positions),
    ];
    match sizes.iter().find(|(_, size)| *size == 0) {
        Some((name, _)) => Err(format!("`{name}` is 0")),
        None => Ok(()),
    }
}

impl Marks {
    fn of(tokenizer: &Tokenizer) -> Result<Self, String> {
        let id = |token: &str| {
            tokenizer.token_to_id(token).ok_or_else(|| format!("it has no token `{token}`"))
        };
        let end = id(w::EOT_TOKEN)?;
        // English-only models have neither language nor task marks to choose from, or ignore them.
        let mut start = vec![id(w::SOT_TOKEN)?];
        start.extend(tokenizer.token_to_id("<|en|>"));
        start.extend(tokenizer.token_to_id(w::TRANSCRIBE_TOKEN));
        start.push(id(w::NO_TIMESTAMPS_TOKEN)?);
        Ok(Self { start, end, first: end })
    }
}
