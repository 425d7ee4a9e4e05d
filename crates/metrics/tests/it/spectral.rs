//! Spectral distances.

use std::f64::consts::{LN_10, PI};

use syrinx_audio::Audio;
use syrinx_metrics::MetricsError;
use syrinx_metrics::spectral::{
    log_spectral_distance, mel_cepstra, mel_cepstral_distance, mel_cepstral_distance_of, mel_l1,
};

use crate::{RATE_HZ, assert_close, noise, voice};

/// A frame of 80 bands: a wave of `d` half periods and the given height, plus a level.
fn frame(d: f64, height: f64, level: f64) -> Vec<f32> {
    (0..80).map(|k| (level + height * (PI * d * (k as f64 + 0.5) / 80.0).cos()) as f32).collect()
}

#[test]
fn cepstra_are_the_heights_of_the_waves() {
    let cepstra = mel_cepstra(&frame(5.0, 0.7, -3.0), 80, 13);
    for (d, &c) in cepstra[0].iter().enumerate() {
        assert_close(c, if d == 4 { 0.7 } else { 0.0 }, 1e-6);
    }
}

#[test]
fn mel_cepstral_distance_by_hand() {
    let check = |a: Vec<Vec<f32>>, b: Vec<Vec<f32>>, expected: f64| {
        let got = mel_cepstral_distance_of(&a.concat(), &b.concat(), 80).unwrap();
        assert_close(got, expected, 1e-4);
    };
    let flat = frame(1.0, 0.0, -5.0);
    let one = 10.0 / LN_10 * 2f64.sqrt();
    check(vec![flat.clone()], vec![flat.clone()], 0.0);
    check(vec![flat.clone()], vec![frame(5.0, 1.0, -5.0)], one);
    check(vec![flat.clone()], vec![frame(13.0, 0.5, -5.0)], one / 2.0);
    // Loudness and fine structure don't count.
    check(vec![flat.clone()], vec![frame(1.0, 0.0, 2.0)], 0.0);
    check(vec![flat.clone()], vec![frame(14.0, 1.0, -5.0)], 0.0);
    // Warping: a held frame costs nothing.
    let (a, b) = (frame(2.0, 1.0, 0.0), frame(3.0, 1.0, 0.0));
    check(
        vec![a.clone(), b.clone()],
        vec![a.clone(), a.clone(), a.clone(), b.clone(), b.clone()],
        0.0,
    );
    // One of two frames differs by 1.
    check(vec![flat.clone(), a.clone()], vec![flat.clone(), frame(2.0, 2.0, 0.0)], one / 2.0);
}

#[test]
fn very_unequal_lengths_still_have_a_path() {
    let short = frame(2.0, 1.0, 0.0).repeat(2);
    let long = frame(2.0, 1.0, 0.0).repeat(3000);
    for (a, b) in [(&short, &long), (&long, &short)] {
        assert_close(mel_cepstral_distance_of(a, b, 80).unwrap(), 0.0, 1e-9);
    }
}

#[test]
fn timbre_counts_more_than_level_and_speed() {
    let a = voice(120.0, 800.0, 0.5);
    let mut quieter = a.clone();
    quieter.samples.iter_mut().for_each(|x| *x *= 0.5);
    let same = mel_cepstral_distance(&a, &voice(120.0, 800.0, 0.7)).unwrap();
    let level = mel_cepstral_distance(&a, &quieter).unwrap();
    let timbre = mel_cepstral_distance(&a, &voice(120.0, 2000.0, 0.5)).unwrap();
    assert_eq!(mel_cepstral_distance(&a, &a).unwrap(), 0.0);
    assert!(same < 1.0 && level < 2.0 && timbre > 5.0, "{same} {level} {timbre}");
}

#[test]
fn half_the_level_is_six_decibels() {
    let a = noise(0.5, 12_000, 1);
    let mut half = a.clone();
    half.samples.iter_mut().for_each(|x| *x *= 0.5);
    assert_close(log_spectral_distance(&a, &half).unwrap(), 6.0206, 1e-3);
    assert_eq!(log_spectral_distance(&a, &a).unwrap(), 0.0);
    // The longer one is cut.
    half.samples.truncate(6000);
    assert_close(log_spectral_distance(&a, &half).unwrap(), 6.0206, 1e-3);
    // Silence is at -100 dB, not at minus infinity.
    let silent = Audio::silence(0.5, RATE_HZ);
    assert_eq!(log_spectral_distance(&silent, &silent).unwrap(), 0.0);
    assert!(log_spectral_distance(&a, &silent).unwrap().is_finite());
}

#[test]
fn mean_absolute_difference() {
    assert_eq!(mel_l1(&[1.0, 2.0, 3.0], &[1.0, 0.0]), Some(1.0));
    assert_eq!(mel_l1(&[], &[1.0]), None);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let a = voice(120.0, 800.0, 0.1);
    let empty = Audio { samples: vec![], sample_rate_hz: RATE_HZ };
    let other = Audio { samples: vec![0.1; 100], sample_rate_hz: 16_000 };
    for distance in [mel_cepstral_distance, log_spectral_distance] {
        assert!(matches!(distance(&a, &empty), Err(MetricsError::Empty { which: "second" })));
        assert!(matches!(distance(&empty, &a), Err(MetricsError::Empty { which: "first" })));
        let error = distance(&a, &other).unwrap_err();
        assert!(error.to_string().contains("24000 and 16000 Hz"), "{error}");
    }
    assert!(matches!(
        mel_cepstral_distance_of(&[0.0; 81], &[0.0; 80], 80),
        Err(MetricsError::Ragged { values: 81, bins: 80 })
    ));
    assert!(mel_cepstral_distance_of(&[], &[], 0).is_err());
    let nowhere = Audio { samples: vec![0.1; 10], sample_rate_hz: 0 };
    assert!(matches!(mel_cepstral_distance(&nowhere, &nowhere), Err(MetricsError::Audio(_))));
}
