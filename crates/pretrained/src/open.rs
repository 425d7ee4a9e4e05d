//! Opening of codecs from a folder, a file or bytes: their family, and the locations of configuration and weights.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::checkpoint::Checkpoint;
use crate::codec::{LoadedVocoder, PretrainedCodec};
use crate::dac::Dac;
use crate::encodec::Encodec;
use crate::error::{PretrainedError, VocoderMismatch};
use crate::fault::ConfigFault;
use crate::header::{HEADER, Header, VOCODER};
use crate::mimi::Mimi;
use crate::network::Network;
use crate::snac::Snac;
use crate::spec::CodecSpec;
use crate::vocos::{Vocos, VocosConfig};

type Loaded<T> = Result<T, PretrainedError>;

/// Families of codecs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Encodec,
    Dac,
    Mimi,
    Snac,
}

impl Family {
    /// Returns the family that a `config.json` describes.
    fn of(config: &Value, path: &Path) -> Loaded<Self> {
        let kind = config.get("model_type").and_then(Value::as_str);
        match kind {
            Some("encodec") => Ok(Self::Encodec),
            Some("dac") => Ok(Self::Dac),
            Some("mimi") => Ok(Self::Mimi),
            None if config.get("vq_strides").is_some() => Ok(Self::Snac),
            Some(other) => {
                let (found, expected) = (other.to_owned(), "encodec, dac or mimi");
                Err(PretrainedError::config(path, ConfigFault::ModelType { found, expected }))
            }
            None => Err(PretrainedError::config(path, ConfigFault::NoModelType)),
        }
    }

    /// Whether the family is published as `pytorch_model.bin`.
    fn is_published_as_pickle(self) -> bool {
        self == Self::Snac
    }
}

/// Opens a codec: a folder with `config.json` and weights, one of these files, or a file that includes its
/// configuration.
///
/// # Errors
/// [`PretrainedError::Config`] for an unsupported configuration, and the errors of opening a checkpoint and building
/// the network.
pub fn open(spec: &CodecSpec) -> Loaded<PretrainedCodec> {
    if let Some(carried) = carried(&spec.path)? {
        return of_carried(carried, spec.levels);
    }
    let (config_path, weights) = places(&spec.path, "config.json")?;
    let config: Value = parse(&config_path, &read_text(&config_path)?)?;
    let family = Family::of(&config, &config_path)?;
    let checkpoint = checkpoint(&weights, family.is_published_as_pickle())?;
    let network = network(&checkpoint, family, &config, &config_path, spec.levels)?;
    let vocoder = spec.vocoder.as_deref().map(open_vocoder).transpose()?;
    let header = Header {
        config,
        levels: spec.levels,
        vocoder: vocoder.as_ref().map(|(_, _, yaml)| yaml.clone()),
    };
    let vocoder = match vocoder {
        Some((checkpoint, config, _)) => {
            let vocos = vocos(&network, &checkpoint.root(), &config, &weights)?;
            Some(LoadedVocoder { checkpoint, vocos })
        }
        None => None,
    };
    PretrainedCodec::new(network, checkpoint, vocoder, header)
}

/// Opens the bytes of a file written by [`PretrainedCodec::to_bytes`]; errors use `path` as its name.
///
/// # Errors
/// The errors of [`open`].
pub fn from_bytes(path: &Path, bytes: &[u8]) -> Loaded<PretrainedCodec> {
    of_carried(Checkpoint::from_bytes(path, Arc::from(bytes))?, None)
}

/// Whether the metadata of a safetensors file include the configuration of a codec, as [`PretrainedCodec::to_bytes`]
/// writes it.
pub fn is_carried(metadata: &std::collections::BTreeMap<String, String>) -> bool {
    metadata.contains_key(HEADER)
}

/// Returns the checkpoint of a file that includes its configuration; `None` for any other path.
fn carried(path: &Path) -> Loaded<Option<Checkpoint>> {
    if !path.is_file() || path.extension().is_some_and(|e| e == "json" || e == "bin") {
        return Ok(None);
    }
    let checkpoint = Checkpoint::open(path)?;
    Ok(is_carried(checkpoint.metadata()).then_some(checkpoint))
}

fn of_carried(checkpoint: Checkpoint, levels: Option<usize>) -> Loaded<PretrainedCodec> {
    let path = checkpoint.path().to_owned();
    let json = checkpoint.metadata().get(HEADER).map(String::as_str).unwrap_or_default();
    let mut header: Header = parse(&path, json)?;
    header.levels = levels.or(header.levels);
    let family = Family::of(&header.config, &path)?;
    let network = network(&checkpoint, family, &header.config, &path, header.levels)?;
    let vocoder = match &header.vocoder {
        Some(yaml) => {
            let config = VocosConfig::parse(&path, yaml)?;
            let vocos = vocos(&network, &checkpoint.root().pp("vocoder"), &config, &path)?;
            Some(LoadedVocoder { checkpoint: checkpoint.below(VOCODER), vocos })
        }
        None => None,
    };
    PretrainedCodec::new(network, checkpoint, vocoder, header)
}

fn network(
    checkpoint: &Checkpoint,
    family: Family,
    config: &Value,
    path: &Path,
    levels: Option<usize>,
) -> Loaded<Network> {
    let network = match family {
        Family::Encodec => {
            Encodec::load(checkpoint, fields(path, config)?, levels).map(Network::Encodec)
        }
        Family::Dac => Dac::load(checkpoint, fields(path, config)?, levels).map(Network::Dac),
        Family::Mimi => Mimi::load(checkpoint, fields(path, config)?, levels).map(Network::Mimi),
        Family::Snac => Snac::load(checkpoint, fields(path, config)?).map(Network::Snac),
    };
    // A network's errors don't contain the path of its configuration.
    network.map_err(|error| match error {
        PretrainedError::Config { fault, .. } => PretrainedError::config(path, fault),
        other => other,
    })
}

fn open_vocoder(path: &Path) -> Loaded<(Checkpoint, VocosConfig, String)> {
    let (config_path, weights) = places(path, "config.yaml")?;
    let yaml = read_text(&config_path)?;
    let config = VocosConfig::parse(&config_path, &yaml)?;
    Ok((checkpoint(&weights, true)?, config, yaml))
}

fn vocos(
    network: &Network,
    weights: &crate::checkpoint::Weights<'_>,
    config: &VocosConfig,
    codec: &Path,
) -> Loaded<Vocos> {
    let misfit = |fault| PretrainedError::Vocoder {
        vocoder: weights.path().to_owned(),
        codec: codec.to_owned(),
        fault,
    };
    let Network::Encodec(encodec) = network else {
        return Err(misfit(VocoderMismatch::Family));
    };
    let (hop, size) = (encodec.config.hop(), encodec.config.codebook_size);
    let frame_rate_hz = f64::from(encodec.config.sampling_rate) / hop as f64;
    let vocos = Vocos::load(weights, config, size, frame_rate_hz)?;
    if vocos.hop() != hop {
        return Err(misfit(VocoderMismatch::FrameLength));
    }
    Ok(vocos)
}

/// Returns the paths of configuration and weights of a checkpoint. `path` is a folder with both, or one of the two
/// files.
fn places(path: &Path, config: &str) -> Loaded<(PathBuf, PathBuf)> {
    let ends_in_config = path.file_name().is_some_and(|name| name == config);
    let (folder, named) = match (path.is_dir(), ends_in_config) {
        (true, _) => (path, None),
        (false, true) => (path.parent().unwrap_or(Path::new("")), None),
        (false, false) => (path.parent().unwrap_or(Path::new("")), Some(path.to_owned())),
    };
    let there = |name: &str| Some(folder.join(name)).filter(|p| p.is_file());
    let weights = named
        .or_else(|| there("model.safetensors"))
        .or_else(|| there("pytorch_model.bin"))
        .unwrap_or_else(|| folder.join("model.safetensors"));
    let config_path = folder.join(config);
    if !config_path.is_file() && folder.join("config.yaml").is_file() {
        return Err(PretrainedError::config(&folder.join("config.yaml"), ConfigFault::IsVocoder));
    }
    Ok((config_path, weights))
}

fn checkpoint(path: &Path, pickle: bool) -> Loaded<Checkpoint> {
    if pickle { Checkpoint::open_pytorch(path) } else { Checkpoint::open(path) }
}

/// Maximum size of a configuration, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

fn read_text(path: &Path) -> Loaded<String> {
    let fail = PretrainedError::read(path);
    let bytes = std::fs::metadata(path).map_err(&fail)?.len();
    if bytes > MAX_CONFIG_BYTES {
        return Err(PretrainedError::config(path, ConfigFault::Length { bytes }));
    }
    std::fs::read_to_string(path).map_err(fail)
}

fn parse<T: DeserializeOwned>(path: &Path, json: &str) -> Loaded<T> {
    serde_json::from_str(json).map_err(|e| PretrainedError::config(path, ConfigFault::Json(e)))
}

fn fields<T: DeserializeOwned>(path: &Path, config: &Value) -> Loaded<T> {
    T::deserialize(config).map_err(|e| PretrainedError::config(path, ConfigFault::Json(e)))
}
