//! The server under mutated requests: bytes on a connection of the loopback interface.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use syrinx_engine::{Engine, EngineOptions, ModelSource};
use syrinx_serve::{Defaults, Limits, ServeConfig, Server};
use syrinx_types::CancelToken;
use tempfile::TempDir;

use crate::pool::fnv;
use crate::targets::Run;

#[path = "../../../crates/engine/tests/it/tiny.rs"]
#[allow(dead_code, reason = "tests of other crates use the rest of it")]
mod tiny;

/// Longest wait for an answer. A request that the server waits for the rest of is over when the client says so.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running server, which ends with the process.
struct Running {
    address: SocketAddr,
    _folder: TempDir,
}

fn start() -> Running {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let model = tiny::write_model(folder.path());
    let options = EngineOptions {
        voices_dir: Some(folder.path().join("voices")),
        read_files: false,
        ..EngineOptions::default()
    };
    let engine = Engine::open(&ModelSource::File(model), &options).expect("the tiny model opens");
    let limits = Limits {
        max_body_bytes: 1 << 18,
        max_audio_s: 4.0,
        max_text_chars: 120,
        workers: 1,
        queue: 64,
        batch: 4,
        timeout: Duration::from_secs(1),
        max_voices: 4,
        grace: Duration::from_secs(1),
    };
    let config = ServeConfig { limits, loopback: true, ..ServeConfig::default() };
    let server = Server::new(engine, Defaults::default(), config).expect("it starts");
    let (told, bound) = mpsc::channel();
    std::thread::spawn(move || {
        let stop = CancelToken::default();
        let run = server.run(([127, 0, 0, 1], 0).into(), &stop, |address| {
            told.send(address).expect("someone waits");
        });
        run.expect("it ends well");
    });
    Running { address: bound.recv().expect("it binds"), _folder: folder }
}

/// Sends the input as it is and reads what comes back; status 500 is a fault of the server.
pub(crate) fn http() -> Run {
    let running = start();
    Box::new(move |bytes| {
        let answer = exchange(running.address, bytes).unwrap_or_default();
        let head = answer.get(..answer.len().min(64)).unwrap_or_default();
        let line = head.split(|b| *b == b'\r').next().unwrap_or_default();
        assert!(!line.starts_with(b"HTTP/1.1 500"), "{}", String::from_utf8_lossy(&answer));
        let errors = answer.windows(7).position(|w| w == b"\"code\":");
        let code = errors.map_or(0, |at| fnv(&answer[at..answer.len().min(at + 32)]));
        fnv(line) ^ code
    })
}

fn exchange(address: SocketAddr, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut answer = Vec::new();
    // A server that refuses closes before it has read everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.take(1 << 16).read_to_end(&mut answer);
    Ok(answer)
}
