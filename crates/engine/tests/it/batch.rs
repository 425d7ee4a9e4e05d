//! Requests that are answered together have the answers that they have alone.

use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{BatchRequest, Engine, EngineError, MergedAnswer};
use syrinx_task::{Answered, Request};
use syrinx_types::{Audio, CancelToken, Event, RecordingSink, RunContext};

use crate::tiny::buzz;
use crate::{engine, open};

fn alone(text: &str, seed: u64) -> Answered {
    let (mut whole, cancel) = (MergedAnswer::default(), CancelToken::default());
    let run = RunContext::quiet(&cancel).with_seed(seed);
    let request = json!({ "text": text }).into();
    let each = &mut |chunk| whole.push(chunk);
    engine().run_marked("tts", &request, &DecodeConfig::default(), run, each).expect("it speaks");
    whole.into_answered().expect("an answer")
}

/// The answers to some requests with their seeds.
fn together(
    engine: &Engine,
    requests: &[(Request, u64)],
    decode: &DecodeConfig,
    cancel: &CancelToken,
) -> Result<Vec<Result<Answered, EngineError>>, EngineError> {
    let requests: Vec<BatchRequest<'_>> = requests
        .iter()
        .map(|(request, seed)| BatchRequest { request, seed: *seed, cancel })
        .collect();
    engine.run_batch("tts", &requests, decode, RunContext::quiet(cancel))
}

#[test]
fn a_batch_has_the_answers_of_its_requests_alone() {
    let texts = [
        ("Yes.", 0),
        ("Yes.", 1),
        ("No, yes, no. Yes. No. No, no.", 1),
        ("Yes. [pause 1s] No.", 3),
        ("…", 0),
        ("Yes, yes, yes.", 4),
    ];
    let requests: Vec<(Request, u64)> =
        texts.iter().map(|(text, seed)| (json!({ "text": text }).into(), *seed)).collect();
    let cancel = CancelToken::default();
    for batch_rows in [1, 3, 16] {
        let decode = DecodeConfig { batch_rows, ..DecodeConfig::default() };
        let all = together(engine(), &requests, &decode, &cancel).expect("they are spoken");
        assert_eq!(all.len(), texts.len());
        for ((text, seed), answered) in texts.iter().zip(all) {
            if *text == "…" {
                assert!(matches!(answered, Err(EngineError::Task(_))), "{answered:?}");
                continue;
            }
            let (answered, alone) = (answered.expect("speech"), alone(text, *seed));
            assert_eq!(answered.json(), alone.json(), "{text}, {seed}");
            assert_eq!(answered.audio(), alone.audio(), "{text}, {seed}");
        }
    }
    cancel.cancel();
    let cancelled = together(engine(), &requests, &DecodeConfig::default(), &cancel);
    assert!(matches!(cancelled, Err(EngineError::Cancelled)));
}

#[test]
fn a_request_of_a_batch_can_be_stopped_alone() {
    let texts = ["Yes, no, yes.", "No. Yes. No.", "Yes."];
    let requests: Vec<Request> = texts.iter().map(|text| json!({ "text": text }).into()).collect();
    let tokens = [CancelToken::default(), CancelToken::default(), CancelToken::default()];
    let whole = CancelToken::default();
    let run = RunContext::quiet(&whole);
    let batch: Vec<BatchRequest<'_>> = requests
        .iter()
        .zip(&tokens)
        .map(|(request, cancel)| BatchRequest { request, seed: 2, cancel })
        .collect();
    let all = |decode: &DecodeConfig| {
        engine().run_batch("tts", &batch, decode, run).expect("the others are spoken")
    };
    tokens[1].cancel();
    let answers = all(&DecodeConfig::default());
    assert!(matches!(answers[1], Err(EngineError::Cancelled)), "{:?}", answers[1]);
    for at in [0, 2] {
        let answered = answers[at].as_ref().expect("speech");
        assert_eq!(answered.audio(), alone(texts[at], 2).audio(), "{}", texts[at]);
    }
    tokens.iter().for_each(CancelToken::cancel);
    for answered in all(&DecodeConfig::default()) {
        assert!(matches!(answered, Err(EngineError::Cancelled)), "{answered:?}");
    }
}

#[test]
fn the_adapter_of_a_voice_is_used_alone_and_in_a_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(Some(folder.path()));
    let codes = engine.voices().codes(&engine.voices().names()[0]).expect("a voice");
    let file = folder.path().join("made.safetensors");
    std::fs::write(&file, b"not an adapter").expect("written");
    engine.voices().add_trained("me", &codes, "", &file).expect("it is kept");
    let request: Request = json!({ "text": "Yes.", "voice": "me" }).into();
    let cancel = CancelToken::default();
    let run = RunContext::quiet(&cancel);
    let decode = DecodeConfig::default();
    // Reading the adapter fails, so that each of the paths shows that it is read.
    let alone = engine.run("tts", &request, &decode, run);
    assert!(matches!(alone, Err(EngineError::Adapter { .. })), "{alone:?}");
    let batch = together(&engine, &[(request, 1)], &decode, &cancel).expect("a batch");
    assert!(matches!(batch[..], [Err(EngineError::Adapter { .. })]), "{batch:?}");
    // A voice of the same name without an adapter takes its place.
    engine.voices().add("me", &codes, "").expect("it is kept");
    assert!(
        engine.run("tts", &json!({ "text": "Yes.", "voice": "me" }).into(), &decode, run).is_ok()
    );
}

#[test]
fn a_recording_without_speech_is_answered_without_decoding() {
    let audios = [Audio::silence(7.0, 24_000), buzz(1.0, 24_000), Audio::silence(65.0, 24_000)];
    let requests: Vec<Request> = audios
        .iter()
        .map(|audio| Request::new(json!({})).with_recording("audio", audio.clone()))
        .collect();
    let (cancel, sink) = (CancelToken::default(), RecordingSink::default());
    let decode = DecodeConfig::default();
    let run = RunContext::new(&cancel, &sink);
    let alone = engine().run("stt", &requests[0], &decode, run).expect("it transcribes");
    let decoded = |event: &Event| matches!(event, Event::JobStarted { .. });
    assert!(!sink.events().iter().any(decoded), "{:?}", sink.events());
    // Plans without rows stand before, after and without others.
    let batch: Vec<BatchRequest<'_>> =
        requests.iter().map(|request| BatchRequest { request, seed: 1, cancel: &cancel }).collect();
    for batch in [&batch[..], &batch[..1], &batch[2..]] {
        let quiet = RunContext::quiet(&cancel);
        let answers = engine().run_batch("stt", batch, &decode, quiet).expect("a batch");
        assert_eq!(answers.len(), batch.len());
        for (asked, answered) in batch.iter().zip(answers) {
            let answered = answered.expect("a transcript");
            let transcript = answered.transcript().expect("a transcript");
            let seconds = asked.request.recordings["audio"].seconds();
            let phones_s: f64 = transcript.phones.iter().map(|p| p.duration_s).sum();
            assert!((phones_s - seconds).abs() < 0.1, "{phones_s} of {seconds} s");
            if seconds > 2.0 {
                assert_eq!((transcript.text.as_str(), transcript.words.len()), ("", 0));
                assert_eq!(transcript.confidence, None);
            }
        }
    }
    assert_eq!(alone.lines().as_deref(), Some(""));
    cancel.cancel();
    let cancelled = engine().services().recognizer.as_ref().expect("the tiny model has one");
    let cancelled = cancelled.transcribe(&audios[0], RunContext::quiet(&cancel));
    assert!(matches!(cancelled, Err(syrinx_task::TaskError::Cancelled)), "{cancelled:?}");
}
