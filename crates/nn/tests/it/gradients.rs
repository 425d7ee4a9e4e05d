use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor, Var};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_nn::ops::{self, IGNORE, NONE};
use syrinx_nn::{
    Activation, AttentionPlan, BlockConfig, Kernels, ParamStore, Span, Stack, to_vec_f32,
};

fn random(shape: &[usize], seed: u64) -> Tensor {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let n = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// A scalar that weighs every output differently, so that no gradient cancels.
fn weigh(y: &Tensor) -> Result<Tensor> {
    if y.rank() == 0 {
        return Ok(y.clone());
    }
    (y * random(y.dims(), 99))?.sum_all()
}

type Function = fn(&[Tensor], Kernels) -> Result<Tensor>;

fn close(a: &[f32], b: &[f32], tolerance: f32, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        let limit = tolerance * (1.0 + x.abs().max(y.abs()));
        assert!((x - y).abs() <= limit, "{what}: value {i} is {x}, wanted {y}");
    }
}

fn check(name: &str, shapes: &[&[usize]], f: Function) {
    let inputs: Vec<Var> = shapes
        .iter()
        .enumerate()
        .map(|(i, s)| Var::from_tensor(&random(s, i as u64)).unwrap())
        .collect();
    let tensors: Vec<Tensor> = inputs.iter().map(|v| v.as_tensor().clone()).collect();
    let fused = f(&tensors, Kernels::Fused).unwrap();
    let plain = f(&tensors, Kernels::Primitive).unwrap();
    close(
        &to_vec_f32(&fused).unwrap(),
        &to_vec_f32(&plain).unwrap(),
        2e-5,
        &format!("{name} forward"),
    );
    let fused_grads = weigh(&fused).unwrap().backward().unwrap();
    let plain_grads = weigh(&plain).unwrap().backward().unwrap();
    for (i, input) in inputs.iter().enumerate() {
        let fused = to_vec_f32(fused_grads.get(input).unwrap()).unwrap();
        close(
            &fused,
            &to_vec_f32(plain_grads.get(input).unwrap()).unwrap(),
            1e-4,
            &format!("{name} gradient {i} fused against primitive"),
        );
        differences(name, f, &tensors, i, &fused);
    }
}

/// Central differences at a few places of input `which`.
fn differences(name: &str, f: Function, inputs: &[Tensor], which: usize, gradient: &[f32]) {
    let step = 1e-2f32;
    let base = to_vec_f32(&inputs[which]).unwrap();
    for at in (0..base.len()).step_by(base.len().div_ceil(7)) {
        let value = |delta: f32| -> f32 {
            let mut moved = base.clone();
            moved[at] += delta;
            let mut inputs = inputs.to_vec();
            inputs[which] = Tensor::from_vec(moved, inputs[which].shape(), &Device::Cpu).unwrap();
            weigh(&f(&inputs, Kernels::Fused).unwrap()).unwrap().to_scalar().unwrap()
        };
        let numeric = (value(step) - value(-step)) / (2.0 * step);
        close(
            &[gradient[at]],
            &[numeric],
            2e-2,
            &format!("{name} gradient {which} against differences at {at}"),
        );
    }
}

fn plan(window: Option<usize>) -> AttentionPlan {
    let spans = vec![
        Span { start: 0, len: 5, prefix: 2 },
        Span { start: 5, len: 3, prefix: 3 },
        Span { start: 8, len: 4, prefix: 0 },
    ];
    AttentionPlan::new(spans, &[0, 1, 0, 1, 2, 0, 1, 2, 0, 1, 2, 3], 2, 8, window)
}

#[test]
fn linear() {
    check("linear", &[&[70, 5], &[3, 5]], |x, k| ops::linear(&x[0], &x[1], None, k));
    check("linear with bias", &[&[70, 5], &[3, 5], &[3]], |x, k| {
        ops::linear(&x[0], &x[1], Some(&x[2]), k)
    });
    check("linear add", &[&[70, 5], &[3, 5], &[70, 3]], |x, k| {
        ops::linear_add(&x[0], &x[1], &x[2], k)
    });
}

#[test]
fn rms_norm() {
    check("norm", &[&[67, 19], &[19]], |x, k| ops::rms_norm(&x[0], &x[1], 1e-6, k));
}

#[test]
fn gated() {
    check("gated", &[&[66, 10]], |x, k| ops::gated(&x[0], Activation::Silu, k));
    check("gated gelu", &[&[66, 10]], |x, k| ops::gated(&x[0], Activation::Gelu, k));
}

#[test]
fn cross_entropy() {
    check("cross-entropy", &[&[6, 21]], |x, k| {
        ops::cross_entropy(&x[0], &[3, IGNORE, 0, 20, IGNORE, 7], k)
    });
    let x = random(&[2, 3], 0);
    for kernels in [Kernels::Fused, Kernels::Primitive] {
        let none = ops::cross_entropy(&x, &[IGNORE, IGNORE], kernels).unwrap();
        assert_eq!(none.to_scalar::<f32>().unwrap(), 0.0);
        assert!(ops::cross_entropy(&x, &[0, 3], kernels).is_err());
        assert!(ops::cross_entropy(&x, &[0], kernels).is_err());
    }
}

#[test]
fn accuracy() {
    let x = Tensor::from_vec(vec![0.0f32, 2.0, 1.0, 5.0, 4.0, 3.0], (2, 3), &Device::Cpu).unwrap();
    for (targets, expected) in
        [([1, 0], 1.0), ([1, 2], 0.5), ([IGNORE, 0], 1.0), ([2, IGNORE], 0.0), ([IGNORE; 2], 0.0)]
    {
        let share: f32 = ops::accuracy(&x, &targets).unwrap().to_scalar().unwrap();
        assert_eq!(share, expected, "{targets:?}");
    }
}

#[test]
fn embed() {
    check("embed", &[&[7, 21]], |x, k| ops::embed(&x[0], &[0, 3, NONE, 3, 6, 6, NONE, NONE], 2, k));
    assert!(ops::embed(&random(&[2, 3], 0), &[2], 1, Kernels::Fused).is_err());
}

#[test]
fn attention() {
    check("attention", &[&[12, 24]], |x, k| ops::attention(&x[0], &plan(None), k));
    check("windowed attention", &[&[12, 24]], |x, k| ops::attention(&x[0], &plan(Some(2)), k));
}

#[test]
fn every_parameter_of_a_stack_gets_a_gradient() {
    for kernels in [Kernels::Fused, Kernels::Primitive] {
        let store = ParamStore::seeded(1, &Device::Cpu);
        let config =
            BlockConfig { dim: 8, layers: 2, heads: 2, hidden: 12, ..BlockConfig::default() };
        let stack = Stack::new(&store.root(), &config, kernels).unwrap();
        let y = stack.forward(&random(&[12, 8], 5), &plan(None)).unwrap();
        let grads = weigh(&y).unwrap().backward().unwrap();
        for (name, var) in store.vars() {
            let grad = grads.get(&var).unwrap_or_else(|| panic!("{name} has no gradient"));
            let size: f32 = grad.abs().unwrap().sum_all().unwrap().to_scalar().unwrap();
            assert!(size > 0.0, "{name} has a zero gradient");
        }
    }
}

/// Returns the output of a stack, and the gradients of the input (`""`) and of every weight.
fn results_of(stack: &Stack, store: &ParamStore, lengths: &[usize]) -> BTreeMap<String, Vec<f32>> {
    let mut spans: Vec<Span> = Vec::new();
    for (i, &len) in lengths.iter().enumerate() {
        let start = spans.last().map_or(0, |s: &Span| s.start + s.len);
        spans.push(Span { start, len, prefix: [0, 3, len][i % 3] });
    }
    let rows: usize = lengths.iter().sum();
    let positions: Vec<u32> = lengths.iter().flat_map(|&n| 0..n as u32).collect();
    let config = stack.config();
    let plan = AttentionPlan::new(spans, &positions, config.heads, config.dim, Some(40));
    let x = Var::from_tensor(&random(&[rows, config.dim], rows as u64)).unwrap();
    let y = stack.forward(&x, &plan).unwrap();
    let grads = weigh(&y).unwrap().backward().unwrap();
    let mut all = BTreeMap::from([("result".into(), to_vec_f32(&y).unwrap())]);
    for (name, var) in store.vars().into_iter().chain([(String::new(), x)]) {
        all.insert(name, to_vec_f32(grads.get(&var).unwrap()).unwrap());
    }
    all
}

/// More rows than a task takes, more outputs than a task learns, and the same stack again for other rows: what it keeps
/// of one pass must not be seen by the next.
#[test]
fn a_stack_in_one_operation_is_that_of_primitive_operations() {
    let config = BlockConfig { dim: 16, layers: 3, heads: 2, hidden: 80, ..BlockConfig::default() };
    let [fused, primitive] = [Kernels::Fused, Kernels::Primitive].map(|kernels| {
        let store = ParamStore::seeded(3, &Device::Cpu);
        (Stack::new(&store.root(), &config, kernels).unwrap(), store)
    });
    for lengths in [vec![90, 70, 60, 110], vec![7], vec![33, 1, 150]] {
        let ours = results_of(&fused.0, &fused.1, &lengths);
        let wanted = results_of(&primitive.0, &primitive.1, &lengths);
        assert_eq!(wanted.len(), 2 + 3 * 6 + 1);
        for (name, values) in &wanted {
            let tolerance = 1e-4 * values.iter().fold(1.0f32, |m, v| m.max(v.abs()));
            close(&ours[name], values, tolerance, &format!("{name} for {lengths:?}"));
        }
        // Nothing is kept where no weight learns, and the result is the same bits.
        let loaded = ParamStore::loaded(fused.1.tensors(), &Device::Cpu);
        let still = Stack::new(&loaded.root(), &config, Kernels::Fused).unwrap();
        let again = results_of(&still, &loaded, &lengths);
        assert_eq!(again["result"], ours["result"]);
        assert_eq!(again[""], ours[""]);
    }
}

#[test]
fn fixed_linear() {
    check("fixed linear", &[&[9, 5]], |x, k| {
        let weight: Vec<f32> = (0..35).map(|i| (i as f32).sin()).collect();
        ops::FixedLinear::new(&weight, 5).forward(&x[0], k)
    });
}
