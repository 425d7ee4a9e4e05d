//! Recordings made to prompts.

use syrinx_audio::AudioWarning;
use syrinx_engine::{EngineError, PromptConfig};
use syrinx_types::{Audio, CancelToken, Event, RecordingSink, RunContext};

use crate::engine;
use crate::tiny::buzz;

fn silence(seconds: f64) -> Audio {
    Audio::silence(seconds, 24_000)
}

/// Returns the prompt of a recording, which has no warning.
fn excerpt(audio: &Audio, name: &str, config: &PromptConfig) -> Result<Audio, EngineError> {
    let mut none = |warning: AudioWarning| panic!("{warning}");
    syrinx_engine::excerpt(audio, name, config, &mut none)
}

fn join(parts: &[Audio]) -> Audio {
    let samples = parts.iter().flat_map(|a| a.samples.iter().copied()).collect();
    Audio { samples, sample_rate_hz: 24_000 }
}

#[test]
fn silence_goes_and_the_level_is_the_same() {
    let config = PromptConfig::default();
    let levels: Vec<f64> = [0.05f32, 1.0]
        .into_iter()
        .map(|gain| {
            let mut audio = join(&[silence(1.0), buzz(2.0, 24_000), silence(2.0)]);
            audio.samples.iter_mut().for_each(|x| *x *= gain);
            let prompt = excerpt(&audio, "me.wav", &config).expect("it has speech");
            assert!(prompt.seconds() < 2.3, "{}", prompt.seconds());
            20.0 * f64::from(prompt.rms()).log10()
        })
        .collect();
    assert!((levels[0] - levels[1]).abs() < 1.0, "{levels:?}");
}

#[test]
fn the_best_stretch_is_the_one_with_speech() {
    let config = PromptConfig::default();
    let audio = join(&[buzz(0.5, 24_000), silence(4.0), buzz(3.0, 24_000), silence(5.0)]);
    let prompt = excerpt(&audio, "me.wav", &config).expect("it has speech");
    assert!(
        prompt.seconds() > 2.0 && prompt.seconds() <= config.max_s + 1e-6,
        "{}",
        prompt.seconds()
    );
}

#[test]
fn what_is_no_prompt() {
    let check = |audio: &Audio, expected: &str| {
        let Err(error) = excerpt(audio, "me.wav", &PromptConfig::default()) else {
            panic!("{expected}: it was taken");
        };
        let hint = error.hint().unwrap_or_default();
        let error = error.to_string();
        assert!(error.starts_with("me.wav: ") && error.contains(expected), "{error}");
        assert!(hint.contains("seconds of speech"), "{hint}");
    };
    check(&silence(2.0), "is silent: its loudest part");
    check(&silence(0.0), "lasts 0.000 s");
    check(&buzz(0.01, 24_000), "lasts 0.010 s");
    check(&join(&[silence(3.0), buzz(0.5, 24_000)]), "s of speech, less than");
}

/// A request's recording gives the same samples to the codec as a kept voice's.
#[test]
fn prompts_of_requests_are_those_of_kept_voices() {
    let speech = |gain: f32| {
        let mut audio = join(&[silence(1.0), buzz(0.4, 24_000), silence(2.0), buzz(2.5, 24_000)]);
        audio.samples.iter_mut().for_each(|x| *x *= gain);
        audio
    };
    let engine = engine();
    let voices = engine.services().voices.as_ref().expect("voices");
    let (cancel, sink) = (CancelToken::default(), RecordingSink::default());
    let run = RunContext::new(&cancel, &sink);
    let mut told = Vec::new();
    for gain in [0.01, 0.5] {
        let kept = engine.voices().excerpt(&speech(gain), "me.wav", &mut |w| told.push(w));
        let kept = kept.expect("a prompt");
        let given = voices
            .excerpt(&speech(gain), "me.wav", PromptConfig::default().max_s, run)
            .expect("a prompt");
        assert_eq!(kept, given);
        assert!(kept.seconds() > 2.4, "{}", kept.seconds());
    }
    assert!(told.is_empty() && sink.events().is_empty(), "{told:?}");
    let shorter = voices.excerpt(&speech(0.5), "me.wav", 1.0, run).expect("a prompt");
    assert!((0.9..=1.001).contains(&shorter.seconds()), "{}", shorter.seconds());
    for audio in [silence(2.0), buzz(0.3, 24_000)] {
        let kept = engine.voices().excerpt(&audio, "me.wav", &mut |w| told.push(w));
        let kept = kept.expect_err("none");
        let given = voices.excerpt(&audio, "me.wav", 3.0, run).expect_err("none");
        assert_eq!((kept.to_string(), kept.hint()), (given.to_string(), given.hint()));
    }
}

#[test]
fn clipped_prompts_are_reported_with_the_figure() {
    let mut audio = buzz(2.0, 24_000);
    let peak = audio.samples.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    audio.samples.iter_mut().for_each(|x| *x = (*x * 2.0 / peak).clamp(-1.0, 1.0));
    let at_full_scale = audio.samples.iter().filter(|x| x.abs() > 0.99).count();
    let percent = 100.0 * at_full_scale as f64 / audio.samples.len() as f64;
    let engine = engine();
    let voices = engine.services().voices.as_ref().expect("voices");
    let (cancel, sink) = (CancelToken::default(), RecordingSink::default());
    voices.excerpt(&audio, "me.wav", 3.0, RunContext::new(&cancel, &sink)).expect("a prompt");
    let [Event::Warning { message }] = &sink.events()[..] else { panic!("{:?}", sink.events()) };
    let mut kept = Vec::new();
    engine.voices().excerpt(&audio, "me.wav", &mut |w| kept.push(w.to_string())).expect("a prompt");
    assert_eq!(kept, std::slice::from_ref(message));
    let told = message.strip_prefix("me.wav: clipped: ").expect(message);
    let figure: f64 = told.split(' ').next().and_then(|x| x.parse().ok()).expect(message);
    assert!((figure - percent).abs() < 0.1 * percent, "{message}, {percent} %");
}
