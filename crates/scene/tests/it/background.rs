use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use syrinx_scene::{
    Background, Colour, Room, SceneError, background, clicks, coloured, hum, impulse_response,
    in_room,
};

use crate::{RATE_HZ, audio, speech};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Power at a frequency (Goertzel's algorithm over windows of 1,024 samples).
fn power_at(samples: &[f32], hz: f64) -> f64 {
    let turn = std::f64::consts::TAU * hz / f64::from(RATE_HZ);
    let window = |w: &[f32]| {
        let (mut a, mut b) = (0.0, 0.0);
        for &x in w {
            (a, b) = (f64::from(x) + 2.0 * turn.cos() * a - b, a);
        }
        a * a + b * b - 2.0 * turn.cos() * a * b
    };
    samples.chunks_exact(1024).map(window).sum()
}

#[test]
fn colours_fall_as_they_should() {
    for (colour, per_octave_db) in [(Colour::White, 0.0), (Colour::Pink, 3.0), (Colour::Brown, 6.0)]
    {
        let noise = coloured(colour, 400_000, &mut rng(1));
        let band = |hz: f64| (0..8).map(|i| power_at(&noise, hz + 7.0 * f64::from(i))).sum::<f64>();
        let fall_db = 10.0 * (band(500.0) / band(2_000.0)).log10() / 2.0;
        assert!((fall_db - per_octave_db).abs() < 0.8, "{colour:?}: {fall_db} dB an octave");
    }
}

#[test]
fn hum_has_its_harmonics_and_nothing_between() {
    let samples = hum(50.0, 32_768, RATE_HZ, &mut rng(2));
    for harmonic in [50.0, 100.0, 200.0] {
        let off_harmonic = power_at(&samples, harmonic + 25.0).max(1e-9);
        assert!(power_at(&samples, harmonic) > 4.0 * off_harmonic, "{harmonic} Hz");
    }
}

#[test]
fn clicks_are_short_and_as_many_as_asked_for() {
    let samples = clicks(3.0, 160_000, RATE_HZ, &mut rng(3));
    let loud: Vec<bool> = samples.chunks(800).map(|c| c.iter().any(|x| x.abs() > 0.05)).collect();
    let busy = loud.iter().filter(|l| **l).count();
    assert!((15..=60).contains(&busy), "{busy} of {} windows", loud.len());
}

#[test]
fn every_kind_sounds_and_follows_its_seed() {
    let voices = [speech(120.0, 1.0), speech(200.0, 1.5)];
    let kinds = [
        Background::Noise(Colour::Pink),
        Background::Hum(60),
        Background::Clicks(5),
        Background::Babble,
        Background::Music,
    ];
    for kind in kinds {
        let make = |seed| background(kind, 20_000, RATE_HZ, &voices, &mut rng(seed)).unwrap();
        let sound = make(1);
        assert_eq!(sound.samples.len(), 20_000);
        assert!(sound.rms() > 0.0 && sound.samples.iter().all(|x| x.is_finite()), "{kind:?}");
        assert_eq!(sound, make(1));
        assert_ne!(sound, make(2));
    }
    let nobody = background(Background::Babble, 100, RATE_HZ, &[], &mut rng(1));
    assert_eq!(nobody, Err(SceneError::NoVoices));
    let other = background(Background::Babble, 100, 8_000, &voices, &mut rng(1));
    assert_eq!(other, Err(SceneError::Rate { found: RATE_HZ, wanted: 8_000 }));
}

#[test]
fn a_room_keeps_the_direct_sound_and_dies_away() {
    let room = Room { decay_s: 0.4, direct_db: 3.0 };
    let response = impulse_response(room, RATE_HZ, &mut rng(4));
    let energy = |r: &[f32]| r.iter().map(|x| f64::from(x * x)).sum::<f64>();
    assert_eq!(response[0], 1.0);
    assert!((10.0 * (1.0 / energy(&response[1..])).log10() - 3.0).abs() < 0.01);
    let (early, late) = (&response[1_600..3_200], &response[4_800..6_400]);
    let fall_db = 10.0 * (energy(early) / energy(late)).log10();
    // 60 dB in 0.4 s are 30 in 0.2 s.
    assert!((fall_db - 30.0).abs() < 3.0, "{fall_db} dB");

    let click = audio([vec![0.0; 100], vec![1.0], vec![0.0; 8_000]].concat());
    let reverberant = in_room(&click, &response);
    assert_eq!(reverberant.samples.len(), click.samples.len());
    assert!(reverberant.samples[..100].iter().all(|x| x.abs() < 1e-4));
    for (i, wanted) in response.iter().enumerate().take(3_000).step_by(97) {
        assert!((reverberant.samples[100 + i] - wanted).abs() < 1e-4, "sample {i}");
    }
    assert_eq!(in_room(&audio(Vec::new()), &response).samples.len(), 0);
}
