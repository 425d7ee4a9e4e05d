//! Digests of the answers of every task for fixed seeds; changes of the code must not change them.

use std::fmt::Write as _;

use serde_json::{Value, json};
use syrinx_decode::DecodeConfig;
use syrinx_engine::{Engine, EngineOptions, ModelSource};
use syrinx_registry::ALL;
use syrinx_task::Request;
use syrinx_testkit::request_of;
use syrinx_types::{Audio, CancelToken, Fnv1a, RunContext};

use crate::engine;
use crate::tiny::buzz;

const TEXT: &str = "Yes, no.";

/// Rounds numbers to a thousandth: the digest covers perceptible differences only.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(n) if n.is_f64() => {
            json!((n.as_f64().unwrap_or_default() * 1000.0).round() / 1000.0)
        }
        Value::Array(items) => items.iter().map(rounded).collect(),
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), rounded(v))).collect(),
        other => other.clone(),
    }
}

/// 16-bit samples as one number.
fn digest(audio: &Audio) -> String {
    let bytes = audio.samples.iter().flat_map(|x| ((x * 32767.0).round() as i16).to_le_bytes());
    Fnv1a::default().bytes(bytes).hex()
}

fn digests(engine: &Engine, recording: &Audio, seeds: &[u64]) -> String {
    let mut lines = String::new();
    let voices = engine.voices().names();
    for descriptor in ALL {
        for &seed in seeds {
            let mut request = request_of(descriptor, TEXT, Some("yes so"), &voices, recording);
            if let Some(speaker) = request.recordings.get_mut("speaker") {
                *speaker = recording.slice(0.0, 0.8).into();
            }
            let cancel = CancelToken::default();
            let run = RunContext::quiet(&cancel).with_seed(seed);
            let answered = engine.run(descriptor.id, &request, &DecodeConfig::default(), run);
            let answered = answered.unwrap_or_else(|e| panic!("{}: {e}", descriptor.id));
            let json = rounded(&answered.json());
            let _ = writeln!(lines, "{} seed {seed}: {json}", descriptor.id);
            for (name, audio) in answered.recordings() {
                let (samples, digest) = (audio.samples.len(), digest(&audio));
                let _ = writeln!(lines, "  {name}: {samples} samples, {digest}");
            }
        }
    }
    lines
}

#[test]
fn the_tiny_model_answers_as_before() {
    let recording = buzz(1.5, 24_000);
    insta::assert_snapshot!(digests(engine(), &recording, &[1, 2]));
}

/// The model that comes inside. The digests change with its file.
#[test]
fn the_embedded_model_answers_as_before() {
    let Ok(bytes) = syrinx_embedded::model() else { return };
    let engine = Engine::open(&ModelSource::Bytes(bytes), &EngineOptions::default());
    let engine = engine.unwrap_or_else(|e| panic!("{e}"));
    // The engine's own speech is the recording that the other tasks are given.
    let speaks = ALL.iter().find(|d| d.speaks_text());
    let speaks = speaks.expect("a task speaks texts");
    let cancel = CancelToken::default();
    let run = RunContext::quiet(&cancel).with_seed(3);
    let request = Request::new(json!({ speaks.verb.positional: "Yes, so." }));
    let spoken = engine.run(speaks.id, &request, &DecodeConfig::default(), run);
    let recording = spoken.unwrap_or_else(|e| panic!("{e}")).audio().expect("it speaks");
    insta::assert_snapshot!(digests(&engine, &recording, &[1]));
}
