//! A subject with scripted answers.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use syrinx_eval::{
    EvalOptions, NamedCodec, Report, Subject, SubjectAnswer, SubjectError, SubjectRequest, Suite,
    TestedCodec, evaluate,
};
use syrinx_task::{Answer as TaskAnswer, AnswerKind, Answered, Phones, Speech, Transcript};
use syrinx_types::{Audio, CallbackError, CancelToken, NullSink, RunContext};

/// Samples a second of everything here.
pub(crate) const RATE_HZ: u32 = 24_000;

/// Synthesizes tones, transcribes from a list, converts graphemes by a table.
#[derive(Default)]
pub(crate) struct Fake {
    /// Transcript by a part of the recording's path; empty for any other.
    pub(crate) transcripts: BTreeMap<&'static str, &'static str>,
    /// Answers of the tasks `write` and `spell`, by a part of the request.
    pub(crate) answers: BTreeMap<&'static str, Value>,
    /// Requests with this in them fail.
    pub(crate) fails_on: &'static str,
    /// Number of answers after which the run is cancelled.
    pub(crate) cancel_after: Option<usize>,
    /// Text in place of the model's weights.
    pub(crate) weights: &'static str,
    /// Number of answers so far, those of the recognizer included.
    pub(crate) asked: Cell<usize>,
}

/// A hum: buzzing enough to have a pitch.
pub(crate) fn hum(pitch_hz: f32, seconds: f32) -> Audio {
    let wave = |i: usize| {
        let phase = i as f32 / RATE_HZ as f32 * pitch_hz * std::f32::consts::TAU;
        (1..8).map(|k| (phase * k as f32).sin() / k as f32).sum::<f32>() * 0.2
    };
    let n = (seconds * RATE_HZ as f32) as usize;
    Audio { samples: (0..n).map(wave).collect(), sample_rate_hz: RATE_HZ }
}

fn pitch_hz(voice: &str) -> f32 {
    if voice == "low" { 100.0 } else { 220.0 }
}

/// An answer of any fields.
#[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
struct Plain(Value);

impl TaskAnswer for Plain {
    const KIND: AnswerKind = AnswerKind::Data;

    fn merge(&mut self, next: Self, _start_s: f64) {
        *self = next;
    }
}

/// An answer of the task's own type, or of another one where the JSON does not have its fields.
fn typed(task: &str, json: Value) -> Answered {
    if task == "spell"
        && let Some(phones) = json["phones"].as_str()
    {
        return Answered::new(Phones { phones: phones.to_owned(), ..Phones::default() });
    }
    match serde_json::from_value::<Transcript>(json.clone()) {
        Ok(transcript) if task == "write" => Answered::new(transcript),
        _ => Answered::new(Plain(json)),
    }
}

impl Subject for Fake {
    fn name(&self) -> String {
        "fake".into()
    }

    fn fingerprint(&self) -> String {
        format!("weights {}", self.weights)
    }

    fn answer_kind(&self, task: &str) -> Option<AnswerKind> {
        match task {
            "speak" => Some(AnswerKind::Speech),
            "write" | "ear" => Some(AnswerKind::Text),
            "spell" => Some(AnswerKind::Phones),
            _ => None,
        }
    }

    fn tasks(&self) -> Vec<String> {
        ["speak", "write", "spell"].map(str::to_owned).to_vec()
    }

    fn voices(&self) -> Vec<String> {
        vec!["low".into(), "high".into()]
    }

    fn voice_recording(&self, voice: &str) -> Result<Audio, SubjectError> {
        Ok(hum(pitch_hz(voice), 1.0))
    }

    fn answer(
        &self,
        ask: &SubjectRequest,
        run: RunContext<'_>,
    ) -> Result<SubjectAnswer, SubjectError> {
        self.asked.set(self.asked.get() + 1);
        if self.cancel_after == Some(self.asked.get()) {
            run.cancel.cancel();
            return Err(SubjectError::Cancelled);
        }
        let request = ask.request.to_string();
        if !self.fails_on.is_empty() && request.contains(self.fails_on) {
            let error = CallbackError::new("it is all too much");
            return Err(error.with_hint(Some("ask for less")).into());
        }
        let answered = match ask.task {
            "speak" => {
                let voice = ask.request.get("voice").and_then(Value::as_str).unwrap_or("high");
                let audio = hum(pitch_hz(voice), 0.5);
                Answered::new(Speech::from(audio))
            }
            "ear" => {
                let transcript = self.transcripts.iter().find(|(part, _)| request.contains(**part));
                let text = transcript.map(|(_, text)| *text).unwrap_or_default();
                Answered::new(Transcript { text: text.to_owned(), ..Transcript::default() })
            }
            _ => {
                let answer = self.answers.iter().find(|(part, _)| request.contains(**part));
                let json = answer.map(|(_, json)| json.clone()).unwrap_or(json!({}));
                typed(ask.task, json)
            }
        };
        Ok(SubjectAnswer { answered, wall_s: 0.25, first_audio_s: None })
    }

    fn sample_rate_hz(&self) -> u32 {
        RATE_HZ
    }

    fn codec(
        &self,
        named: Option<NamedCodec<'_>>,
    ) -> Result<Box<dyn TestedCodec + '_>, SubjectError> {
        match named {
            None => Ok(Box::new(Softer(self.fingerprint()))),
            Some(NamedCodec { spec, folder }) if folder.join(spec).exists() => {
                Ok(Box::new(Silence))
            }
            Some(NamedCodec { spec, .. }) => Err(CallbackError::new(format!("no `{spec}`")).into()),
        }
    }
}

/// A codec of eight levels that makes everything softer.
struct Softer(String);

impl TestedCodec for Softer {
    fn fingerprint(&self) -> String {
        self.0.clone()
    }

    fn levels(&self) -> usize {
        8
    }

    fn round_trip(&self, audio: &Audio, levels: usize) -> Result<(Audio, f64), SubjectError> {
        let loss = 1.0 - 0.5 / levels as f32;
        let samples = audio.samples.iter().map(|s| s * loss).collect();
        Ok((Audio { samples, ..*audio }, 0.125))
    }
}

/// A codec of two levels whose round trip is silence.
struct Silence;

impl TestedCodec for Silence {
    fn fingerprint(&self) -> String {
        "silence".into()
    }

    fn levels(&self) -> usize {
        2
    }

    fn round_trip(&self, audio: &Audio, _levels: usize) -> Result<(Audio, f64), SubjectError> {
        Ok((Audio { samples: vec![0.0; audio.samples.len()], ..*audio }, 0.5))
    }
}

/// A suite from text, with files beside it.
pub(crate) fn suite(folder: &Path, toml: &str, files: &[(&str, &str)]) -> Suite {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    Suite::parse(toml, "probe", folder).unwrap()
}

/// Runs a suite into `run` under its folder.
pub(crate) fn run(suite: &Suite, fake: &Fake) -> Report {
    let options = EvalOptions { out: suite.folder.join("run"), ..EvalOptions::default() };
    evaluate(suite, fake, &options, &CancelToken::default(), &NullSink).unwrap()
}

/// A figure over everything: value, lower and upper end, rows.
pub(crate) fn figure(report: &Report, name: &str) -> (f64, f64, f64, usize) {
    let figure = report.figure(name).unwrap_or_else(|| panic!("no figure {name}"));
    (figure.value, figure.low, figure.high, figure.rows)
}
