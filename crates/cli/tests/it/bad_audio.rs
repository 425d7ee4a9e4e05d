//! Recordings that can't be used, and odd ones that can.

use crate::bench::{Bench, Samples, buzz_wav, finish, wav};

#[test]
fn no_recording_at_all() {
    let bench = Bench::new();
    bench.write("empty.wav", b"");
    bench.write("letter.wav", b"Dear aunt, thank you for the socks.");
    std::fs::create_dir(bench.path("folder.wav")).expect("a folder");
    let check = |file: &str, expected: &str| {
        for verb in
            [&["transcribe", file][..], &["encode", file, "-o", "codes"], &["align", file, "yes"]]
        {
            bench.fails(verb, 3, &[file, expected]);
        }
    };
    check("gone.wav", "no such file");
    check("empty.wav", "is empty");
    check("letter.wav", "is not audio");
    check("folder.wav", "is a folder");
    assert!(!bench.path("codes").exists());
}

#[test]
fn a_truncated_recording() {
    let bench = Bench::new();
    let whole = buzz_wav(1.0);
    bench.write("cut.wav", &whole[..whole.len() / 2]);
    bench.write("header.wav", &whole[..30]);
    bench.run(&["transcribe", "cut.wav"]).worked();
    bench.fails(&["transcribe", "header.wav"], 3, &["header.wav"]);
}

#[test]
fn samples_that_are_no_numbers() {
    let bench = Bench::new();
    let nan = vec![f32::NAN; 24_000];
    bench.write("nan.wav", wav(24_000, 1, &Samples::Float32(&nan)));
    bench.fails(&["transcribe", "nan.wav"], 3, &["nan.wav", "NaN"]);
}

#[test]
fn silence_has_no_words_and_is_no_prompt() {
    let bench = Bench::new();
    bench.write("silent.wav", wav(24_000, 1, &Samples::Int16(&vec![0; 48_000])));
    let ended = bench.run(&["transcribe", "silent.wav"]);
    assert_eq!(ended.worked().out.trim(), "");
    assert!(ended.err.contains("silent.wav: no speech found"), "{}", ended.err);
    for verb in [
        &["align", "silent.wav", "yes"][..],
        &["edit", "silent.wav", "--text", "No."],
        &["edit", "silent.wav", "--says", "Yes.", "--text", "No."],
        &["convert", "silent.wav", "--voice", "ann"],
        &["convert", "silent.wav", "--says", "Yes.", "--voice", "ann"],
        &["continue", "silent.wav", "--text", "No."],
    ] {
        bench.fails(verb, 3, &["silent.wav", "no speech"]);
    }
    let silent = ["silent.wav", "is silent: its loudest part is at -120 dBFS"];
    bench.fails(&["voices", "add", "me", "silent.wav"], 3, &silent);
    bench.fails(&["say", "Yes.", "--prompt", "silent.wav"], 3, &silent);
}

#[test]
fn one_speaker_a_channel() {
    let bench = Bench::new();
    // Left, then right, half a second each.
    let side = |i: usize| (i / 12_000).is_multiple_of(2);
    let sample = |i: usize| if i % 60 < 30 { 8_000 } else { -8_000 };
    let call: Vec<i16> =
        (0..48_000).flat_map(|i| if side(i) { [sample(i), 0] } else { [0, sample(i)] }).collect();
    bench.write("call.wav", wav(24_000, 2, &Samples::Int16(&call)));
    for verb in [
        &["transcribe", "call.wav"][..],
        &["edit", "call.wav", "--text", "No."],
        &["convert", "call.wav", "--voice", "ann"],
    ] {
        bench.fails(verb, 3, &["call.wav", "another speaker on each of its 2 channels", "#1"]);
    }
    bench.run(&["transcribe", "call.wav#2"]).worked();
    bench.fails(&["transcribe", "call.wav#3"], 3, &["call.wav", "no channel 3"]);
}

#[test]
fn a_single_sample() {
    let bench = Bench::new();
    bench.write("one.wav", wav(24_000, 1, &Samples::Int16(&[1000])));
    bench.run(&["encode", "one.wav", "-o", "one.codes"]).worked();
    let ended = bench.run(&["transcribe", "one.wav"]);
    assert!([0, 3].contains(&ended.code) && !ended.err.contains("panicked"), "{}", ended.err);
    bench.fails(&["voices", "add", "me", "one.wav"], 3, &["one.wav", "less than the 0.5 s"]);
}

#[test]
fn prompts_of_requests_and_kept_voices_are_refused_alike() {
    let bench = Bench::new();
    for (seconds, figure) in [(0.02, "lasts 0.020 s"), (0.3, "lasts 0.300 s")] {
        bench.write("short.wav", buzz_wav(seconds));
        let expected = ["short.wav", figure, "less than the 0.5 s of the shortest prompt"];
        bench.fails(&["say", "Yes.", "--prompt", "short.wav"], 3, &expected);
        bench.fails(&["voices", "add", "me", "short.wav"], 3, &expected);
    }
    assert!(!bench.path("out.wav").exists());
    // The setting counts for both.
    bench.write("half.wav", buzz_wav(0.9));
    let strict = ["--set", "prompt.min_s=0.8"];
    let expected = ["half.wav", "less than the 0.8 s"];
    bench.fails(&[&["say", "Yes.", "--prompt", "half.wav"][..], &strict].concat(), 3, &expected);
    bench.fails(&[&["voices", "add", "me", "half.wav"][..], &strict].concat(), 3, &expected);
    bench.run(&["say", "Yes.", "--prompt", "half.wav"]).worked();
}

#[test]
fn many_channels_and_high_rates_are_fine() {
    let bench = Bench::new();
    let samples: Vec<i16> = (0..7 * 8_000).map(|i| ((i * 37) % 2000) as i16).collect();
    bench.write("seven.wav", wav(16_000, 7, &Samples::Int16(&samples)));
    bench.write("fast.wav", wav(384_000, 1, &Samples::Int16(&samples)));
    bench.run(&["encode", "seven.wav"]).worked();
    bench.run(&["encode", "fast.wav"]).worked();
    assert!(bench.path("seven.safetensors").exists() && bench.path("fast.safetensors").exists());
}

#[test]
fn two_hours_are_read_and_more_than_four_are_not() {
    let bench = Bench::new();
    let mut hours = wav(8_000, 1, &Samples::U8(&vec![128; 2 * 3600 * 8_000]));
    bench.write("hours.wav", &hours);
    bench.fails(&["voices", "add", "me", "hours.wav"], 3, &["hours.wav", "silent"]);
    // The header alone says how long it is; nothing is read for that.
    hours.truncate(44);
    hours[40..44].copy_from_slice(&(5 * 3600 * 8_000u32).to_le_bytes());
    bench.write("days.wav", &hours);
    bench.fails(&["transcribe", "days.wav"], 3, &["days.wav", "longer than the limit"]);
}

#[test]
fn one_broken_file_does_not_stop_the_others() {
    let bench = Bench::new();
    bench.write("good.wav", buzz_wav(1.0));
    bench.write("bad.wav", b"");
    let ended =
        bench.fails(&["transcribe", "bad.wav", "good.wav", "--json"], 3, &["bad.wav", "is empty"]);
    assert!(ended.out.contains("good.wav"), "{}", ended.out);
}

#[test]
fn standard_input_can_be_bad_too() {
    let bench = Bench::new();
    let ended = finish(bench.command(&["transcribe", "-"]), b"no sound");
    ended.failed(3, &["standard input"]);
}
