//! `/openapi.json`, from the schemas of tasks and requests.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use crate::app::ServerState;
use crate::encode::Format;
use crate::engine::{EngineService, TaskView, WARNINGS};
use crate::speech::SpeechRequest;
use crate::transcriptions::FORMATS;

/// `GET /openapi.json`.
pub(crate) async fn show(State(app): State<Arc<ServerState>>) -> Json<Value> {
    Json(app.openapi.clone())
}

/// Returns the description of the server (OpenAPI 3.1).
pub(crate) fn document(service: &EngineService) -> Value {
    let mut schemas = Map::new();
    schemas.insert("Error".into(), error_schema());
    let speech = schemars::schema_for!(SpeechRequest).to_value();
    let speech = lift(&mut schemas, "SpeechRequest", speech);
    let mut paths = json!({
        "/": { "get": operation("Web page to try the server", &[], "200", content("text/html", string())) },
        "/healthz": { "get": operation("State of the server", &[], "200", content("application/json", object())) },
        "/metrics": { "get": operation("Figures for Prometheus", &[401], "200", content("application/openmetrics-text", string())) },
        "/openapi.json": { "get": operation("This document", &[], "200", content("application/json", object())) },
        "/v1/models": { "get": operation("Models", &[401], "200", content("application/json", object())) },
        "/v1/models/{model}": { "get": with_path("model", operation("Description of a model", &[401, 404], "200", content("application/json", object()))) },
        "/v1/voices": {
            "get": operation("Voices", &[401], "200", content("application/json", object())),
            "post": with_body(
                operation("Register a voice from a recording", &[400, 401, 408, 413, 415, 429], "201", content("application/json", object())),
                content("multipart/form-data", voice_form()),
            ),
        },
        "/v1/voices/{voice}": { "delete": with_path("voice", operation("Delete a registered voice", &[401, 403, 404], "200", content("application/json", object()))) },
        "/v1/voices/{voice}/sample": { "get": with_path("voice", operation("Prompt of a voice as WAV", &[401, 404, 408, 429], "200", content("audio/wav", binary()))) },
        "/v1/audio/speech": { "post": with_body(
            operation("Synthesize a text", &[400, 401, 404, 408, 413, 415, 429], "200", speech_content(service)),
            content("application/json", speech),
        ) },
        "/v1/audio/transcriptions": { "post": with_body(
            operation("Transcribe a recording", &[400, 401, 404, 408, 413, 415, 429], "200", transcript_content()),
            content("multipart/form-data", transcription_form()),
        ) },
        "/v1/tasks": { "get": operation("Tasks with their schemas", &[401], "200", content("application/json", object())) },
    });
    for task in &service.tasks {
        paths[format!("/v1/tasks/{}", task.id())] =
            json!({ "post": task_operation(&mut schemas, task) });
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Syrinx", "version": env!("CARGO_PKG_VERSION"),
            "description": "Speech synthesis, recognition and all other tasks of the loaded model. Websockets are not described by OpenAPI: /v1/stream/speech and /v1/stream/transcription." },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
        "security": [{}, { "key": [] }],
    })
}

/// Moves a schema and its definitions to the components of the document. Returns a reference to the schema.
fn lift(schemas: &mut Map<String, Value>, name: &str, mut schema: Value) -> Value {
    let definitions = schema.as_object_mut().and_then(|s| {
        s.remove("$schema");
        s.remove("$defs")
    });
    let prefix = format!("{name}.");
    if let Some(Value::Object(definitions)) = definitions {
        for (key, mut definition) in definitions {
            point(&mut definition, &prefix);
            schemas.insert(format!("{prefix}{key}"), definition);
        }
    }
    point(&mut schema, &prefix);
    schemas.insert(name.to_owned(), schema);
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Redirects references to definitions to the components of the document.
fn point(schema: &mut Value, prefix: &str) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get_mut("$ref")
                && let Some(name) = target.strip_prefix("#/$defs/")
            {
                *target = format!("#/components/schemas/{prefix}{name}");
            }
            fields.values_mut().for_each(|v| point(v, prefix));
        }
        Value::Array(items) => items.iter_mut().for_each(|v| point(v, prefix)),
        _ => {}
    }
}

fn task_operation(schemas: &mut Map<String, Value>, task: &TaskView) -> Value {
    let request = lift(schemas, &format!("{}.request", task.id()), task.request.clone());
    let mut schema = task.answer.clone();
    if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let warnings = json!({ "type": "array", "items": { "type": "string" }, "description": "Warnings, such as faults of recordings that were repaired; absent if there are none" });
        fields.insert(WARNINGS.to_owned(), warnings);
    }
    let answer = lift(schemas, &format!("{}.answer", task.id()), schema);
    let mut success = content("application/json", answer);
    for format in Format::available() {
        let kind = format.media_type(0);
        let kind = kind.split(';').next().unwrap_or_default().to_owned();
        success[kind] = json!({ "schema": binary() });
    }
    let errors = [400, 401, 404, 408, 413, 415, 429];
    let mut body = content("application/json", request);
    body["multipart/form-data"] = json!({ "schema": {
        "type": "object",
        "description": "The request as JSON in `request`, or one form field per request field; recordings as files under the name of their field.",
        "properties": { "request": { "type": "string" } },
    } });
    let mut operation =
        with_body(operation(task.descriptor.summary, &errors, "200", success), body);
    let recordings = if task.descriptor.capabilities.recordings.is_empty() {
        "This task takes no recordings.".to_owned()
    } else {
        let fields = task.descriptor.capabilities.recordings.join("`, `");
        format!("Recordings (`{fields}`) are data URIs in JSON, or files of a form.")
    };
    operation["description"] = json!(recordings);
    let query = |name: &str, schema: Value, about: &str| json!({ "name": name, "in": "query", "required": false, "schema": schema, "description": about });
    let formats: Vec<&str> = Format::available().into_iter().map(Format::name).collect();
    operation["parameters"] = json!([
        query("seed", json!({ "type": "integer", "minimum": 0 }), "Seed of all random numbers"),
        query("format", json!({ "enum": formats }), "Format of recordings in the answer"),
        query(
            "temperature",
            json!({ "type": "number", "minimum": 0, "maximum": 2 }),
            "Sampling temperature"
        ),
        query(
            "raw",
            json!({ "type": "boolean" }),
            "Answer with the bytes of the main recording instead of JSON"
        ),
    ]);
    operation
}

fn operation(summary: &str, errors: &[u16], status: &str, success: Value) -> Value {
    let mut responses = json!({ status: { "description": "Success", "content": success } });
    // The access control may refuse any route.
    for status in errors.iter().chain(&[403]) {
        let mut response = json!({ "description": "Error", "content": {
            "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } } });
        if *status == 429 {
            response["headers"] = json!({ "Retry-After": { "schema": { "type": "integer" }, "description": "Seconds" } });
        }
        responses[status.to_string()] = response;
    }
    json!({ "summary": summary, "responses": responses })
}

fn with_body(mut operation: Value, content: Value) -> Value {
    operation["requestBody"] = json!({ "required": true, "content": content });
    operation
}

fn with_path(name: &str, mut operation: Value) -> Value {
    operation["parameters"] =
        json!([{ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }]);
    operation
}

fn content(kind: &str, schema: Value) -> Value {
    json!({ kind: { "schema": schema } })
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn object() -> Value {
    json!({ "type": "object" })
}

fn binary() -> Value {
    json!({ "type": "string", "format": "binary" })
}

fn speech_content(service: &EngineService) -> Value {
    let mut success = content("text/event-stream", string());
    for format in Format::available() {
        success[format.media_type(service.rate_hz())] = json!({ "schema": binary() });
    }
    success
}

fn transcript_content() -> Value {
    let text =
        json!({ "type": "object", "properties": { "text": string() }, "required": ["text"] });
    let mut success = content("application/json", text);
    for kind in ["text/plain", "application/x-subrip", "text/vtt", "text/event-stream"] {
        success[kind] = json!({ "schema": string() });
    }
    success
}

fn voice_form() -> Value {
    json!({ "type": "object", "required": ["name", "file"], "properties": {
        "name": { "type": "string", "minLength": 1, "maxLength": 64 },
        "file": binary(),
    } })
}

fn transcription_form() -> Value {
    json!({ "type": "object", "required": ["file"], "properties": {
        "file": binary(),
        "model": string(),
        "language": { "type": "string", "description": "`en` or omitted" },
        "prompt": { "type": "string", "description": "Accepted without effect" },
        "temperature": { "type": "number", "minimum": 0, "maximum": 1, "description": "Accepted without effect: recognition is not random" },
        "response_format": { "enum": FORMATS },
        "stream": { "type": "boolean" },
        "include[]": { "type": "array", "items": string(), "description": "Accepted without effect" },
        "chunking_strategy": { "type": "string", "description": "Accepted without effect" },
        "seed": { "type": "string", "description": "Accepted without effect" },
        "timestamp_granularities[]": { "type": "array", "items": { "enum": ["word", "segment"] } },
    } })
}

fn error_schema() -> Value {
    json!({ "type": "object", "required": ["error"], "properties": { "error": {
        "type": "object", "required": ["message", "type", "param", "code"],
        "properties": {
            "message": string(), "type": string(), "hint": { "type": ["string", "null"] },
            "param": { "type": ["string", "null"] }, "code": { "type": ["string", "null"] },
        },
    } } })
}
