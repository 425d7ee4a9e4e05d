//! Editing speech: which words change, what stays, what comes out.

use std::sync::OnceLock;

use syrinx_task::{Alignment, Clip, Content, Generated, Plan, Task, TaskKit};
use syrinx_task_edit::changes::{Change, changes};
use syrinx_task_edit::{Edit, EditConfig, EditRequest};
use syrinx_testkit::{SpeechSpec, Tested, ToneCodec, sample, told};
use syrinx_types::{Audio, Codes};

const SAYS: &str = "Go on and see the old red house.";

fn kit() -> &'static TaskKit {
    static KIT: OnceLock<TaskKit> = OnceLock::new();
    KIT.get_or_init(|| {
        syrinx_testkit::kit(Alignment::Pointer).expect("the front end is compiled in")
    })
}

fn edit() -> Edit {
    Edit::new(EditConfig::default(), kit()).expect("sound settings")
}

fn recording(text: &str) -> Audio {
    let codec = ToneCodec::default();
    let sample = sample(kit(), &codec, text, &SpeechSpec::default(), 1).expect("a sample");
    codec.sound(&sample.codes)
}

fn request(text: &str) -> EditRequest {
    EditRequest {
        audio: Clip::from(recording(SAYS)),
        text: text.into(),
        says: Some(SAYS.into()),
        // The stand-in recognizer returns the same words for every recording.
        force: true,
        ..EditRequest::default()
    }
}

/// Rows of a plan when every new code is 3 and the phone index advances by one in every frame.
fn generated(plan: &Plan) -> Vec<Generated> {
    let row = |stage: &syrinx_task::StageRun| {
        let Some(Content::Text(text)) = stage.contents.get("text") else { panic!("no text") };
        stage.check_known(text.aligned.len()).expect("they fit together");
        let mut codes = stage.given.clone().unwrap_or_else(|| Codes::empty(4));
        let mut pointer = stage.pointer.clone();
        for phone_index in pointer.last().map_or(0, |last| last + 1)..text.aligned.len() as u32 {
            pointer.push(phone_index);
            codes.push(&[3, 3, 3, 3]);
        }
        Generated { codes: Some(codes), pointer, finished: true, ..Generated::default() }
    };
    plan.rows.iter().map(|r| row(&r.stages[1])).collect()
}

#[test]
fn words_that_differ_are_found() {
    let check =
        |old: &str, new: &str, expected: &[(std::ops::Range<usize>, std::ops::Range<usize>)]| {
            let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let expected: Vec<Change> = expected
                .iter()
                .map(|(old, new)| Change { old: old.clone(), new: new.clone() })
                .collect();
            assert_eq!(changes(&words(old), &words(new)), expected, "{old} -> {new}");
        };
    check("a b c", "a b c", &[]);
    check("a b c", "a X c", &[(1..2, 1..2)]);
    check("a b c", "a B c d", &[(3..3, 3..4)]);
    check("a b c", "x a c", &[(0..0, 0..1), (1..2, 2..2)]);
    check("a b c", "x y", &[(0..3, 0..2)]);
    check("", "x", &[(0..0, 0..1)]);
    check("a b a b", "a b", &[(2..4, 2..2)]);
}

#[test]
fn the_edit_goes_on_from_what_is_before_and_looks_ahead() {
    let plan = edit().plan_of(&request("Go on and see the new red house.")).expect("a plan");
    assert_eq!(plan.rows.len(), 1);
    let stage = &plan.rows[0].stages[0];
    let Some(Content::Text(text)) = stage.contents.get("text") else { panic!("no text") };
    let phones = kit().vocab.decode_phones(&text.ids);
    let line: Vec<&str> = phones.iter().map(|p| p.arpabet()).collect();
    let spoken = line.join(" ");
    assert!(
        spoken.contains("S IY | DH") && spoken.ends_with("| N UW | R EH D | HH AW S SIL"),
        "{spoken}"
    );
    assert!(stage.given.is_some() && stage.contents.contains_key("prompt"));
}

#[test]
fn outside_the_edits_the_samples_are_the_originals() {
    let original = recording(SAYS);
    for (text, edits) in [
        ("Go on and see the new red house.", &[("old", "new")][..]),
        ("Come on and see the old blue house.", &[("go", "come"), ("red", "blue")]),
        ("Go on and see the old house.", &[("red", "")]),
        ("Go on and see the old red big house.", &[("", "big")]),
        ("Go on and see the old red house there.", &[("", "there")]),
        ("So go on and see the old red house.", &[("", "so")]),
    ] {
        let asked = request(text);
        let plan = edit().plan_of(&asked).expect("a plan");
        let answer = edit().answer_of(&asked, generated(&plan)).expect("an answer");
        let audio = answer.speech.audio.audio.as_deref().expect("samples");
        let made: Vec<(&str, &str)> =
            answer.edits.iter().map(|e| (e.old.as_str(), e.new.as_str())).collect();
        assert_eq!(made, edits, "{text}");
        // Without the edits both are the same, and in order.
        let at = |s: f64| (s * 24_000.0).round() as usize;
        let first = at(answer.edits[0].start_s);
        assert_eq!(audio.samples[..first], original.samples[..first], "{text}: before");
        let last = at(answer.edits[answer.edits.len() - 1].end_s);
        let after = &audio.samples[last..];
        assert_eq!(
            after,
            &original.samples[original.samples.len() - after.len()..],
            "{text}: after"
        );
        let spoken: Vec<String> =
            answer.speech.words.iter().map(|w| w.word.to_lowercase()).collect();
        assert_eq!(spoken.join(" "), text.trim_end_matches('.').to_lowercase());
        assert!(
            answer.speech.words.windows(2).all(|w| w[0].end_s <= w[1].start_s + 0.05),
            "{:?}",
            answer.speech.words
        );
        assert!((answer.speech.seconds - audio.seconds()).abs() < 1e-9 && answer.speech.complete);
    }
}

#[test]
fn a_background_goes_on_under_the_new_words() {
    let original = recording(SAYS);
    let finished = |keep: Option<bool>, text: &str| {
        let asked = EditRequest { keep_background: keep, ..request(text) };
        let plan = edit().plan_of(&asked).expect("a plan");
        let answer = edit().answer_of(&asked, generated(&plan)).expect("an answer");
        let span = &answer.edits[0];
        let at = |s: f64| (s * 24_000.0).round() as usize;
        let range = at(span.start_s)..at(span.end_s);
        (answer.speech.audio.audio.as_deref().expect("samples").samples.clone(), range)
    };
    for text in ["Go on and see the new red house.", "Go on and see the old red big house."] {
        let (with, inside) = finished(Some(true), text);
        let (without, _) = finished(Some(false), text);
        assert_eq!(with[..inside.start], original.samples[..inside.start], "{text}: before");
        let after = &with[inside.end..];
        assert_eq!(after, &original.samples[original.samples.len() - after.len()..], "{text}");
        let apart: Vec<f32> =
            inside.clone().map(|i| with[i] - without[i]).filter(|d| d.abs() > 1e-6).collect();
        assert!(apart.len() > inside.len() / 2, "{text}: {} of {}", apart.len(), inside.len());
        // The stand-in's background is that quiet, and its recordings have next to none.
        assert!(apart.iter().all(|d| d.abs() < 0.05));
        assert_eq!(finished(None, text).0, without, "{text}: nothing is found to be kept");
    }
}

#[test]
fn a_span_is_named_by_its_times() {
    let asked = EditRequest { start_s: Some(0.5), end_s: Some(0.9), ..request("never") };
    let plan = edit().plan_of(&asked).expect("a plan");
    let answer = edit().answer_of(&asked, generated(&plan)).expect("an answer");
    assert_eq!((answer.edits[0].start_s, answer.edits[0].new.as_str()), (0.5, "never"));
    let cut = EditRequest { text: String::new(), ..asked };
    assert!(edit().plan_of(&cut).expect("a plan").rows.is_empty());
    let shorter = edit().answer_of(&cut, Vec::new()).expect("an answer");
    let original_s = recording(SAYS).seconds();
    assert!(
        (shorter.speech.seconds - (original_s - 0.4 + 0.01)).abs() < 0.011,
        "{}",
        shorter.speech.seconds
    );
}

#[test]
fn bad_requests_say_what_to_do() {
    let error = |request: EditRequest| edit().plan_of(&request).map_err(told).expect_err("bad");
    let span = |start_s: f64, end_s: f64| EditRequest {
        start_s: Some(start_s),
        end_s: Some(end_s),
        ..request("never")
    };
    let doubted = EditRequest { force: false, ..request("Go on and see the new red house.") };
    let doubted = EditRequest { says: Some("Nobody whispers thoughtfully.".into()), ..doubted };
    let errors = [
        error(request(SAYS)),
        error(request("")),
        error(span(0.5, 60.0)),
        error(span(0.5, 0.5)),
        error(span(-1.0, 0.5)),
        error(EditRequest { end_s: None, ..span(0.5, 0.9) }),
        error(EditRequest { audio: Clip::from(Audio::silence(2.0, 24_000)), ..request("No.") }),
        error(doubted),
    ];
    // Lengths of synthetic recordings may change, the messages should not.
    insta::assert_snapshot!(errors.join("\n"));
}
