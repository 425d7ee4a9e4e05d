//! Pitch of made-up voices.

use syrinx_audio::Audio;
use syrinx_metrics::pitch::{F0Config, F0Track, compare, f0, f0_with};

use crate::{RATE_HZ, assert_close, noise, voice};

fn track(hz: &[f64]) -> F0Track {
    F0Track { hop_s: 0.01, hz: hz.iter().map(|&f| (f > 0.0).then_some(f)).collect() }
}

#[test]
fn steady_voices_are_measured_to_a_few_cents() {
    for hz in [65.0, 80.0, 123.4, 220.0, 333.3, 450.0] {
        let stats = f0(&voice(hz, 900.0, 0.5)).stats().unwrap();
        let cents = 1200.0 * (stats.median_hz / hz).log2();
        assert!(cents.abs() < 5.0, "{hz} Hz measured as {} Hz", stats.median_hz);
        assert!(stats.deviation_semitones < 0.1, "{hz} Hz: {stats:?}");
        assert!(stats.voiced_share > 0.9, "{hz} Hz: {stats:?}");
    }
}

#[test]
fn any_rate_gives_the_same_pitch() {
    let at_24 = voice(150.0, 900.0, 0.3);
    for rate_hz in [8_000, 16_000, 48_000] {
        let audio = syrinx_audio::resample(&at_24, rate_hz).unwrap();
        assert_close(f0(&audio).stats().unwrap().median_hz, 150.0, 0.5);
    }
}

#[test]
fn silence_and_noise_have_no_pitch() {
    let silent = f0(&Audio::silence(0.5, RATE_HZ));
    assert_eq!((silent.hz.len(), silent.stats()), (50, None));
    let hiss = f0(&noise(0.5, 12_000, 1));
    assert!(hiss.voiced().count() < 3, "{hiss:?}");
    assert_eq!(f0(&Audio { samples: vec![], sample_rate_hz: RATE_HZ }).hz, []);
    assert_eq!(f0(&Audio { samples: vec![0.0; 9], sample_rate_hz: 0 }).hz, []);
    // A single sample has no period.
    assert_eq!(f0(&Audio { samples: vec![0.5], sample_rate_hz: RATE_HZ }).stats(), None);
}

#[test]
fn settings_that_leave_no_period_give_no_frames() {
    let check = |config: F0Config| assert_eq!(f0_with(&voice(100.0, 900.0, 0.1), &config).hz, []);
    check(F0Config { min_hz: 500.0, max_hz: 100.0, ..Default::default() });
    check(F0Config { hop_s: 0.0, ..Default::default() });
    check(F0Config { max_hz: f64::INFINITY, ..Default::default() });
}

#[test]
fn pauses_between_voices_are_unvoiced() {
    let mut audio = voice(120.0, 900.0, 0.3);
    audio.samples.extend(Audio::silence(0.3, RATE_HZ).samples);
    audio.samples.extend(voice(240.0, 900.0, 0.3).samples);
    let hz = f0(&audio).hz;
    assert!(hz[35..55].iter().all(Option::is_none), "{hz:?}");
    assert_close(hz[15].unwrap(), 120.0, 0.5);
    assert_close(hz[75].unwrap(), 240.0, 1.0);
}

#[test]
fn statistics_by_hand() {
    // An octave apart: 12 semitones, 6 on either side of the mean.
    let stats = track(&[100.0, 0.0, 200.0, 0.0]).stats().unwrap();
    assert_close(stats.median_hz, 150.0, 1e-9);
    assert_close(stats.deviation_semitones, 6.0, 1e-9);
    assert_close(stats.voiced_share, 0.5, 1e-9);
    assert_eq!(track(&[0.0, 0.0]).stats(), None);
}

#[test]
fn pitch_needs_three_tenths_of_a_second_and_a_fifth_of_all_frames() {
    let check = |voiced: usize, unvoiced: usize, expected: bool| {
        let hz = [vec![120.0; voiced], vec![0.0; unvoiced]].concat();
        let track = track(&hz);
        assert_eq!(track.is_voiced_enough(), expected, "{voiced} of {}", hz.len());
        assert_eq!(track.reliable_stats().is_some(), expected);
        assert_eq!(track.stats().is_some(), voiced > 0);
    };
    check(30, 0, true);
    check(29, 0, false);
    check(30, 120, true);
    check(30, 121, false);
    check(0, 0, false);
}

#[test]
fn a_recording_with_little_voice_is_not_compared() {
    let config = F0Config::default();
    let part_voiced = |voiced_s: f64| {
        let mut audio = voice(120.0, 900.0, voiced_s);
        audio.samples.resize(2 * RATE_HZ as usize, 0.0);
        audio
    };
    let (short, long) = (part_voiced(0.15), part_voiced(1.0));
    assert_eq!(compare(&short, &long, &config), None);
    assert!(compare(&long, &long, &config).unwrap().error_cents.is_some());
    let cut = compare(&long, &short, &config).unwrap();
    assert!(cut.error_cents.is_none() && cut.voiced_kept < 0.3, "{cut:?}");
}

#[test]
fn a_copy_keeps_its_pitch_and_other_recordings_do_not() {
    let config = F0Config::default();
    let original = voice(120.0, 900.0, 0.5);
    let same = compare(&original, &original, &config).unwrap();
    assert_eq!((same.voiced_kept, same.error_cents, same.voicing_error), (1.0, Some(0.0), 0.0));
    let sharp = compare(&original, &voice(121.4, 900.0, 0.5), &config).unwrap();
    assert_close(sharp.error_cents.unwrap(), 20.0, 4.0);
    assert!(sharp.voiced_kept > 0.97 && sharp.voicing_error < 0.03, "{sharp:?}");
    let hoarse = compare(&original, &noise(0.3, original.samples.len(), 3), &config).unwrap();
    assert!(hoarse.voiced_kept < 0.1 && hoarse.voicing_error > 0.9, "{hoarse:?}");
    assert_eq!(compare(&noise(0.3, 12_000, 4), &original, &config), None);
    assert_eq!(compare(&Audio::silence(0.5, RATE_HZ), &original, &config), None);
}
