//! Texts that can't be spoken, and long ones that can.

use crate::bench::Bench;

#[test]
fn nothing_to_say() {
    let bench = Bench::new();
    for text in ["", "   ", "⠿⠇", "... !!! ..."] {
        bench.fails(&["say", text], 3, &["nothing to say"]);
        bench.fails(&["phonemize", text], 3, &["nothing to say"]);
    }
    assert!(!bench.path("out.wav").exists());
}

#[test]
fn a_negative_number_is_a_text() {
    let bench = Bench::new();
    let ended = bench.run(&["phonemize", "-2", "--format", "text"]);
    assert_eq!(ended.worked().out.trim(), "minus two");
}

#[test]
fn symbols_that_are_not_spoken_are_named() {
    let bench = Bench::new();
    let ended = bench.run(&["say", "Yes, ₿, no. ₿", "-o", "out.wav"]);
    let named = ended.worked().err.matches("U+20BF").count();
    assert_eq!(named, 1, "{}", ended.err);
}

#[test]
fn another_language() {
    let bench = Bench::new();
    bench.fails(
        &["say", "Съешь же ещё этих мягких французских булок"],
        3,
        &["only English", "Cyrillic"],
    );
    bench.fails(&["phonemize", "你好,世界,你好吗"], 3, &["only English"]);
}

#[test]
fn a_hundred_thousand_characters_are_spelled() {
    let bench = Bench::new();
    let text = "The birch canoe slid on the smooth planks. ".repeat(2326);
    assert!(text.len() > 100_000);
    let out = crate::bench::finish(bench.command(&["phonemize", "-"]), text.as_bytes());
    out.worked();
    assert!(out.out.len() > 100_000);
}

#[test]
fn unknown_names() {
    let bench = Bench::new();
    bench.fails(&["say", "Yes.", "--voice", "nobody"], 3, &["nobody", "ann"]);
    bench.fails(&["voices", "remove", "anm"], 3, &["anm", "did you mean `ann`"]);
    bench.fails(&["run", "sing", "--request", "{}"], 2, &["`sing`"]);
    bench.fails(&["tasks", "show", "sing"], 2, &["`sing`"]);
    bench.fails(&["run", "tts", "--request", "{\"text\": \"Yes.\", \"pitch\": 2}"], 3, &["pitch"]);
    bench.fails(&["run", "tts", "--request", "{text"], 3, &["--request"]);
}

#[test]
fn a_bad_pronunciation() {
    let bench = Bench::new();
    bench.write("words.txt", "fonz  F AA1 N Z\nblurz  B XX\n");
    bench.fails(&["say", "fonz", "--lexicon", "words.txt"], 3, &["words.txt:2", "XX"]);
    bench.fails(&["say", "fonz", "--lexicon", "gone.txt"], 3, &["gone.txt"]);
}
