//! Recipes: files with the stages of a pretraining.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A pretraining recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Folder for the outputs of the stages.
    pub run: PathBuf,
    /// Model file to write, with the language model of the last phase.
    pub out: PathBuf,
    /// Training corpus.
    pub corpus: CorpusRecipe,
    /// Published codec as `PATH[,levels=N]`. If absent, a codec is fitted and trained.
    #[serde(default)]
    pub codec: Option<String>,
    /// Fit of the quantizer.
    #[serde(default)]
    pub fit: ConfiguredStage,
    /// Training of the vocoder.
    #[serde(default)]
    pub vocoder: ConfiguredStage,
    /// Encoding of the corpus.
    #[serde(default)]
    pub encode: EncodeRecipe,
    /// Acoustic scenes with noise, rooms and other speakers. If absent, nothing is simulated.
    #[serde(default)]
    pub simulate: Option<SimulateRecipe>,
    /// Training phases in order (curriculum).
    pub train: Vec<PhaseRecipe>,
    /// Contents of the model file.
    pub package: PackageRecipe,
    /// Evaluation of the model. If absent, the model is not evaluated.
    #[serde(default)]
    pub evaluate: Option<EvaluateRecipe>,
}

/// Training corpus: an existing manifest, an imported corpus, or a synthesized one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorpusRecipe {
    /// Manifest of an existing corpus.
    pub manifest: Option<PathBuf>,
    /// Corpus to import.
    pub import: Option<ImportRecipe>,
    /// Whether phones are aligned with the recordings by the configured model, for corpora without TextGrids. Models
    /// with pointer alignment are trained on these phone times.
    pub align: bool,
    /// Number of utterances of a synthesized corpus.
    pub utterances: usize,
    /// Speech synthesizers of a synthesized corpus.
    pub engines: Vec<String>,
    /// Seed of a synthesized corpus.
    pub seed: u64,
}

impl Default for CorpusRecipe {
    fn default() -> Self {
        let engines = ["kokoro", "piper"].map(str::to_owned).to_vec();
        Self { manifest: None, import: None, align: false, utterances: 9600, engines, seed: 1 }
    }
}

/// A published corpus to import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRecipe {
    /// Format of the corpus.
    pub form: CorpusForm,
    /// Folder or file of the corpus.
    pub folder: PathBuf,
    /// Folder of TextGrids with phone times; `None` imports no phone times.
    #[serde(default)]
    pub textgrids: Option<PathBuf>,
}

/// Format of a published corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CorpusForm {
    /// Folders of LibriTTS or LibriSpeech.
    Libri,
    /// LJ Speech, with its `metadata.csv`.
    LjSpeech,
    /// Files `NAME.wav` with texts in `NAME.txt`.
    Pairs,
}

/// Evaluation with a suite, and the test set that the suite reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluateRecipe {
    /// File of the suite.
    pub suite: PathBuf,
    /// Path of the suite's manifest, if the test set is imported.
    #[serde(default)]
    pub manifest: Option<PathBuf>,
    /// Test set to import to `manifest`.
    #[serde(default)]
    pub import: Option<ImportRecipe>,
    /// Maximum number of items; `None` for that of the suite.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Seeds; empty for those of the suite.
    #[serde(default)]
    pub seeds: Vec<u64>,
    /// Folder of a Whisper checkpoint for an additional judge.
    #[serde(default)]
    pub judge_whisper: Option<PathBuf>,
    /// Command of an additional judge. `{list}` is replaced by the path of its input list, `{out}` by the path of its
    /// output.
    #[serde(default)]
    pub judge_command: Option<String>,
}

/// A stage with a configuration file of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfiguredStage {
    /// Configuration file; `None` for the default configuration.
    pub config: Option<PathBuf>,
    /// Changes of the configuration, each `KEY=VALUE`.
    pub set: Vec<String>,
}

/// Encoding of the corpus to token shards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncodeRecipe {
    /// Number of utterances per shard.
    pub per_shard: usize,
    /// Whether shards and renditions also store the continuous latents.
    pub latents: bool,
}

impl Default for EncodeRecipe {
    fn default() -> Self {
        Self { per_shard: 500, latents: false }
    }
}

/// Simulated acoustic scenes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulateRecipe {
    /// Seed of the scenes.
    pub seed: u64,
    /// Minimum and maximum signal-to-noise ratio, in dB; -5 to 20 if absent.
    pub snr_db: Option<(f64, f64)>,
    /// Minimum and maximum ratio of the speech to an interfering speaker, in dB; -5 to 20 if absent.
    pub sir_db: Option<(f64, f64)>,
}

/// A training phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseRecipe {
    /// Name, unique in the recipe. The stage is called `train-NAME`.
    pub name: String,
    /// Training configuration file.
    pub config: PathBuf,
    /// Changes of the training configuration, each `KEY=VALUE`.
    #[serde(default)]
    pub set: Vec<String>,
    /// Sampling weights by task and stage of its layout. If empty, those of the configuration apply.
    #[serde(default)]
    pub mix: BTreeMap<String, BTreeMap<String, f64>>,
    /// Changes of the program's settings, each `KEY=VALUE`, such as `tasks.stt.augmented_share=0.3`.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Folder of token shards and renditions. If absent, those of the recipe's own encoding and simulation are used.
    #[serde(default)]
    pub data: Option<PathBuf>,
    /// Model file with the initial weights. If absent, the previous phase provides them.
    #[serde(default)]
    pub from: Option<PathBuf>,
    /// Number of sentences of in-training evaluation; 0 disables it.
    #[serde(default)]
    pub in_training_eval: usize,
}

impl PhaseRecipe {
    /// Name of the phase's stage.
    pub(super) fn stage(&self) -> String {
        format!("train-{}", self.name)
    }
}

/// Contents of the model file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageRecipe {
    /// File with the model card as a JSON object. Commands and durations of the stages are added to it.
    #[serde(default)]
    pub card: Option<PathBuf>,
    /// Voices of the model; the first is the default.
    pub voices: Vec<VoiceRecipe>,
}

/// A voice of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceRecipe {
    /// Name of the voice.
    pub name: String,
    /// Identifier of the utterance whose recording is the prompt.
    pub utterance: String,
}
