//! Language models apart from their files, and adapters to them.

use std::path::Path;

use syrinx_model::{Adapter, LmFile};

use crate::format::{join, open_part, split};
use crate::loading::read;
use syrinx_types::IoOperation;

use crate::{EngineError, ModelPart, ModelSource};

/// Returns the language model of a model file, or of the file that training writes.
///
/// # Errors
/// [`EngineError::OpenModel`], [`EngineError::ModelFile`] or [`EngineError::Part`].
pub fn language_model(source: &ModelSource) -> Result<LmFile, EngineError> {
    let (file, bytes) = read(source)?;
    match split(&bytes, &file) {
        Ok(parts) => lm_of(&parts.lm, &file),
        // A file without the other parts may be a language model alone.
        Err(no_model) => LmFile::from_bytes(&bytes).map_err(|_| no_model),
    }
}

/// Returns a model with an adapter in its weights, as the bytes of a file of the same kind: a whole model stays one,
/// with its codec, voices and card.
///
/// # Errors
/// Errors of [`language_model`], and [`EngineError::Adapter`] for an adapter of another model.
pub fn merge_adapter(source: &ModelSource, adapter: &Path) -> Result<Vec<u8>, EngineError> {
    let (file, bytes) = read(source)?;
    let merged = with_adapter(&language_model(source)?, adapter)?;
    let part = |e: syrinx_model::ModelError| EngineError::Part {
        file: file.clone(),
        part: ModelPart::LanguageModel,
        cause: e.into(),
    };
    let lm = merged.to_bytes(true).map_err(part)?;
    let Ok(parts) = split(&bytes, &file) else { return Ok(lm) };
    let (lm_part, codec_part) = (open_part(&lm, &file)?, open_part(&parts.codec, &file)?);
    join(lm_part, codec_part, &parts.voices, parts.card).map_err(|fault| EngineError::ModelFile {
        file: file.clone(),
        fault,
        remedy: "package it again",
    })
}

/// Returns the language model with an adapter applied.
pub(crate) fn with_adapter(lm: &LmFile, path: &Path) -> Result<LmFile, EngineError> {
    let bytes = std::fs::read(path).map_err(EngineError::io(IoOperation::Read, path))?;
    let fail = |e: syrinx_model::ModelError| EngineError::Adapter {
        file: path.display().to_string(),
        cause: Box::new(e),
    };
    Adapter::from_bytes(&bytes).and_then(|a| a.merged(lm)).map_err(fail)
}

fn lm_of(bytes: &[u8], file: &str) -> Result<LmFile, EngineError> {
    LmFile::from_bytes(bytes).map_err(|e| EngineError::Part {
        file: file.into(),
        part: ModelPart::LanguageModel,
        cause: e.into(),
    })
}
