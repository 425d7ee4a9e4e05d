//! The hub by a server on this machine that speaks its routes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use syrinx_pretrained::PretrainedError;
use syrinx_pretrained::hub::{Hub, HubFault, Installed, ModelName, installed, remove};
use syrinx_types::{CancelToken, NullSink};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const LICENCE: &str = "mit";

/// State of the server.
#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    /// Bytes of bodies that are still sent before connections are cut; `None` for all.
    allowance: Option<usize>,
    /// Whether announced checksums are those of other files.
    lies: bool,
    /// Request lines with their ranges.
    requests: Vec<String>,
}

struct Server {
    endpoint: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let weights: Vec<u8> = (0..300_000u32).map(|i| (i * 7 % 251) as u8).collect();
        let files = BTreeMap::from([
            ("README.md".to_owned(), b"# Tiny".to_vec()),
            ("config.json".to_owned(), b"{}".to_vec()),
            ("model.safetensors".to_owned(), weights),
            ("pytorch_model.bin".to_owned(), b"pickle".to_vec()),
        ]);
        let state = Arc::new(Mutex::new(State { files, ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that closes its connection early is what some tests are about.
                let _ = answer(stream, &shared);
            }
        });
        Self { endpoint, state }
    }

    fn hub(&self, folder: &Path) -> Hub {
        Hub::new(&self.endpoint, folder, None)
    }

    fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("range: bytes=") {
            range = Some(value.trim().to_owned());
        }
    }
    let mut state = state.lock().unwrap();
    state.requests.push(format!("{path} {}", range.clone().unwrap_or_default()));
    let (status, headers, body) = respond(&state, &path, range.as_deref());
    let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    head += &format!("content-length: {}\r\n{headers}\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    let sent = state.allowance.map_or(body.len(), |left| left.min(body.len()));
    // Single bytes ask for sizes and count for nothing.
    if let (Some(left), true) = (&mut state.allowance, body.len() > 1) {
        *left -= sent.min(*left);
    }
    let sent = if body.len() == 1 { 1 } else { sent };
    stream.write_all(&body[..sent])?;
    stream.flush()
}

/// Status, headers and body for a path.
fn respond(state: &State, path: &str, range: Option<&str>) -> (String, String, Vec<u8>) {
    let plain = path.split('?').next().unwrap_or_default();
    if let Some(rest) = plain.strip_prefix("/api/models/tiny/whisper/revision/") {
        let siblings: Vec<_> = state
            .files
            .iter()
            .map(|(name, bytes)| serde_json::json!({"rfilename": name, "size": bytes.len()}))
            .collect();
        let info = serde_json::json!({
            "id": "tiny/whisper", "sha": COMMIT, "siblings": siblings,
            "cardData": {"license": LICENCE}, "revision": rest,
        });
        return ("200 OK".into(), String::new(), info.to_string().into_bytes());
    }
    let file = plain
        .strip_prefix("/tiny/whisper/resolve/")
        .and_then(|rest| rest.split_once('/'))
        .and_then(|(_, name)| state.files.get(name));
    let Some(bytes) = file else {
        return ("404 Not Found".into(), String::new(), b"none".to_vec());
    };
    let announced = if state.lies { b"something else".as_slice() } else { bytes };
    let etag: String = Sha256::digest(announced).iter().map(|b| format!("{b:02x}")).collect();
    let mut headers =
        format!("x-repo-commit: {COMMIT}\r\netag: \"{etag}\"\r\naccept-ranges: bytes\r\n");
    let Some(range) = range else { return ("200 OK".into(), headers, bytes.clone()) };
    let (first, last) = range.split_once('-').unwrap_or((range, ""));
    let first: usize = first.parse().unwrap_or(0);
    let last = last.parse().unwrap_or(bytes.len() - 1).min(bytes.len() - 1);
    headers += &format!("content-range: bytes {first}-{last}/{}\r\n", bytes.len());
    ("206 Partial Content".into(), headers, bytes[first..=last].to_vec())
}

fn name() -> ModelName {
    "hf:tiny/whisper".parse().unwrap()
}

fn fetch(hub: &Hub) -> Result<Installed, PretrainedError> {
    let listing = hub.look_up(&name(), &[])?;
    hub.fetch(&listing, &CancelToken::default(), &NullSink)
}

#[test]
fn a_model_is_listed_fetched_found_and_removed() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let hub = server.hub(folder.path());
    let listing = hub.look_up(&name(), &[]).unwrap();
    assert_eq!(listing.licence.as_deref(), Some(LICENCE));
    assert_eq!(listing.revision, COMMIT);
    assert_eq!(listing.bytes(), Some(300_008));
    let before = server.requests();
    assert!(before.iter().all(|r| r.starts_with("/api/")), "nothing is fetched yet: {before:?}");
    assert_eq!(installed(folder.path()).unwrap(), []);
    let model = hub.fetch(&listing, &CancelToken::default(), &NullSink).unwrap();
    assert_eq!((model.bytes, model.licence.as_deref()), (300_008, Some(LICENCE)));
    let weights = fs::read(model.path.join("model.safetensors")).unwrap();
    assert_eq!(weights, server.state.lock().unwrap().files["model.safetensors"]);
    assert!(!model.path.join("pytorch_model.bin").exists(), "pickles are left alone");
    // The rest needs no server.
    assert_eq!(installed(folder.path()).unwrap(), std::slice::from_ref(&model));
    assert_eq!(Installed::find(folder.path(), &name()).unwrap(), model);
    remove(folder.path(), &name()).unwrap();
    assert_eq!(installed(folder.path()).unwrap(), []);
    let error = Installed::find(folder.path(), &name()).unwrap_err();
    assert!(
        matches!(error, PretrainedError::Hub(HubFault::Absent { .. })) && error.hint().is_some()
    );
    assert!(matches!(
        remove(folder.path(), &name()),
        Err(PretrainedError::Hub(HubFault::Absent { .. }))
    ));
}

#[test]
fn a_download_that_was_cut_goes_on_where_it_stopped() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let hub = server.hub(folder.path());
    let listing = hub.look_up(&name(), &[]).unwrap();
    server.state.lock().unwrap().allowance = Some(100_000);
    let quiet = CancelToken::default();
    let error = hub.fetch(&listing, &quiet, &NullSink).unwrap_err();
    assert!(
        matches!(error, PretrainedError::Hub(HubFault::Request { .. })) && error.hint().is_some(),
        "{error}"
    );
    assert_eq!(installed(folder.path()).unwrap(), [], "a part is no model");
    let before = server.requests().len();
    server.state.lock().unwrap().allowance = None;
    let model = hub.fetch(&listing, &quiet, &NullSink).unwrap();
    assert_eq!(model.bytes, 300_008);
    let later = server.requests().split_off(before);
    let resumed = |r: &&String| {
        let first = r.split_once(' ').and_then(|(_, range)| range.split_once('-'));
        r.contains("model.safetensors")
            && first.is_some_and(|(from, _)| from.parse::<usize>().is_ok_and(|from| from > 0))
    };
    assert_eq!(later.iter().filter(resumed).count(), 1, "{later:?}");
    assert!(!later.iter().any(|r| r.contains("config.json")), "what is whole stays: {later:?}");
}

#[test]
fn a_file_that_is_not_the_announced_one_is_removed() {
    let server = Server::start();
    server.state.lock().unwrap().lies = true;
    let folder = tempfile::tempdir().unwrap();
    let error = fetch(&server.hub(folder.path())).unwrap_err();
    assert!(matches!(error, PretrainedError::Hub(HubFault::Checksum { .. })), "{error}");
    assert_eq!(installed(folder.path()).unwrap(), []);
    server.state.lock().unwrap().lies = false;
    fetch(&server.hub(folder.path())).unwrap();
}

#[test]
fn answers_that_help_nobody_are_errors() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let hub = server.hub(folder.path());
    let other: ModelName = "hf:tiny/other".parse().unwrap();
    let error = hub.look_up(&other, &[]).unwrap_err();
    assert!(error.to_string().contains("tiny/other"), "{error}");
    let error = hub.look_up(&name(), &["nowhere.bin".into()]).unwrap_err();
    assert!(error.to_string().contains("nowhere.bin"), "{error}");
    let cancel = CancelToken::default();
    cancel.cancel();
    let listing = hub.look_up(&name(), &[]).unwrap();
    assert!(matches!(
        hub.fetch(&listing, &cancel, &NullSink),
        Err(PretrainedError::Hub(HubFault::Cancelled))
    ));
    server.state.lock().unwrap().files.retain(|path, _| path.ends_with("md"));
    assert!(matches!(
        hub.look_up(&name(), &[]),
        Err(PretrainedError::Hub(HubFault::NoWeights { .. }))
    ));
}
