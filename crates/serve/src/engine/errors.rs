//! Errors of the engine as error responses.

use std::io::ErrorKind;

use axum::http::StatusCode;
use syrinx_audio::AudioError;
use syrinx_engine::EngineError;
use syrinx_task::{Service, TaskError};

use crate::error::ApiError;

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match &error {
            EngineError::Audio(e) => audio_error(e),
            EngineError::UnknownTask { .. } => {
                Self::new(StatusCode::NOT_FOUND, "unknown_task", error.to_string())
            }
            EngineError::NotTrained { task, .. } => Self::bad(
                "task_not_trained",
                format!("the loaded model was trained without the task `{task}`"),
            ),
            EngineError::UnknownVoice { name, nearest } => unknown_voice(name, nearest.as_deref()),
            EngineError::Cancelled => {
                Self::new(StatusCode::REQUEST_TIMEOUT, "cancelled", "the request was cancelled")
            }
            EngineError::Text(_)
            | EngineError::Markup(_)
            | EngineError::Prompt { .. }
            | EngineError::TaskMarkup { .. } => {
                Self::bad("invalid_input", error.to_string()).hint(error.hint())
            }
            EngineError::Voice { name, .. } => {
                Self::field("voice", "unusable_voice", format!("voice `{name}` can't be used"))
            }
            EngineError::Task(task) => task_error(task),
            EngineError::Codec(_) | EngineError::Decode(_) => Self::internal(error.to_string()),
            EngineError::Io { cause, .. }
                if matches!(cause.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) =>
            {
                let message = "the disk of the server is full";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", message)
            }
            // Messages of other errors may contain paths of the server.
            _ => Self::internal("the model or a file of the server can't be used"),
        }
    }
}

fn unknown_voice(name: &str, nearest: Option<&str>) -> ApiError {
    let nearest = nearest.map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
    ApiError::field("voice", "unknown_voice", format!("there is no voice `{name}`"))
        .hint(Some(format!("{nearest}GET /v1/voices lists the voices")))
}

fn task_error(error: &TaskError) -> ApiError {
    match error {
        TaskError::Request { .. } => {
            let error = ApiError::bad("invalid_input", error.to_string());
            error.hint(Some("GET /v1/tasks has the schemas of requests"))
        }
        // Recordings and voices come from the request; errors of other services are internal.
        TaskError::Text(_)
        | TaskError::Input(_)
        | TaskError::Missing(_)
        | TaskError::Service {
            service: Service::Recordings | Service::Voices | Service::Codec,
            ..
        } => ApiError::bad("invalid_input", error.to_string()).hint(error.hint()),
        TaskError::Cancelled => EngineError::Cancelled.into(),
        _ => ApiError::internal(error.to_string()).hint(error.hint()),
    }
}

/// Returns the error response for a recording that can't be read.
pub(super) fn audio_error(error: &AudioError) -> ApiError {
    let answer = match error {
        AudioError::TooLong { .. } => {
            ApiError::too_large("audio_too_long", error.to_string()).param("file")
        }
        _ => ApiError::field("file", "invalid_audio", error.to_string()),
    };
    answer.hint(error.hint())
}

#[cfg(test)]
mod tests {
    use syrinx_types::IoOperation;

    use super::*;

    #[test]
    fn a_full_disk_is_named_and_no_file_is() {
        let of = |kind: ErrorKind| {
            let (operation, path) = (IoOperation::Write, "/secret/voice".into());
            ApiError::from(EngineError::Io { operation, path, cause: kind.into() })
        };
        for (kind, status, part) in [
            (ErrorKind::StorageFull, 507, "full"),
            (ErrorKind::QuotaExceeded, 507, "full"),
            (ErrorKind::PermissionDenied, 500, "can't be used"),
        ] {
            let error = of(kind);
            assert_eq!(error.status.as_u16(), status, "{kind:?}");
            assert!(error.message.contains(part) && !error.message.contains("secret"), "{error}");
        }
    }
}
