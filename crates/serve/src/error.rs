//! Error responses, as OpenAI's error object.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error response.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// Machine-readable code, such as `unknown_voice`.
    pub code: &'static str,
    /// Message for people.
    pub message: String,
    /// Remedy.
    pub hint: Option<String>,
    /// Name of the invalid request field.
    pub param: Option<String>,
    /// Time after which a retry may succeed; sent as `Retry-After`.
    pub retry_after: Option<Duration>,
}

impl ApiError {
    /// Builds an error with a status.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), hint: None, param: None, retry_after: None }
    }

    /// Builds an error with status 400.
    pub fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Builds an error with status 400 for a field.
    pub fn field(param: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::bad(code, message).param(param)
    }

    /// Builds an error with status 413.
    pub fn too_large(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code, message)
    }

    /// Builds an error with status 500 for an internal fault. `detail` must not contain paths of the server.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail)
    }

    /// Builds the error for a request that exceeded its deadline.
    pub fn timeout(limit: Duration) -> Self {
        let message = format!(
            "the request took longer than the {} s this server allows; send a shorter text or recording",
            limit.as_secs()
        );
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", message)
    }

    /// Builds the error with status 429 for a full queue.
    pub fn busy(retry_after: Duration) -> Self {
        let message = "the server is busy and its queue is full; retry later";
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "queue_full", message);
        error.retry_after = Some(retry_after);
        error
    }

    /// Sets the name of the invalid field.
    pub fn param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    /// Sets the remedy, if one is given.
    pub fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into).or(self.hint);
        self
    }

    /// Returns OpenAI's error object, with the remedy in `hint`.
    pub fn object(&self) -> serde_json::Value {
        let kind = match self.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        json!({ "error": {
            "message": self.message, "type": kind, "param": self.param, "code": self.code,
            "hint": self.hint,
        } })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.object())).into_response();
        let headers = response.headers_mut();
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
