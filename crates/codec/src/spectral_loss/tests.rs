use candle_core::{Device, Var};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const CLIP: usize = 96;

fn draw(seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..2 * CLIP).map(|_| rng.random_range(-0.5..0.5)).collect()
}

fn config(mel: f64, magnitude: f64, convergence: f64) -> SpectralLossConfig {
    SpectralLossConfig {
        n_fft: vec![16, 32],
        mel_bins: vec![4, 6],
        mel_weight: mel,
        magnitude_weight: magnitude,
        convergence_weight: convergence,
        ..SpectralLossConfig::default()
    }
}

#[test]
fn gradient_agrees_with_differences() {
    for (mel, magnitude, convergence) in
        [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.7, 0.4, 1.3)]
    {
        let loss = SpectralLoss::new(&config(mel, magnitude, convergence), 24_000).unwrap();
        let (target, start) = (draw(1), draw(2));
        let x = Var::from_slice(&start, start.len(), &Device::Cpu).unwrap();
        let (total, parts) = loss.forward(&x, target.clone(), CLIP).unwrap();
        assert!((f64::from(total.to_scalar::<f32>().unwrap()) - parts.total).abs() < 1e-5);
        let grads = (total * 2.0).unwrap().backward().unwrap();
        let grad = syrinx_nn::to_vec_f32(grads.get(&x).unwrap()).unwrap();
        // Along random directions: single samples sit on too many kinks of the L1 distance.
        for seed in 10..16 {
            let direction = draw(seed);
            let at = |d: f32| {
                let moved: Vec<f32> =
                    start.iter().zip(&direction).map(|(s, v)| s + d * v).collect();
                loss.compute(&moved, &target, CLIP).0.total
            };
            let slope = (at(1e-3) - at(-1e-3)) / 1e-3;
            let own: f64 = grad.iter().zip(&direction).map(|(g, v)| f64::from(g * v)).sum();
            let limit = 0.03 * (0.1 + slope.abs().max(own.abs()));
            assert!((slope - own).abs() < limit, "{mel}/{magnitude}/{convergence}: {slope}, {own}");
        }
    }
}

#[test]
fn no_difference_no_loss() {
    let loss = SpectralLoss::new(&config(1.0, 1.0, 1.0), 24_000).unwrap();
    let x = draw(3);
    let (losses, grad) = loss.compute(&x, &x, CLIP);
    assert_eq!(losses, SpectralLosses::default());
    assert!(grad.iter().all(|g| *g == 0.0));
    let (silent, grad) = loss.compute(&x, &vec![0.0; x.len()], CLIP);
    assert!(silent.total.is_finite() && grad.iter().all(|g| g.is_finite()));
}

#[test]
fn odd_settings_are_refused() {
    for n_fft in [vec![], vec![16], vec![16, 15], vec![16, 2]] {
        let config = SpectralLossConfig { n_fft, ..config(1.0, 1.0, 1.0) };
        assert!(matches!(SpectralLoss::new(&config, 24_000), Err(CodecError::Config(_))));
    }
}
