//! Writing model files.

use std::path::Path;

use serde_json::{Value, json};
use syrinx_codec::{Codec, EmbeddedCodec};
use syrinx_model::LmFile;
use syrinx_types::{Codes, IoOperation};

use crate::codec_part::{PackageCodec, codec_of_part, own_codec, part_of};
use crate::fault::VoiceFault;
use crate::format::{self, PartFile};
use crate::loading::{check_fit, read, vocab_of};
use crate::voices::is_name;
use crate::{CodecId, EngineError, ModelSource};

/// A voice in a model file.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageVoice {
    /// Name of the voice: letters, digits, `-` and `_`.
    pub name: String,
    /// Description of the origin, for listings.
    pub about: String,
    /// Codes of the prompt, all levels.
    pub codes: Codes,
}

/// Joins a language model, the codec it was trained on, and voices (the default first) to the bytes of a model file.
/// Weights are stored as f16. `card` is the model card, any JSON.
///
/// # Errors
/// [`EngineError::ModelFile`] or [`EngineError::Part`] for files that can't be read, [`EngineError::Mismatch`] for
/// parts that don't go together, [`EngineError::Voice`].
pub fn package(
    lm_path: &Path,
    codec: &PackageCodec,
    voices: &[PackageVoice],
    card: Value,
) -> Result<Vec<u8>, EngineError> {
    let file = lm_path.display().to_string();
    let bytes = std::fs::read(lm_path).map_err(EngineError::io(IoOperation::Read, lm_path))?;
    let lm = LmFile::from_bytes(&bytes).map_err(EngineError::language_model(&file))?;
    package_lm(&lm, &file, codec, voices, card)
}

/// Joins a language model in memory with a codec and voices, as [`package`] does; `file` is its name in errors.
///
/// # Errors
/// As [`package`].
pub fn package_lm(
    lm: &LmFile,
    file: &str,
    codec: &PackageCodec,
    voices: &[PackageVoice],
    card: Value,
) -> Result<Vec<u8>, EngineError> {
    let codec_name = codec.spec.to_string();
    let (codec, codec_bytes) = part_of(codec)?;
    let id = CodecId::of(codec.as_ref());
    let mismatch = |fault| EngineError::Mismatch { file: file.to_owned(), fault };
    let vocab = vocab_of(lm, file)?;
    check_fit(lm, codec.as_ref(), &vocab).map_err(mismatch)?;
    for (i, voice) in voices.iter().enumerate() {
        check_voice(voice, &id, &voices[..i])?;
    }
    let lm_bytes = lm.to_bytes(true).map_err(EngineError::language_model(file))?;
    let lm_part = PartFile { bytes: &lm_bytes, file };
    let codec_part = PartFile { bytes: &codec_bytes, file: &codec_name };
    format::join(lm_part, codec_part, voices, card)
}

/// Returns a model with its language model replaced by one that was trained on its codec. Voices are kept. A codec with
/// the same quantiser and another vocoder may be given, and a card; otherwise both are kept.
///
/// # Errors
/// Errors of [`package`] and of opening the model.
pub fn with_language_model(
    model: &ModelSource,
    lm_path: &Path,
    codec: Option<&PackageCodec>,
    card: Option<Value>,
) -> Result<Vec<u8>, EngineError> {
    with_parts(model, Some(lm_path), codec, card)
}

/// Returns a model with its codec replaced by one with the same quantiser. Language model and voices are kept. Without
/// `card` the model's own is kept, and names the new codec and its fingerprint under `codec`.
///
/// # Errors
/// Errors of opening the model or the codec, and [`EngineError::Mismatch`] for another quantiser.
pub fn with_codec(
    model: &ModelSource,
    codec: &PackageCodec,
    card: Option<Value>,
) -> Result<Vec<u8>, EngineError> {
    with_parts(model, None, Some(codec), card)
}

/// Returns a model with the given parts in place of its own.
fn with_parts(
    model: &ModelSource,
    lm_path: Option<&Path>,
    codec: Option<&PackageCodec>,
    card: Option<Value>,
) -> Result<Vec<u8>, EngineError> {
    let (file, bytes) = read(model)?;
    let mut parts = format::split(&bytes, &file)?;
    let opened = codec_of_part(&parts.codec, &file, codec.map(|codec| &codec.spec))?;
    let (mut lm_file, mut codec_file) = (file.clone(), file);
    if let Some(codec) = codec {
        (codec_file, parts.codec) = (codec.spec.to_string(), part_of(codec)?.1);
    }
    if let Some(path) = lm_path {
        lm_file = path.display().to_string();
        parts.lm = std::fs::read(path).map_err(EngineError::io(IoOperation::Read, path))?;
        let lm = LmFile::from_bytes(&parts.lm).map_err(EngineError::language_model(&lm_file))?;
        check_fit(&lm, opened.as_ref(), &vocab_of(&lm, &lm_file)?)
            .map_err(|fault| EngineError::Mismatch { file: lm_file.clone(), fault })?;
    }
    let lm_part = PartFile { bytes: &parts.lm, file: &lm_file };
    let codec_part = PartFile { bytes: &parts.codec, file: &codec_file };
    let card = match (card, codec) {
        (Some(card), _) => card,
        (None, Some(codec)) => card_with_codec(parts.card, codec, opened.as_ref()),
        (None, None) => parts.card,
    };
    format::join(lm_part, codec_part, &parts.voices, card)
}

/// Returns the card of a model whose codec is replaced: the figures in it are those of the codec before.
fn card_with_codec(mut card: Value, codec: &PackageCodec, opened: &dyn Codec) -> Value {
    if let Value::Object(fields) = &mut card {
        let replaced = json!({
            "replaced by": codec.spec.to_string(),
            "fingerprint": opened.fingerprint(),
        });
        fields.insert("codec".to_owned(), replaced);
    }
    card
}

/// Returns the codec of a model.
///
/// # Errors
/// [`EngineError::ModelFile`] or [`EngineError::Part`] for a file that can't be read.
pub fn codec(model: &ModelSource) -> Result<EmbeddedCodec, EngineError> {
    let (file, bytes) = read(model)?;
    let parts = format::split(&bytes, &file)?;
    own_codec(&parts.codec, &file)
}

fn check_voice(
    voice: &PackageVoice,
    codec: &CodecId,
    before: &[PackageVoice],
) -> Result<(), EngineError> {
    let fail = |fault| EngineError::Voice { name: voice.name.clone(), fault };
    if !is_name(&voice.name) {
        return Err(fail(VoiceFault::InvalidName));
    }
    if before.iter().any(|v| v.name == voice.name) {
        return Err(fail(VoiceFault::Repeated));
    }
    let (frames, levels) = (voice.codes.frames(), voice.codes.levels());
    let codec_levels = codec.info.levels;
    if voice.codes.is_empty() || levels != codec_levels {
        return Err(fail(VoiceFault::Shape { frames, levels, codec_levels }));
    }
    voice.codes.check(codec.info.codebook_size).map_err(|e| fail(VoiceFault::Codes(e)))
}
