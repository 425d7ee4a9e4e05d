//! Training of named voices.

use std::path::{Path, PathBuf};

use candle_core::Device;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_audio::UniqueWarnings;
use syrinx_data::{
    Corpus, EncodeFailure, EncodePlan, LeftOutReasons, Manifest, PromptSpec, Selected,
};
use syrinx_engine::{Engine, EngineError, ModelSource, language_model};
use syrinx_nn::{AdapterScope, LoraConfig};
use syrinx_task::{DynTask, TokenSpace};
use syrinx_train::{Ranks, TrainConfig, Trainer, TrainingMaterial, mix_of};
use syrinx_types::{Audio, EventSink, RunContext};

use crate::align::Aligner;
use crate::recordings::DecodedRecordings;
use crate::training_selection::too_long;
use crate::{AlignConfig, CorpusCodec, RecipeError, UtteranceFault};

/// Maximum number of samples of a voice's recordings kept in memory: 256 MiB at 4 bytes each. Other recordings are
/// decoded at every use.
const KEPT_SAMPLES: usize = 1 << 26;

/// Settings of a voice's training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VoiceConfig {
    /// Number of training steps.
    pub steps: u64,
    /// Number of positions per step, including prompts, responses and phones.
    pub positions: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Rank of the LoRA adapter.
    pub rank: usize,
    /// Tasks whose non-autoregressive stages are trained; empty for the tasks that speak text.
    pub tasks: Vec<String>,
    /// Minimum number of aligned recordings.
    pub min_recordings: usize,
    /// Length that recordings must stay below, in seconds.
    pub max_seconds: f64,
    /// Settings of the alignment.
    pub align: AlignConfig,
    /// Random seed.
    pub seed: u64,
}

impl Default for VoiceConfig {
    fn default() -> Self {
        Self {
            steps: 100,
            positions: 1_600,
            learning_rate: 3e-4,
            rank: 16,
            tasks: Vec::new(),
            min_recordings: 10,
            max_seconds: 12.0,
            align: AlignConfig::default(),
            seed: 1,
        }
    }
}

/// Inputs of a voice's training.
pub struct VoiceRun<'a> {
    /// Name of the voice.
    pub name: &'a str,
    /// Loaded model. Its recognizer aligns, its codec encodes, and its voices select and store the prompt.
    pub engine: &'a Engine,
    /// Source of the same model, for the weights to adapt.
    pub source: &'a ModelSource,
    /// Tasks that were built for the model.
    pub tasks: &'a [Box<dyn DynTask>],
    /// Folder of the run for shards, checkpoint and adapter. An interrupted run in it is resumed.
    pub folder: &'a Path,
    /// Training device.
    pub device: &'a Device,
}

/// A trained voice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainedVoice {
    /// Name of the voice.
    pub name: String,
    /// File of the prompt. The adapter is in the same folder.
    pub file: PathBuf,
    /// Number of recordings in the manifest.
    pub found: usize,
    /// Number of recordings that were trained on.
    pub recordings: usize,
    /// Total length of the training recordings, in seconds.
    pub seconds: f64,
    /// Reasons for the recordings that were left out.
    pub left_out: LeftOutReasons,
    /// Mean confidence of the alignments, from 0 to 1.
    pub confidence: f64,
    /// Number of training steps.
    pub steps: u64,
}

/// Trains a voice on recordings of one speaker with known texts and stores it under a name. The recordings are aligned
/// and encoded, a LoRA adapter (Hu et al. 2021, section 4) of the language model's non-autoregressive passes is trained
/// on them, and the longest clear excerpt of a recording becomes the prompt.
///
/// # Errors
/// [`RecipeError::TooFew`], [`RecipeError::Stopped`] if the run is cancelled (the same call resumes it), and errors of
/// the model, the recordings and the training.
pub fn train_voice(
    run: &VoiceRun<'_>,
    manifest: &Manifest,
    config: &VoiceConfig,
    context: RunContext<'_>,
) -> Result<TrainedVoice, RecipeError> {
    let codec = CorpusCodec::of(run.engine);
    let recordings = DecodedRecordings::new(codec.sample_rate_hz(), KEPT_SAMPLES);
    let aligner = Aligner {
        engine: run.engine,
        recordings: &recordings,
        config: &config.align,
        run: context,
    };
    let aligned = aligner.align(manifest)?;
    let enough = aligned.manifest.len() >= config.min_recordings;
    if !enough {
        return Err(RecipeError::TooFew {
            aligned: aligned.manifest.len(),
            found: manifest.len(),
            needed: config.min_recordings,
            left_out: aligned.left_out,
        });
    }
    let folder = run.folder.join("shards");
    let latent_dim = run.engine.codec().info().latent_dim;
    let plan =
        EncodePlan { utterances_per_shard: 50, latent_dim, ..EncodePlan::new(codec.stamp()) };
    let encoded = codec.encode_from(&recordings, &aligned.manifest, &folder, &plan, context)?;
    let Selected { corpus, left_out: long } = short_ones(&folder, config.max_seconds)?;
    let mut left_out = aligned.left_out;
    for EncodeFailure { id, reason, .. } in encoded.failed {
        left_out.add(UtteranceFault::Encode { reason }, &id);
    }
    left_out.extend(long);
    let adapter = adapt(run, &corpus, config, context)?;
    let best = prompt(run, &recordings, &aligned.manifest, context.events)?;
    let codes = run.engine.encode(&best)?;
    let about = format!("trained on {} recordings", corpus.len());
    let file = run.engine.voices().add_trained(run.name, &codes, &about, &adapter)?;
    Ok(TrainedVoice {
        name: run.name.to_owned(),
        file,
        found: manifest.len(),
        recordings: corpus.len(),
        seconds: corpus.total_frames() as f64 / corpus.codec().frame_rate_hz,
        left_out,
        confidence: aligned.confidence,
        steps: config.steps,
    })
}

/// Opens token shards without the recordings of `max_seconds` seconds or more.
fn short_ones(shards: &Path, max_seconds: f64) -> Result<Selected, RecipeError> {
    let corpus = Corpus::open(shards)?;
    let too_long = too_long(&corpus, max_seconds);
    Ok(corpus.select("recordings of the voice", too_long)?)
}

/// Trains the adapter; returns its file.
fn adapt(
    run: &VoiceRun<'_>,
    corpus: &Corpus,
    config: &VoiceConfig,
    context: RunContext<'_>,
) -> Result<PathBuf, RecipeError> {
    let base = language_model(run.source)?;
    let speaks = run.engine.tasks().filter(|d| d.speaks_text()).map(|d| d.id.to_owned());
    let tasks = if config.tasks.is_empty() { speaks.collect() } else { config.tasks.clone() };
    // A voice has too few recordings for the autoregressive stages: these determine the words, and adapted ones skip
    // words (evals/reports/trained-voice.md). The other stages determine most of the voice.
    let mut mix = mix_of(run.tasks, &tasks, &[])?;
    mix.retain(|entry| !entry.is_causal(run.tasks));
    let lora = LoraConfig {
        rank: config.rank,
        scope: AdapterScope::NonAutoregressive,
        ..LoraConfig::default()
    };
    let train = TrainConfig {
        model: base.config.clone(),
        seed: config.seed,
        steps: config.steps,
        positions: config.positions,
        learning_rate: config.learning_rate,
        warmup_steps: config.steps / 20,
        lora: Some(lora),
        mix,
        prompt: PromptSpec { min_frames: 30, max_frames: 75, none_probability: 0.0 },
        max_seconds: config.max_seconds,
        checkpoint_steps: 50,
        ..TrainConfig::default()
    };
    let material = TrainingMaterial {
        device: run.device.clone(),
        corpus,
        held_out: None,
        tasks: run.tasks,
        space: TokenSpace::clone(&base.space),
        codebooks: CorpusCodec::of(run.engine).codebooks(),
        ranks: Ranks::alone(),
    };
    let folder = run.folder.join("adapter");
    let resume = syrinx_train::TrainingCheckpoint::path(&folder).exists();
    let mut trainer = Trainer::from_base(&train, &material, &folder, resume, &base)?;
    let outcome = trainer.run(context.events, context.cancel)?;
    if outcome.cancelled {
        return Err(RecipeError::Stopped { step: outcome.step, steps: config.steps });
    }
    Ok(outcome.model)
}

/// Returns the prompt: the longest of the best excerpts of all recordings.
fn prompt(
    run: &VoiceRun<'_>,
    recordings: &DecodedRecordings,
    manifest: &Manifest,
    events: &dyn EventSink,
) -> Result<Audio, RecipeError> {
    let (mut best, mut refused): (Option<Audio>, Option<EngineError>) = (None, None);
    let mut doubts = Vec::new();
    for utterance in manifest.utterances() {
        let Ok(audio) = recordings.load(&manifest.audio_path(utterance), events) else {
            continue;
        };
        let mut found = Vec::new();
        match run.engine.voices().excerpt(&audio, &utterance.id, &mut |doubt| found.push(doubt)) {
            Ok(part) if best.as_ref().is_none_or(|b| part.seconds() > b.seconds()) => {
                (best, doubts) = (Some(part), found);
            }
            Ok(_) => {}
            Err(error) => refused = Some(error),
        }
    }
    let warnings = UniqueWarnings::default();
    doubts.into_iter().for_each(warnings.emit_to(events));
    match (best, refused) {
        (Some(best), _) => Ok(best),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Err(RecipeError::NoPrompt),
    }
}
