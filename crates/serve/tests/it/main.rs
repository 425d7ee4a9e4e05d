//! Tests of the server over HTTP, on an untrained model: its answers are noise, the protocol is checked.

mod audio;
mod clients;
mod errors;
mod http;
mod load;
mod sockets;
mod tasks;
#[path = "../../../engine/tests/it/tiny.rs"]
mod tiny;
mod voices;

use std::net::SocketAddr;
use std::sync::{OnceLock, mpsc};
use std::thread::JoinHandle;

use syrinx_engine::{Engine, EngineOptions, ModelSource};
use syrinx_serve::{Defaults, Limits, ServeConfig, ServeError, Server};
use syrinx_types::CancelToken;

/// The tiny model's bytes, made once.
fn model_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::read(tiny::write_model(folder.path())).expect("it was written")
    })
}

/// The tiny model as a server has it.
fn engine(voices_dir: Option<&std::path::Path>) -> Engine {
    let options = EngineOptions {
        voices_dir: voices_dir.map(std::path::PathBuf::from),
        read_files: false,
        ..EngineOptions::default()
    };
    Engine::open(&ModelSource::Bytes(model_bytes()), &options).expect("the tiny model opens")
}

/// A running server; it stops when this goes.
struct RunningJob {
    address: SocketAddr,
    stop: CancelToken,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
    _voices: tempfile::TempDir,
}

impl RunningJob {
    /// Starts a server on a port that the system chooses.
    fn start(config: ServeConfig) -> Self {
        let voices = tempfile::tempdir().expect("a temporary folder");
        let config = ServeConfig { loopback: true, ..config };
        let engine = engine(Some(voices.path()));
        let server = Server::new(engine, Defaults::default(), config).expect("it starts");
        let stop = CancelToken::default();
        let (told, bound) = mpsc::channel();
        let token = stop.clone();
        let thread = std::thread::spawn(move || {
            server.run(([127, 0, 0, 1], 0).into(), &token, |address| {
                told.send(address).expect("someone waits");
            })
        });
        let address = bound.recv().expect("it binds");
        Self { address, stop, thread: Some(thread), _voices: voices }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Tells it to stop and waits until it has.
    fn stop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no panic").expect("it ends well");
        }
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One server for all tests that change nothing and need no limits.
fn shared() -> &'static RunningJob {
    static SERVER: OnceLock<RunningJob> = OnceLock::new();
    SERVER.get_or_init(|| {
        let limits = Limits { queue: 64, ..Limits::default() };
        RunningJob::start(ServeConfig { limits, ..ServeConfig::default() })
    })
}
