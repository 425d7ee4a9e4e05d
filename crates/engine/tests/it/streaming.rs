//! Speech that is had while it is made is the speech that is had afterwards.

use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{MergedAnswer, SpeechPortion};
use syrinx_registry::ALL;
use syrinx_task::Answered;
use syrinx_types::{CancelToken, RunContext, WordTime};

use crate::engine;

/// Samples and words as they come, and the answer at the end.
type Streamed = (Vec<(f64, Vec<f32>, Vec<WordTime>)>, Answered);

fn speak(text: &str, decode: &DecodeConfig) -> Streamed {
    let of_text = |d: &&&syrinx_task::TaskDescriptor| {
        d.capabilities.voice.is_some() && d.verb.positional == "text"
    };
    let task = ALL.iter().find(of_text).expect("a task speaks");
    let (mut stretches, mut whole) = (Vec::new(), MergedAnswer::default());
    let mut sound =
        |s: SpeechPortion<'_>| stretches.push((s.start_s, s.samples.to_vec(), s.words.to_vec()));
    let mut each = |chunk| whole.push(chunk);
    let cancel = CancelToken::default();
    let (request, run) = (json!({ "text": text }).into(), RunContext::quiet(&cancel));
    let sound = Some(&mut sound as &mut syrinx_engine::TakeSound<'_>);
    engine().run_streaming(task.id, &request, decode, run, sound, &mut each).expect("it speaks");
    (stretches, whole.into_answered().expect("an answer"))
}

#[test]
fn sound_comes_in_windows_and_is_that_of_the_whole() {
    let plain = DecodeConfig::default();
    let streaming = plain.clone().streaming();
    for text in ["Yes, no, yes, no, yes.", "Yes, no. No, yes. [pause 1s] Yes, yes."] {
        let (stretches, answered) = speak(text, &streaming);
        let whole = &answered.audio().expect("sound").samples;
        assert!(stretches.len() >= 3, "{} stretches", stretches.len());
        let rate_hz = f64::from(engine().codec_id().info.sample_rate_hz);
        let mut part = (f64::NAN, 0);
        for (start_s, samples, _) in stretches {
            if start_s != part.0 {
                part = (start_s, (start_s * rate_hz).round() as usize);
            }
            assert_eq!(whole[part.1..][..samples.len()], samples, "at {start_s} s");
            part.1 += samples.len();
        }
    }
    // Without windows there is nothing to hear before the end.
    assert!(speak("Yes, no.", &plain).0.is_empty());
}

#[test]
fn words_come_with_the_sound_and_are_those_of_the_answer() {
    let text = "Yes, no, yes, no, yes, no, yes, no, yes, no, yes.";
    let (stretches, answered) = speak(text, &DecodeConfig::default().streaming());
    let known: Vec<WordTime> = stretches.iter().flat_map(|(_, _, words)| words.clone()).collect();
    let all = &answered.speech().expect("speech").words;
    assert!(all.starts_with(&known), "{known:?} and {all:?}");
    assert!(known.len() + 2 >= all.len(), "{known:?} and {all:?}");
    // Words arrive with more than one chunk, not all at the end.
    assert!(stretches.iter().filter(|(_, _, words)| !words.is_empty()).count() > 1);
}

#[test]
fn requests_that_wait_for_first_samples_have_their_own() {
    let (text, streaming) = ("Yes, no, yes, no, yes.", DecodeConfig::default().streaming());
    let task = ALL.iter().find(|d| d.speaks_text()).expect("a task speaks");
    let whole = || {
        let (cancel, request) = (CancelToken::default(), json!({ "text": text }).into());
        let run = RunContext::quiet(&cancel);
        engine().run(task.id, &request, &DecodeConfig::default(), run).expect("it speaks")
    };
    let (alone, streamed) = (whole(), speak(text, &streaming).1);
    std::thread::scope(|scope| {
        let others = [1, 2].map(|_| scope.spawn(whole));
        assert_eq!(speak(text, &streaming).1, streamed);
        for other in others {
            assert_eq!(other.join().expect("no panic"), alone);
        }
    });
}
