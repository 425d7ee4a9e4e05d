//! Speech tasks with one small codec language model. This is the crate to depend on.
//!
//! [`open`] loads the model that is compiled in, [`Engine::open`] any other. An [`Engine`] answers the [`Request`] of a
//! task; the answer ([`Answered`]) contains [`Speech`], a [`Transcript`] or [`Phones`]. [`Engine::run_in_chunks`]
//! streams the answer to a long request chunk by chunk, [`Engine::run_streaming`] speech while it is generated. `syrinx
//! tasks` lists the tasks and the fields of their requests.
//!
//! The features `serve` and `dash` add the HTTP server and the terminal dashboard.
//!
//! # Synthesis
//! ```
//! use serde_json::json;
//! use syrinx::{CancelToken, DecodeConfig, Request, RunContext};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = syrinx::open()?;
//! let cancel = CancelToken::default();
//! let run = RunContext::quiet(&cancel).with_seed(1);
//! let request = Request::new(json!({ "text": "Glue the sheet." }));
//! let answer = engine.run("tts", &request, &DecodeConfig::default(), run)?;
//! let speech = answer.audio().ok_or("no speech")?;
//! assert!(speech.seconds() > 0.3);
//! # Ok(())
//! # }
//! ```
//!
//! # Streaming
//! With windows in the settings ([`DecodeConfig::streaming`]) speech arrives during generation, in portions that
//! together are the samples of the answer.
//! ```
//! use serde_json::json;
//! use syrinx::{CancelToken, DecodeConfig, MergedAnswer, Request, RunContext, SpeechPortion};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = syrinx::open()?;
//! let cancel = CancelToken::default();
//! let run = RunContext::quiet(&cancel).with_seed(1);
//! let request = Request::new(json!({ "text": "Glue the sheet to the dark blue background." }));
//! let mut played: Vec<f32> = Vec::new();
//! let mut play = |portion: SpeechPortion<'_>| played.extend(portion.samples);
//! let mut answer = MergedAnswer::default();
//! let decode = DecodeConfig::default().streaming();
//! engine.run_streaming("tts", &request, &decode, run, Some(&mut play), &mut |chunk| answer.push(chunk))?;
//! let speech = answer.into_answered().and_then(|answered| answered.audio()).ok_or("no speech")?;
//! assert!(!played.is_empty());
//! assert!(speech.samples.starts_with(&played));
//! # Ok(())
//! # }
//! ```
//!
//! # Recognition
//! A field takes a recording in memory, or the name of a file.
//! ```
//! use serde_json::json;
//! use syrinx::{Audio, CancelToken, DecodeConfig, Request, RunContext};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = syrinx::open()?;
//! let cancel = CancelToken::default();
//! let recording = Audio::silence(1.0, 24_000);
//! let request = Request::new(json!({})).with_recording("audio", recording);
//! let answer = engine.run("stt", &request, &DecodeConfig::default(), RunContext::quiet(&cancel))?;
//! let transcript = answer.transcript().ok_or("no transcript")?;
//! assert_eq!(transcript.text, "");
//! # Ok(())
//! # }
//! ```
//!
//! # Alignment
//! ```
//! use serde_json::json;
//! use syrinx::{CancelToken, DecodeConfig, Request, RunContext};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = syrinx::open()?;
//! let cancel = CancelToken::default();
//! let run = RunContext::quiet(&cancel).with_seed(1);
//! let request = Request::new(json!({ "text": "Glue the sheet." }));
//! let answer = engine.run("tts", &request, &DecodeConfig::default(), run)?;
//! let speech = answer.audio().ok_or("no speech")?;
//! let aligned = engine.align(&speech, "glue the sheet", run)?;
//! let words: Vec<&str> = aligned.words.iter().map(|word| word.word.as_str()).collect();
//! assert_eq!(words, ["glue", "the", "sheet"]);
//! # Ok(())
//! # }
//! ```
//!
//! # Training
//! [`recipes`] has functions for everything that the program does with corpora and models: alignment, simulation and
//! encoding of corpora, training and fine-tuning of language models, voices and codecs, resynthesis.
//! [`recipes::Training`] trains on shards, here an adapter for one step.
//! ```
//! use std::path::Path;
//! use syrinx::config::Settings;
//! use syrinx::data::{Corpus, EncodePlan, Manifest};
//! use syrinx::recipes::{CorpusCodec, Splits, Training, TrainingData, TrainingRun, Tuning};
//! use syrinx::train::{Ranks, TrainConfig};
//! use syrinx::{CancelToken, NullSink, RunContext};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (shards, run_folder) = (folder.path().join("shards"), folder.path().join("run"));
//! # let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/data/test");
//! let cancel = CancelToken::default();
//! let run = RunContext::quiet(&cancel).with_seed(1);
//! let settings = Settings::default();
//! let manifest = Manifest::read(&corpus.join("manifest.jsonl"))?;
//! # let some = manifest.utterances()[..4].to_vec();
//! # let manifest = Manifest::new(manifest.root(), some)?;
//!
//! let codec = CorpusCodec::open(None, &settings)?;
//! codec.encode_manifest(&manifest, &shards, &EncodePlan::new(codec.stamp()), run)?;
//! let splits = Splits { train: "test", watch: None };
//! let data = TrainingData::new(&Corpus::open(&shards)?, &shards, codec, splits, 15.0)?;
//!
//! let tasks = ["tts".to_owned()];
//! let plan = TrainingRun {
//!     settings: &settings,
//!     tasks: syrinx::registry::ALL,
//!     folder: &run_folder,
//!     resume: false,
//!     tuning: Tuning { tasks: &tasks, lora: Some(2), ..Tuning::default() },
//!     evaluated_sentences: 0,
//!     codec: None,
//! };
//! let config = TrainConfig { steps: 1, positions: 400, warmup_steps: 1, ..TrainConfig::default() };
//! let training = Training::new(plan, config, data)?;
//! let material = training.material(Ranks::alone())?;
//! let outcome = training.trainer(&material)?.run(&NullSink, &cancel)?;
//! assert_eq!(outcome.step, 1);
//! assert!(outcome.model.ends_with("adapter.safetensors"));
//! # Ok(())
//! # }
//! ```
//!
//! # Simulation
//! Tasks that enhance a recording are trained on renditions of utterances (with noise, for instance).
//! [`recipes::Simulator`] renders them and encodes them next to the shards, or writes them as recordings for an
//! evaluation.
//! ```
//! use std::path::Path;
//! use syrinx::data::Manifest;
//! use syrinx::recipes::Simulator;
//! use syrinx::task::SimulationRanges;
//! use syrinx::{CancelToken, RunContext};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/data/test");
//! let cancel = CancelToken::default();
//! let manifest = Manifest::read(&corpus.join("manifest.jsonl"))?;
//! let ranges = SimulationRanges { snr_db: (0.0, 10.0), sir_db: (0.0, 10.0), echo_share: 0.3 };
//! let simulator = Simulator::new(&manifest, 24_000, ranges, 1)?;
//! let written = simulator.write(folder.path(), Some(1), RunContext::quiet(&cancel))?;
//! assert_eq!(written, 1);
//! assert!(folder.path().join("denoise.jsonl").is_file());
//! # Ok(())
//! # }
//! ```
//!
//! # Evaluation
//! A suite is a file (`evals/*.toml`) or text. [`recipes::KeptEvaluation`] sends its requests to a model and keeps rows
//! and figures in a results store; [`recipes::SettingsRunner`] does the same for the cells of an ablation ([`ablate`]).
//! ```
//! use syrinx::config::Settings;
//! use syrinx::eval::{EvalOptions, Suite};
//! use syrinx::recipes::{EngineSubject, KeptEvaluation, Origin, open_engine, with_suite};
//! use syrinx::results::Store;
//! use syrinx::{CancelToken, RunContext};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let suite = Suite::parse(
//!     r#"
//!     summary = "Words held out of training"
//!     task = "g2p"
//!     request = { text = "{word}" }
//!     settings = { always_model = true }
//!     figures = ["per"]
//!     [items]
//!     held_out_words = 4
//!     seed = 1
//!     "#,
//!     "words",
//!     folder.path(),
//! )?;
//! let settings = with_suite(Settings::default(), &suite);
//! let engine = open_engine(&settings)?;
//! let evaluation = KeptEvaluation {
//!     store: &Store::open(&folder.path().join("results.db"))?,
//!     suite: &suite,
//!     subject: &EngineSubject { engine: &engine, settings: &settings },
//!     settings: &settings,
//!     cell: None,
//!     origin: &Origin {
//!         revision: String::new(),
//!         machine: "example".into(),
//!         command: String::new(),
//!         now_s: || 0.0,
//!     },
//! };
//! let cancel = CancelToken::default();
//! let options = EvalOptions { out: folder.path().join("run"), ..EvalOptions::default() };
//! let report = evaluation.run(&options, RunContext::quiet(&cancel))?;
//! assert_eq!((report.rows.len(), report.missing), (4, 0));
//! # Ok(())
//! # }
//! ```
//!
//! # Pretraining
//! A recipe (`configs/recipes`) lists the stages from a corpus to an evaluated model: alignment, codec, encoding,
//! simulation, phases of training, packaging, evaluation. [`recipes::pretraining`] runs them; finished stages are
//! skipped and stopped ones resumed. Here they are only listed.
//! ```
//! use std::path::Path;
//! use syrinx::recipes::Origin;
//! use syrinx::recipes::pretraining::{
//!     Pretraining, PretrainingContext, Recipe, RecipeLayers, StageState,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
//! let changes = ["run=runs/example", "corpus.manifest=evals/data/test/manifest.jsonl"];
//! let changes = changes.map(str::to_owned);
//! let recipe = Recipe::read(&root.join("configs/recipes/english.toml"), &changes)?;
//! # let origin = Origin {
//! #     revision: String::new(),
//! #     machine: "example".into(),
//! #     command: String::new(),
//! #     now_s: || 0.0,
//! # };
//! let context = PretrainingContext {
//!     root: &root,
//!     layers: &RecipeLayers::default(),
//!     tasks: syrinx::registry::ALL,
//!     corpus_maker: None,
//!     origin: &origin,
//! };
//! let pretraining = Pretraining::new(recipe, context);
//! let stages = pretraining.plan(None)?;
//! let names: Vec<&str> = stages.iter().map(|stage| stage.name).collect();
//! assert_eq!(names[..4], ["fit", "vocoder", "encode", "simulate"]);
//! assert_eq!((stages[0].state, stages[1].state), (StageState::New, StageState::Waiting));
//! // pretraining.run(None, run, &mut |update| println!("{update:?}"))?;
//! # Ok(())
//! # }
//! ```
//!
#![doc = include_str!("own_task.md")]

pub use syrinx_decode::DecodeConfig;
pub use syrinx_engine::{
    BatchRequest, Chunk, Engine, EngineError, EngineOptions, Info, LiveTranscript, LiveUpdate,
    MergedAnswer, ModelSource, SpeechPortion, VoiceTable,
};
pub use syrinx_nn::{DeviceChoice, Kernels, Precision};
pub use syrinx_task::{Answered, Phones, Request, Speech, Transcript};
pub use syrinx_types::{
    Audio, CancelToken, Coded, Codes, Event, EventSink, NullSink, RunContext, Sample, WordTime,
};

pub use syrinx_ablate as ablate;
pub use syrinx_audio as audio;
pub use syrinx_codec as codec;
pub use syrinx_config as config;
#[cfg(feature = "dash")]
pub use syrinx_dash as dash;
pub use syrinx_data as data;
pub use syrinx_decode as decode;
pub use syrinx_engine as engine;
pub use syrinx_eval as eval;
pub use syrinx_metrics as metrics;
pub use syrinx_model as model;
pub use syrinx_nn as nn;
pub use syrinx_pretrained as pretrained;
pub use syrinx_recipes as recipes;
pub use syrinx_registry as registry;
pub use syrinx_results as results;
pub use syrinx_scene as scene;
#[cfg(feature = "serve")]
pub use syrinx_serve as serve;
pub use syrinx_task as task;
pub use syrinx_text as text;
pub use syrinx_train as train;

/// Error of opening the embedded model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The library was built without a model.
    #[error(transparent)]
    NoModel(#[from] syrinx_embedded::NoModel),
    /// The model cannot be loaded.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl OpenError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        match self {
            Self::NoModel(error) => Some(error.hint().into()),
            Self::Engine(error) => error.hint().map(Into::into),
        }
    }
}

/// Returns the file of the model that is compiled in, for [`ModelSource::Bytes`].
///
/// # Errors
/// [`OpenError::NoModel`].
pub fn embedded_model() -> Result<&'static [u8], OpenError> {
    Ok(syrinx_embedded::model()?)
}

/// Opens the model that is compiled in, with default options: on the CPU, without voices of the user.
///
/// # Errors
/// [`OpenError`].
pub fn open() -> Result<Engine, OpenError> {
    let model = ModelSource::Bytes(embedded_model()?);
    Ok(Engine::open(&model, &EngineOptions::default())?)
}
