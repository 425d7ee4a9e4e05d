//! The stand-in for a speaker encoder.

use syrinx_audio::Audio;
use syrinx_metrics::MetricsError;
use syrinx_metrics::speaker::{SpeakerEmbedding, similarity};

use crate::{RATE_HZ, noise, voice};

/// A voice over a little noise, with a pause.
fn talk(hz: f64, resonance_hz: f64, seed: u32) -> Audio {
    let mut audio = voice(hz, resonance_hz, 0.5);
    audio.samples.extend(Audio::silence(0.2, RATE_HZ).samples);
    let hiss = noise(1e-3, audio.samples.len(), seed).samples;
    audio.samples.iter_mut().zip(hiss).for_each(|(x, n)| *x += n);
    audio
}

#[test]
fn likeness_falls_with_pitch_and_timbre() {
    let ann = talk(220.0, 1000.0, 1);
    let like = |other: &Audio| similarity(&ann, other).unwrap();
    assert!((like(&ann) - 1.0).abs() < 1e-9);
    let again = like(&talk(220.0, 1000.0, 2));
    let (lower, darker) = (like(&talk(110.0, 1000.0, 2)), like(&talk(220.0, 600.0, 2)));
    assert!(again > 0.9 && again > lower && again > darker, "{again} {lower} {darker}");
    let both = like(&talk(110.0, 600.0, 2));
    assert!(both < lower && both < darker, "{both} {lower} {darker}");
    assert!((0.0..=1.0).contains(&both));
}

#[test]
fn likeness_is_mutual() {
    let (a, b) = (talk(220.0, 1000.0, 1), talk(150.0, 800.0, 2));
    assert_eq!(similarity(&a, &b).unwrap(), similarity(&b, &a).unwrap());
}

#[test]
fn odd_recordings_have_a_print_or_an_error() {
    let silent = Audio::silence(0.3, RATE_HZ);
    let embedding = SpeakerEmbedding::of(&silent).unwrap();
    assert!((embedding.similarity(&embedding) - 1.0).abs() < 1e-9);
    assert!(similarity(&silent, &talk(220.0, 1000.0, 1)).unwrap() < 0.5);
    let empty = Audio { samples: vec![], sample_rate_hz: RATE_HZ };
    assert!(matches!(SpeakerEmbedding::of(&empty), Err(MetricsError::Empty { .. })));
    assert!(SpeakerEmbedding::of(&Audio { samples: vec![0.5], sample_rate_hz: RATE_HZ }).is_ok());
}
