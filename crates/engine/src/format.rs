//! The layout of model files and of files of codes.
//!
//! A model file is one safetensors file. Tensors of the language model have names with the prefix `lm.`, those of the
//! codec `codec.`, and `voice.NAME` is the prompt of a voice: U16, (frames, levels). The metadata has one entry,
//! `syrinx_model`, a JSON object with the format's number, the metadata of either part, and names and origins of the
//! voices in the order of listings. There is a single entry because the order of entries in a safetensors header is not
//! fixed, and equal models should give equal files.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use syrinx_codec::CodecInfo;
use syrinx_types::{Audio, Codes, IoOperation};

use crate::fault::{CodesFault, CodesFileFault, FileFault};
use crate::{EngineError, PackageVoice};

/// Number of the format; readers refuse others.
pub const FORMAT: u32 = 1;

const METADATA: &str = "syrinx_model";
const CODES: &str = "codes";
const CODES_METADATA: &str = "syrinx_codes";
/// Prefixes of the parts.
pub(crate) const LM: &str = "lm.";
pub(crate) const CODEC: &str = "codec.";
pub(crate) const VOICE: &str = "voice.";

/// Metadata of a model file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) format: u32,
    /// Metadata of the language model's own file.
    pub(crate) lm: BTreeMap<String, String>,
    /// Metadata of the codec's own file.
    pub(crate) codec: BTreeMap<String, String>,
    /// Voices in the order of listings, the default first.
    pub(crate) voices: Vec<HeaderVoice>,
    /// The model card, any JSON.
    #[serde(default)]
    pub(crate) card: Value,
}

/// Header of a voice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderVoice {
    pub(crate) name: String,
    /// Description of the origin, for listings.
    #[serde(default)]
    pub(crate) about: String,
}

impl HeaderVoice {
    fn of(voice: &PackageVoice) -> Self {
        Self { name: voice.name.clone(), about: voice.about.clone() }
    }
}

/// Parts of a model file, each as a safetensors file of its own.
pub(crate) struct ModelParts {
    pub(crate) lm: Vec<u8>,
    pub(crate) codec: Vec<u8>,
    /// In the order of listings.
    pub(crate) voices: Vec<PackageVoice>,
    pub(crate) card: Value,
}

/// Returns the reason why bytes are not a safetensors file.
fn broken(bytes: &[u8], cause: SafeTensorError) -> FileFault {
    let header = bytes.get(..8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let found = bytes.len();
    match (&cause, header) {
        (_, None) if bytes.is_empty() => FileFault::Empty,
        (_, None) => FileFault::TooShort,
        (SafeTensorError::InvalidHeaderLength, Some(n)) if bytes.get(8) == Some(&b'{') => {
            FileFault::CutHeader { found, header: n.saturating_add(8) }
        }
        (SafeTensorError::MetadataIncompleteBuffer, Some(n)) => {
            let expected = expected_bytes(bytes, n as usize).unwrap_or_default();
            if found < expected {
                FileFault::Cut { found, expected }
            } else {
                FileFault::TrailingBytes { bytes: found - expected }
            }
        }
        _ => FileFault::NoSafetensors { cause },
    }
}

/// Returns the length of a file according to its safetensors header.
fn expected_bytes(bytes: &[u8], header: usize) -> Option<usize> {
    let json: Value = serde_json::from_slice(bytes.get(8..8 + header)?).ok()?;
    let ends = json.as_object()?.values().filter_map(|t| t.get("data_offsets")?.get(1)?.as_u64());
    Some(8 + header + ends.max()? as usize)
}

/// Splits a model file into its parts.
pub(crate) fn split(bytes: &[u8], file: &str) -> Result<ModelParts, EngineError> {
    let fail = |fault| EngineError::model_file(file, fault);
    let unreadable = |e: SafeTensorError| fail(broken(bytes, e));
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
    let views = SafeTensors::deserialize(bytes).map_err(unreadable)?;
    let json = metadata.metadata().as_ref().and_then(|m| m.get(METADATA));
    let json = json.ok_or_else(|| fail(FileFault::NoModel { entry: METADATA }))?;
    let broken_header = |cause| fail(FileFault::Metadata { cause });
    let json: Value = serde_json::from_str(json).map_err(broken_header)?;
    let format = json.get("format").and_then(Value::as_u64).unwrap_or_default();
    if format != u64::from(FORMAT) {
        return Err(fail(FileFault::Format { found: format, expected: FORMAT }));
    }
    let header: Header = serde_json::from_value(json).map_err(broken_header)?;
    for (name, _) in views.iter() {
        if ![LM, CODEC, VOICE].iter().any(|p| name.starts_with(p)) {
            return Err(fail(FileFault::StrayTensor { name: name.to_owned() }));
        }
    }
    let part = |prefix: &str, metadata: &BTreeMap<String, String>| {
        let tensors =
            views.iter().filter_map(|(n, v)| Some((n.strip_prefix(prefix)?.to_owned(), v)));
        let metadata: HashMap<String, String> = metadata.clone().into_iter().collect();
        safetensors::serialize(tensors.collect::<Vec<_>>(), Some(metadata)).map_err(unreadable)
    };
    let (lm, codec) = rayon::join(|| part(LM, &header.lm), || part(CODEC, &header.codec));
    let (lm, codec) = (lm?, codec?);
    let voice = |voice: HeaderVoice| {
        let tensor = views.tensor(&format!("{VOICE}{}", voice.name)).map_err(unreadable)?;
        let codes = codes_of(&tensor)
            .map_err(|fault| (voice.name.clone(), Box::new(fault)))
            .map_err(|(name, fault)| fail(FileFault::Voice { name, fault }))?;
        let HeaderVoice { name, about } = voice;
        Ok(PackageVoice { name, about, codes })
    };
    let voices = header.voices.into_iter().map(voice).collect::<Result<_, EngineError>>()?;
    Ok(ModelParts { lm, codec, voices, card: header.card })
}

/// A part's own safetensors file, and its name for errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartFile<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) file: &'a str,
}

/// Tensors and metadata of a part.
struct OpenedPart<'a> {
    tensors: SafeTensors<'a>,
    metadata: BTreeMap<String, String>,
}

impl<'a> PartFile<'a> {
    fn open(self) -> Result<OpenedPart<'a>, EngineError> {
        let Self { bytes, file } = self;
        let unreadable = |e: SafeTensorError| EngineError::model_file(file, broken(bytes, e));
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let metadata = metadata.metadata().clone().unwrap_or_default().into_iter().collect();
        Ok(OpenedPart { tensors: SafeTensors::deserialize(bytes).map_err(unreadable)?, metadata })
    }
}

/// Joins parts to the bytes of a model file.
///
/// # Errors
/// [`EngineError::ModelFile`] names the part that can't be read, or the language model if the file can't be written.
pub(crate) fn join(
    lm: PartFile<'_>,
    codec: PartFile<'_>,
    voices: &[PackageVoice],
    card: Value,
) -> Result<Vec<u8>, EngineError> {
    let written = write_parts(&lm.open()?, &codec.open()?, voices, card);
    written.map_err(|fault| EngineError::model_file(lm.file, fault))
}

fn write_parts(
    lm: &OpenedPart<'_>,
    codec: &OpenedPart<'_>,
    voices: &[PackageVoice],
    card: Value,
) -> Result<Vec<u8>, FileFault> {
    let header = Header {
        format: FORMAT,
        lm: lm.metadata.clone(),
        codec: codec.metadata.clone(),
        voices: voices.iter().map(HeaderVoice::of).collect(),
        card,
    };
    let json = serde_json::to_string(&header)?;
    let voice_bytes: Vec<Vec<u8>> = voices.iter().map(|v| bytes_of(&v.codes)).collect();
    let mut tensors: Vec<(String, TensorView<'_>)> = Vec::new();
    tensors.extend(lm.tensors.iter().map(|(n, v)| (format!("{LM}{n}"), v)));
    tensors.extend(codec.tensors.iter().map(|(n, v)| (format!("{CODEC}{n}"), v)));
    for (voice, bytes) in voices.iter().zip(&voice_bytes) {
        let shape = vec![voice.codes.frames(), voice.codes.levels()];
        let view = TensorView::new(Dtype::U16, shape, bytes)?;
        tensors.push((format!("{VOICE}{}", voice.name), view));
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let metadata = HashMap::from([(METADATA.to_owned(), json)]);
    Ok(safetensors::serialize(tensors, Some(metadata))?)
}

/// Metadata of a file with the codes of one recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CodesHeader {
    /// Fingerprint of the codec that made them.
    pub(crate) codec: String,
    /// Frames a second.
    pub(crate) frame_rate_hz: f64,
    /// Entries a codebook.
    pub(crate) codebook_size: usize,
    /// Description of the origin.
    pub(crate) about: String,
    /// Length of the recording; unknown in files of old versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) length: Option<RecordingLength>,
}

/// Length of a recording at a sample rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingLength {
    /// Samples of one channel.
    pub samples: usize,
    /// Samples a second.
    pub sample_rate_hz: u32,
}

impl RecordingLength {
    /// Returns the length of a recording as it is.
    pub fn of(audio: &Audio) -> Self {
        Self { samples: audio.samples.len(), sample_rate_hz: audio.sample_rate_hz }
    }

    /// Whether a recording of this length can have these codes: at most as long as their frames, at a plausible rate.
    /// Otherwise a file could request any amount of memory.
    fn fits(self, codes: &Codes, codec: &CodecInfo) -> bool {
        let rates = syrinx_audio::MIN_RATE_HZ..=syrinx_audio::MAX_RATE_HZ;
        let seconds = self.samples as f64 / f64::from(self.sample_rate_hz.max(1));
        rates.contains(&self.sample_rate_hz)
            && seconds <= (codes.frames() + 1) as f64 / codec.frame_rate_hz
    }

    /// Converts a decoded recording to this rate and number of samples.
    ///
    /// # Errors
    /// [`EngineError::Audio`] for a rate that can't be converted to.
    pub fn fit(self, audio: &Audio) -> Result<Audio, EngineError> {
        let resampled = syrinx_audio::resample(audio, self.sample_rate_hz);
        let mut audio = resampled.map_err(EngineError::from)?;
        audio.samples.resize(self.samples, 0.0);
        Ok(audio)
    }
}

/// Serializes codes as a safetensors file: tensor `codes`, U16, (frames, levels), and a JSON header.
pub(crate) fn codes_to_bytes(codes: &Codes, header: &CodesHeader) -> Result<Vec<u8>, FileFault> {
    let bytes = bytes_of(codes);
    let shape = vec![codes.frames(), codes.levels()];
    let view = TensorView::new(Dtype::U16, shape, &bytes)?;
    let json = serde_json::to_string(header)?;
    let metadata = HashMap::from([(CODES_METADATA.to_owned(), json)]);
    Ok(safetensors::serialize([(CODES, view)], Some(metadata))?)
}

/// Reads what [`codes_to_bytes`] wrote.
pub(crate) fn codes_from_bytes(bytes: &[u8]) -> Result<(Codes, CodesHeader), FileFault> {
    let unreadable = |e: SafeTensorError| broken(bytes, e);
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
    let json = metadata.metadata().as_ref().and_then(|m| m.get(CODES_METADATA));
    let json = json.ok_or(FileFault::NoCodes { entry: CODES_METADATA })?;
    let header: CodesHeader =
        serde_json::from_str(json).map_err(|cause| FileFault::Metadata { cause })?;
    let views = SafeTensors::deserialize(bytes).map_err(unreadable)?;
    let codes = codes_of(&views.tensor(CODES)?)?;
    codes.check(header.codebook_size).map_err(CodesFault::from)?;
    Ok((codes, header))
}

impl CodesHeader {
    /// Checks codes against the codec of the same fingerprint. A file may have more levels than the language model:
    /// those of the enhancement layer.
    pub(crate) fn check(&self, codes: &Codes, codec: &CodecInfo) -> Result<(), CodesFault> {
        let levels = codes.levels();
        let shape = |levels: usize, size: usize, rate_hz: f64| {
            format!("{levels} levels of {size} at {rate_hz} frames a second")
        };
        let found = shape(levels, self.codebook_size, self.frame_rate_hz);
        let expected = shape(levels, codec.codebook_size, codec.frame_rate_hz);
        if found != expected {
            return Err(CodesFault::OtherShape { found, expected });
        }
        Ok(codes.check(codec.codebook_size)?)
    }

    /// Checks codes for the language model, which have exactly its levels.
    pub(crate) fn check_prompt(&self, codes: &Codes, codec: &CodecInfo) -> Result<(), CodesFault> {
        self.check(codes, codec)?;
        if codes.levels() != codec.levels {
            let levels = |count: usize| format!("{count} levels");
            let (found, expected) = (levels(codes.levels()), levels(codec.levels));
            return Err(CodesFault::OtherShape { found, expected });
        }
        Ok(())
    }
}

/// Writes codes of this model's codec to a file, with the length of the recording that they were made of.
///
/// # Errors
/// [`EngineError::Io`]; [`EngineError::CodesFile`] for codes that safetensors can't hold.
pub fn write_codes(
    path: &Path,
    codes: &Codes,
    length: Option<RecordingLength>,
    codec: &crate::CodecId,
    about: &str,
) -> Result<(), EngineError> {
    let header = CodesHeader {
        codec: codec.fingerprint.clone(),
        frame_rate_hz: codec.info.frame_rate_hz,
        codebook_size: codec.info.codebook_size,
        about: about.to_owned(),
        length,
    };
    let fail = |fault| EngineError::CodesFile { path: path.to_owned(), fault };
    let bytes = codes_to_bytes(codes, &header).map_err(|e| fail(CodesFileFault::Write(e)))?;
    write_atomic(path, &bytes)
}

/// Reads codes that [`write_codes`] wrote, and the length of their recording; they must be of this codec.
///
/// # Errors
/// [`EngineError::Io`]; [`EngineError::CodesFile`] for other files and for codes of another codec.
pub fn read_codes(
    path: &Path,
    codec: &crate::CodecId,
) -> Result<(Codes, Option<RecordingLength>), EngineError> {
    let bytes = std::fs::read(path).map_err(EngineError::io(IoOperation::Read, path))?;
    let fail = |fault| EngineError::CodesFile { path: path.to_owned(), fault };
    let (codes, header) = codes_from_bytes(&bytes).map_err(|e| fail(CodesFileFault::Read(e)))?;
    if header.codec != codec.fingerprint {
        let (found, expected) = (header.codec, codec.fingerprint.clone());
        return Err(fail(CodesFileFault::OtherCodec { found, expected }));
    }
    header.check(&codes, &codec.info).map_err(|fault| fail(CodesFileFault::Codes(fault)))?;
    if let Some(length) = header.length
        && !length.fits(&codes, &codec.info)
    {
        return Err(fail(CodesFileFault::Length { frames: codes.frames(), length }));
    }
    Ok((codes, header.length))
}

fn codes_of(view: &TensorView<'_>) -> Result<Codes, CodesFault> {
    let (Dtype::U16, &[_, levels]) = (view.dtype(), view.shape()) else {
        return Err(CodesFault::Tensor { dtype: view.dtype(), shape: view.shape().to_vec() });
    };
    let values = view.data().chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
    Ok(Codes::new(levels, values)?) // (frames, levels)
}

fn bytes_of(codes: &Codes) -> Vec<u8> {
    codes.values().iter().flat_map(|c| c.to_le_bytes()).collect()
}

/// Writes a file atomically: to a temporary file, then renamed. A device or pipe is written directly.
///
/// # Errors
/// [`EngineError::Io`]; an existing file is unchanged after an error.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    syrinx_atomic::write_bytes(path, bytes).map_err(EngineError::io(IoOperation::Write, path))
}
