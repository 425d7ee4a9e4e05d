//! Speech that is had while it is made is the speech that is had afterwards.

use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{Merged, Sound};
use syrinx_registry::ALL;
use syrinx_types::{CancelToken, RunContext};

use crate::engine;

/// Samples as they come, and the recording at the end.
fn speak(text: &str, decode: &DecodeConfig) -> (Vec<(f64, Vec<f32>)>, Vec<f32>) {
    let of_text = |d: &&&syrinx_task::TaskDescriptor| {
        d.capabilities.voice.is_some() && d.verb.positional == "text"
    };
    let task = ALL.iter().find(of_text).expect("a task speaks");
    let (mut stretches, mut whole) = (Vec::new(), Merged::default());
    let mut sound = |s: Sound<'_>| stretches.push((s.start_s, s.samples.to_vec()));
    let mut each = |chunk| whole.push(chunk);
    let cancel = CancelToken::default();
    let (request, run) = (json!({ "text": text }).into(), RunContext::quiet(&cancel));
    let take = (Some(&mut sound as &mut syrinx_engine::TakeSound<'_>), &mut each as _);
    engine().run_streaming(task.id, &request, decode, run, take).expect("it speaks");
    let audio = whole.into_answered().expect("an answer").audio().expect("sound");
    (stretches, audio.samples.clone())
}

#[test]
fn sound_comes_in_windows_and_is_that_of_the_whole() {
    let plain = DecodeConfig::default();
    let streaming = plain.clone().streaming();
    for text in ["Yes, no, yes, no, yes.", "Yes, no. No, yes. [pause 1s] Yes, yes."] {
        let (stretches, whole) = speak(text, &streaming);
        assert!(stretches.len() >= 3, "{} stretches", stretches.len());
        let rate_hz = f64::from(engine().codec_id().info.sample_rate_hz);
        let mut part = (f64::NAN, 0);
        for (start_s, samples) in stretches {
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
