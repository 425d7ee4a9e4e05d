//! Corpora into manifests and vocabularies; suites with baselines and with an endpoint as judge.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::bench::{Bench, buzz_wav};

/// A LibriTTS-shaped folder of one speaker.
fn libri(bench: &Bench) {
    let chapter = bench.path("corpus/train-clean/17/363");
    fs::create_dir_all(&chapter).expect("a folder");
    for (number, text) in
        ["Glue the sheet.", "The birch canoe slid.", "Glue the canoe."].iter().enumerate()
    {
        let name = format!("17_363_{number}");
        fs::write(chapter.join(format!("{name}.wav")), buzz_wav(0.5)).expect("a recording");
        fs::write(chapter.join(format!("{name}.normalized.txt")), text).expect("its text");
    }
}

/// A TextGrid of one word with one phone between these times, seconds.
fn grid(start_s: f64, end_s: f64) -> String {
    let tier = |name: &str, label: &str| {
        format!(
            "\"IntervalTier\"\n\"{name}\"\n0\n{end_s}\n2\n0\n{start_s}\n\"\"\n{start_s}\n{end_s}\n\"{label}\"\n"
        )
    };
    let tiers = [tier("words", "oh"), tier("phones", "OW1")].concat();
    format!("\"ooTextFile\"\n\"TextGrid\"\n0\n{end_s}\n<exists>\n2\n{tiers}")
}

#[test]
fn alignments_beyond_a_recording_are_clamped_or_refused() {
    let bench = Bench::new();
    fs::create_dir(bench.path("grids")).expect("a folder");
    for (name, start_s, end_s) in [("fits", 0.5, 2.0), ("late", 5.0, 6.0), ("long", 0.5, 2.6)] {
        bench.write(&format!("{name}.wav"), buzz_wav(2.0));
        bench.write(&format!("{name}.txt"), "oh");
        bench.write(&format!("grids/{name}.TextGrid"), grid(start_s, end_s));
    }
    let args = ["data", "import", "pairs", ".", "--textgrids", "grids", "-o", "m.jsonl"];
    let imported = bench.run(&args);
    let told = &imported.worked().err;
    for part in [
        "late.TextGrid: tier 'words', interval 2: starts at 5 s, beyond the end of the recording at 2 s",
        "long.TextGrid: 2 intervals clamped to the end of the recording at 2 s",
        "2 of 3 aligned, 1 not",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let manifest = fs::read_to_string(bench.path("m.jsonl")).expect("it was written");
    assert_eq!(manifest.matches("\"seconds\":2.0").count(), 3, "{manifest}");
    assert!(manifest.contains("\"durations_s\":[1.5]"), "{manifest}");
}

#[test]
fn a_corpus_becomes_a_manifest_and_a_vocabulary() {
    let bench = Bench::new();
    libri(&bench);
    let imported =
        bench.run(&["data", "import", "libri", "corpus", "-o", "corpus/m.jsonl", "--json"]);
    let imported: Value = serde_json::from_str(&imported.worked().out).expect("JSON");
    assert_eq!((&imported["utterances"], &imported["warnings"]), (&json!(3), &json!(0)));
    bench.run(&["data", "check", "corpus/m.jsonl"]).worked();
    let bpe = ["data", "bpe", "corpus/m.jsonl", "-o", "bpe.json", "--vocab-size", "260"];
    bench.run(&bpe).worked();
    let first = fs::read(bench.path("bpe.json")).expect("it was written");
    bench.run(&bpe).worked();
    assert!(
        first == fs::read(bench.path("bpe.json")).expect("again"),
        "the same for the same texts"
    );
    bench.fails(&["data", "bpe", "corpus/m.jsonl", "-o", "b", "--split", "dev"], 3, &["`dev`"]);
    bench.fails(&["data", "bpe", "corpus/m.jsonl", "-o", "b", "--vocab-size", "9"], 3, &["256"]);
}

#[test]
fn a_folder_without_recordings_is_no_corpus() {
    let bench = Bench::new();
    fs::create_dir(bench.path("empty")).expect("a folder");
    bench.fails(&["data", "import", "libri", "empty", "-o", "m.jsonl"], 3, &["empty"]);
    assert!(!bench.path("m.jsonl").exists());
}

const SUITE: &str = "summary = \"Words\"\ntask = \"g2p\"\nrequest = { text = \"{word}\" }\n\
    settings = { always_model = true }\nfigures = [\"per\"]\n\
    [items]\nheld_out_words = 16\nseed = 1\n";

#[test]
fn worse_than_the_baseline_ends_with_6() {
    let bench = Bench::new();
    bench.write("words.toml", SUITE);
    bench.run(&["eval", "words.toml", "-o", "first"]).worked();
    let path = bench.path("first/report.json");
    let report = fs::read_to_string(&path).expect("a report");
    let mut report: Value = serde_json::from_str(&report).expect("JSON");
    let same = ["eval", "words.toml", "-o", "second", "--baseline", "first/report.json"];
    bench.run(&same).worked();
    // An untrained model spells badly; against a past in which it spelled well, that is a regression.
    for row in report["rows"].as_array_mut().expect("rows") {
        row["measures"]["per"]["part"] = json!(0.0);
    }
    fs::write(&path, report.to_string()).expect("the folder can be written");
    let worse = ["eval", "words.toml", "-o", "third", "--baseline", "first/report.json"];
    bench.fails(&worse, 6, &["worse than the baseline"]);
    assert!(bench.path("third/report.html").exists(), "the report is there all the same");
}

/// Answers so many requests with what the OpenAI interface answers; gives back what it was sent.
fn serve(requests: usize) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let mut seen = Vec::new();
        for stream in listener.incoming().take(requests) {
            let mut stream = stream.expect("a connection");
            let (mut request, mut buffer) = (Vec::new(), [0; 65_536]);
            // The body ends with the closing boundary.
            while !request.ends_with(b"--\r\n") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(n) => request.extend_from_slice(&buffer[..n]),
                }
            }
            seen.push(String::from_utf8_lossy(&request).into_owned());
            let body = r#"{"text": " Yes, no. "}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).expect("it listens");
        }
        seen
    });
    (url, server)
}

const SPEAKING: &str = "summary = \"Speaking\"\ntask = \"tts\"\nrequest = { text = \"{text}\", voice = \"{voice}\" }\n\
    figures = [\"wer\"]\nvoices = { names = [\"bob\"] }\n[items]\nlines = \"lines.txt\"\n";

#[test]
fn an_endpoint_can_judge() {
    let bench = Bench::new();
    bench.write("speaking.toml", SPEAKING);
    bench.write("lines.txt", "Yes, no.\n");
    let (url, server) = serve(1);
    let mut command =
        bench.command(&["eval", "speaking.toml", "-o", "run", "--judge-url", &url, "--json"]);
    command.env("SYRINX_JUDGE_KEY", "a-secret");
    let ended = crate::bench::finish(command, b"");
    let report = &ended.worked().out;
    let seen = server.join().expect("the server ends");
    assert!(seen[0].starts_with("POST /v1/audio/transcriptions"), "{}", &seen[0][..200]);
    assert!(seen[0].contains("Bearer a-secret") && seen[0].contains("whisper-1"));
    let rows = fs::read_to_string(bench.path("run/rows.jsonl")).expect("rows");
    assert!(rows.contains("Yes, no.") && rows.contains("\"endpoint\""), "{rows}");
    assert!(!rows.contains("a-secret") && !report.contains("a-secret"), "keys are never written");
}

#[test]
fn judges_that_are_not_there() {
    let bench = Bench::new();
    bench.write("speaking.toml", SPEAKING);
    bench.write("lines.txt", "Yes, no.\n");
    let eval = |flag: &str, value: &str, expected: &[&str]| {
        bench.fails(&["eval", "speaking.toml", "-o", "run", flag, value], 3, expected);
    };
    eval("--judge-url", "http://127.0.0.1:9/v1", &["127.0.0.1:9", "doesn't answer"]);
    eval("--judge-url", "ftp://example.org", &["ftp://example.org"]);
    eval("--judge-whisper", "nowhere", &["config.json", "huggingface.co"]);
    eval("--judge-command", "false", &["false"]);
}
