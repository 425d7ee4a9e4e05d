//! Facts about a loaded model.

use serde::Serialize;
use serde_json::Value;
use syrinx_model::LmConfig;

use crate::running::LoadedTask;
use crate::{CodecId, Engine};

/// Facts about a task of this model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskInfo {
    /// Identifier of the task.
    pub id: String,
    /// Special tokens of the task that the model lacks; the task runs if there are none.
    pub missing_special_tokens: Vec<String>,
}

/// Facts about a loaded model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Info {
    /// The file, or `embedded`.
    pub file: String,
    /// Number of parameters of the language model.
    pub parameters: usize,
    /// Sizes and switches of the language model.
    pub lm: LmConfig,
    /// The codec.
    pub codec: CodecId,
    /// The tasks.
    pub tasks: Vec<TaskInfo>,
    /// Voices, the default first.
    pub voices: Vec<String>,
    /// The model card that came with it.
    pub card: Value,
}

impl Engine {
    /// Facts about the model.
    pub fn info(&self) -> Info {
        let task = |t: &LoadedTask| TaskInfo {
            id: t.descriptor.id.into(),
            missing_special_tokens: t.missing_special_tokens.clone(),
        };
        Info {
            file: self.file.clone(),
            parameters: self.parameters,
            lm: self.model.config().clone(),
            codec: self.codec.clone(),
            tasks: self.tasks.iter().map(task).collect(),
            voices: self.voices().names(),
            card: self.card.clone(),
        }
    }
}
