//! Models, manifests, settings and places that can't be used.

use std::path::Path;

use crate::bench::{Bench, buzz_wav, finish, model};
use crate::tiny;

#[test]
fn broken_models() {
    let bench = Bench::new();
    let whole = std::fs::read(model()).expect("the tiny model is there");
    bench.write("half.safetensors", &whole[..whole.len() / 2]);
    bench.write("letter.safetensors", b"Dear aunt, thank you for the socks.");
    bench.write("empty.safetensors", b"");
    let check = |file: &str, expected: &str| {
        let command = bench.plain(&["say", "Yes.", "--model", file]);
        finish(command, b"").failed(4, &[file, expected]);
    };
    check("half.safetensors", "cut off");
    check("letter.safetensors", "isn't a safetensors file");
    check("empty.safetensors", "is empty");
    check("gone.safetensors", "can't be opened");
    assert!(!bench.path("out.wav").exists());
}

#[test]
fn a_model_of_a_wrong_shape_or_another_configuration() {
    let bench = Bench::new();
    let codec = tiny::codec(16, 1);
    let folder = bench.path("parts");
    std::fs::create_dir(&folder).expect("a folder");
    let package = |lm: &syrinx_model::LmFile, codec: &syrinx_codec::EmbeddedCodec| {
        tiny::write_parts(&folder, lm, codec);
        let args = [
            "package",
            "--lm",
            "parts/lm.safetensors",
            "--codec",
            "parts/codec.safetensors",
            "-o",
            "new.safetensors",
        ];
        finish(bench.plain(&args), b"")
    };
    let mut wrong_shape = tiny::lm(&codec, 32);
    wrong_shape.tensors = tiny::lm(&codec, 48).tensors;
    package(&wrong_shape, &codec).worked();
    let ended = finish(bench.plain(&["say", "Yes.", "--model", "new.safetensors"]), b"");
    ended.failed(4, &["new.safetensors", "language model"]);
    package(&tiny::lm(&codec, 32), &tiny::codec(32, 1)).failed(4, &["lm.safetensors", "levels"]);
    // Another language model for the codec and the voices of a model.
    tiny::write_parts(&folder, &tiny::lm(&codec, 32), &codec);
    let renewed = ["package", "--lm", "parts/lm.safetensors", "-o", "renewed.safetensors"];
    let base =
        |model: &str| finish(bench.plain(&[&renewed[..], &["--model", model]].concat()), b"");
    base(&model().display().to_string()).worked();
    finish(bench.plain(&["voices", "--model", "renewed.safetensors"]), b"").worked();
    // A part alone is no model.
    let ended = finish(bench.plain(&["say", "Yes.", "--model", "parts/lm.safetensors"]), b"");
    ended.failed(4, &["parts/lm.safetensors", "isn't a whole model"]);
}

#[test]
fn a_manifest_with_a_broken_line() {
    let bench = Bench::new();
    bench.write("a.wav", buzz_wav(1.0));
    let good = r#"{"id": "a", "audio": "a.wav", "speaker": "me", "text": "yes"}"#;
    bench.write("bad.jsonl", format!("{good}\n{{\"id\": \"b\", \"audio\": \n"));
    bench.fails(&["data", "check", "bad.jsonl"], 3, &["bad.jsonl, line 2"]);
    bench.fails(&["data", "encode", "bad.jsonl", "-o", "shards"], 3, &["bad.jsonl, line 2"]);
    bench.write("gone.jsonl", good.replace("a.wav", "gone.wav"));
    bench.fails(&["data", "check", "gone.jsonl"], 3, &["gone.wav"]);
    bench.write("good.jsonl", good);
    bench.run(&["data", "check", "good.jsonl"]).worked();
    bench.run(&["data", "encode", "good.jsonl", "-o", "shards"]).worked();
    bench.fails(&["data", "encode", "good.jsonl", "-o", "shards", "--shard", "4/3"], 2, &["4/3"]);
    bench.fails(&["data", "encode", "nowhere.jsonl", "-o", "shards"], 3, &["nowhere.jsonl"]);
}

#[test]
fn broken_codes() {
    let bench = Bench::new();
    bench.write("a.wav", buzz_wav(1.0));
    bench.run(&["encode", "a.wav"]).worked();
    bench.run(&["decode", "a.safetensors", "--levels", "1"]).worked();
    bench.fails(&["decode", "a.safetensors", "--levels", "99"], 2, &["--levels 99"]);
    bench.fails(&["decode", "a.wav"], 3, &["a.wav"]);
    bench.fails(&["decode", "gone"], 3, &["gone"]);
}

/// A length in a codes file is believed as far as its frames go: it would be allocated otherwise.
#[test]
fn codes_of_a_length_that_can_not_be() {
    let bench = Bench::new();
    bench.write("a.wav", buzz_wav(2.0));
    bench.run(&["encode", "a.wav", "-o", "a.safetensors"]).worked();
    let whole = std::fs::read(bench.path("a.safetensors")).expect("codes");
    let text = b"samples\\\":";
    let at = whole.windows(text.len()).position(|w| w == text).expect("a length") + text.len();
    let digits = whole[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut longer = whole.clone();
    longer[at..at + digits].fill(b'9');
    bench.write("longer.safetensors", &longer);
    let ended = bench.run(&["decode", "longer.safetensors", "-o", "longer.wav"]);
    ended.failed(3, &["longer.safetensors", "frames can't be"]);
    assert!(!bench.path("longer.wav").exists());
}

#[test]
fn a_full_disk() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let bench = Bench::new();
    bench.write("a.wav", buzz_wav(1.0));
    let full = ["writing failed", "the disk is full"];
    bench.fails(&["say", "Yes.", "-o", "/dev/full"], 5, &full);
    bench.fails(&["encode", "a.wav", "-o", "/dev/full"], 5, &full);
    bench.fails(&["transcribe", "a.wav", "-o", "/dev/full"], 5, &full);
    let mut command = bench.command(&["transcribe", "a.wav"]);
    command.stdout(std::fs::File::options().write(true).open("/dev/full").expect("it opens"));
    finish(command, b"").failed(5, &full);
}

#[test]
fn places_that_can_not_be_written() {
    let bench = Bench::new();
    bench.write("a.wav", buzz_wav(1.0));
    bench.fails(
        &["say", "Yes.", "-o", "nowhere/out.wav"],
        5,
        &["nowhere/out.wav", "create the folder"],
    );
    bench.fails(&["encode", "a.wav", "-o", "nowhere/a"], 5, &["nowhere/a"]);
    bench.fails(&["say", "Yes.", "--events", "nowhere/events"], 5, &["nowhere/events"]);
    // An existing file stays whole when a run fails.
    bench.write("out.wav", b"precious");
    bench.fails(&["say", "⠿"], 3, &[]);
    assert_eq!(std::fs::read(bench.path("out.wav")).expect("it is there"), b"precious");
}

#[test]
fn a_run_of_training_is_not_overwritten() {
    let bench = Bench::new();
    bench.write("a.wav", buzz_wav(1.0));
    bench.write("m.jsonl", r#"{"id": "a", "audio": "a.wav", "speaker": "me", "text": "yes"}"#);
    bench.run(&["data", "encode", "m.jsonl", "-o", "shards"]).worked();
    bench.write("train.toml", "stepps = 1\n");
    bench.fails(
        &["train", "--config", "train.toml", "--data", "shards", "--run", "run"],
        4,
        &["train.toml", "`stepps`", "did you mean `steps`"],
    );
    std::fs::create_dir(bench.path("run")).expect("a folder");
    bench.write("run/checkpoint.safetensors", b"precious");
    bench.write("train.toml", "steps = 1\n");
    bench.fails(
        &["train", "--config", "train.toml", "--data", "shards", "--run", "run"],
        2,
        &["--resume"],
    );
    assert_eq!(
        std::fs::read(bench.path("run/checkpoint.safetensors")).expect("it is there"),
        b"precious"
    );
}
