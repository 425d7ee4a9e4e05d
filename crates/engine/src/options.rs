//! Options of loading a model.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use candle_core::Device;
use serde_json::Value;
use syrinx_nn::{Kernels, Precision};
use syrinx_task::TaskDescriptor;

use crate::PromptConfig;

/// Origin of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// Compiled into the program.
    Bytes(&'static [u8]),
    /// A file made by [`crate::package`].
    File(PathBuf),
    /// Content of such a file, in memory.
    Memory(Arc<[u8]>),
}

/// Options of loading a model.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Kernels of the layers.
    pub kernels: Kernels,
    /// Device of the language model. The codec always runs on the CPU.
    pub device: Device,
    /// Precision of the language model.
    pub precision: Precision,
    /// Folder of the user's voices.
    pub voices_dir: Option<PathBuf>,
    /// A file of the user's pronunciations.
    pub lexicon_path: Option<PathBuf>,
    /// An adapter to the language model.
    pub adapter: Option<PathBuf>,
    /// The codec, for models that refer to one.
    pub codec: Option<syrinx_pretrained::CodecSpec>,
    /// Whether requests may name files and standard input. A server turns it off: recordings are attached then.
    pub read_files: bool,
    /// Tasks to build on the model; those of the registry by default. A task of another crate is added to them.
    pub tasks: Vec<&'static TaskDescriptor>,
    /// Settings of tasks by their identifiers; defaults for those not named.
    pub task_settings: BTreeMap<String, Value>,
    /// Selection of a voice's prompt from a recording, kept or in a request.
    pub prompt: PromptConfig,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            kernels: Kernels::default(),
            device: Device::Cpu,
            precision: Precision::default(),
            voices_dir: None,
            lexicon_path: None,
            adapter: None,
            codec: None,
            read_files: true,
            tasks: syrinx_registry::ALL.to_vec(),
            task_settings: BTreeMap::new(),
            prompt: PromptConfig::default(),
        }
    }
}
