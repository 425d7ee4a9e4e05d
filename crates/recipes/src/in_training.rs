//! In-training evaluation: the model in training synthesizes validation sentences in the voices of their speakers and
//! transcribes them with its own recognizer.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Map, Value, json};
use syrinx_data::{Corpus, DataError, PromptSpec};
use syrinx_decode::DecodeConfig;
use syrinx_engine::{
    Engine, EngineOptions, ModelSource, PackageCodec, PackageVoice, open_codec, package,
    with_language_model,
};
use syrinx_metrics::errors::{EditCounts, micro_average, word_errors};
use syrinx_model::LmFile;
use syrinx_task::{Request, TaskDescriptor};
use syrinx_train::{InTrainingEvaluator, InTrainingFault};
use syrinx_types::{CallbackError, CancelToken, RunContext};

use crate::RecipeError;
use crate::unnamed::UnnamedFile;

/// Source of the codec that decodes synthesized sentences.
#[derive(Debug, Clone)]
pub enum CodecSource {
    /// A codec with a vocoder.
    Codec(PackageCodec),
    /// A model file whose language model is replaced by the one in training.
    Model(ModelSource),
}

/// Settings of in-training evaluation.
#[derive(Debug, Clone)]
pub struct InTrainingConfig {
    /// Maximum number of sentences.
    pub sentences: usize,
    /// Codec that decodes the sentences.
    pub codec: CodecSource,
    /// Options of the engine.
    pub options: EngineOptions,
    /// Sampling settings.
    pub decode: DecodeConfig,
    /// Seed of every sentence.
    pub seed: u64,
}

/// Evaluation by validation sentences and prompts of their speakers. Measures the word error rate (WER) of the
/// synthesized speech with the model's own recognizer.
pub struct InTrainingEvaluation {
    config: InTrainingConfig,
    voices: Vec<PackageVoice>,
    /// Name of the voice and text, per sentence.
    sentences: Vec<(String, String)>,
}

impl InTrainingEvaluation {
    /// Selects sentences spread evenly over `watched` whose speakers are in `learnt`. The prompt of a speaker is the
    /// beginning of the first utterance in `learnt` that has `prompt.max_frames` frames, else of the longest.
    ///
    /// # Errors
    /// [`RecipeError::NoSentence`] if no speaker of a sentence is in `learnt`, [`RecipeError::NoVocoder`] if the codec
    /// cannot be opened, and errors of reading codes.
    pub fn new(
        watched: &Corpus,
        learnt: &Corpus,
        prompt: &PromptSpec,
        config: InTrainingConfig,
    ) -> Result<Self, RecipeError> {
        let (mut sentences, mut voices) = (Vec::new(), BTreeMap::new());
        let spoken: Vec<usize> = (0..watched.len())
            .filter(|&i| !watched.utterance(i).text.trim().is_empty())
            .filter(|&i| learnt.speakers().contains_key(&watched.utterance(i).speaker))
            .collect();
        let count = config.sentences.min(spoken.len());
        for i in (0..count).map(|n| spoken[n * spoken.len() / count]) {
            let utterance = watched.utterance(i);
            let number = voices.len() + 1;
            let (name, _) = match voices.entry(&utterance.speaker) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let codes = reference(learnt, utterance, prompt)?;
                    new.insert((format!("speaker-{number}"), codes))
                }
            };
            sentences.push((name.clone(), utterance.text.trim().to_owned()));
        }
        if sentences.is_empty() {
            return Err(RecipeError::NoSentence);
        }
        let about = String::new;
        let voices = voices.into_values();
        let voices = voices.map(|(name, codes)| PackageVoice { name, about: about(), codes });
        let evaluation = Self { config, voices: voices.collect(), sentences };
        evaluation.check()?;
        Ok(evaluation)
    }

    /// Checks before training that the codec has a vocoder.
    fn check(&self) -> Result<(), RecipeError> {
        let CodecSource::Codec(codec) = &self.config.codec else { return Ok(()) };
        open_codec(&codec.spec).map(|_| ()).map_err(|cause| RecipeError::NoVocoder { cause })
    }

    /// Opens an engine with the language model in training.
    fn engine(&self, lm: &LmFile) -> Result<Engine, CallbackError> {
        let bytes = lm.to_bytes(true).map_err(CallbackError::new)?;
        let file = UnnamedFile::of(&bytes).map_err(CallbackError::new)?;
        let bytes = match &self.config.codec {
            CodecSource::Codec(codec) => package(file.path(), codec, &self.voices, Value::Null),
            CodecSource::Model(source) => with_language_model(source, file.path(), None, None),
        };
        let source = ModelSource::Memory(bytes.map_err(CallbackError::new)?.into());
        Engine::open(&source, &self.config.options).map_err(CallbackError::new)
    }

    /// Synthesizes a sentence and returns its transcript; an empty text if either fails.
    fn read_back(&self, tasks: &Tasks<'_>, voice: &str, text: &str) -> String {
        let Tasks { engine, synthesizer, recognizer, cancel } = *tasks;
        let mut request = Map::from_iter([(synthesizer.verb.positional.to_owned(), json!(text))]);
        let field = synthesizer.capabilities.voice;
        if let (CodecSource::Codec(_), Some(field)) = (&self.config.codec, field) {
            request.insert(field.into(), json!(voice));
        }
        let run = RunContext::quiet(cancel).with_seed(self.config.seed);
        let ask = |task: &str, request: &Request| {
            engine.run(task, request, &self.config.decode, run).ok()
        };
        let spoken = ask(synthesizer.id, &Request::new(Value::Object(request)));
        let Some(audio) = spoken.and_then(|answered| answered.audio()) else {
            return String::new();
        };
        let request = Request::new(json!({})).with_recording(recognizer.verb.positional, audio);
        let answer = ask(recognizer.id, &request);
        answer.and_then(|a| a.transcript().map(|t| t.text.clone())).unwrap_or_default()
    }
}

/// Engine and tasks that synthesize and transcribe the sentences.
struct Tasks<'a> {
    engine: &'a Engine,
    synthesizer: &'a TaskDescriptor,
    recognizer: &'a TaskDescriptor,
    cancel: &'a CancelToken,
}

impl InTrainingEvaluator for InTrainingEvaluation {
    fn evaluate(
        &self,
        model: &LmFile,
        cancel: &CancelToken,
    ) -> Result<Vec<(String, f64)>, InTrainingFault> {
        let engine = self.engine(model)?;
        let untrained = |purpose| CallbackError::new(RecipeError::UntrainedTask { purpose });
        let synthesizer =
            engine.speaking_task().ok_or_else(|| untrained("synthesizes text in named voices"))?;
        let recognizer = engine.recognition_task().ok_or_else(|| untrained("recognizes speech"))?;
        let tasks = Tasks { engine: &engine, synthesizer, recognizer, cancel };
        let mut counts: Vec<EditCounts> = Vec::new();
        for (voice, text) in &self.sentences {
            if cancel.is_cancelled() {
                return Err(InTrainingFault::Cancelled);
            }
            counts.push(word_errors(text, &self.read_back(&tasks, voice, text)));
        }
        let failed = counts.iter().filter(|c| c.is_failure()).count() as f64;
        Ok(vec![
            ("in-training WER (own recognizer)".into(), micro_average(&counts).unwrap_or(1.0)),
            ("in-training failures".into(), failed / counts.len() as f64),
        ])
    }
}

/// Returns the prompt of an utterance's speaker: the first `prompt.max_frames` frames of the first utterance that is
/// long enough, else of the longest.
fn reference(
    learnt: &Corpus,
    utterance: &syrinx_data::Utterance,
    prompt: &PromptSpec,
) -> Result<syrinx_types::Codes, DataError> {
    let own = learnt.speakers().get(&utterance.speaker).map_or(&[][..], Vec::as_slice);
    let long = own.iter().find(|&&i| learnt.frames(i) >= prompt.max_frames);
    let chosen = long.or_else(|| own.iter().max_by_key(|&&i| learnt.frames(i)));
    match chosen {
        None => Ok(syrinx_types::Codes::empty(learnt.codec().levels)),
        Some(&i) => Ok(learnt.codes(i)?.slice(0, prompt.max_frames)),
    }
}

#[cfg(test)]
mod tests {
    use syrinx_registry::ALL;

    #[test]
    fn one_task_of_the_registry_speaks_texts_in_named_voices() {
        let speaking: Vec<&str> = ALL.iter().filter(|d| d.speaks_text()).map(|d| d.id).collect();
        assert_eq!(speaking.len(), 1, "{speaking:?}");
    }
}
