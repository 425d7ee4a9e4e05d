use std::collections::BTreeMap;

use candle_core::{Device, Tensor, Var};
use syrinx_nn::{AdamW, AdamWConfig, Kernels, to_vec_f32};

fn vars() -> BTreeMap<String, Var> {
    let w = Tensor::from_vec(vec![1.0f32, -2.0, 0.5, 3.0], (2, 2), &Device::Cpu).unwrap();
    let b = Tensor::from_vec(vec![0.5f32, -0.5], 2, &Device::Cpu).unwrap();
    [
        ("w".to_string(), Var::from_tensor(&w).unwrap()),
        ("b".to_string(), Var::from_tensor(&b).unwrap()),
    ]
    .into()
}

fn step(vars: &BTreeMap<String, Var>, optimizer: &mut AdamW) -> f64 {
    let x = Tensor::from_vec(vec![1.0f32, 2.0], (1, 2), &Device::Cpu).unwrap();
    let y = x.matmul(vars["w"].as_tensor()).unwrap().broadcast_add(vars["b"].as_tensor()).unwrap();
    optimizer.step(&y.sqr().unwrap().sum_all().unwrap().backward().unwrap(), 0.1).unwrap()
}

fn values(vars: &BTreeMap<String, Var>) -> Vec<f32> {
    vars.values().flat_map(|v| to_vec_f32(v).unwrap()).collect()
}

#[test]
fn first_step_moves_by_the_learning_rate_and_decays_matrices_only() {
    let vars = vars();
    let mut optimizer = AdamW::new(vars.clone(), AdamWConfig::default()).unwrap();
    step(&vars, &mut optimizer);
    // y = (-1.5, 7.5)... signs of the gradients: column 0 of w and b[0] by sign(y0), column 1 by sign(y1).
    let y0 = 1.0 + 2.0 * 0.5 + 0.5;
    let y1: f32 = -2.0 + 2.0 * 3.0 - 0.5;
    assert!(y0 > 0.0 && y1 > 0.0);
    let moved = values(&vars);
    for (at, before) in [(0usize, 0.5f32), (1, -0.5)] {
        assert!((moved[at] - (before - 0.1)).abs() < 1e-4, "b[{at}] = {}", moved[at]);
    }
    for (at, before) in [(2usize, 1.0f32), (3, -2.0), (4, 0.5), (5, 3.0)] {
        let wanted = before - 0.1 * (1.0 + 0.01 * before);
        assert!(
            (moved[at] - wanted).abs() < 1e-4,
            "w[{}] = {}, wanted {wanted}",
            at - 2,
            moved[at]
        );
    }
}

#[test]
fn restored_state_goes_on_bit_for_bit() {
    let (straight, resumed) = (vars(), vars());
    let mut a = AdamW::new(straight.clone(), AdamWConfig::default()).unwrap();
    for _ in 0..6 {
        step(&straight, &mut a);
    }
    let mut b = AdamW::new(resumed.clone(), AdamWConfig::default()).unwrap();
    for _ in 0..3 {
        step(&resumed, &mut b);
    }
    let state = b.state().unwrap();
    let mut c = AdamW::new(resumed.clone(), AdamWConfig::default()).unwrap();
    c.restore(&state).unwrap();
    for _ in 0..3 {
        step(&resumed, &mut c);
    }
    assert_eq!(values(&straight), values(&resumed));
    let averages = |o: &AdamW| {
        o.averaged().unwrap().values().flat_map(|t| to_vec_f32(t).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(averages(&a), averages(&c));
}

#[test]
fn primitive_updates_are_those_of_the_fused_ones() {
    let (fused, primitive) = (vars(), vars());
    // A norm that is clipped, and an average that is kept.
    let config = AdamWConfig { clip_norm: 0.5, ema_decay: 0.9, ..AdamWConfig::default() };
    let mut a = AdamW::new(fused.clone(), config.clone()).unwrap();
    let mut b = AdamW::with_kernels(primitive.clone(), config.clone(), Kernels::Primitive).unwrap();
    let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-5);
    for _ in 0..4 {
        let norms = (step(&fused, &mut a), step(&primitive, &mut b));
        assert!((norms.0 - norms.1).abs() < 1e-4, "{norms:?}");
        assert!(norms.0 > 0.5);
    }
    assert!(near(&values(&fused), &values(&primitive)));
    let averages = |o: &AdamW| {
        o.averaged().unwrap().values().flat_map(|t| to_vec_f32(t).unwrap()).collect::<Vec<_>>()
    };
    assert!(near(&averages(&a), &averages(&b)));
    // A state of the one is a state of the other.
    let state = b.state().unwrap();
    let mut c = AdamW::new(primitive.clone(), config).unwrap();
    c.restore(&state).unwrap();
    assert!(c.steps() == 4 && averages(&c) == averages(&b));
}

#[test]
fn a_gradient_that_is_not_finite_changes_nothing() {
    let vars = vars();
    let before = values(&vars);
    let mut optimizer = AdamW::new(vars.clone(), AdamWConfig::default()).unwrap();
    let loss = (vars["w"].sqr().unwrap().sum_all().unwrap() * f64::INFINITY).unwrap();
    let norm = optimizer.step(&loss.backward().unwrap(), 0.1).unwrap();
    assert!(!norm.is_finite());
    assert_eq!(values(&vars), before);
    assert_eq!(optimizer.steps(), 0);
}
