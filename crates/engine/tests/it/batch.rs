//! Requests that are answered together have the answers that they have alone.

use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{EngineError, MergedAnswer};
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
        let all = engine().run_batch("tts", &requests, &decode, RunContext::quiet(&cancel));
        let all = all.expect("they are spoken");
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
    let cancelled =
        engine().run_batch("tts", &requests, &DecodeConfig::default(), RunContext::quiet(&cancel));
    assert!(matches!(cancelled, Err(EngineError::Cancelled)));
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
    let batch = engine.run_batch("tts", &[(request, 1)], &decode, run).expect("a batch");
    assert!(matches!(batch[..], [Err(EngineError::Adapter { .. })]), "{batch:?}");
    // A voice of the same name without an adapter takes its place.
    engine.voices().add("me", &codes, "").expect("it is kept");
    assert!(
        engine.run("tts", &json!({ "text": "Yes.", "voice": "me" }).into(), &decode, run).is_ok()
    );
}
