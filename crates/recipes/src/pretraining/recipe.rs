//! Recipes: files that describe the stages of a pretraining.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Folder of the stages' outputs.
    pub run: PathBuf,
    /// Model file that the last stage of training is packaged to.
    pub out: PathBuf,
    /// Corpus.
    pub corpus: CorpusRecipe,
    /// A published codec, as `PATH[,levels=N]`; without it one is fitted and trained.
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
    /// Noise, rooms and other speakers; left out if not given.
    #[serde(default)]
    pub simulate: Option<SimulateRecipe>,
    /// Phases of the training in their order: the curriculum.
    pub train: Vec<PhaseRecipe>,
    /// Model file.
    pub package: PackageRecipe,
    /// Evaluation of the model at the end; left out if not given.
    #[serde(default)]
    pub evaluate: Option<EvaluateRecipe>,
}

/// A corpus that exists, one that is imported, or one that is synthesized.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorpusRecipe {
    /// Manifest of a corpus that exists.
    pub manifest: Option<PathBuf>,
    /// Corpus to import.
    pub import: Option<ImportRecipe>,
    /// Whether the model in use aligns phones with recordings: the pointer needs their times. For corpora without
    /// TextGrids.
    pub align: bool,
    /// Number of utterances of a synthesized corpus.
    pub utterances: usize,
    /// Speech engines of a synthesized corpus.
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

/// A published corpus in one of the importer's forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRecipe {
    /// Form of the corpus.
    pub form: CorpusForm,
    /// Folder or file of the corpus.
    pub folder: PathBuf,
    /// Folder of TextGrids with phone times.
    #[serde(default)]
    pub textgrids: Option<PathBuf>,
}

/// Form of a published corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CorpusForm {
    /// LibriTTS or LibriSpeech folders.
    Libri,
    /// LJ Speech's `metadata.csv`.
    LjSpeech,
    /// Pairs of NAME.wav and NAME.txt.
    Pairs,
}

/// A suite, and the corpus of its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluateRecipe {
    /// File of the suite.
    pub suite: PathBuf,
    /// Manifest that the suite names, where it is imported.
    #[serde(default)]
    pub manifest: Option<PathBuf>,
    /// Corpus that the manifest is imported from.
    #[serde(default)]
    pub import: Option<ImportRecipe>,
    /// Largest number of items, in place of the suite's.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Seeds, in place of the suite's.
    #[serde(default)]
    pub seeds: Vec<u64>,
    /// Folder of a Whisper checkpoint that is a further judge.
    #[serde(default)]
    pub judge_whisper: Option<PathBuf>,
    /// Command that is a further judge: {list} is the file of lines it reads, {out} the one it writes.
    #[serde(default)]
    pub judge_command: Option<String>,
}

/// Configuration of a stage that has a configuration file of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfiguredStage {
    /// Configuration file.
    pub config: Option<PathBuf>,
    /// Changes of the configuration, `KEY=VALUE`.
    pub set: Vec<String>,
}

/// Encoding of the corpus to token shards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncodeRecipe {
    /// Utterances of a shard.
    pub per_shard: usize,
    /// Whether shards and renditions keep the latents that the codes round.
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
    /// Lowest and highest level of the speech above the background, dB; -5 to 20 if not given.
    pub snr_db: Option<(f64, f64)>,
    /// Lowest and highest level of the speech above another speaker, dB; -5 to 20 if not given.
    pub sir_db: Option<(f64, f64)>,
}

/// A phase of the training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseRecipe {
    /// Name, unique in the recipe; the stage is called `train-NAME`.
    pub name: String,
    /// Training configuration.
    pub config: PathBuf,
    /// Changes of the training configuration, `KEY=VALUE`.
    #[serde(default)]
    pub set: Vec<String>,
    /// Sampling weights by task and stage of its layout; those of the configuration if empty.
    #[serde(default)]
    pub mix: BTreeMap<String, BTreeMap<String, f64>>,
    /// Changes of the program's settings, `KEY=VALUE`, such as `tasks.stt.augmented_share=0.3`.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Folder of token shards with their renditions; those that the recipe encodes and simulates if not given.
    #[serde(default)]
    pub data: Option<PathBuf>,
    /// Model file whose weights the phase begins with; those of the previous phase if not given.
    #[serde(default)]
    pub from: Option<PathBuf>,
    /// Sentences of the in-training evaluation; 0 for none.
    #[serde(default)]
    pub in_training_eval: usize,
}

impl PhaseRecipe {
    /// Name of the phase's stage.
    pub(super) fn stage(&self) -> String {
        format!("train-{}", self.name)
    }
}

/// Model file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageRecipe {
    /// File with a JSON object; the durations of the stages are added to it.
    #[serde(default)]
    pub card: Option<PathBuf>,
    /// Voices, the default first.
    pub voices: Vec<VoiceRecipe>,
}

/// A voice of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceRecipe {
    /// Name of the voice.
    pub name: String,
    /// Utterance of the corpus that is its prompt.
    pub utterance: String,
}
