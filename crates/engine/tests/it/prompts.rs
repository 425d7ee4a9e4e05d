//! Recordings made to prompts.

use syrinx_engine::{PromptConfig, excerpt, prepare};
use syrinx_types::Audio;

use crate::tiny::buzz;

fn silence(seconds: f64) -> Audio {
    Audio::silence(seconds, 24_000)
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
            let prompt = prepare(&audio, "me.wav", &config).expect("it has speech");
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
        assert!(hint.contains("give a recording of one speaker"), "{hint}");
    };
    check(&silence(2.0), "is silent: its loudest part");
    check(&silence(0.0), "lasts 0.000 s");
    check(&buzz(0.01, 24_000), "lasts 0.010 s");
    check(&join(&[silence(3.0), buzz(0.5, 24_000)]), "s of speech, less than");
}
