//! `/v1/voices`: voices of the model, and voices registered from recordings.
//!
//! The server generates the identifier of a registered voice, under which its file is stored. The name that the client
//! gives is only text in the file.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use syrinx_types::Fingerprint;

use crate::app::ServerState;
use crate::encode::{Format, encode};
use crate::engine::{TaskAnswer, WARNINGS};
use crate::error::ApiError;
use crate::intake::{self, PathId};
use crate::registered::PREFIX;

/// Maximum length of a voice's name, in characters.
const LONGEST_NAME: usize = 64;

impl ServerState {
    /// Returns the engine's name of a voice, given its name or identifier in a request.
    pub fn voice(&self, voice: &str) -> Result<String, ApiError> {
        if let Some(id) = self.voices.id(voice) {
            return Ok(id);
        }
        let known = self.service.voices();
        if known.iter().any(|(name, ..)| name == voice) {
            return Ok(voice.to_owned());
        }
        let names: Vec<&str> = known.iter().map(|(name, ..)| name.as_str()).collect();
        let message = format!("there is no voice `{voice}`; the voices are: {}", names.join(", "));
        Err(ApiError::field("voice", "unknown_voice", message))
    }

    fn about_voice(&self, id: &str, seconds: f64, about: &str) -> Value {
        let registered = id.starts_with(PREFIX);
        let name = if registered { about } else { id };
        json!({
            "object": "voice", "id": id, "name": name, "seconds": seconds,
            "registered": registered, "sample": format!("/v1/voices/{id}/sample"),
        })
    }
}

/// `GET /v1/voices`.
pub(crate) async fn list(State(app): State<Arc<ServerState>>) -> Json<Value> {
    let voices = app.service.voices();
    let data: Vec<Value> =
        voices.iter().map(|(id, s, about)| app.about_voice(id, *s, about)).collect();
    Json(json!({ "object": "list", "data": data }))
}

/// `POST /v1/voices`: a form with `name` and a recording `file` (or OpenAI's `audio_sample`).
pub(crate) async fn add(
    State(app): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let deadline = app.deadline();
    let mut form = intake::form(&app, &deadline, request).await?;
    let name = form.get("name").unwrap_or_default().trim().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        let message = format!("`name` must have 1 to {LONGEST_NAME} printable characters");
        return Err(ApiError::field("name", "invalid_name", message));
    }
    let file = form.take("file").or_else(|| form.take("audio_sample"));
    let file = file
        .ok_or_else(|| ApiError::field("file", "missing_field", "a recording `file` is missing"))?;
    let taken = app.service.voices().iter().any(|(id, ..)| *id == name);
    if taken || app.voices.id(&name).is_some() {
        let message = format!("a voice `{name}` already exists");
        return Err(ApiError::field("name", "voice_exists", message));
    }
    if app.voices.lock().len() >= app.config.limits.max_voices {
        let most = app.config.limits.max_voices;
        let message = format!("{most} voices are registered; delete one first");
        return Err(ApiError::bad("too_many_voices", message));
    }
    let hash = Fingerprint::default().part(name.as_bytes()).part(&file.bytes);
    let id = format!("{PREFIX}{}", hash.hex());
    let place = app.pool.admit()?;
    let (kept, about) = (id.clone(), name.clone());
    let running = app.submit(place, deadline, |service| {
        Box::new(move |_, _| {
            let mut warnings = Vec::new();
            let audio = service.decode(file.bytes, &file.name, &mut warnings)?;
            let codes = service.voice(&audio, &file.name, &mut warnings)?;
            service.add_voice(&kept, &codes, &about)?;
            Ok(TaskAnswer { json: json!(warnings), ..TaskAnswer::default() })
        })
    });
    let warnings = running.answer().await?.json;
    app.voices.lock().insert(id.clone(), name.clone());
    let known = app.service.voices();
    let seconds = known.iter().find(|(v, ..)| *v == id).map_or(0.0, |(_, seconds, _)| *seconds);
    let mut about = app.about_voice(&id, seconds, &name);
    if warnings.as_array().is_some_and(|warnings| !warnings.is_empty()) {
        about[WARNINGS] = warnings;
    }
    Ok((StatusCode::CREATED, Json(about)).into_response())
}

/// `DELETE /v1/voices/{voice}`, for registered voices only.
pub(crate) async fn delete(
    State(app): State<Arc<ServerState>>,
    PathId(voice): PathId,
) -> Result<Json<Value>, ApiError> {
    let Some(id) = app.voices.id(&voice) else {
        app.voice(&voice).map_err(not_found)?;
        let message = format!("voice `{voice}` was not registered over HTTP and can't be deleted");
        return Err(ApiError::new(StatusCode::FORBIDDEN, "voice_is_fixed", message));
    };
    app.service.remove_voice(&id)?;
    app.voices.lock().remove(&id);
    Ok(Json(json!({ "object": "voice.deleted", "id": id, "deleted": true })))
}

/// `GET /v1/voices/{voice}/sample`: the prompt of a voice as WAV.
pub(crate) async fn sample(
    State(app): State<Arc<ServerState>>,
    PathId(voice): PathId,
) -> Result<Response, ApiError> {
    let voice = app.voice(&voice).map_err(not_found)?;
    let place = app.pool.admit()?;
    let running = app.submit(place, app.deadline(), |service| {
        Box::new(move |_, _| {
            let audio = service.voice_sample(&voice)?;
            Ok(TaskAnswer {
                json: Value::Null,
                recordings: vec![("audio".into(), Arc::new(audio))],
                ..TaskAnswer::default()
            })
        })
    });
    let answer = running.answer().await?;
    let Some((_, audio)) = answer.recordings.first() else {
        return Err(ApiError::internal("the voice has no sample"));
    };
    let bytes = encode(Format::Wav, &audio.samples, audio.sample_rate_hz)?;
    let kind = Format::Wav.media_type(audio.sample_rate_hz);
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

/// Converts an error about a field to one about the path.
fn not_found(error: ApiError) -> ApiError {
    ApiError { status: StatusCode::NOT_FOUND, param: None, ..error }
}
