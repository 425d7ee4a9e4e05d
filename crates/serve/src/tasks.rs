//! `/v1/tasks`: all tasks of the model, by their schemas.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::ServerState;
use crate::encode::{Format, encode};
use crate::engine::{TaskAnswer, TaskRequest, TaskView};
use crate::error::ApiError;
use crate::intake::{self, PathId, Upload};
use crate::speech::check_temperature;

/// Settings of a request that are not part of the task, in the query.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskSettings {
    /// Seed of all random numbers.
    seed: Option<u64>,
    /// Format of recordings in the answer; `wav` if not given.
    format: Option<Format>,
    /// Sampling temperature of the codec tokens, 0 to 2.
    temperature: Option<f64>,
    /// Whether to respond with the bytes of the main recording instead of JSON.
    raw: Option<bool>,
}

/// `GET /v1/tasks`.
pub(crate) async fn list(State(app): State<Arc<ServerState>>) -> Json<Value> {
    let about = |t: &TaskView| {
        json!({
            "object": "task", "id": t.id(), "summary": t.descriptor.summary,
            "main_field": t.main_field(),
            "recording_fields": t.descriptor.capabilities.recordings, "speaks": t.speaks(),
            "request": t.request, "answer": t.answer,
        })
    };
    let data: Vec<Value> = app.service.tasks.iter().map(about).collect();
    Json(json!({ "object": "list", "data": data }))
}

/// `POST /v1/tasks/{task}`. The request is JSON with recordings as data URIs, or a form. A form has the request as JSON
/// in the field `request`, or one form field per request field, and recordings as files under the name of their field.
pub(crate) async fn run(
    State(app): State<Arc<ServerState>>,
    PathId(id): PathId,
    settings: Result<Query<TaskSettings>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let Query(settings) = settings.map_err(|e| ApiError::bad("invalid_query", e.body_text()))?;
    check_temperature(settings.temperature)?;
    let deadline = app.deadline();
    let view = app.service.task(&id).ok_or_else(|| {
        let names: Vec<&str> = app.service.tasks.iter().map(TaskView::id).collect();
        let message = format!("there is no task `{id}`; there are: {}", names.join(", "));
        ApiError::new(StatusCode::NOT_FOUND, "unknown_task", message)
    })?;
    let (mut fields, mut uploads) = if intake::is_form(request.headers()) {
        let form = intake::form(&app, &deadline, request).await?;
        (form_fields(view, &form.fields)?, form.files)
    } else {
        (intake::json::<Map<String, Value>>(&app, &deadline, request).await?, Vec::new())
    };
    let format = settings.format.unwrap_or(Format::Wav);
    format.check()?;
    check_strings(&app, view, &fields)?;
    take_inline(view, &mut fields, &mut uploads)?;
    resolve_voices(&app, view, &mut fields)?;
    let place = app.pool.admit()?;
    let mut ask = TaskRequest { task: view.id(), seed: settings.seed, ..TaskRequest::default() };
    ask.temperature = settings.temperature;
    ask.request.fields = Value::Object(fields);
    let running = app.submit_request(place, deadline, ask, move |service, ask| {
        let Value::Object(fields) = &mut ask.request.fields else { return Ok(()) };
        for upload in uploads {
            let Upload { field, name, bytes } = upload;
            let audio = service.decode(bytes, &name, &mut ask.warnings);
            let audio = audio.map_err(|e| e.param(&field))?;
            let field = place_for(fields, &field);
            ask.request.recordings.insert(field, Arc::new(audio));
        }
        Ok(())
    });
    let answer = running.answer().await?;
    respond(&app, answer, format, settings.raw == Some(true))
}

/// Adds an empty value for a recording to a request. Returns the name of the recording: `audio`, or `voices.1` for an
/// entry of a list.
fn place_for(fields: &mut Map<String, Value>, at: &str) -> String {
    if let Some((field, index)) = at.split_once('.') {
        if let (Some(Value::Array(items)), Ok(index)) =
            (fields.get_mut(field), index.parse::<usize>())
            && let Some(item) = items.get_mut(index)
        {
            *item = json!("");
        }
        return at.to_owned();
    }
    match fields.get_mut(at) {
        Some(Value::Array(items)) => {
            items.push(json!(""));
            format!("{at}.{}", items.len() - 1)
        }
        _ => {
            fields.insert(at.to_owned(), json!(""));
            at.to_owned()
        }
    }
}

/// Converts the fields of a form to a request: `request` is parsed as JSON, other fields by the types of the task's
/// fields.
fn form_fields(
    view: &TaskView,
    given: &[(String, String)],
) -> Result<Map<String, Value>, ApiError> {
    let mut fields = Map::new();
    let mut texts: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for (name, text) in given {
        if name == "request" {
            let object = serde_json::from_str::<Map<String, Value>>(text).map_err(|e| {
                ApiError::field("request", "invalid_json", format!("`request` is invalid: {e}"))
            })?;
            fields.extend(object);
            continue;
        }
        texts.entry(name).or_default().push(text);
    }
    for (name, texts) in texts {
        let field = view.fields.iter().find(|field| field.name == *name);
        // Unknown fields are passed on, and the task's error names them.
        let value = match field.map(|field| field.read(texts.iter().map(|text| text.as_str()))) {
            Some(value) => value.map_err(|fault| {
                ApiError::field(name, "invalid_input", format!("`{name}`: {fault}"))
            })?,
            None => Some(json!(texts)),
        };
        match (fields.get_mut(name), value) {
            (Some(Value::Array(items)), Some(Value::Array(more))) => items.extend(more),
            (_, value) => {
                fields.insert(name.clone(), value.unwrap_or_default());
            }
        }
    }
    Ok(fields)
}

/// Checks the lengths of strings, and that no string is the path of a recording: recordings are uploads or data URIs.
fn check_strings(
    app: &ServerState,
    view: &TaskView,
    fields: &Map<String, Value>,
) -> Result<(), ApiError> {
    for (name, value) in fields {
        let clip = view.descriptor.takes_recording(name);
        let mut strings = Vec::new();
        collect(value, &mut strings);
        for text in strings {
            if text.starts_with("data:") && text.contains(";base64,") {
                continue;
            }
            if clip {
                let message = format!(
                    "`{name}` takes a recording: send it as a file of a form or as a data URI, not by name"
                );
                return Err(ApiError::field(name, "recording_by_name", message));
            }
            let (chars, most) = (text.chars().count(), app.config.limits.max_text_chars);
            if chars > most {
                let message =
                    format!("`{name}` has {chars} characters; at most {most} are allowed");
                return Err(ApiError::field(name, "string_above_max_length", message));
            }
        }
    }
    Ok(())
}

fn collect<'v>(value: &'v Value, strings: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => strings.push(text),
        Value::Array(items) => items.iter().for_each(|v| collect(v, strings)),
        Value::Object(fields) => fields.values().for_each(|v| collect(v, strings)),
        _ => {}
    }
}

/// Decodes data URIs: those of fields with recordings, and those in lists, such as `voices`.
fn take_inline(
    view: &TaskView,
    fields: &mut Map<String, Value>,
    uploads: &mut Vec<Upload>,
) -> Result<(), ApiError> {
    let mut take = |field: &str, at: String, text: &str| -> Result<(), ApiError> {
        if let Some(bytes) = intake::data_uri(text) {
            let bytes = bytes.map_err(|e| e.param(field))?;
            uploads.push(Upload { field: at, name: field.to_owned(), bytes });
        } else if view.descriptor.takes_recording(field) {
            let message = format!("`{field}` must be a data URI: data:audio/wav;base64,...");
            return Err(ApiError::field(field, "recording_by_name", message));
        }
        Ok(())
    };
    for (name, value) in fields.iter() {
        match value {
            Value::String(text) => take(name, name.clone(), text)?,
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    if let Value::String(text) = item {
                        take(name, format!("{name}.{i}"), text)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Replaces registered names of voices by their identifiers, in the field for a voice and in the list of voices.
fn resolve_voices(
    app: &ServerState,
    view: &TaskView,
    fields: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let can = view.descriptor.capabilities;
    if let Some(Value::String(voice)) = can.voice.and_then(|field| fields.get_mut(field)) {
        *voice = app.voice(voice)?;
    }
    if let Some(Value::Array(voices)) = can.voices.and_then(|field| fields.get_mut(field)) {
        for voice in voices {
            if let Value::String(voice) = voice
                && !voice.starts_with("data:")
            {
                *voice = app.voice(voice)?;
            }
        }
    }
    Ok(())
}

fn respond(
    app: &ServerState,
    answer: TaskAnswer,
    format: Format,
    raw: bool,
) -> Result<Response, ApiError> {
    let mut json = answer.json;
    for (i, (field, audio)) in answer.recordings.iter().enumerate() {
        let bytes = encode(format, &audio.samples, audio.sample_rate_hz)?;
        let kind = format.media_type(audio.sample_rate_hz);
        app.metrics.spoke(audio.samples.len(), audio.sample_rate_hz);
        if raw && i == 0 {
            return Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response());
        }
        // Many readers split a data URI at the first semicolon, so the media type has no parameters.
        let kind = kind.split(';').next().unwrap_or_default().to_owned();
        json[field.as_str()] = json!(format!("data:{kind};base64,{}", intake::to_base64(&bytes)));
    }
    if raw {
        let message = "this task answers without a recording; omit `raw`";
        return Err(ApiError::field("raw", "no_recording", message));
    }
    Ok(Json(json).into_response())
}
