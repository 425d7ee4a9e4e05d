//! Speech detection and prompts.

use std::path::Path;

use syrinx_audio::prompt::{PromptConfig, PromptError, excerpt};
use syrinx_audio::speech::{has_speech, speech_regions};
use syrinx_audio::{Audio, AudioWarning, read};

use crate::{data, tone};

const RATE_HZ: u32 = 16_000;

fn case(name: &str) -> Audio {
    read(data("cases").join(name)).unwrap()
}

/// A recording of speech at hand.
fn spoken(name: &str) -> Audio {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/data/test/audio");
    let speech = read(folder.join(name)).unwrap();
    syrinx_audio::resample(&speech, RATE_HZ).unwrap()
}

/// White noise of a level, by a small generator with a seed.
fn noise(seed: u32, level: f32, seconds: f64) -> Audio {
    let mut state = seed;
    let samples = (0..(seconds * f64::from(RATE_HZ)) as usize).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        level * ((state >> 8) as f32 / (1 << 23) as f32 - 1.0)
    });
    Audio { samples: samples.collect(), sample_rate_hz: RATE_HZ }
}

fn repeated(audio: &Audio, times: usize) -> Audio {
    Audio { samples: audio.samples.repeat(times), sample_rate_hz: audio.sample_rate_hz }
}

/// A recording at another level, clipped at full scale.
fn amplified(audio: &Audio, gain: f32) -> Audio {
    let samples = audio.samples.iter().map(|x| (gain * x).clamp(-1.0, 1.0)).collect();
    Audio { samples, sample_rate_hz: audio.sample_rate_hz }
}

fn joined(parts: &[&Audio]) -> Audio {
    let samples = parts.iter().flat_map(|p| p.samples.iter().copied()).collect();
    Audio { samples, sample_rate_hz: parts[0].sample_rate_hz }
}

/// A chord of held notes that changes every half second.
fn chords(seconds: usize) -> Audio {
    let chord = |root: f64| {
        let notes = [1.0, 1.26, 1.5].map(|ratio| tone(root * ratio, 0.1, 8000, RATE_HZ));
        (0..8000).map(|i| notes.iter().map(|n| n.samples[i]).sum()).collect::<Vec<f32>>()
    };
    let samples =
        (0..2 * seconds).flat_map(|i| chord([220.0, 262.0, 330.0, 294.0][i % 4])).collect();
    Audio { samples, sample_rate_hz: RATE_HZ }
}

/// Clicks of 4 ms, three a second, in soft noise.
fn clicks(seconds: f64) -> Audio {
    let (mut clicks, loud) = (noise(3, 0.001, seconds), noise(5, 0.5, seconds));
    for at in (0..clicks.samples.len()).step_by(RATE_HZ as usize / 3) {
        for (i, sample) in clicks.samples[at..].iter_mut().take(64).enumerate() {
            *sample += (1.0 - i as f32 / 64.0) * loud.samples[at + i];
        }
    }
    clicks
}

#[test]
fn nobody_speaks_in_noise_tones_and_silence() {
    let check = |name: &str, audio: &Audio| {
        assert!(!has_speech(audio), "{name}");
        assert!(!has_speech(&repeated(audio, 10)), "{name}, repeated");
    };
    check("white noise", &case("e_white_noise_2s.wav"));
    check("music", &case("e_music_2s.wav"));
    check("silence", &case("e_silence_2s.wav"));
    check("noise", &noise(7, 0.3, 3.0));
    check("tone", &tone(440.0, 0.2, 32_000, RATE_HZ));
    check("hum", &tone(50.0, 0.2, 32_000, RATE_HZ));
    check("chords", &chords(3));
    check("clicks", &clicks(3.0));
}

#[test]
fn speech_is_found_where_it_is() {
    let loud = spoken("awb_085_0009.ogg");
    assert_eq!(speech_regions(&loud), [(0.0, loud.seconds())]);
    let quiet = loud.samples.iter().map(|x| 0.01 * x).collect();
    assert!(has_speech(&Audio { samples: quiet, ..loud.clone() }));
    let pause = Audio::silence(0.65, loud.sample_rate_hz);
    let words = joined(&[&pause, &loud.slice(0.4, 0.65), &pause, &loud.slice(0.8, 1.0)]);
    assert!(has_speech(&words), "two short words");
    let silence = Audio::silence(20.0, loud.sample_rate_hz);
    let regions = speech_regions(&joined(&[&silence, &loud, &silence]));
    assert_eq!(regions.len(), 1, "{regions:?}");
    let (start_s, end_s) = regions[0];
    let last_s = 20.0 + loud.seconds();
    assert!((18.0..=20.5).contains(&start_s), "{regions:?}");
    assert!((last_s - 0.5..=last_s + 2.0).contains(&end_s), "{regions:?}");
    // In noise as loud as itself.
    let rms = loud.rms();
    let noise = noise(3, rms * 3f32.sqrt(), loud.seconds() + 1.0);
    let noisy = loud.samples.iter().zip(&noise.samples).map(|(x, n)| x + n).collect();
    assert!(has_speech(&Audio { samples: noisy, ..loud }));
}

#[test]
fn short_recordings_count_as_speech_unless_silent() {
    assert!(has_speech(&noise(1, 0.1, 0.1)));
    assert!(!has_speech(&Audio::silence(0.1, RATE_HZ)));
    assert!(!has_speech(&Audio { samples: Vec::new(), sample_rate_hz: RATE_HZ }));
    assert!(speech_regions(&noise(1, 0.1, 0.1)).iter().all(|(a, b)| a < b));
}

#[test]
fn prompts_are_the_best_stretch_whatever_their_level() {
    let config = PromptConfig { max_s: 3.0, ..PromptConfig::default() };
    for (name, shortest_s) in [
        ("i01_prompt_20s.flac", 2.5),
        ("i02_prompt_16s_silence_then_3s.flac", 2.5),
        ("i03_prompt_3s_quiet.flac", 2.5),
    ] {
        let prompt = excerpt(&case(name), &config).unwrap();
        // The cases are made of tones, which is a warning of its own.
        assert!(
            prompt.warnings(name).all(|w| matches!(w, AudioWarning::PromptWithoutSpeech { .. }))
        );
        let prompt = prompt.audio;
        assert!(prompt.seconds() >= shortest_s, "{name}: {:.2} s", prompt.seconds());
        let level_dbfs = 20.0 * prompt.rms().log10();
        assert!((-30.0..-15.0).contains(&level_dbfs), "{name}: {level_dbfs} dBFS");
    }
}

#[test]
fn prompts_are_found_after_a_minute_without_speech() {
    let config = PromptConfig { max_s: 3.0, ..PromptConfig::default() };
    let speech = spoken("awb_085_0009.ogg");
    let peak = speech.samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    let (loud, rate_hz) = (amplified(&speech, 0.5 / peak), speech.sample_rate_hz);
    let hiss = Audio { sample_rate_hz: rate_hz, ..noise(5, 1e-4, 90.0) };
    // The lowest bit of 16 now and then.
    let mut faint = Audio::silence(60.0, rate_hz);
    faint.samples.iter_mut().step_by(100).for_each(|x| *x = 1.0 / 32_768.0);
    for quiet in [Audio::silence(60.0, rate_hz), hiss, faint] {
        let prompt = excerpt(&joined(&[&quiet, &loud]), &config).unwrap();
        assert_eq!(prompt.warnings("a").next(), None);
        assert!(prompt.audio.seconds() >= 2.5, "{:.2} s", prompt.audio.seconds());
    }
    let mut shifted = loud.clone();
    shifted.samples.iter_mut().for_each(|x| *x += 0.4);
    assert_eq!(excerpt(&shifted, &config).unwrap().warnings("a").next(), None, "an offset");
    // Clicks are no speech.
    let mut clicks = Audio::silence(30.0, rate_hz);
    clicks.samples.iter_mut().step_by(rate_hz as usize).for_each(|x| *x = 0.9);
    let error = excerpt(&clicks, &config).unwrap_err();
    assert!(matches!(error, PromptError::Silent { .. }), "{error}");
    // A recording that is clipped throughout is still a prompt, with the warning.
    let prompt = excerpt(&amplified(&speech, 30.0 / peak), &config).unwrap();
    let warnings: Vec<_> = prompt.warnings("a").collect();
    assert!(matches!(warnings[..], [AudioWarning::ClippedPrompt { .. }, ..]), "{warnings:?}");
    assert!(prompt.audio.seconds() >= 2.0, "{:.2} s", prompt.audio.seconds());
}

#[test]
fn prompts_of_noise_have_a_warning() {
    let config = PromptConfig::default();
    for audio in [noise(3, 0.2, 3.0), tone(300.0, 0.3, 3 * RATE_HZ as usize, RATE_HZ)] {
        let warnings: Vec<_> = excerpt(&audio, &config).unwrap().warnings("a.wav").collect();
        let name = "a.wav".to_owned();
        assert_eq!(warnings, [AudioWarning::PromptWithoutSpeech { name }]);
    }
}

#[test]
fn prompts_are_refused_with_the_figure() {
    let config = PromptConfig::default();
    let refused = |audio: &Audio| excerpt(audio, &config).unwrap_err();
    let error = refused(&Audio::silence(3.0, RATE_HZ));
    assert!(matches!(error, PromptError::Silent { .. }), "{error}");
    assert!(error.to_string().contains("-120 dBFS"), "{error}");
    let error = refused(&noise(2, 3e-4, 3.0));
    assert!(matches!(error, PromptError::Silent { .. }), "{error}");
    let error = refused(&tone(300.0, 0.3, 4000, RATE_HZ));
    assert_eq!(
        error.to_string(),
        "the recording lasts 0.250 s, less than the 0.5 s of the shortest prompt"
    );
    let silence = Audio::silence(2.0, RATE_HZ);
    let error = refused(&joined(&[&silence, &tone(300.0, 0.3, 4800, RATE_HZ), &silence]));
    assert!(matches!(error, PromptError::TooLittleSpeech { .. }), "{error}");
    assert!(error.to_string().contains("0.3"), "{error}");
}
