//! The exam of a model that is being trained: it speaks sentences that it hasn't learnt, in the voices of their
//! speakers, and its own ear reads them back.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use serde_json::{Map, Value, json};
use syrinx_data::{Corpus, DataError, PromptSpec};
use syrinx_decode::DecodeConfig;
use syrinx_engine::{
    Engine, EngineOptions, ModelSource, PackageCodec, PackageVoice, open_codec, package,
    with_language_model, write_atomic,
};
use syrinx_metrics::errors::{EditCounts, micro_average, word_errors};
use syrinx_model::LmFile;
use syrinx_registry::ALL;
use syrinx_task::{AnswerKind, Request, TaskDescriptor};
use syrinx_train::Examiner;
use syrinx_types::{CancelToken, RunContext};

use crate::failure::{Exit, Failure, Outcome};

/// Where the codec of the exam comes from.
pub enum Voicebox {
    /// A codec's file, with its vocoder.
    Codec(PackageCodec),
    /// A whole model, whose language model the trained one takes the place of.
    Model(ModelSource),
}

/// Sentences and all that is needed to hear them.
pub struct Exam {
    voicebox: Voicebox,
    options: EngineOptions,
    decode: DecodeConfig,
    seed: u64,
    voices: Vec<PackageVoice>,
    /// Voice and text.
    sentences: Vec<(String, String)>,
}

/// The field of requests that names a voice.
const VOICE: &str = "voice";

impl Exam {
    /// An exam of `count` sentences, evenly spread over `watched`; speakers sound as in their first long enough
    /// utterance of `learnt`.
    ///
    /// # Errors
    /// If there is no sentence whose speaker has another recording, or the codec can't be heard.
    pub fn new(
        (watched, learnt): (&Corpus, &Corpus),
        count: usize,
        prompt: &PromptSpec,
        voicebox: Voicebox,
        (options, decode, seed): (EngineOptions, DecodeConfig, u64),
    ) -> Outcome<Self> {
        let (mut sentences, mut voices) = (Vec::new(), BTreeMap::new());
        let spoken: Vec<usize> = (0..watched.len())
            .filter(|&i| !watched.utterance(i).text.trim().is_empty())
            .filter(|&i| learnt.speakers().contains_key(&watched.utterance(i).speaker))
            .collect();
        let count = count.min(spoken.len());
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
            return Err(Failure::usage(
                "there is nothing to examine with: no sentence to watch is of a speaker that is learnt",
                "name the split of the sentences with --watch-split, or leave out --exam",
            ));
        }
        let about = String::new;
        let voices = voices.into_values();
        let voices = voices.map(|(name, codes)| PackageVoice { name, about: about(), codes });
        let exam = Self { voicebox, options, decode, seed, voices: voices.collect(), sentences };
        exam.check()?;
        Ok(exam)
    }

    /// A codec without a vocoder is better found now than after hours.
    fn check(&self) -> Outcome {
        let Voicebox::Codec(codec) = &self.voicebox else { return Ok(()) };
        open_codec(&codec.spec).map(|_| ()).map_err(|e| {
            Failure::new(Exit::BadModel, e.to_string()).hint(
                "the exam is heard: name a codec with its vocoder (`syrinx codec train`) with --codec, or leave out --exam",
            )
        })
    }

    /// The whole model, opened as it would be used.
    fn engine(&self, lm: &LmFile) -> Result<Engine, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let (lm_path, path) = (folder.path().join("lm"), folder.path().join("model"));
        let write =
            |path: &Path, bytes: &[u8]| write_atomic(path, bytes).map_err(|e| e.to_string());
        write(&lm_path, &lm.to_bytes(true).map_err(|e| e.to_string())?)?;
        let bytes = match &self.voicebox {
            Voicebox::Codec(codec) => package((&lm_path, codec), &self.voices, Value::Null),
            Voicebox::Model(source) => with_language_model(source, (&lm_path, None), None),
        };
        write(&path, &bytes.map_err(|e| e.to_string())?)?;
        Engine::open(&ModelSource::File(path), &self.options).map_err(|e| e.to_string())
    }

    /// Says a sentence and reads it back: the words that were heard, none where either failed.
    fn heard(
        &self,
        engine: &Engine,
        (voice, text): (&str, &str),
        (mouth, ear): (&TaskDescriptor, &TaskDescriptor),
        cancel: &CancelToken,
    ) -> String {
        let mut request = Map::from_iter([(mouth.verb.positional.to_owned(), json!(text))]);
        if matches!(self.voicebox, Voicebox::Codec(_)) {
            request.insert(VOICE.into(), json!(voice));
        }
        let run = RunContext::quiet(cancel).with_seed(self.seed);
        let ask = |task: &str, request: &Request| engine.run(task, request, &self.decode, run).ok();
        let spoken = ask(mouth.id, &Request::new(Value::Object(request)));
        let Some(audio) = spoken.and_then(|answered| answered.audio()) else {
            return String::new();
        };
        let request = Request::new(json!({})).with_recording(ear.verb.positional, audio);
        let answer = ask(ear.id, &request);
        answer.and_then(|a| a.transcript().map(|t| t.text.clone())).unwrap_or_default()
    }
}

impl Examiner for Exam {
    fn examine(&self, model: &LmFile, cancel: &CancelToken) -> Result<Vec<(String, f64)>, String> {
        let engine = self.engine(model)?;
        let known = engine.info().tasks;
        let knows = |d: &&&'static TaskDescriptor| {
            known.iter().any(|t| t.id == d.id && t.missing_special_tokens.is_empty())
        };
        let mouth = ALL.iter().filter(knows).find(|d| d.speaks_text());
        let mouth =
            mouth.ok_or("the model has learnt no task that speaks texts in named voices")?;
        let ear = ALL.iter().filter(knows).find(|d| d.answer == AnswerKind::Text);
        let ear = ear.ok_or("the model has learnt no task that writes down recordings")?;
        let mut counts: Vec<EditCounts> = Vec::new();
        for (voice, text) in &self.sentences {
            if cancel.is_cancelled() {
                return Err("stopped".into());
            }
            counts
                .push(word_errors(text, &self.heard(&engine, (voice, text), (mouth, ear), cancel)));
        }
        let failed = counts.iter().filter(|c| c.is_failure()).count() as f64;
        Ok(vec![
            ("exam own WER".into(), micro_average(&counts).unwrap_or(1.0)),
            ("exam failures".into(), failed / counts.len() as f64),
        ])
    }
}

/// How a speaker sounds: the beginning of the first utterance that is long enough for a prompt, else of the longest.
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
    use super::*;

    #[test]
    fn one_task_of_the_registry_speaks_texts_in_named_voices() {
        let speaking: Vec<&str> = ALL.iter().filter(|d| d.speaks_text()).map(|d| d.id).collect();
        assert_eq!(speaking.len(), 1, "{speaking:?}");
    }
}
