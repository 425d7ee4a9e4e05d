//! Bad input of any form: OpenAI's error object and a 4xx status.

use serde_json::{Value, json};
use syrinx_serve::{Limits, ServeConfig};

use crate::audio::recording;
use crate::http::{Part, get, get_with, post, post_bytes, post_form};
use crate::{RunningJob, shared};

#[test]
fn bad_speech_requests() {
    let check = |body: Value, status: u16, code: &str| {
        let answer = post(&shared().url("/v1/audio/speech"), &body);
        assert_eq!((answer.status, answer.error().as_str()), (status, code), "{body}");
    };
    check(json!({}), 400, "invalid_request");
    check(json!([]), 400, "invalid_request");
    check(json!({ "input": 5 }), 400, "invalid_request");
    check(json!({ "input": "" }), 400, "empty_text");
    check(json!({ "input": "⠁ ⠃" }), 400, "invalid_input");
    check(json!({ "input": "a".repeat(5000) }), 400, "string_above_max_length");
    check(json!({ "input": "Yes.", "model": "gpt-9" }), 404, "model_not_found");
    check(json!({ "input": "Yes.", "voice": "nobody" }), 400, "unknown_voice");
    check(json!({ "input": "Yes.", "voice": "/etc/passwd" }), 400, "unknown_voice");
    check(json!({ "input": "Yes.", "voice": { "id": "nobody" } }), 400, "unknown_voice");
    check(json!({ "input": "Yes.", "speed": 5.0 }), 400, "invalid_speed");
    check(json!({ "input": "Yes.", "temperature": -1 }), 400, "invalid_temperature");
    check(json!({ "input": "Yes.", "instructions": "Whisper." }), 400, "unsupported_parameter");
    check(json!({ "input": "Yes.", "response_format": "midi" }), 400, "invalid_request");
    check(json!({ "input": "Yes.", "nonsense": 1 }), 400, "invalid_request");
    check(json!({ "input": "Yes.", "prompt": "/etc/passwd" }), 400, "invalid_prompt");
    check(json!({ "input": "Yes.", "prompt": "data:audio/wav;base64,!!" }), 400, "invalid_base64");
    let noise = "data:audio/wav;base64,bm90IGEgcmVjb3JkaW5n";
    check(json!({ "input": "Yes.", "prompt": noise }), 400, "invalid_audio");
}

#[test]
fn bad_transcription_requests() {
    let wav = recording(1.0);
    let url = shared().url("/v1/audio/transcriptions");
    let check = |parts: &[Part<'_>], status: u16, code: &str| {
        let answer = post_form(&url, parts);
        assert_eq!((answer.status, answer.error().as_str()), (status, code), "{}", answer.text());
    };
    let file = ("file", Some("talk.wav"), &wav[..]);
    check(&[("model", None, b"whisper-1")], 400, "missing_field");
    check(&[("file", None, b"/etc/passwd")], 400, "invalid_audio");
    check(&[("file", Some("../../etc/passwd"), b"root:x:0:0")], 400, "invalid_audio");
    check(&[("file", Some("empty.wav"), b"")], 400, "invalid_audio");
    check(&[file, ("language", None, b"de")], 400, "invalid_value");
    check(&[file, ("temperature", None, b"7")], 400, "invalid_value");
    check(&[file, ("response_format", None, b"docx")], 400, "invalid_value");
    check(&[file, ("stream", None, b"maybe")], 400, "invalid_value");
    check(
        &[file, ("stream", None, b"true"), ("response_format", None, b"srt")],
        400,
        "invalid_value",
    );
    check(&[file, ("nonsense", None, b"1")], 400, "unknown_field");
    check(&[file, ("model", None, b"gpt-9")], 404, "model_not_found");
    let answer = post(&url, &json!({}));
    assert_eq!((answer.status, answer.error().as_str()), (415, "unsupported_media_type"));
    let answer = post_bytes(&url, "multipart/form-data; boundary=x", b"--x\r\nnonsense");
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_form"));
}

#[test]
fn unknown_routes_and_methods() {
    let answer = get(&shared().url("/v1/chat/completions"));
    assert_eq!((answer.status, answer.error().as_str()), (404, "unknown_route"));
    let answer = get(&shared().url("/v1/audio/speech"));
    assert_eq!((answer.status, answer.error().as_str()), (405, "method_not_allowed"));
    let answer = get(&shared().url("/v1/models/gpt-9"));
    assert_eq!((answer.status, answer.error().as_str()), (404, "model_not_found"));
    let answer = get(&shared().url("/v1/models/%ff"));
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_path"));
    let answer = get(&shared().url("/v1/stream/speech"));
    assert_eq!((answer.status, answer.error().as_str()), (426, "websocket_required"));
    let answer = post_bytes(&shared().url("/v1/audio/speech"), "text/plain", b"Yes.");
    assert_eq!((answer.status, answer.error().as_str()), (415, "unsupported_media_type"));
    let answer = post_bytes(&shared().url("/v1/audio/speech"), "application/json", b"{\"input\"");
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_json"));
}

#[test]
fn foreign_hosts_and_origins_are_refused() {
    let url = shared().url("/v1/models");
    let check = |headers: &[(&str, &str)], status: u16| {
        assert_eq!(get_with(&url, headers).status, status, "{headers:?}");
    };
    check(&[], 200);
    check(&[("host", "127.0.0.2:80")], 200);
    check(&[("host", "evil.example")], 403);
    check(&[("origin", "http://evil.example")], 403);
    check(&[("origin", &shared().url(""))], 200);
}

#[test]
fn limits_are_kept() {
    let limits = Limits {
        max_body_bytes: 100_000,
        max_audio_s: 1.2,
        max_text_chars: 20,
        ..Limits::default()
    };
    let server = RunningJob::start(ServeConfig { limits, ..ServeConfig::default() });
    let answer = post(&server.url("/v1/audio/speech"), &json!({ "input": "a".repeat(200_000) }));
    assert_eq!((answer.status, answer.error().as_str()), (413, "body_too_large"));
    let answer = post(&server.url("/v1/audio/speech"), &json!({ "input": "Yes. ".repeat(5) }));
    assert_eq!((answer.status, answer.error().as_str()), (400, "string_above_max_length"));
    let url = server.url("/v1/audio/transcriptions");
    let answer = post_form(&url, &[("file", Some("long.wav"), &recording(2.0))]);
    assert_eq!((answer.status, answer.error().as_str()), (413, "audio_too_long"));
    let answer = post_form(&url, &[("file", Some("large.wav"), &recording(5.0))]);
    assert_eq!((answer.status, answer.error().as_str()), (413, "body_too_large"));
}

#[test]
fn keys_open_the_api() {
    let keys = vec!["first".to_owned(), "second".to_owned()];
    let server = RunningJob::start(ServeConfig { keys, ..ServeConfig::default() });
    let url = server.url("/v1/models");
    let check = |headers: &[(&str, &str)], status: u16| {
        let answer = get_with(&url, headers);
        assert_eq!(answer.status, status, "{headers:?}");
        if status == 401 {
            assert_eq!(answer.error(), "invalid_api_key");
        }
    };
    check(&[], 401);
    check(&[("authorization", "Bearer third")], 401);
    check(&[("authorization", "first")], 401);
    check(&[("authorization", "Bearer first")], 200);
    check(&[("authorization", "Bearer second")], 200);
    assert_eq!(get(&server.url("/healthz")).status, 200);
    assert_eq!(get(&server.url("/metrics")).status, 401);
}
