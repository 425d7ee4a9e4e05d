//! The main job, with a model that is untrained: sound and words come out, whatever they are.

use std::process::Stdio;

use serde_json::Value;

use crate::bench::{Bench, buzz_wav, finish};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn say_and_transcribe() {
    let bench = Bench::new();
    let said = bench.run(&["say", "Yes,", "no.", "--voice", "bob", "-o", "yes.wav", "--json"]);
    let said = json(&said.worked().out);
    assert_eq!((said["voice"].as_str(), said["audio"].as_str()), (Some("bob"), Some("yes.wav")));
    let transcript = bench.run(&["transcribe", "yes.wav", "--json"]);
    assert!(json(&transcript.worked().out)["text"].is_string());
    for form in ["text", "srt", "vtt", "json"] {
        bench.run(&["transcribe", "yes.wav", "--format", form, "-o", "heard"]).worked();
        assert!(bench.path("heard").exists());
    }
    assert!(std::fs::read_to_string(bench.path("heard")).expect("text").contains("yes.wav"));
}

#[test]
fn the_same_seed_says_the_same() {
    let bench = Bench::new();
    let say = |out: &str, seed: &str| {
        bench
            .run(&[
                "say",
                "Yes.",
                "-o",
                out,
                "--seed",
                seed,
                "--temperature",
                "1",
                "--best-of",
                "2",
            ])
            .worked();
        std::fs::read(bench.path(out)).expect("it was written")
    };
    let first = say("a.wav", "1");
    assert!(first == say("b.wav", "1"));
    assert!(first != say("c.wav", "2"));
}

#[test]
fn sound_through_pipes() {
    let bench = Bench::new();
    for args in [&["say", "Yes. No.", "-o", "-"][..], &["say", "Yes. No.", "--stream"]] {
        let mut command = bench.command(args);
        let output = command.stderr(Stdio::null()).output().expect("it runs");
        assert!(output.status.success() && output.stdout.starts_with(b"RIFF"), "{args:?}");
        let transcript = finish(bench.command(&["encode", "-", "-o", "codes"]), &output.stdout);
        transcript.worked();
    }
    bench.fails(&["say", "Yes.", "--stream", "-o", "a.wav"], 2, &["--stream", "-o"]);
    assert!(!bench.path("a.wav").exists());
}

#[test]
fn phonemize_both_ways() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["phonemize", "the", "dog"]).worked().out.trim(), "DH AH0 | D AO1 G");
    assert_eq!(bench.run(&["phonemize", "dog", "--format", "ipa"]).worked().out.trim(), "dˈɔɡ");
    // Untrained, it may spell anything; it has to spell something that isn't the question.
    let spelled = bench.run(&["phonemize", "--phones", "D AO1 G"]);
    assert!(!spelled.worked().out.contains("AO1"), "{}", spelled.out);
}

#[test]
fn voices_of_ones_own() {
    let bench = Bench::new();
    bench.write("me.wav", buzz_wav(4.0));
    bench.run(&["voices", "add", "me", "me.wav"]).worked();
    let list = json(&bench.run(&["voices", "--json"]).worked().out);
    let names: Vec<_> =
        list.as_array().into_iter().flatten().filter_map(|v| v["name"].as_str()).collect();
    assert_eq!(names, ["ann", "bob", "me"]);
    bench.run(&["say", "Yes.", "--voice", "me"]).worked();
    bench.run(&["say", "Yes.", "--prompt", "me.wav"]).worked();
    bench.run(&["voices", "remove", "me"]).worked();
    bench.fails(&["say", "Yes.", "--voice", "me"], 3, &["`me`"]);
    bench.fails(&["voices", "add", "ann", "me.wav"], 3, &["ann"]);
}

#[test]
fn run_takes_any_request() {
    let bench = Bench::new();
    bench.write("a.wav", buzz_wav(1.0));
    let answer = bench.run(&["run", "tts", "--request", "{\"text\": \"Yes.\"}", "-o", "yes.wav"]);
    assert_eq!(json(&answer.worked().out)["audio"], "yes.wav");
    bench.write("request.json", "{\"audio\": \"a.wav\"}");
    let answer = bench.run(&["run", "stt", "--request", "@request.json"]);
    assert!(json(&answer.worked().out)["text"].is_string());
}

#[test]
fn align_and_info() {
    let bench = Bench::new();
    bench.write("a.wav", buzz_wav(2.0));
    let aligned = bench.run(&["align", "a.wav", "yes no"]);
    let words: Vec<&str> =
        aligned.worked().out.lines().filter_map(|l| l.split_whitespace().nth(2)).collect();
    assert_eq!(words, ["yes", "no"]);
    // A folder named with a slash is made.
    bench.run(&["align", "a.wav", "yes no", "--format", "srt", "-o", "new/one/"]).worked();
    assert!(bench.path("new/one/a.srt").is_file());
    bench.run(&["encode", "a.wav", "-o", "new/two/"]).worked();
    bench.run(&["decode", "new/two/a.safetensors", "-o", "new/three/"]).worked();
    assert!(bench.path("new/three/a.wav").is_file());
    assert!(bench.run(&["info"]).worked().out.contains("voices      ann, bob"));
}

#[test]
fn without_a_model_it_says_what_to_do() {
    let bench = Bench::new();
    let ended = finish(bench.plain(&["say", "Yes."]), b"");
    // Built with a model, it speaks.
    if ended.code != 0 {
        ended.failed(4, &["no model was embedded", "--model"]);
    }
}
