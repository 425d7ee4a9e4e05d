//! Models from a hub: a server on this machine speaks its routes and hands out a tiny Whisper checkpoint.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::bench::{Bench, Ended, finish};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A hub with one repository, `tiny/whisper`.
struct LocalHub {
    endpoint: String,
    state: Arc<Mutex<HubState>>,
}

#[derive(Default)]
struct HubState {
    /// Whether files are handed out; the list of them always is.
    has_files: bool,
    /// Paths that were requested.
    requested: Vec<String>,
}

/// Checkpoint of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pretrained/tests/data/whisper")
}

const FILES: [&str; 4] =
    ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"];

impl LocalHub {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(HubState::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client may close its connection early.
                let _ = respond(stream, &shared);
            }
        });
        Self { endpoint: format!("http://{address}"), state }
    }

    fn requested(&self) -> Vec<String> {
        self.state.lock().expect("no thread panicked").requested.clone()
    }

    /// Runs `syrinx models` with this hub.
    fn models(&self, bench: &Bench, args: &[&str]) -> Ended {
        let args = [&["models"][..], args, &["--models-dir", "models"]].concat();
        let mut command = bench.plain(&args);
        command.env("HF_ENDPOINT", &self.endpoint).env_remove("HF_TOKEN");
        finish(command, b"")
    }
}

fn respond(mut stream: TcpStream, state: &Mutex<HubState>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut range = None;
    for header in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let header = header.to_ascii_lowercase();
        range = header.strip_prefix("range: bytes=").map(str::to_owned).or(range);
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let has_files = {
        let mut state = state.lock().expect("no thread panicked");
        state.requested.push(path.to_owned());
        state.has_files
    };
    let (head, body) = if path.starts_with("/api/models/tiny/whisper/revision/") {
        let siblings: Vec<Value> = FILES.iter().map(|name| json!({"rfilename": name})).collect();
        let card = json!({"license": "mit"});
        let list = json!({"sha": COMMIT, "siblings": siblings, "cardData": card});
        ("200 OK\r\n".to_owned(), list.to_string().into_bytes())
    } else {
        let name = path.rsplit('/').next().unwrap_or_default();
        match fs::read(repository().join(name)) {
            Ok(bytes) if has_files => file(name, bytes, range.as_deref()),
            _ => ("404 Not Found\r\n".to_owned(), Vec::new()),
        }
    };
    let length = body.len();
    write!(stream, "HTTP/1.1 {head}connection: close\r\ncontent-length: {length}\r\n\r\n")?;
    stream.write_all(&body)
}

/// Returns head and body of the response to a request for a range of a file.
fn file(name: &str, bytes: Vec<u8>, range: Option<&str>) -> (String, Vec<u8>) {
    let headers =
        format!("x-repo-commit: {COMMIT}\r\netag: \"{name}\"\r\naccept-ranges: bytes\r\n");
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        return (format!("200 OK\r\n{headers}"), bytes);
    };
    let end = bytes.len() - 1;
    let first: usize = first.parse().unwrap_or(0);
    let last = last.parse().unwrap_or(end).min(end);
    let head = format!(
        "206 Partial Content\r\n{headers}content-range: bytes {first}-{last}/{}\r\n",
        bytes.len()
    );
    (head, bytes[first..=last].to_vec())
}

#[test]
fn a_model_is_announced_fetched_used_without_the_hub_and_removed() {
    let (bench, hub) = (Bench::new(), LocalHub::start());
    let announced = hub.models(&bench, &["add", "hf:tiny/whisper", "--dry-run"]);
    let listed = ["licence: mit", COMMIT, "model.safetensors"];
    assert!(listed.iter().all(|part| announced.worked().err.contains(part)), "{}", announced.err);
    let files = |hub: &LocalHub| hub.requested().iter().any(|path| path.contains("/resolve/"));
    assert!(!files(&hub), "nothing is fetched before it is asked for");

    // The licence is there before the first file is.
    let failed = hub.models(&bench, &["add", "hf:tiny/whisper"]);
    failed.failed(3, &["licence: mit", "model.safetensors", "run the same command again"]);
    let none = hub.models(&bench, &["list", "--json"]);
    assert_eq!(none.worked().out.trim(), "[]", "half a model is none");
    hub.state.lock().expect("no thread panicked").has_files = true;
    let added = hub.models(&bench, &["add", "hf:tiny/whisper"]);
    let folder = added.worked().out.trim().to_owned();
    for name in FILES {
        let fetched = fs::read(Path::new(&folder).join(name)).expect("it was fetched");
        assert!(fetched == fs::read(repository().join(name)).expect("it is there"), "{name}");
    }

    let before = hub.requested().len();
    let path = hub.models(&bench, &["path", "tiny/whisper"]);
    assert_eq!(path.worked().out.trim(), folder);
    let recording = repository().join("short.wav").display().to_string();
    let recognizer = format!("whisper:{folder}");
    let transcribe = ["transcribe", &recording, "--recognizer", &recognizer];
    let few = ["--set", "whisper.language=en", "--set", "whisper.temperatures=[0.0]"];
    let mut command = bench.command(&[&transcribe[..], &few].concat());
    command.env("HF_ENDPOINT", &hub.endpoint);
    finish(command, b"").worked();
    hub.models(&bench, &["remove", "tiny/whisper"]).worked();
    assert_eq!(hub.models(&bench, &["list", "--json"]).worked().out.trim(), "[]");
    assert_eq!(hub.requested().len(), before, "only `models add` opens a connection");
}
