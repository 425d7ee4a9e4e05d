//! Ctrl-C and closed pipes.

#![cfg(unix)]

use std::io::Read as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::bench::{Bench, Samples, model, wav};
use crate::dash::Terminal;

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
    wait_for(&bench, "\"name\":\"say\",\"done\":1,");
    interrupt(&child);
    let (code, err) = ended(child);
    assert_eq!(code, 130, "{err}");
    assert!(err.contains("error: stopped") && err.contains("book.wav"), "{err}");
    assert!(!err.contains("panicked"), "{err}");
    let spoken = std::fs::metadata(bench.path("book.wav")).expect("what was spoken is there");
    assert!(spoken.len() > 1000);
}

#[test]
fn ctrl_c_while_recognizing_keeps_the_transcript() {
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
    wait_for(&bench, "\"kind\":\"job_progress\",\"name\":\"transcribe\"");
    interrupt(&child);
    let (code, err) = ended(child);
    assert_eq!(code, 130, "{err}");
    assert!(err.contains("heard.json") && !err.contains("panicked"), "{err}");
    let transcript =
        std::fs::read_to_string(bench.path("heard.json")).expect("what was heard is there");
    assert!(serde_json::from_str::<serde_json::Value>(&transcript).is_ok(), "{transcript}");
}

#[test]
fn ctrl_c_leaves_no_bar_on_the_terminal() {
    // The second one may quit at once or come after the first has ended the run: no bar is left either way.
    for keys in [&["C-c"][..], &["C-c", "C-c"]] {
        let bench = Bench::new();
        bench.write("hours.wav", wav(8_000, 1, &Samples::U8(&vec![128; 2 * 3600 * 8_000])));
        let line = format!(
            "trap : INT; {} transcribe hours.wav --model {} -o heard.txt; echo LEFT $?; \
             while :; do sleep 1000; done",
            env!("CARGO_BIN_EXE_syrinx"),
            model().display()
        );
        let Some(terminal) = Terminal::start(&bench, &line, 80, 24) else { return };
        terminal.shows(&["transcribe ", "░"]);
        terminal.press(keys);
        let after = terminal.shows(&["LEFT 130"]);
        assert!(!after.contains(['░', '█']), "{keys:?} leave a bar:\n{after}");
    }
}

#[test]
fn a_closed_pipe_is_quiet() {
    let bench = Bench::new();
    let mut child = bench.command(&["config", "schema"]).spawn().expect("it starts");
    drop(child.stdout.take());
    let (code, err) = ended(child);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn ctrl_c_while_encoding_writes_nothing() {
    let bench = Bench::new();
    bench.write("hours.wav", wav(8_000, 1, &Samples::U8(&vec![128; 3600 * 8_000])));
    let args = ["encode", "hours.wav", "-o", "hours.codes", "--events", "events.jsonl"];
    let child = bench.command(&args).spawn().expect("it starts");
    // The file is there as soon as the program listens to signals; reading an hour takes longer.
    while !bench.path("events.jsonl").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    interrupt(&child);
    let (code, err) = ended(child);
    assert_eq!(code, 130, "{err}");
    assert!(err.contains("nothing was written"), "{err}");
    assert!(!bench.path("hours.codes").exists());
}

#[test]
fn ctrl_c_while_training_keeps_a_checkpoint() {
    let bench = Bench::new();
    for name in ["a", "b", "c", "d"] {
        bench.write(&format!("{name}.wav"), crate::bench::buzz_wav(2.0));
    }
    let line = |name: &str| {
        format!(
            r#"{{"id": "{name}", "audio": "{name}.wav", "speaker": "me", "text": "yes", "phones": ["Y", "EH1", "S"], "durations_s": [0.6, 0.6, 0.6]}}"#
        )
    };
    bench.write("m.jsonl", ["a", "b", "c", "d"].map(line).join("\n"));
    bench.run(&["data", "encode", "m.jsonl", "-o", "shards"]).worked();
    bench.write(
        "train.toml",
        "steps = 100000\npositions = 200\ncheckpoint_steps = 5\nwarmup_steps = 1\n\
         [model]\nencoder_layers = 1\n[model.trunk]\ndim = 32\nlayers = 1\nheads = 2\nhidden = 32\n\
         [[mix]]\ntask = \"stt\"\nstage = \"phones\"\nweight = 1.0\n",
    );
    let args = [
        "train",
        "--config",
        "train.toml",
        "--data",
        "shards",
        "--run",
        "run",
        "--events",
        "events.jsonl",
    ];
    let child = bench.command(&args).spawn().expect("it starts");
    wait_for(&bench, "\"kind\":\"checkpoint_saved\"");
    interrupt(&child);
    let (code, err) = ended(child);
    assert_eq!(code, 130, "{err}");
    assert!(err.contains("go on with --resume") && !err.contains("panicked"), "{err}");
    assert!(bench.path("run/checkpoint.safetensors").exists());
    let resumed = bench.command(&[&args[..], &["--resume", "--set", "steps=1"]].concat());
    crate::bench::finish(resumed, b"").worked();
}

#[test]
fn a_second_ctrl_c_quits_at_once() {
    let bench = Bench::new();
    bench.write("hours.wav", wav(8_000, 1, &Samples::U8(&vec![128; 2 * 3600 * 8_000])));
    let args = ["encode", "hours.wav", "-o", "hours.codes", "--events", "events.jsonl"];
    let mut child = bench.command(&args).spawn().expect("it starts");
    while !bench.path("events.jsonl").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // Signals that arrive together are one: the second is sent until it has ended.
    let status = loop {
        interrupt(&child);
        std::thread::sleep(Duration::from_millis(20));
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status;
        }
    };
    assert_eq!(status.code(), Some(130));
    let (_, err) = ended(child);
    assert!(err.contains("Ctrl-C again"), "{err}");
    assert!(!bench.path("hours.codes").exists(), "nothing half-written is left");
}
