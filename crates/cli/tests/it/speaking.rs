//! Recordings continued, converted, edited; voices mixed. The model is untrained: its words are not tested.

use serde_json::Value;

use crate::bench::{Bench, buzz_wav};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// A bench with a recording of two seconds, and the words that an untrained recognizer is given for it.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("a.wav", buzz_wav(2.0));
    bench
}

const SAYS: [&str; 2] = ["--says", "yes no yes"];

fn samples(bench: &Bench, name: &str) -> Vec<u8> {
    std::fs::read(bench.path(name)).expect("it was written")[44..].to_vec()
}

#[test]
fn a_recording_is_carried_on() {
    let bench = bench();
    let args = ["continue", "a.wav", "--text", "Oh.", "-o", "longer.wav", "--json"];
    let answer = json(&bench.run(&[&args[..], &SAYS].concat()).worked().out);
    assert_eq!(
        (answer["start_s"].as_f64(), answer["says"].as_str()),
        (Some(2.0), Some("yes no yes"))
    );
    let (before, after) = (samples(&bench, "a.wav"), samples(&bench, "longer.wav"));
    // All but the cross-fade of 10 ms at the end.
    assert!(after.len() > before.len() && after.starts_with(&before[..before.len() - 480]));
}

#[test]
fn a_recording_is_converted() {
    let bench = bench();
    let args = ["convert", "a.wav", "--voice", "bob", "-o", "bob.wav", "--json"];
    let answer = json(&bench.run(&[&args[..], &SAYS].concat()).worked().out);
    assert_eq!((answer["voice"].as_str(), answer["seconds"].as_f64()), (Some("bob"), Some(2.0)));
    bench.fails(&["convert", "a.wav", "--voice", "nobody"], 3, &["nobody", "ann"]);
}

fn edit<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    [&["edit", "a.wav", "-o", "b.wav"], rest].concat()
}

#[test]
fn a_recording_is_edited() {
    let bench = bench();
    let args = edit(&["--text", "yes oh yes", "--force", "--json", SAYS[0], SAYS[1]]);
    let answer = json(&bench.run(&args).worked().out);
    let edited = &answer["edits"][0];
    assert_eq!((edited["old"].as_str(), edited["new"].as_str()), (Some("no"), Some("oh")));
    let start = 2 * (edited["start_s"].as_f64().expect("a time") * 24_000.0).round() as usize;
    assert_eq!(samples(&bench, "a.wav")[..start], samples(&bench, "b.wav")[..start]);
    let fails = |rest: &[&str], expected: &[&str]| bench.fails(&edit(rest), 3, expected);
    let beyond = ["--text", "oh", "--start-s", "1", "--end-s", "9", SAYS[0], SAYS[1]];
    fails(&beyond, &["past the end", "2.00 s"]);
    let half = ["--text", "oh", "--start-s", "1", SAYS[0], SAYS[1]];
    fails(&half, &["`start_s` and `end_s` is given"]);
    fails(&["--text", "Yes no yes!", "--force", SAYS[0], SAYS[1]], &["already"]);
    let wrong =
        ["--text", "oh", "--says", "thoroughly judge which", "--set", "tasks.edit.doubt_below=0"];
    fails(&wrong, &["does not seem to say", "`force`"]);
}

fn mix<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    [&["mix", "Oh.", "-o", "mix.wav"], rest].concat()
}

#[test]
fn voices_are_mixed() {
    let bench = bench();
    let two = ["--voices", "ann", "--voices", "bob"];
    let answer = bench.run(&mix(&[&two[..], &["--sweep", "3", "--json"]].concat()));
    let answer = json(&answer.worked().out);
    assert_eq!(answer["weights"][1], serde_json::json!([0.5, 0.5]));
    for step in ["mix.wav", "mix-step-2.wav", "mix-step-3.wav"] {
        assert!(bench.path(step).exists(), "{step}");
    }
    for mode in ["blend", "concatenate", "interleave"] {
        let weights = ["--mode", mode, "--weights", "3", "--weights", "1"];
        bench.run(&mix(&[&two[..], &weights].concat())).worked();
    }
    bench.run(&mix(&["--voices", "ann", "--voices", "a.wav"])).worked();
    let fails = |rest: &[&str], expected: &[&str]| bench.fails(&mix(rest), 3, expected);
    fails(&[&two[..], &["--weights", "0", "--weights", "0"]].concat(), &["all weights are 0"]);
    fails(&[&two[..], &["--weights=1", "--weights=-1"]].concat(), &["weight -1"]);
    fails(&["--voices", "ann", "--voices", "ann"], &["`ann` is listed twice"]);
    fails(&["--voices", "ann", "--voices", "gone.wav"], &["gone.wav"]);
    fails(&["--voices", "ann", "--voices", "nobody"], &["nobody"]);
}

#[test]
fn a_long_text_is_one_reading() {
    let bench = bench();
    let answer = bench.run(&["say", "Yes. No. Yes.", "--rolling", "--json"]);
    assert_eq!(json(&answer.worked().out)["text_spoken"], "yes no yes");
}
