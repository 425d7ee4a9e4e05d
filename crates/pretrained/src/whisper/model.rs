//! A loaded Whisper checkpoint.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use candle_core::Device;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::config::{GenerationConfig, WhisperConfig};
use super::error::{WhisperFault, WhisperFileFault};
use super::network::Network;
use super::spectrogram::Spectrogram;
use super::vocabulary::Vocabulary;
use super::weights::Weights;
use crate::PretrainedError;
use crate::fault::{ConfigFault, PickleFault};

/// A loaded checkpoint. It has no state of a recording, so threads can share it.
pub struct Whisper {
    pub(crate) network: Network,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) spectrogram: Spectrogram,
    pub(crate) config: WhisperConfig,
    /// Alignment heads (layer, head) of the decoder, whose cross-attention follows the words in time.
    pub(crate) alignment_heads: Vec<(usize, usize)>,
}

/// Name of the weights as safetensors. Alternatively, a folder has one file that ends in `.gguf`.
const SAFETENSORS: &str = "model.safetensors";
/// Name of the weights as a pickle, which is not opened.
const PYTORCH: &str = "pytorch_model.bin";
/// First bytes of a GGML file: `ggml` as a little-endian number.
const GGML: [u8; 4] = *b"lmgg";

impl Whisper {
    /// Loads a folder in the format of Hugging Face: `config.json`, `tokenizer.json`, `model.safetensors` and
    /// optionally `generation_config.json`. One `.gguf` file with the same tensor names may replace the safetensors
    /// file.
    ///
    /// # Errors
    /// [`WhisperFault::Read`] for a missing file, [`WhisperFault::Broken`] for an invalid one, [`WhisperFault::Ggml`]
    /// for weights of whisper.cpp, and the errors of [`Checkpoint::open`](crate::Checkpoint::open) and
    /// [`Checkpoint::get`](crate::Checkpoint::get).
    pub fn load(folder: &Path) -> Result<Self, PretrainedError> {
        Self::load_on(folder, &Device::Cpu)
    }

    /// Loads a folder onto a device, as [`Whisper::load`] does for the CPU.
    ///
    /// # Errors
    /// The errors of [`Whisper::load`].
    pub fn load_on(folder: &Path, device: &Device) -> Result<Self, PretrainedError> {
        if let Some(path) = ggml(folder) {
            return Err(WhisperFault::Ggml { path }.into());
        }
        let config = configuration(&folder.join("config.json"))?;
        let generation_path = folder.join("generation_config.json");
        let generation: GenerationConfig =
            if generation_path.is_file() { parse(&generation_path)? } else { Default::default() };
        let path = folder.join("tokenizer.json");
        let vocabulary = Vocabulary::new(&read(&path)?, &config, &generation)
            .map_err(|fault| broken(&path, fault))?;
        let network = Network::load(&weights(folder, device)?, &config)?;
        // The network was built, so `config` has the layers and heads of the checkpoint.
        let alignment_heads = alignment_heads(&config, &generation)
            .map_err(|fault| broken(&generation_path, fault))?;
        let spectrogram = Spectrogram::new(config.num_mel_bins)?;
        Ok(Self { network, vocabulary, spectrogram, config, alignment_heads })
    }

    /// Returns the codes of the supported languages; only `en` for an English-only checkpoint.
    pub fn languages(&self) -> Vec<&str> {
        match self.vocabulary.english_only() {
            true => vec!["en"],
            false => self.vocabulary.languages.iter().map(|(code, _)| code.as_str()).collect(),
        }
    }
}

/// Reads `config.json`. The family is checked first, since other families lack fields of Whisper's.
fn configuration(path: &Path) -> Result<WhisperConfig, PretrainedError> {
    let config: Value = parse(path)?;
    let family = config.get("model_type").and_then(Value::as_str);
    let config_fault = |fault| broken(path, WhisperFileFault::Config(fault));
    if let Some(kind) = family.filter(|kind| *kind != "whisper") {
        let (found, expected) = (kind.to_owned(), "whisper");
        return Err(config_fault(ConfigFault::ModelType { found, expected }));
    }
    let config: WhisperConfig =
        serde_json::from_value(config).map_err(|e| config_fault(ConfigFault::Json(e)))?;
    match config.fault() {
        Some(fault) => Err(config_fault(fault)),
        None => Ok(config),
    }
}

fn weights(folder: &Path, device: &Device) -> Result<Weights, PretrainedError> {
    let plain = folder.join(SAFETENSORS);
    if plain.is_file() {
        return Weights::safetensors(&plain, device);
    }
    if let Some(path) = files(folder, "gguf").into_iter().next() {
        return Weights::gguf(&path, device);
    }
    let pickle = folder.join(PYTORCH);
    if pickle.is_file() {
        let fault = PickleFault::Format { formats: "safetensors and GGUF" };
        return Err(PretrainedError::pickle(&pickle, fault));
    }
    read(&plain).map(|_| ())?;
    Weights::safetensors(&plain, device)
}

/// Returns the files in a folder with an extension, sorted by name.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == extension));
    paths.sort();
    paths
}

/// Returns the path of whisper.cpp weights: the given file, or one in a folder without other weights.
fn ggml(path: &Path) -> Option<PathBuf> {
    let is = |file: &PathBuf| {
        let mut magic = [0; GGML.len()];
        let read = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut magic));
        read.is_ok() && magic == GGML
    };
    if path.is_file() {
        return Some(path.to_owned()).filter(is);
    }
    let others = path.join(SAFETENSORS).is_file() || !files(path, "gguf").is_empty();
    if others { None } else { files(path, "bin").into_iter().find(is) }
}

/// Returns the alignment heads of the generation configuration, or by default all heads in the upper half of the
/// layers.
fn alignment_heads(
    config: &WhisperConfig,
    generation: &GenerationConfig,
) -> Result<Vec<(usize, usize)>, WhisperFileFault> {
    let (layers, heads) = (config.decoder_layers, config.decoder_attention_heads);
    match generation.alignment_heads.as_deref() {
        None | Some([]) => Ok((layers / 2..layers)
            .flat_map(|layer| (0..heads).map(move |head| (layer, head)))
            .collect()),
        Some(given) => {
            match given.iter().find(|(layer, head)| *layer >= layers || *head >= heads) {
                Some(&(layer, head)) => {
                    Err(WhisperFileFault::AlignmentHead { layer, head, layers, heads })
                }
                None => Ok(given.to_vec()),
            }
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PretrainedError> {
    std::fs::read(path).map_err(|cause| WhisperFault::Read { path: path.into(), cause }.into())
}

fn parse<T: DeserializeOwned>(path: &Path) -> Result<T, PretrainedError> {
    serde_json::from_slice(&read(path)?)
        .map_err(|e| broken(path, WhisperFileFault::Config(ConfigFault::Json(e))))
}

fn broken(path: &Path, fault: WhisperFileFault) -> PretrainedError {
    WhisperFault::Broken { path: path.into(), fault }.into()
}

/// Returns a function that converts an error of the network; `operation` is an infinitive.
pub(crate) fn failed(operation: &'static str) -> impl Fn(candle_core::Error) -> PretrainedError {
    move |cause| WhisperFault::Compute { operation, cause }.into()
}
