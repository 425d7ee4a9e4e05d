//! Text that arrives in pieces is spoken, sound that arrives in pieces is recognized. The model is untrained.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use serde_json::Value;

use crate::bench::{Bench, finish};
use crate::tiny::buzz;

/// Bytes of sound that the header of a stream precedes.
const HEADER: usize = 44;

#[test]
fn sentences_are_spoken_before_the_text_is_complete() {
    let bench = Bench::new();
    let mut command = bench.command(&["say", "-", "--stream", "--voice", "bob", "--seed", "1"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    let (mut text, mut sound) =
        (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    text.write_all("Yes, no — y".as_bytes()).expect("it reads");
    text.write_all(b"es. ").expect("it reads");
    // Sound comes while the rest of the text is not there yet.
    let mut first = vec![0; HEADER + 1000];
    sound.read_exact(&mut first).expect("sound");
    assert!(first.starts_with(b"RIFF"));
    text.write_all(b"Yes. Yes").expect("it reads");
    drop(text);
    let mut rest = Vec::new();
    sound.read_to_end(&mut rest).expect("sound");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The sentences have the samples that they have alone, a pause apart.
    let alone = |text: &str| {
        let mut command =
            bench.command(&["say", text, "--stream", "--voice", "bob", "--seed", "1"]);
        command.output().expect("it runs").stdout[HEADER..].to_vec()
    };
    let mut expected = alone("Yes, no — yes.");
    for sentence in ["Yes.", "Yes"] {
        expected.extend(vec![0; 2 * 24_000 * 15 / 100]);
        expected.extend(alone(sentence));
    }
    assert!([&first[HEADER..], &rest].concat() == expected);
}

#[test]
fn texts_that_cannot_be_spoken_are_told() {
    let bench = Bench::new();
    let stream = || bench.command(&["say", "-", "--stream"]);
    finish(stream(), b"\xff\xfe").failed(3, &["UTF-8"]);
    finish(stream(), b" \n").failed(3, &[]);
}

#[test]
fn words_come_while_sound_comes_in() {
    let bench = Bench::new();
    let audio = buzz(6.0, 16_000);
    let bytes: Vec<u8> =
        audio.samples.iter().flat_map(|x| ((x * 32767.0) as i16).to_le_bytes()).collect();
    // An untrained model is sure of no word.
    let keep_words = ["--set", "tasks.stt.min_confidence=0"];
    let live = [&["transcribe", "-", "--live", "16000"][..], &keep_words].concat();
    let lines = finish(bench.command(&[&live[..], &["--format", "json"]].concat()), &bytes);
    let lines: Vec<Value> =
        lines.worked().out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (last, words) = lines.split_last().expect("lines");
    assert!(last["text"].is_string(), "{last}");
    let starts: Vec<f64> = words
        .iter()
        .flat_map(|line| line["words"].as_array().expect("a list"))
        .map(|word| word["start_s"].as_f64().expect("a time"))
        .collect();
    assert!(!starts.is_empty() && starts.is_sorted(), "{starts:?}");
    // Without a format a line a word: start, end, word.
    let times = finish(bench.command(&live), &bytes);
    assert!(times.worked().out.lines().all(|line| line.split_whitespace().count() == 3));
    finish(bench.command(&live), b"").failed(3, &["no sound"]);
    bench.fails(&["transcribe", "a.wav", "--live", "16000"], 2, &["standard input"]);
    bench.fails(&["transcribe", "-", "--live", "16000", "--format", "srt"], 2, &["text or JSON"]);
}
