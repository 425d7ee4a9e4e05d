//! Full queues, clients that hang up, the end of the server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use syrinx_serve::{Limits, ServeConfig};

use crate::RunningJob;
use crate::http::{get, post};

/// Text that takes an untrained model long enough for a test to look at the server meanwhile.
fn long_text() -> String {
    "Yes, no, yes, no. ".repeat(200)
}

/// Sends a streamed request and leaves it open.
fn open_request(server: &RunningJob) -> TcpStream {
    let body = json!({ "input": long_text(), "response_format": "pcm" }).to_string();
    let mut stream = TcpStream::connect(server.address).expect("it listens");
    let head = format!(
        "POST /v1/audio/speech HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("it reads");
    stream.write_all(body.as_bytes()).expect("it reads");
    stream
}

/// Value of the first figure of `/metrics` whose line begins so.
fn figure(server: &RunningJob, start: &str) -> f64 {
    let text = get(&server.url("/metrics")).text();
    let line = text.lines().find(|l| l.starts_with(start));
    let line = line.unwrap_or_else(|| panic!("no {start} in {text}"));
    let value = line.rsplit(' ').next().unwrap_or_default();
    value.parse().unwrap_or_else(|e| panic!("{line}: {e}"))
}

/// Waits until a figure of `/healthz` has a value.
fn wait_for(server: &RunningJob, figure: &str, value: u64) {
    for _ in 0..3000 {
        if get(&server.url("/healthz")).json()[figure] == json!(value) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{figure} never became {value}: {}", get(&server.url("/healthz")).text());
}

fn small(workers: usize, queue: usize) -> RunningJob {
    let limits = Limits { workers, queue, ..Limits::default() };
    RunningJob::start(ServeConfig { limits, ..ServeConfig::default() })
}

#[test]
fn a_full_queue_refuses_and_hung_up_clients_make_room() {
    let server = small(1, 1);
    let first = open_request(&server);
    wait_for(&server, "running", 1);
    let second = open_request(&server);
    wait_for(&server, "in_flight", 2);
    let refused = post(&server.url("/v1/audio/speech"), &json!({ "input": "Yes." }));
    assert_eq!((refused.status, refused.error().as_str()), (429, "queue_full"));
    let after: u64 = refused.retry_after.expect("Retry-After").parse().expect("seconds");
    assert!((1..=60).contains(&after));
    drop(second);
    wait_for(&server, "in_flight", 1);
    drop(first);
    wait_for(&server, "in_flight", 0);
    // Both were cancelled, not finished.
    assert_eq!(figure(&server, "syrinx_speech_seconds_total"), 0.0);
    assert_eq!(post(&server.url("/v1/audio/speech"), &json!({ "input": "Yes." })).status, 200);
}

#[test]
fn a_client_that_hangs_up_during_the_answer_cancels_the_rest() {
    let server = small(1, 0);
    let mut stream = open_request(&server);
    let mut head = [0; 64];
    stream.read_exact(&mut head).expect("sound comes before the end");
    assert!(head.starts_with(b"HTTP/1.1 200"));
    drop(stream);
    wait_for(&server, "in_flight", 0);
    assert_eq!(figure(&server, "syrinx_speech_seconds_total"), 0.0);
}

#[test]
fn a_request_that_takes_too_long_is_told() {
    let limits = Limits { timeout: Duration::from_millis(50), ..Limits::default() };
    let server = RunningJob::start(ServeConfig { limits, ..ServeConfig::default() });
    let body = json!({ "input": long_text(), "response_format": "wav" });
    let answer = post(&server.url("/v1/audio/speech"), &body);
    assert_eq!((answer.status, answer.error().as_str()), (408, "timeout"));
    wait_for(&server, "in_flight", 0);
}

#[test]
fn stopping_finishes_what_runs() {
    let mut server = small(1, 1);
    let url = server.url("/v1/audio/speech");
    let body = json!({ "input": "Yes, no. ".repeat(30), "response_format": "wav" });
    let client = thread::spawn(move || post(&url, &body));
    wait_for(&server, "running", 1);
    server.stop();
    let answer = client.join().expect("no panic");
    assert!(answer.status == 200 && answer.bytes.starts_with(b"RIFF"), "{}", answer.status);
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn figures_are_prometheus_text() {
    let server = small(1, 1);
    assert_eq!(post(&server.url("/v1/audio/speech"), &json!({ "input": "Yes." })).status, 200);
    assert_eq!(figure(&server, "syrinx_requests_total{route=\"/v1/audio/speech\""), 1.0);
    assert!(figure(&server, "syrinx_speech_seconds_total") > 0.0);
    wait_for(&server, "running", 0);
    assert_eq!(figure(&server, "syrinx_jobs_running"), 0.0);
    let health: Value = get(&server.url("/healthz")).json();
    assert_eq!(health["status"], "ok");
}
