//! A loaded engine as the subject of an evaluation.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use serde_json::{Map, Value};
use syrinx_decode::DecodeConfig;
use syrinx_engine::{Engine, EngineError, Joined, ModelSource, RunOptions};
use syrinx_task::AnswerKind;
use syrinx_types::{Audio, CancelToken, NullSink};

use crate::row::{hash, hash_bytes};
use crate::{Answer, Ask, Subject, SubjectError};

/// An engine, and the settings that it answers with unless a suite says otherwise.
pub struct EngineSubject<'a> {
    engine: &'a Engine,
    decode: DecodeConfig,
    name: String,
    fingerprint: String,
}

impl<'a> EngineSubject<'a> {
    /// An engine that was opened from `source` with `task_settings`, answering with `decode`.
    ///
    /// # Errors
    /// [`SubjectError::Failed`] if the source can't be read again.
    pub fn new(
        engine: &'a Engine,
        source: &ModelSource,
        task_settings: &BTreeMap<String, Value>,
        decode: DecodeConfig,
    ) -> Result<Self, SubjectError> {
        let (name, weights) = match source {
            ModelSource::Bytes(bytes) => ("embedded".to_owned(), hash_bytes(bytes)),
            ModelSource::File(path) => {
                let bytes = fs::read(path)
                    .map_err(|e| SubjectError::Failed(format!("{}: {e}", path.display())))?;
                (path.display().to_string(), hash_bytes(&bytes))
            }
        };
        let json = |value: Result<Value, serde_json::Error>| value.unwrap_or_default().to_string();
        let decoding = json(serde_json::to_value(&decode));
        let settings = json(serde_json::to_value(task_settings));
        let fingerprint = hash(&[&weights, &decoding, &settings]);
        Ok(Self { engine, decode, name, fingerprint })
    }

    /// The decoding settings with the suite's changes.
    fn decode(&self, changes: &Map<String, Value>) -> Result<DecodeConfig, SubjectError> {
        if changes.is_empty() {
            return Ok(self.decode.clone());
        }
        let fault = |e: serde_json::Error| SubjectError::Failed(format!("decoding settings: {e}"));
        let mut settings = serde_json::to_value(&self.decode).map_err(fault)?;
        merge(&mut settings, &Value::Object(changes.clone()));
        serde_json::from_value(settings).map_err(fault)
    }
}

/// Puts the fields of `changes` over those of `value`, at any depth.
fn merge(value: &mut Value, changes: &Value) {
    match (value, changes) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (key, change) in changes {
                merge(fields.entry(key.clone()).or_insert(Value::Null), change);
            }
        }
        (value, change) => *value = change.clone(),
    }
}

fn failed(error: EngineError) -> SubjectError {
    match error {
        EngineError::Cancelled => SubjectError::Cancelled,
        other => SubjectError::Failed(other.to_string()),
    }
}

impl Subject for EngineSubject<'_> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn answer_kind(&self, task: &str) -> Option<AnswerKind> {
        syrinx_registry::ALL.iter().find(|d| d.id == task).map(|d| d.answer)
    }

    fn tasks(&self) -> Vec<String> {
        syrinx_registry::ALL.iter().map(|d| d.id.to_owned()).collect()
    }

    fn voices(&self) -> Vec<String> {
        self.engine.voices().names()
    }

    fn voice_recording(&self, voice: &str) -> Result<Audio, SubjectError> {
        let codes = self.engine.voices().codes(voice).map_err(failed)?;
        self.engine.codec().decode(&codes).map_err(|e| SubjectError::Failed(e.to_string()))
    }

    fn answer(&self, ask: &Ask, cancel: &CancelToken) -> Result<Answer, SubjectError> {
        let options = RunOptions {
            decode: self.decode(ask.decode)?,
            seed: ask.seed,
            ..RunOptions::default()
        };
        let start = Instant::now();
        let (mut whole, mut first_audio_s) = (Joined::default(), None);
        let sink = (cancel, &NullSink as &dyn syrinx_types::EventSink);
        self.engine
            .run_in_parts(ask.task, ask.request, &options, sink, &mut |part| {
                if !part.answered.recordings.is_empty() && first_audio_s.is_none() {
                    first_audio_s = Some(start.elapsed().as_secs_f64());
                }
                whole.push(part);
                Ok(())
            })
            .map_err(failed)?;
        let wall_s = start.elapsed().as_secs_f64();
        let answered =
            whole.into_answered().ok_or_else(|| SubjectError::Failed("no answer".into()))?;
        Ok(Answer { answered, wall_s, first_audio_s })
    }

    fn sample_rate_hz(&self) -> u32 {
        self.engine.codec().info().sample_rate_hz
    }

    fn codec_levels(&self) -> usize {
        self.engine.codec().info().levels
    }

    fn round_trip(&self, audio: &Audio, levels: usize) -> Result<(Audio, f64), SubjectError> {
        let fault = |e: syrinx_codec::CodecError| SubjectError::Failed(e.to_string());
        let start = Instant::now();
        let codes = self.engine.codec().encode(audio).map_err(fault)?;
        let mut back = self.engine.codec().decode(&codes.first_levels(levels)).map_err(fault)?;
        let wall_s = start.elapsed().as_secs_f64();
        // The codec gives whole frames; what is compared is what was there.
        back.samples.truncate(audio.samples.len());
        Ok((back, wall_s))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_reach_into_settings() {
        let check = |mut value: Value, changes: Value, expected: Value| {
            merge(&mut value, &changes);
            assert_eq!(value, expected);
        };
        check(
            json!({"codes": {"top_k": 5, "top_p": 0.5}, "best_of": 1}),
            json!({"codes": {"top_k": 9}, "best_of": 4}),
            json!({"codes": {"top_k": 9, "top_p": 0.5}, "best_of": 4}),
        );
        check(json!({"a": {"b": 1}}), json!({"a": 2, "c": 3}), json!({"a": 2, "c": 3}));
    }
}
