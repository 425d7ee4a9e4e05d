//! Tokens of a time line, in every form of text.

use syrinx_speech::timeline::Timeline;
use syrinx_speech::{Script, Setup, SpeakConfig, StressMode, sentences};
use syrinx_task::{ModelSwitches, TaskKit, TextForm};
use syrinx_text::inventory::to_arpabet;

use crate::kit;
use crate::timeline::timed;

const FORMS: [TextForm; 3] = [TextForm::Phones, TextForm::Letters, TextForm::BytePairs];

fn reading(text: TextForm) -> TaskKit {
    let switches = ModelSwitches { text, ..ModelSwitches::default() };
    TaskKit { switches, ..kit().clone() }
}

fn line(phones: &str, lead_s: f64, total_s: f64) -> Timeline {
    let line = Timeline::of_recording(&timed(phones), lead_s, total_s, StressMode::Strip, 0.16);
    line.expect("a line")
}

/// Each token with its duration in seconds; phones as such, text in quotes.
fn written(script: &Script) -> String {
    let vocab = &kit().vocab;
    let token = |(at, &id): (usize, &u32)| {
        let name = match vocab.phone_of(id) {
            Some(phone) => to_arpabet(&[phone]),
            None => format!("'{}'", vocab.decode_bpe(&[id])),
        };
        let phone_index = script.aligned.iter().position(|&s| s as usize == at);
        match phone_index.and_then(|phone_index| script.durations_s.get(phone_index)) {
            Some(seconds) => format!("{name}:{seconds:.2}"),
            None => name,
        }
    };
    script.ids.iter().enumerate().map(token).collect::<Vec<_>>().join(" ")
}

#[test]
fn words_are_written_as_the_model_reads_them() {
    let check = |text: TextForm, expected: &str| {
        let line =
            line("DH:0.1 AH0:0.1 |:0 K:0.1 AE:0.1 T:0.1 ,:0.2 |:0 S:0.1 AE:0.2 T:0.1", 0.1, 1.3);
        let words = ["the", "cat", "sat"].map(str::to_owned).to_vec();
        let script = Script::of(&line.with_words(words), &reading(text)).expect("known words");
        assert_eq!(written(&script), expected);
        assert_eq!(script.durations_s.len(), script.aligned.len());
        let seconds: f64 = script.durations_s.iter().sum();
        assert!((seconds - 1.3).abs() < 1e-9, "{seconds}");
        let words: Vec<_> = script.word_of_phone.iter().copied().flatten().collect();
        assert!(words.is_sorted() && words.first() == Some(&0) && words.last() == Some(&2));
        assert_eq!(script.phones_of(2).end, script.first_phone_of(3), "the last silence is next");
    };
    check(
        TextForm::Phones,
        "SIL:0.10 DH:0.10 AH0:0.10 | K:0.10 AE:0.10 T:0.10 ,:0.20 | S:0.10 AE:0.20 T:0.10 SIL:0.10",
    );
    check(
        TextForm::Letters,
        "SIL:0.10 't':0.07 'h':0.07 'e':0.07 ' ' 'c':0.10 'a':0.10 't':0.10 ,:0.20 ' ' 's':0.13 'a':0.13 't':0.13 SIL:0.10",
    );
    check(
        TextForm::BytePairs,
        "SIL:0.10 ' the':0.20 ' c':0.15 'at':0.15 ,:0.20 ' s':0.20 'at':0.20 SIL:0.10",
    );
}

#[test]
fn letters_need_words() {
    let line = line("DH:0.1 AH0:0.1 |:0 K:0.1 AE:0.1 T:0.1", 0.1, 0.7);
    assert!(Script::of(&line, &reading(TextForm::Phones)).is_ok());
    for words in [vec![], vec!["the".to_owned()]] {
        let error = Script::of(&line.clone().with_words(words), &reading(TextForm::Letters));
        assert!(
            error.expect_err("too few words").to_string().contains("the recording has 2 words")
        );
    }
}

#[test]
fn the_times_of_words_come_from_any_form() {
    for form in FORMS {
        let kit = reading(form);
        let spoken =
            sentences(Setup { config: &SpeakConfig::default(), kit: &kit }, "Oh, the 25 cats.")
                .expect("words");
        let script = &spoken[0].script;
        // Two frames for every phone.
        let pointer: Vec<u32> = (0..script.aligned.len() as u32).flat_map(|s| [s, s]).collect();
        let times = spoken[0].word_times(&pointer, 0.0, 25.0);
        let words: Vec<&str> = times.iter().map(|t| t.word.as_str()).collect();
        assert_eq!(words, ["Oh", "the", "25", "cats"], "{form:?}");
        for (time, word) in times.iter().zip([0, 1, 2, 4]) {
            let phone_index = script.first_phone_of(word);
            assert!(
                (time.start_s - f64::from(2 * phone_index) / 25.0).abs() < 1e-9,
                "{form:?} {time:?}"
            );
            assert!(time.end_s > time.start_s, "{form:?} {time:?}");
        }
    }
}

#[test]
fn the_pointer_begins_on_the_first_silence_and_ends_on_the_last() {
    let check = |phones: &str, lead_s: f64, frames: usize, expected: Option<&[u32]>| {
        let line = line(phones, lead_s, frames as f64 / 25.0);
        let script = Script::of(&line, kit()).expect("phones need no words");
        assert_eq!(script.pointer(frames, 25.0).as_deref(), expected, "{phones}");
    };
    check("B:0.08 |:0 AY:0.12", 0.08, 9, Some(&[0, 0, 1, 1, 2, 2, 2, 3, 3]));
    // No silence in the recording: the neighbours give a frame each.
    check("B:0.12 AY:0.12", 0.0, 6, Some(&[0, 1, 1, 2, 2, 3]));
    // Three short phones in two frames: one is jumped over.
    check("B:0.02 R:0.02 AY:0.2", 0.08, 9, Some(&[0, 0, 2, 3, 3, 3, 3, 3, 4]));
    // Too many phones for the frames.
    check("B:0.01 R:0.01 AY:0.01 T:0.01 S:0.01 T:0.01", 0.04, 3, None);
}
