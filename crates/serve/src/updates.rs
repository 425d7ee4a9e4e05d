//! Code of requests, kept from taking a worker with it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::engine::Update;
use crate::error::ApiError;

/// Outcome of one step of a job.
pub(crate) type UpdateResult = Result<Update, ApiError>;

/// Runs code of a request. A panic is a fault of this program; it must cost one request, not a worker.
pub(crate) fn guarded<T>(code: impl FnOnce() -> Result<T, ApiError>) -> Result<T, ApiError> {
    catch_unwind(AssertUnwindSafe(code))
        .unwrap_or_else(|_| Err(ApiError::internal("the request met a fault of the server")))
}
