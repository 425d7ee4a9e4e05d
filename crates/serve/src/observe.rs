//! Counting of responses, and the route of the metrics.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::app::ServerState;
use crate::error::ApiError;

/// Counts responses and measures the time to their headers.
pub(crate) async fn count(
    State(app): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let begun = Instant::now();
    let response = next.run(request).await;
    let (route, status) = (route.unwrap_or_else(|| "none".into()), response.status().as_u16());
    app.metrics.responded(route, status, begun.elapsed().as_secs_f64());
    response
}

/// `GET /metrics`.
pub(crate) async fn show(State(app): State<Arc<ServerState>>) -> Result<Response, ApiError> {
    let pool = [app.pool.running(), app.pool.queued(), app.pool.in_flight()];
    let text =
        app.metrics.text(pool).map_err(|_| ApiError::internal("the metrics can't be written"))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
