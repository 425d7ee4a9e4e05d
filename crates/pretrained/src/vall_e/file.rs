//! Files of imported models: a language model's file with the tokenizer in its metadata.

use safetensors::SafeTensors;
use syrinx_model::{LmFile, ModelError};

/// Metadata key of the tokenizer.
const TOKENIZER: &str = "vall_e_tokenizer";

/// An imported model and its tokenizer.
pub struct VallEFile {
    /// Weights and configuration.
    pub lm: LmFile,
    /// Contents of `tokenizer.json`.
    pub tokenizer: String,
}

impl VallEFile {
    /// The file's bytes; with `half`, weights are stored as f16.
    ///
    /// # Errors
    /// [`ModelError`] for tensors that cannot be stored.
    pub fn to_bytes(&self, half: bool) -> Result<Vec<u8>, ModelError> {
        let broken = |e: safetensors::SafeTensorError| ModelError::Broken(e.to_string());
        let bytes = self.lm.to_bytes(half)?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
        let mut metadata = header.metadata().clone().unwrap_or_default();
        metadata.insert(TOKENIZER.into(), self.tokenizer.clone());
        let views = SafeTensors::deserialize(&bytes).map_err(broken)?;
        safetensors::serialize(views.tensors(), Some(metadata)).map_err(broken)
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`ModelError::Broken`] for a file that is cut, or that was not imported.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let broken = |e: safetensors::SafeTensorError| ModelError::Broken(e.to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let tokenizer = header.metadata().as_ref().and_then(|m| m.get(TOKENIZER).cloned());
        let tokenizer = tokenizer.ok_or_else(|| {
            ModelError::Broken("it was not imported from a vall-e checkpoint".into())
        })?;
        Ok(Self { lm: LmFile::from_bytes(bytes)?, tokenizer })
    }

    /// Whether bytes are a file of an imported model.
    pub fn is_one(bytes: &[u8]) -> bool {
        let header = SafeTensors::read_metadata(bytes);
        let metadata = header.ok().and_then(|(_, header)| header.metadata().clone());
        metadata.is_some_and(|m| m.contains_key(TOKENIZER))
    }
}
