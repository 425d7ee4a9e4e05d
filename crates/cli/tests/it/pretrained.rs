//! Published checkpoints from the command line: a recognizer in place of the model's own, imports, and the folder of
//! models.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::bench::Bench;

/// Checkpoints with random weights of the loaders' own tests.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pretrained/tests/data").join(name)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn another_recognizer_transcribes_in_every_form() {
    let bench = Bench::new();
    let recognizer = format!("whisper:{}", text(&data("whisper")));
    let recording = text(&data("whisper/long.wav"));
    let greedy = [
        "--set",
        "whisper.language=en",
        "--set",
        "whisper.temperatures=[0.0]",
        "--set",
        "whisper.no_speech_threshold=1.0",
        "--set",
        "whisper.min_log_prob=-100",
    ];
    let run = |more: &[&str]| {
        let mut args = vec!["transcribe", &recording, "--recognizer", &recognizer];
        args.extend(greedy);
        args.extend(more);
        let ended = bench.run(&args);
        ended.worked();
        ended.out.clone()
    };
    let plain = run(&[]);
    assert!(plain.starts_with("l ` y"), "{plain}");
    let json: Value = serde_json::from_str(&run(&["--json"])).expect("JSON");
    assert_eq!(json["text"].as_str(), Some(plain.trim()));
    let words = json["words"].as_array().expect("words");
    assert!(words.len() > 5 && words[0]["start_s"] == 0.0, "{json}");
    assert!(run(&["--format", "srt"]).contains("00:00:00,000 --> "));
    assert!(run(&["--format", "vtt"]).starts_with("WEBVTT"));
    bench.write(
        "syrinx.toml",
        format!("recognizer = \"{recognizer}\"\n[whisper]\nlanguage = \"en\"\n"),
    );
    let ended = bench.run(&["transcribe", &recording, "--set", "whisper.temperatures=[0.0]"]);
    assert!(!ended.worked().out.is_empty(), "the settings name it, too");
}

#[test]
fn a_corpus_is_aligned_by_words_of_another_recognizer_and_phones_of_the_model() {
    let bench = Bench::new();
    let recording = text(&data("whisper/short.wav"));
    let line =
        json!({"id": "u", "audio": recording, "speaker": "s", "text": "Glue the sheet, then."});
    bench.write("corpus.jsonl", format!("{line}\n"));
    let recognizer = format!("whisper:{}", text(&data("whisper")));
    let align = ["data", "align", "corpus.jsonl", "-o", "aligned.jsonl", "--min-confidence", "0"];
    let whisper = ["--recognizer", &recognizer, "--set", "whisper.language=en"];
    bench.run(&[&align[..], &whisper].concat()).worked();
    let aligned = fs::read_to_string(bench.path("aligned.jsonl")).expect("it was written");
    let aligned: Value = serde_json::from_str(&aligned).expect("one line of JSON");
    let phones = aligned["phones"].as_str().expect("phones").split(' ').filter(|p| *p != "SIL");
    let phones = phones.collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = phones.split(" | ").collect();
    assert_eq!((words.len(), words[0], words[2]), (4, "G L UW", "SH IY T"), "{phones}");
    let durations_s = aligned["durations_s"].as_array().expect("durations");
    let total_s: f64 = durations_s.iter().filter_map(Value::as_f64).sum();
    let seconds = aligned["seconds"].as_f64().expect("a length");
    assert!((total_s - seconds).abs() < 0.1, "{total_s} of {seconds} s");
}

#[test]
fn a_recognizer_that_is_not_there_is_named() {
    let bench = Bench::new();
    bench.write("talk.wav", crate::bench::buzz_wav(0.5));
    let fails = |recognizer: &str, code: i32, expected: &[&str]| {
        bench.fails(&["transcribe", "talk.wav", "--recognizer", recognizer], code, expected);
    };
    fails("whisper:nowhere", 4, &["config.json", "huggingface.co"]);
    let ended = bench.run(&["transcribe", "talk.wav", "--recognizer", "other:nowhere"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("whisper:FOLDER"), "{}", ended.err);
    let folder = text(&data("whisper"));
    let given = format!("whisper:{folder}");
    let language = ["--set", "whisper.language=xx"];
    let args = ["transcribe", "talk.wav", "--recognizer", &given, language[0], language[1]];
    bench.fails(&args, 3, &["`xx`", "en, de, haw"]);
}

#[test]
fn a_published_language_model_is_imported() {
    let bench = Bench::new();
    let (checkpoint, tokenizer) =
        (text(&data("vall-e/v5-head/model.sft")), text(&data("vall-e/tokenizer.json")));
    let args =
        ["import", "vall-e", &checkpoint, "--tokenizer", &tokenizer, "-o", "model.safetensors"];
    let ended = bench.run(&args);
    assert!(ended.worked().err.contains("8 levels"), "{}", ended.err);
    assert!(bench.path("model.safetensors").is_file());
    fs::write(bench.path("half.sft"), &fs::read(&checkpoint).expect("it is there")[..500_000])
        .expect("the folder can be written");
    let args =
        ["import", "vall-e", "half.sft", "--tokenizer", &tokenizer, "-o", "other.safetensors"];
    bench.fails(&args, 4, &["half.sft"]);
    assert!(!bench.path("other.safetensors").exists());
}

#[test]
fn an_empty_folder_of_models_needs_no_connection() {
    let bench = Bench::new();
    let ended = bench.run(&["models", "list", "--models-dir", "models", "--json"]);
    assert_eq!(ended.worked().out.trim(), "[]");
    let fails = |args: &[&str], code: i32, expected: &[&str]| {
        let mut all = vec!["models"];
        all.extend(args);
        all.extend(["--models-dir", "models"]);
        bench.fails(&all, code, expected);
    };
    fails(&["path", "openai/whisper-tiny.en"], 3, &["openai/whisper-tiny.en", "syrinx models add"]);
    fails(&["remove", "openai/whisper-tiny.en"], 3, &["openai/whisper-tiny.en"]);
    fails(&["path", "../etc"], 3, &["../etc", "hf:"]);
}
