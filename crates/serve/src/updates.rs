//! Results of jobs, and their protection against panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::engine::Update;
use crate::error::ApiError;

/// Result of one step of a job.
pub(crate) type UpdateResult = Result<Update, ApiError>;

/// Runs a function of a request. A panic becomes an internal error, so that it fails one request and the worker
/// survives.
pub(crate) fn guarded<T>(code: impl FnOnce() -> Result<T, ApiError>) -> Result<T, ApiError> {
    catch_unwind(AssertUnwindSafe(code))
        .unwrap_or_else(|_| Err(ApiError::internal("the request caused an internal error")))
}
