//! Requests and answers. The model is untrained, so only their shape can be judged.

use std::collections::BTreeMap;

use serde_json::json;
use syrinx_engine::{EngineError, Joined, RunOptions, takes_recording};
use syrinx_registry::ALL;
use syrinx_task::{AnswerKind, TaskDescriptor};
use syrinx_types::{CancelToken, Event, NullSink, RecordingSink};

use crate::tiny::buzz;
use crate::{engine, open};

/// A task that makes this of a text, or words of a recording.
fn of_kind(kind: AnswerKind) -> &'static TaskDescriptor {
    let plain = |d: &&&TaskDescriptor| {
        let schema = (d.request_schema)().to_value();
        let alone = schema["required"].as_array().is_none_or(|required| required.len() <= 1);
        alone && (kind == AnswerKind::Text || !takes_recording(d, d.verb.positional))
    };
    ALL.iter().filter(plain).find(|d| d.answer == kind).expect("there is one of every kind")
}

#[test]
fn the_same_seed_gives_the_same_speech() {
    let task = of_kind(AnswerKind::Speech);
    let request = json!({ task.verb.positional: "Yes, no." });
    let run = |seed: u64, best_of: usize| {
        let mut options = RunOptions { seed, ..RunOptions::default() };
        options.decode.best_of = best_of;
        let answered =
            engine().run(task.id, &request, &options, &CancelToken::default(), &NullSink);
        answered.expect("it speaks").recordings.remove(0).1
    };
    let first = run(1, 1);
    assert!(!first.samples.is_empty());
    assert_eq!(first, run(1, 1));
    assert_ne!(first, run(2, 1));
    assert_eq!(run(1, 3), run(1, 3));
}

#[test]
fn attachments_are_heard_and_forgotten() {
    let task = of_kind(AnswerKind::Text);
    let run = |attached: bool| {
        let mut options = RunOptions::default();
        if attached {
            options.attachments = BTreeMap::from([("talk".to_owned(), buzz(1.0, 16_000))]);
        }
        let request = json!({ task.verb.positional: "mem:talk" });
        engine().run(task.id, &request, &options, &CancelToken::default(), &NullSink)
    };
    assert!(run(true).expect("it listens").json["text"].is_string());
    let error = run(false).expect_err("nothing is attached any more");
    assert!(error.to_string().contains("mem:talk"), "{error}");
}

#[test]
fn unknown_words_are_read_by_the_model() {
    let sources = |text: &str| -> Vec<_> {
        let spoken = engine().frontend().phonemize(text).expect("there are words");
        spoken.words.iter().map(|w| w.source).collect()
    };
    use syrinx_text::Source;
    assert_eq!(sources("the house"), [Source::Lexicon, Source::Lexicon]);
    // An untrained model may find no phones for a word; then the rules spell it.
    assert!(matches!(sources("blurzgrack")[..], [Source::Model | Source::Rules]));
}

#[test]
fn what_can_not_be_asked() {
    let cancel = CancelToken::default();
    let run = |task: &str, request| {
        engine()
            .run(task, &request, &RunOptions::default(), &cancel, &NullSink)
            .expect_err("it can't")
    };
    assert!(matches!(run("sing", json!({})), EngineError::UnknownTask { .. }));
    let speech = of_kind(AnswerKind::Speech);
    let field = speech.verb.positional;
    assert!(run(speech.id, json!({"nonsense": 1})).to_string().contains("nonsense"));
    let voice = run(speech.id, json!({ field: "Yes.", "voice": "nobody" })).to_string();
    assert!(voice.contains("nobody") && voice.contains("ann"), "{voice}");
    for text in ["", "😀 🎉", "你好,世界"] {
        run(speech.id, json!({ field: text }));
    }
}

#[test]
fn a_cancelled_request_says_so() {
    let cancel = CancelToken::default();
    cancel.cancel();
    let task = of_kind(AnswerKind::Speech);
    let request = json!({ task.verb.positional: "Yes." });
    let error = engine().run(task.id, &request, &RunOptions::default(), &cancel, &NullSink);
    assert!(matches!(error, Err(EngineError::Cancelled)));
}

#[test]
fn long_texts_come_sentence_by_sentence() {
    let task = of_kind(AnswerKind::Speech);
    let request = json!({ task.verb.positional: "Yes. No. Yes. No. Yes." });
    let sink = RecordingSink::default();
    let (mut whole, mut starts) = (Joined::default(), Vec::new());
    engine()
        .run_in_parts(
            task.id,
            &request,
            &RunOptions::default(),
            (&CancelToken::default(), &sink),
            &mut |part| {
                starts.push(part.start_s);
                whole.push(part);
                Ok(())
            },
        )
        .expect("it speaks");
    // One sentence first, then two, then what is left.
    assert_eq!(starts.len(), 3);
    assert!(starts.is_sorted() && starts[0] == 0.0);
    let answered = whole.into_answered().expect("there were parts");
    let seconds = answered.recordings[0].1.seconds();
    assert!(seconds > starts[2]);
    assert_eq!(answered.json["seconds"].as_f64(), Some(seconds));
    assert!(sink.events().iter().any(|e| matches!(e, Event::JobProgress { done: 5, .. })));
}

#[test]
fn a_text_that_is_wanted_whole_comes_in_one_part() {
    let task = of_kind(AnswerKind::Speech);
    let schema = (task.request_schema)().to_value();
    let fields = schema["properties"].as_object().expect("fields");
    let (flag, _) = fields.iter().find(|(_, p)| p["whole"] == true).expect("there is such a flag");
    let request = json!({ task.verb.positional: "Yes. No. Yes. No. Yes.", flag.as_str(): true });
    for best_of in [1, 2] {
        let mut options = RunOptions::default();
        options.decode.best_of = best_of;
        let mut parts = 0;
        let watch = (&CancelToken::default(), &NullSink as _);
        let outcome = engine().run_in_parts(task.id, &request, &options, watch, &mut |part| {
            parts += 1;
            assert!(part.last && part.answered.recordings[0].1.seconds() > 0.0);
            Ok(())
        });
        outcome.expect("it speaks");
        assert_eq!(parts, 1);
    }
}

#[test]
fn long_recordings_come_section_by_section() {
    let task = of_kind(AnswerKind::Text);
    let options = RunOptions {
        attachments: BTreeMap::from([("talk".to_owned(), buzz(70.0, 24_000))]),
        ..RunOptions::default()
    };
    let request = json!({ task.verb.positional: "mem:talk" });
    let mut starts = Vec::new();
    open(None)
        .run_in_parts(
            task.id,
            &request,
            &options,
            (&CancelToken::default(), &NullSink),
            &mut |part| {
                starts.push(part.start_s);
                Ok(())
            },
        )
        .expect("it listens");
    assert_eq!(starts.len(), 2);
}

#[test]
fn a_known_text_is_aligned() {
    let audio = buzz(2.0, 24_000);
    let answered =
        engine().align(&audio, "yes no", (&CancelToken::default(), &NullSink)).expect("it fits");
    let words: Vec<syrinx_types::WordTime> =
        serde_json::from_value(answered.json["words"].clone()).expect("word times");
    assert_eq!(words.iter().map(|w| w.word.as_str()).collect::<Vec<_>>(), ["yes", "no"]);
    assert!(
        words[0].start_s >= 0.0
            && words[0].end_s <= words[1].start_s + 1e-9
            && words[1].end_s <= 2.1
    );
}
