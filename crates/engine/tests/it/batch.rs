//! Requests that are answered together have the answers that they have alone.

use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{BatchRequest, Engine, EngineError, MergedAnswer};
use syrinx_task::{Answered, Request};
use syrinx_types::{CancelToken, RunContext};

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
