//! Recipes: procedures over corpora, models and results, each behind one call.
//!
//! - Corpora: [`align_manifest`] adds phones and durations to utterances with known text, [`Simulator`] renders input
//!   for tasks that enhance speech, and [`Resynthesis`] replaces codes of recordings by codes of a model.
//!   [`CorpusCodec`] is the codec of all three.
//! - Training: [`Training`] trains a language model on token shards or fine-tunes one ([`Tuning`]), and measures its
//!   word error rate during training ([`InTrainingEvaluation`]). [`train_voice`] fits an adapter to recordings of one
//!   speaker and stores it with a prompt as a named voice. [`fit_quantizer`] and [`train_codec`] train the project's
//!   codec.
//! - Evaluation: [`EngineSubject`] is a loaded model as the subject of a suite, [`KeptEvaluation`] runs a suite and
//!   stores its results, and [`SettingsRunner`] trains and evaluates the cells of an [`AblationRun`].
//!   [`StreamingBench`] and [`LiveBench`] measure latencies.
//! - Pretraining: [`pretraining`] runs all stages of a recipe file, from the corpus to the evaluated model.
//! - Models from settings: [`open_engine`], [`build_tasks`] and [`ModelCache`]. [`LineAnswers`] answers a file of
//!   requests, [`SpeechFile`] writes speech chunk by chunk, and [`OtherRecognition`] transcribes without a language
//!   model. The feature `dash` adds the program of the terminal dashboard (`DashboardProgram`).
//!
//! Invariants: the crate reads no environment variables and prints nothing (progress is reported as events). A killed
//! call keeps its finished work, and the same call resumes it.

mod ablation;
mod ablation_run;
mod align;
mod codec_speed;
mod codec_training;
mod corpora;
mod corpus_codec;
#[cfg(test)]
mod damaged;
#[cfg(feature = "dash")]
mod dashboard;
mod error;
mod evaluated_model;
mod evaluation;
mod events;
mod importing;
mod in_training;
mod kept_figures;
mod lines;
mod live_latency;
mod model_cache;
mod models;
mod packaging;
pub mod pretraining;
mod recognition;
mod recording_codes;
mod recordings;
mod resynthesize;
mod simulate;
mod speech_file;
mod streaming_latency;
mod subject;
mod symbols;
mod text_vocabulary;
mod trained_subject;
mod training;
mod training_selection;
mod tuning;
mod unnamed;
mod voice;
mod word_phones;

pub use ablation::{CellData, SettingsRunner};
pub use ablation_run::{AblationOutcome, AblationRun};
pub use align::{AlignConfig, AlignedManifest, align_manifest};
pub use codec_speed::codec_speed;
pub use codec_training::{
    CodecClips, CodecCorpus, CodecTraining, TrainedCodec, fit_quantizer, train_codec,
};
pub use corpora::CorpusSource;
pub use corpus_codec::CorpusCodec;
#[cfg(feature = "dash")]
pub use dashboard::{DashboardOptions, DashboardProgram, PlayAudio};
pub use error::{RecipeError, RequestLineFault, UtteranceFault};
pub use evaluated_model::EvaluatedModel;
pub use evaluation::{CellOf, KeptEvaluation, Origin, with_suite};
pub use events::{EVENTS_FILE, JsonLines, last_figures};
pub use importing::{add_phone_times, warn_of_import};
pub use in_training::{CodecSource, InTrainingConfig, InTrainingEvaluation};
pub use kept_figures::keep_figures;
pub use lines::{LineAnswers, LineFile, RequestLine, TakeAnswer};
pub use live_latency::{LiveBench, LiveFigures};
pub use model_cache::ModelCache;
pub use models::{
    EMBEDDED, build_task, build_tasks, engine_options, model_source, named_model, open_engine,
    open_engine_of, task_kit,
};
pub use packaging::{
    PackageOptions, PackageParts, VoiceRecording, card_of_run, package_model, package_voice,
};
pub use recognition::OtherRecognition;
pub use recording_codes::{decode_to_file, encode_recording};
pub use recordings::with_lengths;
pub use resynthesize::Resynthesis;
pub use simulate::{EncodedRendition, Simulator};
pub use speech_file::{SpeechFile, WrittenSpeech};
pub use streaming_latency::{StreamingBench, StreamingFigures};
pub use subject::EngineSubject;
pub use symbols::warn_of_symbols;
pub use text_vocabulary::{TrainedVocabulary, train_vocabulary};
pub use training::{Splits, Training, TrainingData, TrainingProgress, TrainingRun};
pub use training_selection::{DEFAULT_WATCH_SPLIT, TrainingSelection};
pub use tuning::Tuning;
pub use voice::{TrainedVoice, VoiceConfig, VoiceRun, train_voice};
