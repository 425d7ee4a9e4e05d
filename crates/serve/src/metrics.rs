//! `/metrics` in Prometheus's text format.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;
use crate::error::ApiError;

/// Route and status of a response.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    route: String,
    status: u16,
}

type SecondsCounter = Counter<f64, std::sync::atomic::AtomicU64>;

/// Figures of a server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    latency: Histogram,
    running: Gauge,
    queued: Gauge,
    in_flight: Gauge,
    spoken: SecondsCounter,
    recognized: SecondsCounter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("syrinx");
        let edges = [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0];
        let latency = Histogram::new(edges);
        let requests = Family::<Labels, Counter>::default();
        let (running, queued, in_flight) = (Gauge::default(), Gauge::default(), Gauge::default());
        let (spoken, recognized) = (SecondsCounter::default(), SecondsCounter::default());
        registry.register("requests", "Responses by route and status", requests.clone());
        registry.register_with_unit(
            "response_head",
            "Time from a request's headers to its response's",
            Unit::Seconds,
            latency.clone(),
        );
        registry.register("jobs_running", "Requests being computed", running.clone());
        registry.register("jobs_queued", "Requests waiting for a worker", queued.clone());
        registry.register("requests_in_flight", "Requests that hold a place", in_flight.clone());
        registry.register_with_unit(
            "speech",
            "Length of the speech made",
            Unit::Seconds,
            spoken.clone(),
        );
        registry.register_with_unit(
            "recognized",
            "Length of the recordings transcribed",
            Unit::Seconds,
            recognized.clone(),
        );
        Self { registry, requests, latency, running, queued, in_flight, spoken, recognized }
    }
}

impl Metrics {
    /// Counts speech that was made.
    pub fn spoke(&self, samples: usize, rate_hz: u32) {
        self.spoken.inc_by(samples as f64 / f64::from(rate_hz.max(1)));
    }

    /// Counts a recording that was transcribed.
    pub fn recognized(&self, seconds: f64) {
        self.recognized.inc_by(seconds);
    }
}

/// Counts responses and measures the time to their heads.
pub(crate) async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let begun = Instant::now();
    let response = next.run(request).await;
    let route = route.unwrap_or_else(|| "none".into());
    let labels = Labels { route, status: response.status().as_u16() };
    app.metrics.requests.get_or_create(&labels).inc();
    app.metrics.latency.observe(begun.elapsed().as_secs_f64());
    response
}

/// `GET /metrics`.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let metrics = &app.metrics;
    metrics.running.set(app.pool.running() as i64);
    metrics.queued.set(app.pool.queued() as i64);
    metrics.in_flight.set(app.pool.in_flight() as i64);
    let mut text = String::new();
    encode(&mut text, &metrics.registry)
        .map_err(|_| ApiError::internal("the metrics can't be written"))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
