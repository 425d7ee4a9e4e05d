use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_data::{Corpus, DataError, EncodePlan, ObjectFolder, ShardSource, encode_manifest};
use syrinx_types::{CancelToken, NullSink};

use crate::{codec, encode, manifest};

/// Eight utterances in three shards.
fn shards(folder: &Path) {
    let plan = EncodePlan { utterances_per_shard: 3, ..EncodePlan::new(codec("fsq-1")) };
    let cancel = CancelToken::default();
    encode_manifest(&manifest(8), folder, &plan, &encode, &NullSink, &cancel).unwrap();
}

fn assert_same(folder: &Path, source: &Arc<dyn ShardSource>) {
    let (held, streamed) = (Corpus::open(folder).unwrap(), Corpus::stream(source).unwrap());
    assert_eq!((held.len(), streamed.len()), (8, 8));
    for i in 0..held.len() {
        let sample =
            |corpus: &Corpus| corpus.sample(i, None, &mut ChaCha8Rng::seed_from_u64(7)).unwrap();
        assert_eq!(sample(&held), sample(&streamed));
    }
}

#[test]
fn a_corpus_by_url_is_that_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("more shards");
    shards(&folder);
    let url = format!("file://{}/", folder.display()).replace(' ', "%20");
    let source: Arc<dyn ShardSource> = Arc::new(ObjectFolder::open(&url, Vec::new()).unwrap());
    assert_same(&folder, &source);
    // A range that ends after the file is cut there.
    let name = source.list().unwrap().into_iter().find(|n| n.starts_with("shard-00003")).unwrap();
    let whole = std::fs::read(folder.join(&name)).unwrap();
    assert_eq!(source.read(&name, 4..1 << 20).unwrap(), whole[4..]);
}

#[test]
fn places_that_hold_nothing_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let empty = format!("file://{}", dir.path().display());
    let source = ObjectFolder::open(&empty, Vec::new()).unwrap();
    let missing = source.read("shard-00001-of-00001.safetensors", 0..8).unwrap_err();
    assert!(missing.to_string().contains(&empty), "{missing}");
    let unknown = ObjectFolder::open("tape://reel/1", Vec::new()).unwrap_err();
    assert!(matches!(unknown, DataError::Remote { .. }), "{unknown}");
    let source: Arc<dyn ShardSource> = Arc::new(source);
    let refused = Corpus::stream(&source).unwrap_err().to_string();
    assert!(refused.contains(&empty), "{refused}");
}

/// An S3-compatible server, stopped when dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts moto's server where it is installed: on the path, or by `cargo xtask scale storage`.
    fn start() -> Option<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let own =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/scale/python/bin/moto_server");
        let spawn = |program: &Path| {
            let mut command = Command::new(program);
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdin(Stdio::null());
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
        };
        let process = spawn(Path::new("moto_server")).or_else(|| spawn(&own))?;
        let server = Self { process, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "moto_server does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Creates a bucket, or an object in one.
    fn put(&self, path: &str, body: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let (length, port) = (body.len(), self.port);
        let head = format!(
            "PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }

    /// A folder of the server by its URL.
    fn open(&self, url: &str) -> Arc<dyn ShardSource> {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        let options = [
            ("aws_access_key_id", "test"),
            ("aws_secret_access_key", "test"),
            ("aws_region", "us-east-1"),
            ("aws_endpoint", endpoint.as_str()),
            ("aws_allow_http", "true"),
        ];
        let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Arc::new(ObjectFolder::open(url, options.to_vec()).unwrap())
    }
}

#[test]
fn a_corpus_on_an_s3_server_is_that_of_the_folder() {
    let Some(server) = Server::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    shards(dir.path());
    server.put("/syrinx", b"");
    for entry in fs::read_dir(dir.path()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".safetensors") {
            server.put(&format!("/syrinx/shards/{name}"), &fs::read(entry.path()).unwrap());
        }
    }
    assert_same(dir.path(), &server.open("s3://syrinx/shards"));
    for place in ["s3://syrinx/empty", "s3://nowhere/shards"] {
        let refused = Corpus::stream(&server.open(place)).unwrap_err().to_string();
        assert!(refused.contains(place), "{refused}");
    }
}
