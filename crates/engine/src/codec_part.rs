//! The codec of a model: carried in its file, or referred to by fingerprint.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use syrinx_codec::{Codec, CodecInfo, EmbeddedCodec};
use syrinx_pretrained::{Checkpoint, CodecSpec, PretrainedCodec, from_bytes, is_carried, open};

use syrinx_types::IoOperation;

use crate::EngineError;
use crate::fault::PartFault;

/// Metadata entry of a codec part that refers to a codec outside the file.
const REFERENCE: &str = "syrinx_codec_reference";

/// Metadata entry of the project's own codec.
const OWN: &str = "syrinx_codec";

/// Identity of a codec: fingerprint and shape.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CodecId {
    /// Fingerprint: it changes whenever codes decode to other samples.
    pub fingerprint: String,
    /// Shape of the codes.
    pub info: CodecInfo,
}

impl CodecId {
    /// Returns the identity of a codec.
    pub fn of(codec: &dyn Codec) -> Self {
        Self { fingerprint: codec.fingerprint(), info: codec.info() }
    }
}

/// A codec outside a model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    /// Kind of the codec.
    kind: String,
    /// Fingerprint of its codes.
    fingerprint: String,
    /// The codec as it was named; paths are relative to the model's folder.
    named: String,
}

/// A codec for a model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageCodec {
    /// The codec.
    pub spec: CodecSpec,
    /// Whether the model file carries it; otherwise the file refers to it.
    pub carried: bool,
    /// Folder of the model file. A reference to a codec that was named by a relative path is relative to it, so that both
    /// can be moved together; without it, references are absolute.
    pub folder: Option<PathBuf>,
}

impl PackageCodec {
    /// Builds a codec that the file carries, or that a model file at `out` refers to.
    pub fn new(spec: CodecSpec, refer: bool, out: &Path) -> Self {
        Self { spec, carried: !refer, folder: out.parent().map(Path::to_owned) }
    }
}

impl From<&Path> for PackageCodec {
    fn from(path: &Path) -> Self {
        Self { spec: CodecSpec::new(path), carried: true, folder: None }
    }
}

/// Whether a path names a published codec, as a folder or as a file, and not one of the project's own.
pub fn is_published_codec(path: &Path) -> bool {
    if path.is_dir() {
        return true;
    }
    match Checkpoint::open(path) {
        Ok(checkpoint) if checkpoint.metadata().contains_key(OWN) => false,
        Ok(checkpoint) if is_carried(checkpoint.metadata()) => true,
        _ => path.is_file() && path.with_file_name("config.json").is_file(),
    }
}

/// Opens a codec: a published one, or the project's own with its vocoder.
///
/// # Errors
/// [`EngineError::Pretrained`] and [`EngineError::Codec`] for files that can't be used, [`EngineError::CodecOptions`]
/// for options that the project's own codec lacks.
pub fn open_codec(spec: &CodecSpec) -> Result<Box<dyn Codec>, EngineError> {
    // Weights that are no codec of the project's own are refused by the loader of published ones, which names their fault.
    let own = |checkpoint: Checkpoint| checkpoint.metadata().contains_key(OWN);
    let other = spec.path.is_file() && !Checkpoint::open(&spec.path).is_ok_and(own);
    if other || is_published_codec(&spec.path) {
        return Ok(Box::new(open(spec)?));
    }
    if spec.levels.is_some() || spec.vocoder.is_some() {
        return Err(EngineError::CodecOptions { codec: spec.clone() });
    }
    Ok(Box::new(EmbeddedCodec::load(&spec.path)?))
}

/// Opens the codec of a model from its part of the file. `named` replaces it and must have the same fingerprint.
pub(crate) fn codec_of_part(
    part: &[u8],
    file: &str,
    named: Option<&CodecSpec>,
) -> Result<Box<dyn Codec>, EngineError> {
    let broken = |fault| EngineError::Part { file: file.to_owned(), fault };
    let metadata = metadata(part);
    if let Some(json) = metadata.get(REFERENCE) {
        let reference: Reference =
            serde_json::from_str(json).map_err(|e| broken(PartFault::CodecReference(e)))?;
        return referred(&reference, file, named);
    }
    let own: Box<dyn Codec> = if is_carried(&metadata.into_iter().collect()) {
        let codec: PretrainedCodec = from_bytes(Path::new(file), part)
            .map_err(|e| broken(PartFault::PublishedCodec(e.into())))?;
        Box::new(codec)
    } else {
        Box::new(own_codec(part, file)?)
    };
    match named {
        Some(spec) => expect(open_codec(spec)?, &own.fingerprint(), file),
        None => Ok(own),
    }
}

/// Returns the project's own codec from its part of the file.
pub(crate) fn own_codec(part: &[u8], file: &str) -> Result<EmbeddedCodec, EngineError> {
    EmbeddedCodec::from_bytes(part).map_err(|error| EngineError::Part {
        file: file.to_owned(),
        fault: PartFault::Codec(Box::new(error)),
    })
}

/// Returns the metadata of a safetensors file; none of one that is broken.
fn metadata(part: &[u8]) -> HashMap<String, String> {
    let read = SafeTensors::read_metadata(part).ok();
    read.and_then(|(_, metadata)| metadata.metadata().clone()).unwrap_or_default()
}

fn referred(
    reference: &Reference,
    file: &str,
    named: Option<&CodecSpec>,
) -> Result<Box<dyn Codec>, EngineError> {
    let missing = || EngineError::NoCodec {
        file: file.to_owned(),
        fingerprint: reference.fingerprint.clone(),
        place: reference.named.clone(),
    };
    let spec = match named {
        Some(spec) => spec.clone(),
        None => {
            let spec: CodecSpec = reference.named.parse().map_err(|_| missing())?;
            let spec = spec.below(Path::new(file).parent().unwrap_or(Path::new("")));
            if !spec.path.exists() {
                return Err(missing());
            }
            spec
        }
    };
    expect(open_codec(&spec)?, &reference.fingerprint, file)
}

fn expect(
    codec: Box<dyn Codec>,
    fingerprint: &str,
    file: &str,
) -> Result<Box<dyn Codec>, EngineError> {
    if codec.fingerprint() == fingerprint {
        return Ok(codec);
    }
    Err(EngineError::OtherCodec {
        file: file.to_owned(),
        expected: fingerprint.to_owned(),
        found: codec.fingerprint(),
    })
}

/// Returns the codec and its part of a model file.
pub(crate) fn part_of(codec: &PackageCodec) -> Result<(Box<dyn Codec>, Vec<u8>), EngineError> {
    let opened = open_codec(&codec.spec)?;
    let part = match (codec.carried, is_published_codec(&codec.spec.path)) {
        (true, true) => opened.to_part()?,
        // The file is copied, so that no value is rounded twice.
        (true, false) => std::fs::read(&codec.spec.path)
            .map_err(EngineError::io(IoOperation::Read, &codec.spec.path))?,
        (false, _) => reference(opened.as_ref(), &codec.spec, codec.folder.as_deref())?,
    };
    Ok((opened, part))
}

/// Returns a path as a model file in `folder` refers to it.
fn path_from(path: &Path, folder: Option<&Path>) -> PathBuf {
    let absolute = |path: &Path| {
        // The folder of a bare file name is empty.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    };
    let target = absolute(path);
    let Some(folder) = folder.filter(|_| path.is_relative()).map(absolute) else { return target };
    let shared = target.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| "..");
    let down = target.components().skip(shared).map(|part| part.as_os_str().to_owned());
    up.map(Into::into).chain(down).collect()
}

fn reference(
    codec: &dyn Codec,
    spec: &CodecSpec,
    folder: Option<&Path>,
) -> Result<Vec<u8>, EngineError> {
    let named = CodecSpec {
        path: path_from(&spec.path, folder),
        vocoder: spec.vocoder.as_ref().map(|path| path_from(path, folder)),
        levels: spec.levels,
    };
    let reference = Reference {
        kind: codec.kind().to_owned(),
        fingerprint: codec.fingerprint(),
        named: named.to_string(),
    };
    let fail = |fault| EngineError::CodecReference { codec: spec.clone(), fault };
    let json = serde_json::to_string(&reference).map_err(|e| fail(e.into()))?;
    let none: [(&str, safetensors::tensor::TensorView<'_>); 0] = [];
    let metadata = HashMap::from([(REFERENCE.to_owned(), json)]);
    safetensors::serialize(none, Some(metadata)).map_err(|e| fail(e.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codec_named_by_a_relative_path_is_referred_to_from_the_models_folder() {
        for (codec, folder, expected) in [
            ("codecs/mimi", "", "codecs/mimi"),
            ("codecs/mimi", "codecs", "mimi"),
            ("codecs/mimi", "runs/a", "../../codecs/mimi"),
            ("/data/mimi", "/data", "/data/mimi"),
        ] {
            assert_eq!(path_from(Path::new(codec), Some(Path::new(folder))), Path::new(expected));
        }
        assert!(path_from(Path::new("mimi"), None).is_absolute());
    }
}
