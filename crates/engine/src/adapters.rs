//! Language models outside model files, and adapters to them.

use std::path::Path;

use syrinx_model::{Adapter, LmFile};

use crate::format::{PartFile, join, split};
use crate::loading::read;
use syrinx_types::IoOperation;

use crate::{EngineError, ModelSource};

/// Returns the language model of a model file, or of the file that training writes.
///
/// # Errors
/// [`EngineError::OpenModel`], [`EngineError::ModelFile`] or [`EngineError::Part`].
pub fn language_model(source: &ModelSource) -> Result<LmFile, EngineError> {
    let (file, bytes) = read(source)?;
    match split(&bytes, &file) {
        Ok(parts) => LmFile::from_bytes(&parts.lm).map_err(EngineError::language_model(&file)),
        // A file without the other parts may be a language model alone.
        Err(no_model) => LmFile::from_bytes(&bytes).map_err(|_| no_model),
    }
}

/// Returns a model with an adapter merged into its weights, as the bytes of a file of the same type: a model file keeps
/// its codec, voices and card.
///
/// # Errors
/// Errors of [`language_model`], and [`EngineError::Adapter`] for an adapter of another model.
pub fn merge_adapter(source: &ModelSource, adapter: &Path) -> Result<Vec<u8>, EngineError> {
    let (file, bytes) = read(source)?;
    let merged = with_adapter(&language_model(source)?, adapter)?;
    let lm = merged.to_bytes(true).map_err(EngineError::language_model(&file))?;
    let Ok(parts) = split(&bytes, &file) else { return Ok(lm) };
    let part = |bytes| PartFile { bytes, file: &file };
    join(part(&lm), part(&parts.codec), &parts.voices, parts.card)
}

/// Returns the language model with an adapter applied.
pub(crate) fn with_adapter(lm: &LmFile, path: &Path) -> Result<LmFile, EngineError> {
    let bytes = std::fs::read(path).map_err(EngineError::io(IoOperation::Read, path))?;
    let merged = Adapter::from_bytes(&bytes).and_then(|adapter| adapter.merged(lm));
    merged.map_err(|fault| EngineError::Adapter {
        file: path.display().to_string(),
        fault: Box::new(fault),
    })
}
