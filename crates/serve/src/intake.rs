//! Parsing of request bodies (JSON and forms), within limits.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest as _, FromRequestParts, Multipart, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;

use crate::app::ServerState;
use crate::error::ApiError;
use crate::jobs::Deadline;

/// Identifier in the path of a request.
#[derive(Debug, Clone)]
pub(crate) struct PathId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|e| ApiError::bad("invalid_path", e.body_text()))
    }
}

/// A file in a form.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    /// Name of the form field.
    pub field: String,
    /// File name, for messages only.
    pub name: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// A parsed form.
#[derive(Debug, Clone, Default)]
pub(crate) struct MultipartForm {
    /// Names and values in order, without a trailing `[]` in the names.
    pub fields: Vec<(String, String)>,
    /// Files.
    pub files: Vec<Upload>,
}

impl MultipartForm {
    /// Returns the last value of a field; `None` if it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.fields.iter().rev().find(|(n, _)| n == name);
        value.map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// Removes and returns the file of a field.
    pub fn take(&mut self, field: &str) -> Option<Upload> {
        let at = self.files.iter().position(|f| f.field == field)?;
        Some(self.files.swap_remove(at))
    }
}

/// Whether the body is a multipart form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    content_type(headers).starts_with("multipart/form-data")
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

/// Number of bytes of a refused body that are read, so that the client reads the answer instead of an aborted
/// connection.
const DRAINED_BYTES: usize = 1 << 20;

/// Reads a body within the limits of size and time. Refuses the request before the upload if the queue is full.
async fn body(
    app: &ServerState,
    deadline: &Deadline,
    request: Request,
) -> Result<(Parts, Bytes), ApiError> {
    let most = app.config.limits.max_body_bytes;
    let too_large = || {
        let message = format!("the request body is larger than {most} bytes");
        ApiError::too_large("body_too_large", message)
    };
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|n| n > most as u64) {
        // A client that is still sending when the connection closes does not read the answer.
        let _ = deadline.limit(to_bytes(body, DRAINED_BYTES)).await;
        return Err(too_large());
    }
    // A full queue is reported before the upload. The permit itself is taken once the request is complete.
    drop(app.pool.admit()?);
    // `to_bytes` fails for bodies that are too large and for broken connections, whose clients read no answer.
    let bytes = deadline.limit(to_bytes(body, most)).await?.map_err(|_| too_large())?;
    Ok((parts, bytes))
}

/// Parses a JSON body.
pub(crate) async fn json<T: DeserializeOwned>(
    app: &ServerState,
    deadline: &Deadline,
    request: Request,
) -> Result<T, ApiError> {
    let kind = content_type(request.headers());
    if !(kind.starts_with("application/json") || kind.is_empty()) {
        let message = format!("the content type `{kind}` is not supported; send application/json");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(ApiError::new(status, "unsupported_media_type", message));
    }
    let (_, bytes) = body(app, deadline, request).await?;
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|fault| {
        let field = match fault.path().iter().next() {
            Some(serde_path_to_error::Segment::Map { key }) => Some(key.clone()),
            _ => None,
        };
        let error = does_not_fit(fault.inner());
        match field.filter(|_| fault.inner().is_data()) {
            Some(field) => error.param(&field),
            None => error,
        }
    })?;
    reader.end().map_err(|e| does_not_fit(&e))?;
    Ok(value)
}

fn does_not_fit(error: &serde_json::Error) -> ApiError {
    let code = if error.is_data() { "invalid_request" } else { "invalid_json" };
    ApiError::bad(code, format!("the request body is invalid: {error}"))
}

/// Parses a form.
pub(crate) async fn form(
    app: &ServerState,
    deadline: &Deadline,
    request: Request,
) -> Result<MultipartForm, ApiError> {
    if !is_form(request.headers()) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let message = "this route takes multipart/form-data";
        return Err(ApiError::new(status, "unsupported_media_type", message));
    }
    let (parts, bytes) = body(app, deadline, request).await?;
    let broken = |e: &dyn std::fmt::Display| {
        ApiError::bad("invalid_form", format!("the form can't be read: {e}"))
    };
    let request = Request::from_parts(parts, Body::from(bytes));
    let mut multipart = Multipart::from_request(request, &()).await.map_err(|e| broken(&e))?;
    let mut form = MultipartForm::default();
    while let Some(part) = multipart.next_field().await.map_err(|e| broken(&e))? {
        let name = part.name().unwrap_or_default().trim_end_matches("[]").to_owned();
        let file = part.file_name().map(display_name);
        let bytes = part.bytes().await.map_err(|e| broken(&e))?;
        match file {
            Some(file) => {
                form.files.push(Upload { field: name, name: file, bytes: bytes.to_vec() });
            }
            None => {
                let text = String::from_utf8(bytes.to_vec()).map_err(|_| {
                    let message = format!("the field `{name}` is not UTF-8 text");
                    ApiError::field(&name, "invalid_form", message)
                })?;
                form.fields.push((name, text));
            }
        }
    }
    Ok(form)
}

/// Returns a file name for messages: its last component without control characters, at most 80 characters long.
fn display_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let short: String = last.chars().filter(|c| !c.is_control()).take(80).collect();
    if short.is_empty() { "upload".into() } else { short }
}

/// Decodes a data URI (`data:audio/wav;base64,...`); `None` for other texts.
pub(crate) fn data_uri(text: &str) -> Option<Result<Vec<u8>, ApiError>> {
    let (head, data) = text.strip_prefix("data:")?.split_once(',')?;
    if !head.ends_with(";base64") {
        return None;
    }
    Some(base64(data))
}

/// Decodes base64.
pub(crate) fn base64(data: &str) -> Result<Vec<u8>, ApiError> {
    STANDARD
        .decode(data.trim())
        .map_err(|e| ApiError::bad("invalid_base64", format!("a recording is not base64: {e}")))
}

/// Encodes base64.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
