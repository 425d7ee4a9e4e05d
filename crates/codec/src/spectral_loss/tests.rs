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

/// Compares the gradient by drawings of two clips with differences.
fn check_gradient(config: &SpectralLossConfig) {
    let loss = SpectralLoss::new(config, 24_000).unwrap();
    let several =
        |seed: u64| (0..loss.drawings() as u64).flat_map(|d| draw(seed + 100 * d)).collect();
    let (target, start): (_, Vec<f32>) = (draw(1), several(2));
    let x = Var::from_slice(&start, start.len(), &Device::Cpu).unwrap();
    let (total, parts) = loss.forward(&x, target.clone(), CLIP).unwrap();
    assert!((f64::from(total.to_scalar::<f32>().unwrap()) - parts.total).abs() < 1e-5);
    let grads = (total * 2.0).unwrap().backward().unwrap();
    let grad = syrinx_nn::to_vec_f32(grads.get(&x).unwrap()).unwrap();
    // Along random directions: single samples sit on too many kinks of the L1 distance.
    for seed in 10..16 {
        let direction: Vec<f32> = several(seed);
        let at = |d: f32| {
            let moved: Vec<f32> = start.iter().zip(&direction).map(|(s, v)| s + d * v).collect();
            loss.compute(&moved, &target, CLIP).0.total
        };
        let slope = (at(1e-3) - at(-1e-3)) / 1e-3;
        let own: f64 = grad.iter().zip(&direction).map(|(g, v)| f64::from(g * v)).sum();
        let limit = 0.03 * (0.1 + slope.abs().max(own.abs()));
        assert!((slope - own).abs() < limit, "{config:?}: {slope}, {own}");
    }
}

#[test]
fn gradient_agrees_with_differences() {
    for (mel, magnitude, convergence) in
        [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.7, 0.4, 1.3)]
    {
        let one = config(mel, magnitude, convergence);
        check_gradient(&one);
        check_gradient(&SpectralLossConfig { repulsion_weight: 0.8, ..one });
    }
}

/// Expected loss of noise of some gain against noise of gain 1.
fn loss_of_gain(loss: &SpectralLoss, gain: f32) -> f64 {
    let scaled = |seed: u64| draw(seed).into_iter().map(move |v| gain * v);
    let totals = (0..200).map(|i| {
        let predicted: Vec<f32> =
            (0..loss.drawings() as u64).flat_map(|d| scaled(1000 + 10 * i + d)).collect();
        loss.compute(&predicted, &draw(9000 + i), CLIP).0.total
    });
    totals.sum::<f64>() / 200.0
}

#[test]
fn noise_of_the_recordings_level_is_best_with_repulsion_only() {
    let base = config(0.0, 1.0, 1.0);
    let repelled = SpectralLossConfig { repulsion_weight: 1.0, ..base.clone() };
    let best = |config: &SpectralLossConfig| {
        let loss = SpectralLoss::new(config, 24_000).unwrap();
        let gains = [0.75f32, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1];
        let losses = gains.map(|gain| loss_of_gain(&loss, gain));
        let least = (0..gains.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap();
        gains[least]
    };
    assert!((0.95..=1.05).contains(&best(&repelled)), "{}", best(&repelled));
    assert!(best(&base) <= 0.9, "{}", best(&base));
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
