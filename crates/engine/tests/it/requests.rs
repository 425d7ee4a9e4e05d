//! Requests and answers. The model is untrained, so only their shape can be judged.

use serde_json::json;
use syrinx_decode::{DecodeConfig, RetryConfig};
use syrinx_engine::{AlignedWordScore, BatchRequest, EngineError, MergedAnswer};
use syrinx_registry::ALL;
use syrinx_task::{AnswerKind, Answered, Request, TaskDescriptor};
use syrinx_testkit::request_of;
use syrinx_types::{CancelToken, Event, NullSink, RecordingSink, RunContext};

use crate::tiny::buzz;
use crate::{engine, open};

/// A task that makes this of a text, or words of a recording.
fn of_kind(kind: AnswerKind) -> &'static TaskDescriptor {
    let plain = |d: &&&TaskDescriptor| {
        let alone = d.capabilities.required.len() <= 1;
        alone && (kind == AnswerKind::Text || !d.takes_recording(d.verb.positional))
    };
    ALL.iter().filter(plain).find(|d| d.answer == kind).expect("there is one of every kind")
}

fn ask(task: &str, request: &Request, seed: u64) -> Result<Answered, EngineError> {
    let cancel = CancelToken::default();
    let run = RunContext::quiet(&cancel).with_seed(seed);
    engine().run(task, request, &DecodeConfig::default(), run)
}

#[test]
fn the_same_seed_gives_the_same_speech() {
    let task = of_kind(AnswerKind::Speech);
    let request = Request::new(json!({ task.verb.positional: "Yes, no." }));
    let run = |seed: u64, best_of: usize| {
        let decode = DecodeConfig { best_of, ..DecodeConfig::default() };
        let cancel = CancelToken::default();
        let run = RunContext::quiet(&cancel).with_seed(seed);
        let answered = engine().run(task.id, &request, &decode, run);
        answered.expect("it speaks").audio().expect("samples")
    };
    let first = run(1, 1);
    assert!(!first.samples.is_empty());
    assert_eq!(first, run(1, 1));
    assert_ne!(first, run(2, 1));
    assert_eq!(run(1, 3), run(1, 3));
}

#[test]
fn speech_that_is_recognized_badly_is_generated_again() {
    let task = of_kind(AnswerKind::Speech);
    let request = Request::new(json!({ task.verb.positional: "Yes, no." }));
    let cancel = CancelToken::default();
    let answer = |candidates: usize, below: f64, batch: bool| {
        let retry = RetryConfig { candidates, below };
        let decode = DecodeConfig { retry, ..DecodeConfig::default() };
        let run = RunContext::quiet(&cancel).with_seed(4);
        let answered = if batch {
            let one = BatchRequest { request: &request, seed: 4, cancel: &cancel };
            let mut answers = engine().run_batch(task.id, &[one], &decode, run).expect("a batch");
            answers.remove(0)
        } else {
            engine().run(task.id, &request, &decode, run)
        };
        answered.expect("it speaks").audio().expect("samples")
    };
    let first = answer(0, f64::INFINITY, false);
    assert_eq!(answer(5, f64::NEG_INFINITY, false), first, "nothing is that bad");
    // The first of so many candidates is hardly ever the best.
    let best = answer(12, f64::INFINITY, false);
    assert_ne!(best, first);
    assert_eq!(answer(12, f64::INFINITY, false), best);
    assert_eq!(answer(12, f64::INFINITY, true), best, "alone and in a batch");
}

#[test]
fn recordings_in_memory_are_values_of_their_fields() {
    let task = of_kind(AnswerKind::Text);
    let field = task.verb.positional;
    let request = Request::new(json!({})).with_recording(field, buzz(1.0, 16_000));
    assert!(ask(task.id, &request, 1).expect("it transcribes").transcript().is_some());
    let nothing = ask(task.id, &Request::new(json!({ field: "" })), 1).expect_err("no recording");
    assert!(nothing.to_string().contains("has no name"), "{nothing}");
    let wrong = request.with_recording("loudness", buzz(1.0, 16_000));
    assert!(ask(task.id, &wrong, 1).is_err());
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
    let run = |task: &str, request| ask(task, &Request::new(request), 0).expect_err("it can't");
    let error = run("sing", json!({}));
    assert!(matches!(error, EngineError::UnknownTask { .. }));
    let tasks = error.hint().expect("a hint");
    assert!(ALL.iter().all(|d| tasks.contains(d.id)), "{tasks}");
    let speech = of_kind(AnswerKind::Speech);
    let field = speech.verb.positional;
    assert!(run(speech.id, json!({"nonsense": 1})).to_string().contains("nonsense"));
    let voice = run(speech.id, json!({ field: "Yes.", "voice": "nobody" }));
    assert!(voice.to_string().contains("nobody"), "{voice}");
    assert!(voice.hint().expect("a hint").contains("ann"));
    for text in ["", "⠿ ⠇", "你好,世界"] {
        run(speech.id, json!({ field: text }));
    }
}

#[test]
fn a_cancelled_request_says_so() {
    let cancel = CancelToken::default();
    cancel.cancel();
    for task in ALL {
        let request =
            request_of(task, "Yes.", None, &engine().voices().names(), &buzz(1.0, 24_000));
        let run = RunContext::quiet(&cancel);
        let error = engine().run(task.id, &request, &DecodeConfig::default(), run);
        assert!(matches!(error, Err(EngineError::Cancelled)), "{}: {error:?}", task.id);
    }
}

/// A sink that stops the work at its first event, as Ctrl-C does in the middle of it.
struct Stops(CancelToken);

impl syrinx_types::EventSink for Stops {
    fn emit(&self, _event: Event) {
        self.0.cancel();
    }
}

#[test]
fn stopping_reaches_the_services() {
    let cancel = CancelToken::default();
    let services = engine().services();
    let audio = buzz(1.0, 24_000);
    cancel.cancel();
    let run = RunContext::new(&cancel, &NullSink);
    let recognizer = services.recognizer.as_ref().expect("the tiny model has one");
    assert!(matches!(recognizer.transcribe(&audio, run), Err(syrinx_task::TaskError::Cancelled)));
    let separator = services.separator.as_ref().expect("the tiny model has one");
    let speech = separator.separate(&audio, syrinx_task::Stem::Speech, run);
    assert!(matches!(speech, Err(syrinx_task::TaskError::Cancelled)));
    let stops = Stops(CancelToken::default());
    let task = of_kind(AnswerKind::Speech);
    let request = Request::new(json!({ task.verb.positional: "Yes." }));
    let run = RunContext::new(&stops.0, &stops);
    let error = engine().run(task.id, &request, &DecodeConfig::default(), run);
    assert!(matches!(error, Err(EngineError::Cancelled)));
}

#[test]
fn long_texts_come_sentence_by_sentence() {
    let task = of_kind(AnswerKind::Speech);
    let request = Request::new(json!({ task.verb.positional: "Yes. No. Yes. No. Yes." }));
    let (cancel, sink) = (CancelToken::default(), RecordingSink::default());
    let (mut whole, mut starts) = (MergedAnswer::default(), Vec::new());
    let run = RunContext::new(&cancel, &sink);
    engine()
        .run_in_chunks(task.id, &request, &DecodeConfig::default(), run, &mut |chunk| {
            starts.push(chunk.start_s);
            whole.push(chunk)
        })
        .expect("it speaks");
    // One sentence first, then two, then the rest.
    assert_eq!(starts.len(), 3);
    assert!(starts.is_sorted() && starts[0] == 0.0);
    let answered = whole.into_answered().expect("there were chunks");
    let speech = answered.speech().expect("speech");
    let audio = answered.audio().expect("samples");
    assert!(audio.seconds() > starts[2]);
    assert_eq!(speech.seconds, audio.seconds());
    assert_eq!(speech.text_spoken, "yes no yes no yes");
    assert!(sink.events().iter().any(|e| matches!(e, Event::JobProgress { done: 3, .. })));
}

#[test]
fn a_continuous_reading_is_one_chunk() {
    let task = of_kind(AnswerKind::Speech);
    let fields = json!({ task.verb.positional: "Yes. No. Yes. No. Yes.", "rolling": true });
    for best_of in [1, 2] {
        let decode = DecodeConfig { best_of, ..DecodeConfig::default() };
        let mut chunks = 0;
        let cancel = CancelToken::default();
        let request = Request::new(fields.clone());
        let run = RunContext::quiet(&cancel);
        let outcome = engine().run_in_chunks(task.id, &request, &decode, run, &mut |chunk| {
            chunks += 1;
            assert!(chunk.last && chunk.answered.audio().is_some_and(|a| a.seconds() > 0.0));
            Ok(())
        });
        outcome.expect("it speaks");
        assert_eq!(chunks, 1);
    }
}

#[test]
fn long_recordings_come_section_by_section() {
    let task = of_kind(AnswerKind::Text);
    let request = Request::new(json!({})).with_recording(task.verb.positional, buzz(70.0, 24_000));
    let mut starts = Vec::new();
    let cancel = CancelToken::default();
    let run = RunContext::quiet(&cancel);
    open(None)
        .run_in_chunks(task.id, &request, &DecodeConfig::default(), run, &mut |chunk| {
            starts.push(chunk.start_s);
            Ok(())
        })
        .expect("it transcribes");
    assert_eq!(starts.len(), 2);
}

#[test]
fn a_known_text_is_aligned() {
    let (audio, cancel) = (buzz(2.0, 24_000), CancelToken::default());
    let aligned = engine().align(&audio, "yes no", RunContext::quiet(&cancel)).expect("it fits");
    let words = aligned.words;
    assert_eq!(words.iter().map(|w| w.word.as_str()).collect::<Vec<_>>(), ["yes", "no"]);
    assert!(
        words[0].start_s >= 0.0
            && words[0].end_s <= words[1].start_s + 1e-9
            && words[1].end_s <= 2.1
    );
}

#[test]
fn words_of_a_text_are_scored() {
    let audio = buzz(2.0, 24_000);
    let cancel = CancelToken::default();
    let score = engine().score(&audio, "yes no", RunContext::quiet(&cancel)).expect("it fits");
    assert_eq!(score.words.iter().map(|w| w.word.as_str()).collect::<Vec<_>>(), ["yes", "no"]);
    for word in &score.words {
        assert!(word.log_prob < 0.0 && word.goodness <= 1e-6, "{word:?}");
        assert!(word.goodness >= word.log_prob, "{word:?}");
        assert!(word.code_log_prob.is_none_or(|x| x < 0.0), "{word:?}");
    }
    // All words have one, or none.
    let coded = |w: &AlignedWordScore| w.code_log_prob.is_some();
    assert!(score.words.iter().all(|w| coded(w) == score.code_log_prob.is_some()), "{score:?}");
    assert!(score.goodness <= 0.0 && score.log_prob < score.goodness + 1e-6);
}

/// A recognizer that returns the same words for every recording, and counts them.
#[derive(Default)]
struct Counting(std::sync::atomic::AtomicUsize);

impl syrinx_task::Recognizer for Counting {
    fn transcribe(
        &self,
        _audio: &syrinx_types::Audio,
        _run: RunContext<'_>,
    ) -> Result<syrinx_task::Transcript, syrinx_task::TaskError> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(syrinx_task::Transcript { text: "yes no".into(), ..Default::default() })
    }

    fn align(
        &self,
        audio: &syrinx_types::Audio,
        _text: &str,
        run: RunContext<'_>,
    ) -> Result<syrinx_task::Transcript, syrinx_task::TaskError> {
        self.transcribe(audio, run)
    }
}

#[test]
fn another_recognizer_serves_best_of_n_and_the_tasks_that_need_words() {
    let recognizer = std::sync::Arc::new(Counting::default());
    let engine = open(None).with_recognizer(recognizer.clone());
    let counted = || recognizer.0.swap(0, std::sync::atomic::Ordering::Relaxed);
    let cancel = CancelToken::default();
    let speech = of_kind(AnswerKind::Speech);
    let request = Request::new(json!({ speech.verb.positional: "Yes, no." }));
    let decode = DecodeConfig { best_of: 3, ..DecodeConfig::default() };
    engine.run(speech.id, &request, &decode, RunContext::quiet(&cancel)).expect("it speaks");
    assert_eq!(counted(), 3, "every candidate is transcribed");
    // Tasks that take a recording without its words ask for them.
    let recognizing = ALL
        .iter()
        .filter(|d| d.capabilities.known_text.is_none() && d.answer == AnswerKind::Speech);
    let mut served = Vec::new();
    for task in recognizing {
        let voices = engine.voices().names();
        let request = request_of(task, "Yes, no.", None, &voices, &buzz(1.5, 24_000));
        let run = RunContext::quiet(&cancel);
        // The answer of an untrained model does not matter here.
        let _ = engine.run(task.id, &request, &DecodeConfig::default(), run);
        if counted() > 0 {
            served.push(task.verb.name);
        }
    }
    assert!(served.contains(&"convert") && served.contains(&"edit"), "{served:?}");
}
