//! Voices: listed, registered, used, deleted.

use serde_json::{Value, json};
use syrinx_serve::ServeConfig;

use crate::RunningJob;
use crate::audio::recording;
use crate::http::{delete, get, post, post_form};

#[test]
fn a_prompt_becomes_a_voice_and_goes_again() {
    let server = RunningJob::start(ServeConfig::default());
    let url = server.url("/v1/voices");
    let names = || {
        let list = get(&url).json();
        let names = list["data"].as_array().expect("a list").iter().map(|v| v["name"].clone());
        names.collect::<Vec<Value>>()
    };
    assert_eq!(names(), ["ann", "bob"]);
    let wav = recording(2.0);
    let odd = "../../Zoë's voice";
    let parts = [("name", None, odd.as_bytes()), ("file", Some("../../zoe.wav"), &wav[..])];
    let added = post_form(&url, &parts);
    assert_eq!(added.status, 201, "{}", added.text());
    let id = added.json()["id"].as_str().expect("an identifier").to_owned();
    assert!(id.starts_with("voice_"), "{id}");
    assert_eq!(names(), ["ann", "bob", odd]);
    assert_eq!(post_form(&url, &parts).error(), "voice_exists");
    for voice in [json!(id), json!(odd), json!({ "id": id })] {
        let body = json!({ "input": "Yes.", "voice": voice, "response_format": "pcm" });
        let answer = post(&server.url("/v1/audio/speech"), &body);
        assert!(answer.status == 200 && !answer.bytes.is_empty(), "{voice}: {}", answer.text());
    }
    let sample = get(&format!("{url}/{id}/sample"));
    assert!(sample.status == 200 && sample.bytes.starts_with(b"RIFF"));
    // The file's name is the server's own.
    let files: Vec<String> = std::fs::read_dir(server._voices.path())
        .expect("the folder is there")
        .flatten()
        .map(|f| f.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, [format!("{id}.safetensors")]);
    assert_eq!(delete(&format!("{url}/{id}")).status, 200);
    assert_eq!(names(), ["ann", "bob"]);
    assert_eq!(delete(&format!("{url}/{id}")).status, 404);
    assert_eq!(delete(&format!("{url}/ann")).error(), "voice_is_fixed");
}

#[test]
fn bad_voices_are_refused() {
    let server = RunningJob::start(ServeConfig::default());
    let url = server.url("/v1/voices");
    let wav = recording(2.0);
    let file = ("file", Some("a.wav"), &wav[..]);
    let check = |parts: &[crate::http::Part<'_>], code: &str| {
        let answer = post_form(&url, parts);
        assert_eq!((answer.status, answer.error().as_str()), (400, code), "{}", answer.text());
    };
    check(&[file], "invalid_name");
    check(&[("name", None, b""), file], "invalid_name");
    check(&[("name", None, "x".repeat(65).as_bytes()), file], "invalid_name");
    check(&[("name", None, b"ann"), file], "voice_exists");
    check(&[("name", None, b"zoe")], "missing_field");
    check(&[("name", None, b"zoe"), ("file", Some("a.wav"), b"nothing")], "invalid_audio");
    let silence = recording(0.3);
    check(&[("name", None, b"zoe"), ("file", Some("a.wav"), &silence[..])], "invalid_input");
}
