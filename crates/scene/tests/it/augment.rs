use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_scene::{Augmentation, SceneError};
use syrinx_types::Audio;

const RATE_HZ: u32 = 24_000;

fn tone(hz: f32, samples: usize) -> Audio {
    let step = std::f32::consts::TAU * hz / RATE_HZ as f32;
    let samples = (0..samples).map(|i| 0.4 * (i as f32 * step).sin()).collect();
    Audio { samples, sample_rate_hz: RATE_HZ }
}

/// One effect on every recording.
fn only(change: impl FnOnce(&mut Augmentation)) -> Augmentation {
    let mut augmentation = Augmentation {
        share: 1.0,
        speed_share: 0.0,
        equalizer_share: 0.0,
        room_share: 0.0,
        noise_share: 0.0,
        band_share: 0.0,
        telephone_share: 0.0,
        clip_share: 0.0,
        gain_db: (0.0, 0.0),
        ..Augmentation::default()
    };
    change(&mut augmentation);
    augmentation
}

fn applied(augmentation: &Augmentation, hz: f32, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let change = augmentation.draw(&mut rng).expect("every recording is changed");
    let input = tone(hz, change.input_len(12_000));
    change.apply(input, 12_000, &mut rng).expect("it can be mixed").samples
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32
}

/// Zero crossings upwards a second.
fn pitch_hz(samples: &[f32]) -> f32 {
    let crossings = samples.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
    crossings as f32 * RATE_HZ as f32 / samples.len() as f32
}

#[test]
fn each_effect_does_what_its_name_says() {
    let clean = tone(500.0, 12_000).samples;
    assert_eq!(applied(&only(|_| ()), 500.0, 1), clean);
    let fast = applied(&only(|a| (a.speed_share, a.speed) = (1.0, (1.2, 1.2))), 500.0, 1);
    assert!((pitch_hz(&fast[500..]) - 600.0).abs() < 6.0, "{}", pitch_hz(&fast));
    let noisy = applied(&only(|a| (a.noise_share, a.snr_db) = (1.0, (10.0, 10.0))), 500.0, 3);
    let noise: Vec<f32> = noisy.iter().zip(&clean).map(|(a, b)| a - b).collect();
    assert!(power(&noise) > 0.02 * power(&clean), "{}", power(&noise) / power(&clean));
    let line = only(|a| a.telephone_share = 1.0);
    assert!(power(&applied(&line, 6_000.0, 1)) < 0.01 * power(&clean));
    assert!(power(&applied(&line, 1_000.0, 1)) > 0.5 * power(&clean));
    let quiet = applied(&only(|a| a.gain_db = (-20.0, -20.0)), 500.0, 1);
    assert!((power(&quiet) / power(&clean) - 0.01).abs() < 1e-3);
    let loud = applied(&only(|a| (a.clip_share, a.gain_db) = (1.0, (20.0, 20.0))), 500.0, 1);
    assert!(loud.iter().filter(|s| s.abs() > 0.98).count() > 4_000);
}

#[test]
fn the_length_is_kept_and_everything_is_finite() {
    let augmentation = Augmentation { share: 1.0, ..Augmentation::default() };
    for seed in 0..40 {
        let out = applied(&augmentation, 300.0, seed);
        assert!(
            out.len() == 12_000 && out.iter().all(|s| s.is_finite() && s.abs() <= 1.0),
            "{seed}"
        );
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    assert!((0..50).all(|_| Augmentation::none().draw(&mut rng).is_none()));
}

#[test]
fn impossible_ranges_are_named() {
    for (broken, wanted) in [
        (Augmentation { room_share: 1.2, ..Augmentation::default() }, "room_share"),
        (Augmentation { speed: (1.2, 0.8), ..Augmentation::default() }, "speed"),
        (Augmentation { decay_s: (0.0, 0.8), ..Augmentation::default() }, "decay_s"),
    ] {
        let found = broken.check();
        assert!(
            matches!(found, Err(SceneError::Range { name, .. }) if name == wanted),
            "{found:?}"
        );
    }
}
