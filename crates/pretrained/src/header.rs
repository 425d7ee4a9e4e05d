//! Header of a file with a codec and its vocoder.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Key of the configuration in a safetensors header. A file with it needs no folder.
pub(crate) const HEADER: &str = "syrinx_pretrained";

/// Prefix of the vocoder's tensors in the file.
pub(crate) const VOCODER: &str = "vocoder.";

/// Value of [`HEADER`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// Configuration of the codec, as in its `config.json`.
    pub(crate) config: Value,
    /// Number of levels in use; all if not given.
    pub(crate) levels: Option<usize>,
    /// Configuration of the vocoder, as in its `config.yaml`.
    pub(crate) vocoder: Option<String>,
}
