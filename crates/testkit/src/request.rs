//! Requests of any task, made from its descriptor.

use serde_json::{Map, json};
use syrinx_task::{Request, TaskDescriptor};
use syrinx_types::Audio;

/// Builds a request with the required fields and the positional one: recordings where the capabilities name them,
/// voices in lists, and the text everywhere else. The words of a recording are `says`, where the task takes them.
pub fn request_of(
    descriptor: &TaskDescriptor,
    text: &str,
    says: Option<&str>,
    voices: &[String],
    recording: &Audio,
) -> Request {
    let mut request = Request::new(json!({}));
    let mut fields = Map::new();
    for field in (descriptor.request_fields)() {
        let name = &field.name;
        let needed = field.required || *name == descriptor.verb.positional;
        match (name.as_str(), says) {
            ("says", Some(says)) => {
                fields.insert(name.clone(), json!(says));
            }
            ("force", Some(_)) => {
                fields.insert(name.clone(), json!(true));
            }
            _ if !needed => {}
            _ if descriptor.takes_recording(name) => {
                request = request.with_recording(name.clone(), recording.clone());
            }
            _ if field.is_list() => {
                fields.insert(name.clone(), json!(&voices[..voices.len().min(2)]));
            }
            _ => {
                fields.insert(name.clone(), json!(text));
            }
        }
    }
    request.fields = fields.into();
    request
}
