//! A loaded engine as the subject of an evaluation.

use std::time::Instant;

use serde_json::{Map, Value};
use syrinx_ablate::overlay;
use syrinx_codec::{Codec, CodecError};
use syrinx_config::Settings;
use syrinx_engine::{Engine, EngineError, MergedAnswer, open_codec};
use syrinx_eval::{
    NamedCodec, Subject, SubjectAnswer, SubjectError, SubjectFault, SubjectRequest, TestedCodec,
};
use syrinx_pretrained::CodecSpec;
use syrinx_task::{AnswerKind, Answered, Request, TaskDescriptor};
use syrinx_types::{Audio, CallbackError, Fingerprint, RunContext};

/// A loaded engine with the settings of its answers.
#[derive(Clone, Copy)]
pub struct EngineSubject<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// Settings of the engine.
    pub settings: &'a Settings,
}

fn failed(error: EngineError) -> SubjectError {
    match error {
        EngineError::Cancelled => SubjectError::Cancelled,
        error => {
            let hint = error.hint();
            CallbackError::new(error).with_hint(hint).into()
        }
    }
}

fn codec_failed(error: CodecError) -> SubjectError {
    let hint = error.hint();
    CallbackError::new(error).with_hint(hint).into()
}

impl Subject for EngineSubject<'_> {
    fn name(&self) -> String {
        let file = self.engine.info().file;
        match &self.settings.recognizer {
            Some(recognizer) => format!("{file} with {recognizer}"),
            None => file,
        }
    }

    fn fingerprint(&self) -> String {
        let Settings { decode, tasks, recognizer, whisper, .. } = self.settings;
        let mut settings = serde_json::to_string(&(decode, tasks)).unwrap_or_default();
        if recognizer.is_some() {
            settings += &serde_json::to_string(&(recognizer, whisper)).unwrap_or_default();
        }
        format!(
            "{}-{}",
            self.engine.fingerprint(),
            Fingerprint::default().bytes(settings.as_bytes()).hex()
        )
    }

    fn answer_kind(&self, task: &str) -> Option<AnswerKind> {
        self.tasks()
            .iter()
            .any(|t| t == task)
            .then(|| self.descriptor(task).map(|d| d.answer))
            .flatten()
    }

    fn tasks(&self) -> Vec<String> {
        let known = self.engine.info().tasks;
        known.into_iter().filter(|t| t.missing_special_tokens.is_empty()).map(|t| t.id).collect()
    }

    fn voices(&self) -> Vec<String> {
        self.engine.voices().names()
    }

    fn voice_recording(&self, voice: &str) -> Result<Audio, SubjectError> {
        let codes = self.engine.voices().codes(voice).map_err(failed)?;
        self.engine.codec().decode(&codes).map_err(codec_failed)
    }

    fn answer(
        &self,
        ask: &SubjectRequest<'_>,
        run: RunContext<'_>,
    ) -> Result<SubjectAnswer, SubjectError> {
        let decode = merged(&self.settings.decode, ask.decode)?;
        let run = run.with_seed(ask.seed);
        if let Some(answer) = self.recognized(ask, run)? {
            return Ok(answer);
        }
        let request = Request::new(ask.request.clone());
        let begun = Instant::now();
        let (mut whole, mut first) = (MergedAnswer::default(), None);
        self.engine
            .run_in_chunks(ask.task, &request, &decode, run, &mut |part| {
                first.get_or_insert(begun.elapsed().as_secs_f64());
                whole.push(part)
            })
            .map_err(failed)?;
        let wall_s = begun.elapsed().as_secs_f64();
        let answered = whole.into_answered().ok_or(SubjectFault::NoAnswer)?;
        let speech = answered.audio().is_some();
        Ok(SubjectAnswer { answered, wall_s, first_audio_s: first.filter(|_| speech) })
    }

    fn sample_rate_hz(&self) -> u32 {
        self.engine.codec_id().info.sample_rate_hz
    }

    fn codec(
        &self,
        named: Option<NamedCodec<'_>>,
    ) -> Result<Box<dyn TestedCodec + '_>, SubjectError> {
        let spec = |text: &str| {
            text.parse::<CodecSpec>().map_err(|error| SubjectError::from(CallbackError::new(error)))
        };
        let spec = match (named, &self.settings.codec) {
            (Some(named), _) => spec(named.spec)?.below(named.folder),
            (None, Some(text)) => spec(text)?,
            (None, None) => {
                return Ok(Box::new(Own { engine: self.engine, fingerprint: self.fingerprint() }));
            }
        };
        Ok(Box::new(Named(open_codec(&spec).map_err(failed)?)))
    }
}

impl EngineSubject<'_> {
    /// Returns a task of the model by its identifier.
    fn descriptor(&self, id: &str) -> Option<&'static TaskDescriptor> {
        self.engine.tasks().find(|task| task.id == id)
    }

    /// Returns the answer of the recognizer that the settings select; `None` if they select none, or if the answer of
    /// the task is not text.
    fn recognized(
        &self,
        ask: &SubjectRequest<'_>,
        run: RunContext<'_>,
    ) -> Result<Option<SubjectAnswer>, SubjectError> {
        let task = self.descriptor(ask.task).filter(|d| d.answer == AnswerKind::Text);
        let named = self.settings.recognizer.is_some();
        let recognizer = self.engine.services().recognizer.as_ref().filter(|_| named);
        let (Some(task), Some(recognizer)) = (task, recognizer) else { return Ok(None) };
        let field = |name: &str| ask.request.get(name).and_then(Value::as_str);
        let Some(recording) = field(task.verb.positional) else { return Ok(None) };
        let audio = self.engine.load(recording).map_err(failed)?;
        let begun = Instant::now();
        let transcript = match task.capabilities.known_text.and_then(field) {
            Some(text) => recognizer.align(&audio, text, run),
            None => recognizer.transcribe(&audio, run),
        };
        let wall_s = begun.elapsed().as_secs_f64();
        let transcript = transcript.map_err(|e| failed(e.into()))?;
        Ok(Some(SubjectAnswer { answered: Answered::new(transcript), wall_s, first_audio_s: None }))
    }
}

/// The codec of the engine.
struct Own<'a> {
    engine: &'a Engine,
    fingerprint: String,
}

impl TestedCodec for Own<'_> {
    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn levels(&self) -> usize {
        self.engine.codec_id().info.levels
    }

    fn round_trip(&self, audio: &Audio, levels: usize) -> Result<(Audio, f64), SubjectError> {
        let begun = Instant::now();
        let codec = self.engine.codec();
        let mut codes = codec.encode_all_levels(audio).map_err(codec_failed)?;
        // With an enhancement layer, codes of fewer levels also lack the pitch: it is then predicted.
        if levels < codec.info().levels {
            codes = codes.first_levels(levels);
        }
        let audio = codec.decode(&codes).map_err(codec_failed)?;
        Ok((audio, begun.elapsed().as_secs_f64()))
    }
}

/// A codec that the suite or the command line selects.
struct Named(Box<dyn Codec>);

impl TestedCodec for Named {
    fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    fn levels(&self) -> usize {
        self.0.info().levels
    }

    fn round_trip(&self, audio: &Audio, levels: usize) -> Result<(Audio, f64), SubjectError> {
        let begun = Instant::now();
        let codes = self.0.encode(audio).map_err(codec_failed)?.first_levels(levels);
        let decoded = self.0.decode(&codes).map_err(codec_failed)?;
        let wall_s = begun.elapsed().as_secs_f64();
        let mut back = syrinx_audio::resample(&decoded, audio.sample_rate_hz)?;
        // The decoded length is a whole number of frames.
        back.samples.resize(audio.samples.len(), 0.0);
        Ok((back, wall_s))
    }
}

/// The decoding settings of a suite are invalid.
#[derive(Debug, thiserror::Error)]
#[error("invalid `decode` settings of the suite: {cause}")]
struct SuiteDecodeError {
    cause: serde_json::Error,
}

/// Returns the decoding settings with the changes of a suite.
fn merged(
    base: &syrinx_decode::DecodeConfig,
    changes: &Map<String, Value>,
) -> Result<syrinx_decode::DecodeConfig, SubjectError> {
    let fault = |cause| {
        let hint = "`syrinx config schema` lists the settings below `decode`";
        let error = CallbackError::new(SuiteDecodeError { cause });
        SubjectError::from(error.with_hint(Some(hint)))
    };
    let mut json = serde_json::to_value(base).map_err(fault)?;
    overlay(&mut json, &Value::Object(changes.clone()));
    serde_json::from_value(json).map_err(fault)
}
