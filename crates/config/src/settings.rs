//! The program's own settings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use syrinx_decode::DecodeConfig;
use syrinx_engine::PromptConfig;
use syrinx_nn::{DeviceChoice, Kernels, Precision};
use syrinx_pretrained::RecognizerChoice;
use syrinx_pretrained::whisper::WhisperOptions;
use syrinx_registry::ALL;
use syrinx_task::TaskDescriptor;

use crate::{ConfigError, Layer, LoadedConfig, load};

/// Name of the file that is looked for in the current folder.
pub const SETTINGS_FILE: &str = "syrinx.toml";

/// Settings of `syrinx`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Model file; the embedded model if none is named.
    #[schemars(with = "Option<String>")]
    pub model: Option<PathBuf>,
    /// Adapter to the model's weights, as `syrinx train --lora` writes it.
    #[schemars(with = "Option<String>")]
    pub adapter: Option<PathBuf>,
    /// Codec of the model, for models that refer to one: `PATH[,levels=N][,vocoder=PATH]`.
    pub codec: Option<String>,
    /// Folder of your own voices.
    #[schemars(with = "Option<String>")]
    pub voices_dir: Option<PathBuf>,
    /// File of your own pronunciations, a line a word: `phones  F OW1 N Z`.
    #[schemars(with = "Option<String>")]
    pub lexicon: Option<PathBuf>,
    /// Results store, where evaluations and ablations land; `runs/results.db` if none is named.
    #[schemars(with = "Option<String>")]
    pub results: Option<PathBuf>,
    /// Recognizer in place of the model's own, for every task that needs the words of a recording: `whisper:FOLDER`.
    #[schemars(with = "Option<String>")]
    pub recognizer: Option<RecognizerChoice>,
    /// Settings of a Whisper recognizer.
    pub whisper: WhisperOptions,
    /// Seed of everything random.
    pub seed: u64,
    /// Device of the language model: `cpu`, `cuda` (the first GPU) or `cuda:N`.
    #[schemars(with = "String")]
    pub device: DeviceChoice,
    /// Kernels of the network's layers: `fused` or `primitive`.
    pub kernels: Kernels,
    /// Precision of the language model.
    pub precision: Precision,
    /// Settings of generation.
    pub decode: DecodeConfig,
    /// Selection of a prompt from a recording.
    pub prompt: PromptConfig,
    /// Settings of the tasks, by their identifiers (`syrinx tasks show NAME`).
    pub tasks: BTreeMap<String, Value>,
}

impl Settings {
    /// Reads the layers over the defaults of the settings and of every task of the registry.
    ///
    /// # Errors
    /// Any [`ConfigError`].
    pub fn load(layers: &[Layer]) -> Result<LoadedConfig<Self>, ConfigError> {
        Self::load_with_tasks(layers, ALL)
    }

    /// Reads the layers over the defaults of the settings and of these tasks.
    ///
    /// # Errors
    /// Any [`ConfigError`]; settings of a task that is not among these are unknown keys.
    pub fn load_with_tasks(
        layers: &[Layer],
        tasks: &[&'static TaskDescriptor],
    ) -> Result<LoadedConfig<Self>, ConfigError> {
        let schema = settings_schema(tasks);
        let tasks: Map<String, Value> =
            tasks.iter().map(|d| (d.id.to_owned(), (d.default_config)())).collect();
        let mut defaults = serde_json::to_value(Self::default())
            .map_err(|e| ConfigError::Defaults { fault: e.into() })?;
        defaults["tasks"] = Value::Object(tasks);
        load(&schema, &defaults, layers)
    }
}

/// Returns the schema of the settings, with those of these tasks in it.
pub fn settings_schema(tasks: &[&'static TaskDescriptor]) -> Value {
    let mut root = schemars::schema_for!(Settings).to_value();
    let mut of_tasks = Map::new();
    for descriptor in tasks {
        let id = descriptor.id;
        // Two tasks may have definitions of the same name, so each gets the task's name before its own.
        let text = (descriptor.config_schema)().to_value().to_string();
        let text = text.replace("\"#/$defs/", &format!("\"#/$defs/{id}."));
        let mut schema: Value = serde_json::from_str(&text).unwrap_or_default();
        let own = schema.as_object_mut().and_then(|s| {
            s.remove("$schema");
            s.remove("$defs")
        });
        if let Some(Value::Object(own)) = own {
            for (name, definition) in own {
                root["$defs"][format!("{id}.{name}")] = definition;
            }
        }
        of_tasks.insert(id.to_owned(), schema);
    }
    let about = root["properties"]["tasks"]["description"].clone();
    root["properties"]["tasks"] = json!({
        "description": about,
        "type": "object",
        "properties": of_tasks,
        "additionalProperties": false,
    });
    root
}
