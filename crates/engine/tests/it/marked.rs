//! Texts with markup.

use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{EngineError, MergedAnswer};
use syrinx_registry::ALL;
use syrinx_types::{Audio, CancelToken, RunContext};

use crate::engine;

/// Speaks a text; returns the recording and its words with their starts.
fn speak(text: &str) -> Result<(Audio, Vec<(String, f64)>), EngineError> {
    let of_text = |d: &&&syrinx_task::TaskDescriptor| {
        d.capabilities.voice.is_some() && d.verb.positional == "text"
    };
    let task = ALL.iter().find(of_text).expect("a task speaks");
    let mut whole = MergedAnswer::default();
    let cancel = CancelToken::default();
    let (request, run) = (json!({ "text": text }).into(), RunContext::quiet(&cancel));
    let decode = DecodeConfig::default();
    engine().run_marked(task.id, &request, &decode, run, &mut |chunk| whole.push(chunk))?;
    let answered = whole.into_answered().expect("there were chunks");
    let speech = answered.speech().expect("it is speech");
    let words = speech.words.iter().map(|w| (w.word.trim_matches('.').into(), w.start_s)).collect();
    Ok((speech.audio.audio.as_deref().expect("sound").clone(), words))
}

#[test]
fn pauses_are_silence_and_move_what_follows() {
    let (one, _) = speak("Yes.").expect("it speaks");
    let (both, words) =
        speak("[pause 300ms] Yes. [pause 1s] No. [pause 200ms]").expect("it speaks");
    let n = |s: f64| (s * f64::from(both.sample_rate_hz)) as usize;
    assert!(both.samples[..n(0.3)].iter().all(|x| *x == 0.0));
    assert_eq!(both.samples[n(0.3)..][..one.samples.len()], one.samples);
    assert!(both.samples[n(0.3) + one.samples.len()..][..n(1.0)].iter().all(|x| *x == 0.0));
    assert!(both.samples[both.samples.len() - n(0.2)..].iter().all(|x| *x == 0.0));
    assert_eq!(words.iter().map(|w| w.0.as_str()).collect::<Vec<_>>(), ["Yes", "No"]);
    assert!(words[0].1 >= 0.3 && words[1].1 >= 0.3 + one.seconds() + 1.0, "{words:?}");
}

#[test]
fn voices_and_rates_are_those_of_the_markup() {
    let (ann, _) = speak("The birch canoe slid on the smooth planks.").expect("it speaks");
    let (bob, _) = speak(
        "<speak><voice name=\"bob\">The birch canoe slid on the smooth planks.</voice></speak>",
    )
    .expect("it speaks");
    assert_ne!(ann.samples, bob.samples);
    let (slow, words) =
        speak("[rate 0.5] The birch canoe slid on the smooth planks.").expect("it speaks");
    let ratio = slow.seconds() / ann.seconds();
    assert!((ratio - 2.0).abs() < 0.2, "{ratio}");
    assert!(words[1].1 < slow.seconds());
}

#[test]
fn what_markup_can_not_say() {
    assert!(matches!(speak("<speak>Yes."), Err(EngineError::Markup(_))));
    assert!(speak("[pause 1s]").is_err());
    assert!(speak("[voice nobody] Yes.").is_err());
}
