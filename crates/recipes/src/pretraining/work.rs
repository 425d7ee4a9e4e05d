//! Work of the stages, with equivalent command lines.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::recipe::{ConfiguredStage, CorpusForm, EvaluateRecipe, SimulateRecipe, VoiceRecipe};

/// Work of a stage.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StageWork {
    /// Synthesizes a corpus.
    Synthesize {
        /// Corpus to synthesize.
        request: CorpusRequest,
        /// Command line of the corpus generator.
        line: String,
    },
    /// Imports a published corpus. Changes of the corpus are not detected, since it can have hundreds of gigabytes.
    Import {
        /// Form of the corpus.
        form: CorpusForm,
        /// Folder or file of the corpus.
        corpus: PathBuf,
        /// Folder of TextGrids with phone times.
        textgrids: Option<PathBuf>,
        /// Manifest to write.
        manifest: PathBuf,
    },
    /// Aligns phones with recordings by the configured model.
    Align {
        /// Manifest to read.
        corpus: PathBuf,
        /// Manifest to write.
        manifest: PathBuf,
    },
    /// Fits the quantizer.
    Fit {
        /// Manifest of the recordings.
        manifest: PathBuf,
        /// Configuration of the fit.
        config: ConfiguredStage,
        /// File of the quantizer to write.
        quantizer: PathBuf,
    },
    /// Trains the vocoder.
    Vocoder {
        /// Manifest of the recordings.
        manifest: PathBuf,
        /// File of the quantizer.
        quantizer: PathBuf,
        /// File of the training state.
        state: PathBuf,
        /// Configuration of the training.
        config: ConfiguredStage,
        /// File of the codec to write.
        codec: String,
    },
    /// Encodes the corpus.
    Encode {
        /// Recordings, destination and codec.
        encoding: Encoding,
        /// Number of utterances per shard.
        per_shard: usize,
    },
    /// Simulates renditions of the utterances with noise, rooms and other speakers, as training data of tasks that
    /// enhance or separate speech.
    Simulate {
        /// Recordings, destination and codec.
        encoding: Encoding,
        /// Settings of the scenes.
        scenes: SimulateRecipe,
    },
    /// Trains the language model in one phase.
    Train(PhaseWork),
    /// Writes the model file.
    Package {
        /// Manifest with the recordings of the voices.
        manifest: PathBuf,
        /// Language model of the last phase.
        lm: PathBuf,
        /// Codec specification.
        codec: String,
        /// Model card of the recipe.
        card: Option<PathBuf>,
        /// Model card to write, with the durations of the stages.
        written_card: PathBuf,
        /// Model file to write.
        out: PathBuf,
        /// Voices of the model; the first is the default.
        voices: Vec<VoiceRecipe>,
    },
    /// Evaluates the model.
    Evaluate {
        /// Suite and its options.
        recipe: EvaluateRecipe,
        /// Model file to evaluate.
        model: PathBuf,
        /// Folder of the report.
        report: PathBuf,
        /// File of the results store.
        results: PathBuf,
    },
}

/// A corpus to synthesize.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusRequest {
    /// Folder for the recordings and `manifest.jsonl`.
    pub folder: PathBuf,
    /// Number of utterances.
    pub utterances: usize,
    /// Names of the speech synthesizers.
    pub engines: Vec<String>,
    /// Seed of texts, speakers and splits.
    pub seed: u64,
}

/// Encoding of the recordings of a manifest to token shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// Manifest of the recordings.
    pub manifest: PathBuf,
    /// Folder of the shards.
    pub shards: PathBuf,
    /// Codec specification.
    pub codec: String,
    /// Whether continuous latents are stored with the codes.
    pub latents: bool,
}

/// A training phase.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseWork {
    /// Folder of token shards.
    pub data: PathBuf,
    /// Codec specification.
    pub codec: String,
    /// Folder of the training run.
    pub run: PathBuf,
    /// Model file with the initial weights; `None` for new weights.
    pub from: Option<PathBuf>,
    /// Training configuration, including the sampling weights of the phase.
    pub config: ConfiguredStage,
    /// Changes of the program's settings, each `KEY=VALUE`.
    pub settings: Vec<String>,
    /// Number of sentences of in-training evaluation; 0 disables it.
    pub in_training_eval: usize,
}

/// Words of a command line.
struct Words(Vec<String>);

impl Words {
    fn of(parts: &[&dyn Display]) -> Self {
        Self(parts.iter().map(ToString::to_string).collect())
    }

    /// Appends a flag and its value; nothing if the value is `None`.
    fn flag(mut self, name: &str, value: Option<&dyn Display>) -> Self {
        self.0.extend(value.into_iter().flat_map(|value| [name.to_owned(), value.to_string()]));
        self
    }

    /// Appends a flag and its path; nothing if the path is `None`.
    fn path(self, name: &str, path: Option<&Path>) -> Self {
        let shown = path.map(Path::display);
        self.flag(name, shown.as_ref().map(|path| path as &dyn Display))
    }

    /// Appends a flag without a value if `given`.
    fn switch(mut self, name: &str, given: bool) -> Self {
        self.0.extend(given.then(|| name.to_owned()));
        self
    }

    /// Appends a configuration file and its changes.
    fn configured(self, config: &ConfiguredStage) -> Self {
        let words = self.path("--config", config.config.as_deref());
        config.set.iter().fold(words, |words, change| words.flag("--set", Some(change)))
    }

    /// Appends a flag with the two ends of a range in dB.
    fn range(mut self, name: &str, range: Option<(f64, f64)>) -> Self {
        let words = |(low, high): (f64, f64)| [name.into(), low.to_string(), high.to_string()];
        self.0.extend(range.into_iter().flat_map(words));
        self
    }

    fn line(self) -> String {
        format!("syrinx {}", self.0.join(" "))
    }
}

impl CorpusRequest {
    /// Returns the arguments of `cargo xtask corpus`.
    pub fn words(&self) -> Vec<String> {
        Words(Vec::new())
            .path("--out", Some(&self.folder))
            .flag("--utterances", Some(&self.utterances))
            .flag("--engines", Some(&self.engines.join(",")))
            .flag("--seed", Some(&self.seed))
            .0
    }
}

impl Encoding {
    /// Returns the arguments of a command that encodes.
    fn words(&self, verb: &str) -> Words {
        let Self { manifest, shards, codec, .. } = self;
        Words::of(&[&"data", &verb, &manifest.display()])
            .path("--out", Some(shards))
            .flag("--codec", Some(codec))
    }
}

impl PhaseWork {
    fn line(&self) -> String {
        let sentences = Some(&self.in_training_eval).filter(|&&sentences| sentences > 0);
        let words = Words::of(&[&"train"])
            .path("--data", Some(&self.data))
            .flag("--codec", Some(&self.codec))
            .path("--run", Some(&self.run))
            .switch("--resume", true)
            .path("--from", self.from.as_deref())
            .flag("--in-training-eval", sentences.map(|n| n as &dyn Display));
        let settings = self.settings.iter().map(|setting| variable(setting));
        settings.chain([words.configured(&self.config).line()]).collect::<Vec<_>>().join(" ")
    }
}

/// Returns a setting as an assignment of its environment variable.
fn variable(setting: &str) -> String {
    let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
    format!("SYRINX_{}={value}", key.replace('.', "__").to_uppercase())
}

impl CorpusForm {
    /// Name on the command line.
    fn name(self) -> &'static str {
        match self {
            Self::Libri => "libri",
            Self::LjSpeech => "ljspeech",
            Self::Pairs => "pairs",
        }
    }
}

impl StageWork {
    /// Returns the equivalent command line. It is part of the stage's key, so a changed line repeats the stage.
    pub fn line(&self) -> String {
        match self {
            Self::Synthesize { line, .. } => line.clone(),
            Self::Import { form, corpus, textgrids, manifest } => {
                Words::of(&[&"data", &"import", &form.name(), &corpus.display()])
                    .path("--out", Some(manifest))
                    .path("--textgrids", textgrids.as_deref())
                    .line()
            }
            Self::Align { corpus, manifest } => {
                let words = Words::of(&[&"data", &"align", &corpus.display()]);
                words.path("--out", Some(manifest)).line()
            }
            Self::Fit { manifest, config, quantizer } => {
                let words = Words::of(&[&"codec", &"fit", &manifest.display()]);
                words.path("--out", Some(quantizer)).configured(config).line()
            }
            Self::Vocoder { manifest, quantizer, state, config, codec } => {
                Words::of(&[&"codec", &"train", &manifest.display()])
                    .path("--quantiser", Some(quantizer))
                    .path("--state", Some(state))
                    .flag("--out", Some(codec))
                    .configured(config)
                    .line()
            }
            Self::Encode { encoding, per_shard } => {
                let words = encoding.words("encode").flag("--per-shard", Some(per_shard));
                words.switch("--latents", encoding.latents).line()
            }
            Self::Simulate { encoding, scenes } => encoding
                .words("simulate")
                .flag("--seed", Some(&scenes.seed))
                .switch("--latents", encoding.latents)
                .range("--snr", scenes.snr_db)
                .range("--sir", scenes.sir_db)
                .line(),
            Self::Train(phase) => phase.line(),
            Self::Package { lm, codec, written_card, out, voices, .. } => {
                let words = Words::of(&[&"package"])
                    .path("--lm", Some(lm))
                    .flag("--codec", Some(codec))
                    .path("--card", Some(written_card))
                    .path("--out", Some(out));
                let voice = |voice: &VoiceRecipe| format!("{}={}", voice.name, voice.utterance);
                voices.iter().fold(words, |words, v| words.flag("--voice", Some(&voice(v)))).line()
            }
            Self::Evaluate { recipe, model, report, results } => {
                evaluate_line(recipe, model, report, results)
            }
        }
    }
}

/// Returns the command of an evaluation.
fn evaluate_line(recipe: &EvaluateRecipe, model: &Path, report: &Path, results: &Path) -> String {
    let words = Words::of(&[&"eval", &recipe.suite.display()])
        .path("--model", Some(model))
        .path("--out", Some(report))
        .path("--results", Some(results))
        .flag("--limit", recipe.limit.as_ref().map(|n| n as &dyn Display));
    let seeds = recipe.seeds.iter();
    seeds
        .fold(words, |words, seed| words.flag("--with-seed", Some(seed)))
        .path("--judge-whisper", recipe.judge_whisper.as_deref())
        .flag("--judge-command", recipe.judge_command.as_ref().map(|c| c as &dyn Display))
        .line()
}
