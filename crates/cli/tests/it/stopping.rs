//! Ctrl-C and closed pipes.

#![cfg(unix)]

use std::io::Read as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::bench::{Bench, Samples, wav};

fn interrupt(child: &Child) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill exists").success());
}

/// Waits until the events of a run show the second part of its work, so that something is finished.
fn wait_for(bench: &Bench, needle: &str) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(120) {
        let events = std::fs::read_to_string(bench.path("events.jsonl")).unwrap_or_default();
        if events.contains(needle) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no `{needle}` among the events");
}

fn ended(mut child: Child) -> (i32, String) {
    let mut err = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut err).expect("it is text");
    (child.wait().expect("it ends").code().unwrap_or(-1), err)
}

#[test]
fn ctrl_c_while_speaking_keeps_what_is_spoken() {
    let bench = Bench::new();
    let text = "The birch canoe slid on the smooth planks. ".repeat(2326);
    bench.write("text.txt", &text);
    let mut command = bench.command(&["say", "-", "-o", "book.wav", "--events", "events.jsonl"]);
    command.stdin(std::fs::File::open(bench.path("text.txt")).expect("it was written"));
    let child = command.spawn().expect("it starts");
    wait_for(&bench, "\"name\":\"speaking (2326 sentences)\",\"done\":1,");
    interrupt(&child);
    let (code, err) = ended(child);
    assert_eq!(code, 130, "{err}");
    assert!(err.contains("error: stopped") && err.contains("book.wav"), "{err}");
    assert!(!err.contains("panicked"), "{err}");
    let spoken = std::fs::metadata(bench.path("book.wav")).expect("what was spoken is there");
    assert!(spoken.len() > 1000);
}

#[test]
fn ctrl_c_while_listening_keeps_what_is_heard() {
    let bench = Bench::new();
    let hours = wav(8_000, 1, &Samples::U8(&vec![128; 2 * 3600 * 8_000]));
    bench.write("hours.wav", &hours);
    let args = [
        "transcribe",
        "hours.wav",
        "--format",
        "json",
        "-o",
        "heard.json",
        "--events",
        "events.jsonl",
    ];
    let child = bench.command(&args).spawn().expect("it starts");
    wait_for(&bench, "\"kind\":\"job_progress\",\"name\":\"listening to hours.wav\"");
    interrupt(&child);
    let (code, err) = ended(child);
    assert_eq!(code, 130, "{err}");
    assert!(err.contains("heard.json") && !err.contains("panicked"), "{err}");
    let heard = std::fs::read_to_string(bench.path("heard.json")).expect("what was heard is there");
    assert!(serde_json::from_str::<serde_json::Value>(&heard).is_ok(), "{heard}");
}

#[test]
fn a_closed_pipe_is_quiet() {
    let bench = Bench::new();
    let mut child = bench.command(&["config", "schema"]).spawn().expect("it starts");
    drop(child.stdout.take());
    let (code, err) = ended(child);
    assert_eq!((code, err.as_str()), (0, ""));
}
