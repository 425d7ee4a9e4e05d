//! Websockets: text in, speech out (`/v1/stream/speech`), and PCM in, words out (`/v1/stream/transcription`).
//!
//! A client's first message is the JSON object `{"type": "start", ...}`, its last `{"type": "end"}`. Audio is sent as
//! binary messages of 16-bit little-endian mono PCM. All other messages are JSON text.

mod speech;
mod transcription;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::app::ServerState;
use crate::error::ApiError;

/// Maximum size of a message, in bytes.
const LONGEST_MESSAGE: usize = 1 << 20;
/// Subprotocol that a browser requests besides the one with its key.
const PROTOCOL: &str = "syrinx";

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// `GET /v1/stream/speech`.
pub(crate) async fn speech(State(app): State<Arc<ServerState>>, upgrade: Upgrade) -> Response {
    let sockets = Arc::clone(&app.sockets);
    upgraded(upgrade, &sockets, move |mut socket| async move {
        socket.idle = app.config.limits.timeout;
        let outcome = speech::speak(&app, &mut socket).await;
        socket.end(outcome).await;
    })
}

/// `GET /v1/stream/transcription`.
pub(crate) async fn transcription(
    State(app): State<Arc<ServerState>>,
    upgrade: Upgrade,
) -> Response {
    let sockets = Arc::clone(&app.sockets);
    upgraded(upgrade, &sockets, move |mut socket| async move {
        socket.idle = app.config.limits.timeout;
        let outcome = transcription::transcribe(&app, &mut socket).await;
        socket.end(outcome).await;
    })
}

fn upgraded<F, Fut>(upgrade: Upgrade, sockets: &Arc<Semaphore>, serve: F) -> Response
where
    F: FnOnce(Socket) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let message = format!("this route is a websocket: {}", rejection.body_text());
            let status = axum::http::StatusCode::UPGRADE_REQUIRED;
            return ApiError::new(status, "websocket_required", message).into_response();
        }
    };
    let Ok(permit) = Arc::clone(sockets).try_acquire_owned() else {
        return ApiError::busy(Duration::from_secs(5)).into_response();
    };
    let upgrade = upgrade.max_message_size(LONGEST_MESSAGE).max_frame_size(LONGEST_MESSAGE);
    upgrade.protocols([PROTOCOL]).on_upgrade(move |socket| async move {
        serve(Socket { inner: socket, idle: Duration::ZERO }).await;
        drop(permit);
    })
}

/// Reason why a connection ends.
enum End {
    /// The client disconnected.
    Gone,
    /// An error, which is sent to the client.
    Failed(ApiError),
}

impl From<ApiError> for End {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

struct Socket {
    inner: WebSocket,
    /// Maximum time without a message.
    idle: Duration,
}

/// A message from a client.
enum Received {
    Json(Value),
    Sound(Vec<u8>),
}

impl Socket {
    /// Returns the next message with content.
    async fn next(&mut self) -> Result<Received, End> {
        loop {
            let received = timeout(self.idle, self.inner.recv()).await;
            if let Some(received) = parsed(received.map_err(|_| ApiError::timeout(self.idle))?)? {
                return Ok(received);
            }
        }
    }

    /// Waits for a future while it receives messages from the client; a closed connection ends the wait.
    async fn meanwhile<T>(
        &mut self,
        work: impl Future<Output = T>,
        inbox: &mut impl Inbox,
    ) -> Result<T, End> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                received = self.inner.recv(), if !inbox.is_full() => {
                    if let Some(received) = parsed(received)? {
                        inbox.take(received)?;
                    }
                }
            }
        }
    }

    async fn send(&mut self, json: &Value) -> Result<(), End> {
        let sent = self.inner.send(Message::Text(json.to_string().into())).await;
        sent.map_err(|_| End::Gone)
    }

    async fn sound(&mut self, bytes: Vec<u8>) -> Result<(), End> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.inner.send(Message::Binary(bytes.into())).await.map_err(|_| End::Gone)
    }

    async fn end(mut self, outcome: Result<(), End>) {
        if let Err(End::Failed(error)) = outcome {
            let mut object = error.object();
            object["type"] = json!("error");
            let _ = self.send(&object).await;
        }
        let _ = self.inner.send(Message::Close(None)).await;
    }
}

/// Receiver of messages from the client while the server computes.
trait Inbox {
    /// Whether the client must wait until some messages are processed.
    fn is_full(&self) -> bool;

    /// Receives a message.
    fn take(&mut self, received: Received) -> Result<(), End>;
}

/// Returns the content of a message; `None` for messages without content.
fn parsed(received: Option<Result<Message, axum::Error>>) -> Result<Option<Received>, End> {
    match received {
        Some(Ok(Message::Text(text))) => {
            let json = serde_json::from_str(&text);
            let bad = |e| ApiError::bad("invalid_json", format!("a message is not JSON: {e}"));
            Ok(Some(Received::Json(json.map_err(bad)?)))
        }
        Some(Ok(Message::Binary(bytes))) => Ok(Some(Received::Sound(bytes.to_vec()))),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Err(error)) => {
            let message = format!("a message can't be read: {error}");
            Err(ApiError::bad("invalid_message", message).into())
        }
        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
    }
}

/// Receives and parses the first message.
async fn start<T: serde::de::DeserializeOwned>(socket: &mut Socket) -> Result<T, End> {
    let message = match socket.next().await? {
        Received::Json(message) if message["type"] == "start" => message,
        _ => {
            let message = "the first message must be {\"type\": \"start\", ...}";
            return Err(ApiError::bad("invalid_message", message).into());
        }
    };
    serde_json::from_value(message)
        .map_err(|e| ApiError::bad("invalid_message", format!("`start` is invalid: {e}")).into())
}
