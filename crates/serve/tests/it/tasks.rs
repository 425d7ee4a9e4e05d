//! Every task by its schema.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use syrinx_task::FieldDescriptor;

use crate::audio::recording;
use crate::http::{get, post, post_form};
use crate::shared;

fn data_uri(wav: &[u8]) -> String {
    format!("data:audio/wav;base64,{}", STANDARD.encode(wav))
}

/// Fields of a task's requests.
fn fields_of(task: &Value) -> Vec<FieldDescriptor> {
    let descriptor = syrinx_registry::find(task["id"].as_str().expect("an identifier"));
    (descriptor.expect("a registered task").request_fields)()
}

/// A request of a task: text where text is required, a recording where one is.
fn request(task: &Value, wav: &str) -> Value {
    let mut fields = json!({});
    let main = task["main_field"].clone();
    for field in fields_of(task).iter().filter(|field| field.required || main == field.name) {
        let name = field.name.as_str();
        let is_recording =
            task["recording_fields"].as_array().expect("a list").contains(&json!(name));
        fields[name] = match (is_recording, field.is_list()) {
            (true, _) => json!(wav),
            (false, true) => json!(["ann", "bob"]),
            (false, false) => json!("yes no"),
        };
    }
    fields
}

#[test]
fn every_task_has_a_route() {
    let wav = data_uri(&recording(1.5));
    let tasks = get(&shared().url("/v1/tasks")).json();
    let tasks = tasks["data"].as_array().expect("a list").clone();
    let document = get(&shared().url("/openapi.json")).json();
    assert!(tasks.len() >= 3);
    for task in &tasks {
        let id = task["id"].as_str().expect("an identifier");
        let url = shared().url(&format!("/v1/tasks/{id}?seed=3"));
        let answer = post(&url, &request(task, &wav));
        // An untrained model may find nothing in a buzz, which is reported as a fault of the input.
        assert!(answer.status == 200 || answer.status == 400, "{id}: {}", answer.text());
        if answer.status == 400 {
            answer.error();
        } else if task["speaks"] == true {
            let sound = answer.json()["audio"].as_str().expect("a data URI").to_owned();
            assert!(sound.starts_with("data:audio/wav;base64,UklGR"), "{id}: {sound:.60}");
        }
        assert!(document["paths"][format!("/v1/tasks/{id}")]["post"].is_object(), "{id}");
        for fields in [json!({}), json!({ "nonsense": 1 })] {
            let answer = post(&url, &fields);
            assert_eq!(answer.status, 400, "{id}: {fields}");
            answer.error();
        }
    }
}

#[test]
fn no_file_of_the_machine_can_be_named() {
    let tasks = get(&shared().url("/v1/tasks")).json();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("secret.wav");
    let sound = recording(1.5);
    std::fs::write(&path, &sound).expect("it is written");
    let path = path.display().to_string();
    for task in tasks["data"].as_array().expect("a list") {
        let id = task["id"].as_str().expect("an identifier");
        let url = shared().url(&format!("/v1/tasks/{id}"));
        for field in fields_of(task) {
            let (name, list) = (field.name.as_str(), field.is_list());
            let is_recording =
                task["recording_fields"].as_array().expect("a list").contains(&json!(name));
            if !is_recording && !list && name != "voice" {
                continue;
            }
            for named in [path.as_str(), "-", "mem:upload-0", "mem:1/part", "file:///etc/passwd"] {
                let mut fields = request(task, &data_uri(&sound));
                fields[name] = if list { json!([named, "ann"]) } else { json!(named) };
                let answer = post(&url, &fields);
                assert_eq!(answer.status, 400, "{id}: {name} = {named}: {}", answer.text());
                assert!(
                    !answer.text().contains("secret.wav") || named == path,
                    "{}",
                    answer.text()
                );
                answer.error();
            }
        }
    }
}

#[test]
fn recordings_come_as_files_of_a_form() {
    let wav = recording(1.5);
    let url = shared().url("/v1/tasks/stt");
    let answer = post_form(&url, &[("audio", Some("talk.wav"), &wav)]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.json()["text"].is_string());
    let parts =
        [("request", None, &b"{\"text\": \"yes no\"}"[..]), ("audio", Some("talk.wav"), &wav[..])];
    let answer = post_form(&url, &parts);
    assert_eq!(answer.json()["text"], "yes no", "{}", answer.text());
    let raw = post(&shared().url("/v1/tasks/tts?raw=true&format=flac"), &json!({ "text": "Yes." }));
    assert!(raw.bytes.starts_with(b"fLaC"), "{}", raw.content_type);
}

#[test]
fn fields_of_a_form_are_read_by_their_type() {
    let url = shared().url("/v1/tasks/mix?seed=3");
    let parts = |rolling: &'static str| {
        [
            ("text", None, &b"12"[..]),
            ("voices", None, &b"ann"[..]),
            ("voices", None, &b"bob"[..]),
            ("weights", None, &b"[1, 3]"[..]),
            ("rolling", None, rolling.as_bytes()),
            ("mode", None, &b"concatenate"[..]),
        ]
    };
    let answer = post_form(&url, &parts("false"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = post_form(&url, &parts("maybe"));
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_input"));
    assert_eq!(answer.json()["error"]["param"], "rolling", "{}", answer.text());
}

#[test]
fn references_of_the_description_lead_somewhere() {
    fn check(node: &Value, document: &Value) {
        match node {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref") {
                    let pointer = target.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{target}");
                }
                fields.values().for_each(|v| check(v, document));
            }
            Value::Array(items) => items.iter().for_each(|v| check(v, document)),
            _ => {}
        }
    }
    let document = get(&shared().url("/openapi.json")).json();
    check(&document, &document);
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn settings_outside_their_ranges_are_refused() {
    for (query, code) in [
        ("temperature=9", "invalid_temperature"),
        ("temperature=nan", "invalid_temperature"),
        ("seed=-1", "invalid_query"),
        ("format=midi", "invalid_query"),
        ("nonsense=1", "invalid_query"),
    ] {
        let url = shared().url(&format!("/v1/tasks/tts?{query}"));
        let answer = post(&url, &json!({ "text": "Yes." }));
        assert_eq!((answer.status, answer.error().as_str()), (400, code), "{query}");
    }
}
