//! Routes, start and stop of the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use syrinx_engine::Engine;
use syrinx_types::CancelToken;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::app::{MODELS, ServerState};
use crate::config::ServeConfig;
use crate::encode::Format;
use crate::engine::{Defaults, EngineService};
use crate::error::ApiError;
use crate::intake::PathId;
use crate::jobs::WorkerPool;
use crate::metrics::Metrics;
use crate::observe;
use crate::registered::Registered;
use crate::{guard, openapi, page, socket, speech, tasks, transcriptions, voices};

/// Interval between polls of the cancel token that stops the server.
const TICK: Duration = Duration::from_millis(50);

/// Errors of starting and running a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address can't be bound.
    #[error("address {address} can't be bound: {cause}")]
    Bind {
        /// Address of the server.
        address: SocketAddr,
        /// Reason.
        cause: std::io::Error,
    },
    /// The threads can't be started.
    #[error("the server's threads can't be started: {0}")]
    Threads(std::io::Error),
    /// The listening socket failed.
    #[error("the server stopped: {0}")]
    Socket(std::io::Error),
}

impl ServeError {
    /// Remedy, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Bind { .. } => Some("choose another --port, or stop the program that uses it"),
            Self::Threads(_) | Self::Socket(_) => None,
        }
    }
}

/// A server that is ready to run.
pub struct Server {
    app: Arc<ServerState>,
}

impl Server {
    /// Prepares a server for a loaded model. `defaults` are the settings of requests that don't specify them.
    ///
    /// # Errors
    /// [`ServeError::Threads`] if the worker threads can't be started.
    pub fn new(
        engine: Engine,
        defaults: Defaults,
        config: ServeConfig,
    ) -> Result<Self, ServeError> {
        let service = EngineService::new(engine, defaults, config.limits.max_audio_s);
        let metrics = Metrics::default();
        let pool = WorkerPool::new(&config.limits, metrics.batched.clone());
        let pool = pool.map_err(ServeError::Threads)?;
        let openapi = openapi::document(&service);
        let voices = Registered::of(&service);
        let sockets = Arc::new(Semaphore::new(config.limits.workers + config.limits.queue));
        let service = Arc::new(service);
        let app = ServerState { config, service, pool, voices, metrics, openapi, sockets };
        Ok(Self { app: Arc::new(app) })
    }

    /// Serves until `stop` is set. Then new connections are refused, running requests may finish within the grace
    /// period, and the call returns. `ready` receives the bound address; with port 0 the system chooses the port.
    ///
    /// # Errors
    /// [`ServeError`] if the address can't be bound, the threads can't be started or the socket fails.
    pub fn run(
        self,
        address: SocketAddr,
        stop: &CancelToken,
        ready: impl FnOnce(SocketAddr),
    ) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(ServeError::Threads)?;
        let app = Arc::clone(&self.app);
        let stop = stop.clone();
        let outcome = runtime.block_on(async move {
            let bound = TcpListener::bind(address).await;
            let listener = bound.map_err(|cause| ServeError::Bind { address, cause })?;
            ready(listener.local_addr().map_err(ServeError::Socket)?);
            let grace = app.config.limits.grace;
            let (router, signal) = (router(Arc::clone(&app)), stop.clone());
            let serving = axum::serve(listener, router).with_graceful_shutdown(until(signal));
            tokio::select! {
                served = serving.into_future() => served.map_err(ServeError::Socket),
                () = async { until(stop).await; tokio::time::sleep(grace).await } => Ok(()),
            }
        });
        self.app.pool.close();
        runtime.shutdown_timeout(Duration::from_secs(1));
        outcome
    }
}

async fn until(stop: CancelToken) {
    while !stop.is_cancelled() {
        tokio::time::sleep(TICK).await;
    }
}

fn router(app: Arc<ServerState>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/healthz", get(health))
        .route("/metrics", get(observe::show))
        .route("/openapi.json", get(openapi::show))
        .route("/v1/models", get(models))
        .route("/v1/models/{model}", get(model))
        .route("/v1/audio/speech", post(speech::speech))
        .route("/v1/audio/transcriptions", post(transcriptions::transcribe))
        .route("/v1/voices", get(voices::list).post(voices::add))
        .route("/v1/voices/{voice}", delete(voices::delete))
        .route("/v1/voices/{voice}/sample", get(voices::sample))
        .route("/v1/tasks", get(tasks::list))
        .route("/v1/tasks/{task}", post(tasks::run))
        .route("/v1/stream/speech", any(socket::speech))
        .route("/v1/stream/transcription", any(socket::transcription))
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&app), guard::check))
        .layer(from_fn_with_state(Arc::clone(&app), observe::count))
        .with_state(app)
}

async fn health(State(app): State<Arc<ServerState>>) -> Json<Value> {
    Json(json!({
        "status": "ok", "running": app.pool.running(), "queued": app.pool.queued(),
        "in_flight": app.pool.in_flight(),
    }))
}

fn about_model(app: &ServerState, id: &str) -> Value {
    let formats: Vec<&str> = Format::available().into_iter().map(Format::name).collect();
    let mut about = app.service.about();
    about["object"] = json!("model");
    about["id"] = json!(id);
    about["created"] = json!(0);
    about["owned_by"] = json!("syrinx");
    about["response_formats"] = json!(formats);
    about
}

async fn models(State(app): State<Arc<ServerState>>) -> Json<Value> {
    let data: Vec<Value> = MODELS.iter().map(|id| about_model(&app, id)).collect();
    Json(json!({ "object": "list", "data": data }))
}

async fn model(
    State(app): State<Arc<ServerState>>,
    PathId(id): PathId,
) -> Result<Json<Value>, ApiError> {
    app.check_model(Some(&id)).map_err(|e| ApiError { param: None, ..e })?;
    Ok(Json(about_model(&app, &id)))
}

async fn unknown_route(uri: axum::http::Uri) -> Response {
    let message = format!("there is no route {}; GET /openapi.json lists them", uri.path());
    ApiError::new(StatusCode::NOT_FOUND, "unknown_route", message).into_response()
}

async fn wrong_method(method: axum::http::Method, uri: axum::http::Uri) -> Response {
    let message = format!("{} does not take {method}", uri.path());
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
    let mut response = error.into_response();
    // RFC 9110 requires the header `Allow`; few routes have several methods.
    let allow = match uri.path() {
        "/v1/voices" => "GET, POST",
        path if path.ends_with("/sample") => "GET, HEAD",
        path if path.starts_with("/v1/voices/") => "DELETE",
        path if path.starts_with("/v1/audio/") || path.starts_with("/v1/tasks/") => "POST",
        _ => "GET, HEAD",
    };
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}
