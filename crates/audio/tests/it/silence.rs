//! Pauses and chunks.

use syrinx_audio::Audio;
use syrinx_audio::silence::{PauseConfig, chunks, find_pauses, speech_bounds, trim};

use crate::tone;

const RATE_HZ: u32 = 16_000;

/// Tones (level above 0) and silences of the given lengths, over faint noise.
fn scene(parts: &[(f64, f64)]) -> Audio {
    let mut samples = Vec::new();
    let mut state = 1u32;
    for &(level, seconds) in parts {
        let n = (seconds * f64::from(RATE_HZ)) as usize;
        samples.extend(tone(300.0, level, n, RATE_HZ).samples.iter().map(|x| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            x + (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32 * 1e-3
        }));
    }
    Audio { samples, sample_rate_hz: RATE_HZ }
}

fn close(got: &[(f64, f64)], expected: &[(f64, f64)]) {
    let same = |a: f64, b: f64| (a - b).abs() < 0.015;
    let all = got.len() == expected.len()
        && got.iter().zip(expected).all(|(g, e)| same(g.0, e.0) && same(g.1, e.1));
    assert!(all, "{got:?} instead of {expected:?}");
}

#[test]
fn pauses_are_found() {
    let check = |parts: &[(f64, f64)], expected: &[(f64, f64)]| {
        close(&find_pauses(&scene(parts), &PauseConfig::default()), expected);
    };
    check(&[(0.0, 0.5), (0.3, 1.0), (0.0, 0.4), (0.3, 1.0)], &[(0.0, 0.5), (1.5, 1.9)]);
    check(&[(0.3, 1.0), (0.0, 0.1), (0.3, 1.0)], &[]); // too short
    check(&[(0.3, 1.0), (0.0, 1.0)], &[(1.0, 2.0)]);
    check(&[(0.3, 2.0)], &[]); // no pause at all: the tone isn't taken for the noise floor
    check(&[(0.0, 2.0)], &[(0.0, 2.0)]);
    check(&[], &[]);
}

#[test]
fn quiet_recordings_work_like_loud_ones() {
    let loud = scene(&[(0.0, 0.5), (0.3, 1.0), (0.0, 0.4), (0.3, 1.0)]);
    let mut quiet = loud.clone();
    quiet.samples.iter_mut().for_each(|x| *x *= 0.05);
    let pauses = |a| find_pauses(a, &PauseConfig::default());
    assert_eq!(pauses(&quiet), pauses(&loud));
}

#[test]
fn ends_are_trimmed() {
    let config = PauseConfig::default();
    let audio = scene(&[(0.0, 0.5), (0.3, 1.0), (0.0, 0.5)]);
    close(&[speech_bounds(&audio, &config).unwrap()], &[(0.5, 1.5)]);
    assert!((trim(&audio, &config, 0.1).seconds() - 1.2).abs() < 0.03);
    let silent = Audio::silence(1.0, RATE_HZ);
    assert_eq!(speech_bounds(&silent, &config), None);
    assert_eq!(trim(&silent, &config, 0.1), silent);
}

#[test]
fn chunks_cover_everything_and_cut_in_pauses() {
    let audio = scene(&[(0.3, 6.0), (0.0, 0.5), (0.3, 3.0), (0.0, 0.5), (0.3, 6.0)]);
    let got = chunks(&audio, 10.0);
    close(&got[..1], &[(0.0, got[0].1)]);
    assert!((6.0..6.5).contains(&got[0].1) || (9.5..10.0).contains(&got[0].1), "{got:?}");
    assert_eq!(got.last().unwrap().1, audio.seconds());
    for pair in got.windows(2) {
        assert_eq!(pair[0].1, pair[1].0);
    }
    assert!(got.iter().all(|(a, b)| b - a > 0.0 && b - a <= 10.0), "{got:?}");
}

#[test]
fn chunks_of_odd_recordings() {
    let check = |audio: &Audio, max_s: f64, expected: usize| {
        let got = chunks(audio, max_s);
        assert_eq!(got.len(), expected, "{got:?}");
    };
    check(&Audio::silence(0.0, RATE_HZ), 10.0, 0);
    check(&Audio::silence(5.0, RATE_HZ), 10.0, 1);
    check(&Audio::silence(10.0, RATE_HZ), 10.0, 1);
    check(&Audio { samples: vec![0.5], sample_rate_hz: RATE_HZ }, 10.0, 1);
    check(&Audio::silence(5.0, RATE_HZ), f64::NAN, 1);
    // Silence and steady tones are cut somewhere in the second half.
    for audio in [Audio::silence(60.0, RATE_HZ), scene(&[(0.3, 60.0)])] {
        let got = chunks(&audio, 10.0);
        assert!((6..=13).contains(&got.len()), "{got:?}");
        assert!(got.iter().all(|(a, b)| b - a <= 10.0 + 1e-9), "{got:?}");
    }
    // Pieces shorter than an energy frame are still pieces.
    let tiny = chunks(&Audio::silence(0.1, RATE_HZ), 0.001);
    assert!(tiny.windows(2).all(|p| p[0].1 == p[1].0 && p[0].0 < p[0].1), "{tiny:?}");
}
