use candle_core::{Device, Tensor};
use syrinx_nn::matvec::Int8Matrix;
use syrinx_nn::{
    AttentionPlan, BlockConfig, Kernels, ParamStore, Precision, Span, Stack, StackCache, to_vec_f32,
};

/// A prefix at once, then one position a step, must give what the whole gives.
fn check(window: Option<usize>, prefix: usize) {
    let store = ParamStore::seeded(3, &Device::Cpu);
    let config = BlockConfig { dim: 8, layers: 2, heads: 2, hidden: 12, ..BlockConfig::default() };
    let stack = Stack::new(&store.root(), &config, Kernels::Fused).unwrap();
    let total = 23;
    let x = Tensor::from_vec(
        (0..total * 8).map(|i| (i as f32 * 0.37).sin()).collect(),
        (total, 8),
        &Device::Cpu,
    )
    .unwrap();
    let positions: Vec<u32> = (0..total as u32).collect();
    let span = |start, len| vec![Span { start, len, prefix }];
    let whole = AttentionPlan::new(span(0, total), &positions, 2, 8, window);
    let whole = to_vec_f32(&stack.forward(&x, &whole).unwrap()).unwrap();

    let mut cache = StackCache::new(2);
    let mut pieces = Vec::new();
    let first = prefix.max(1);
    for (from, to) in std::iter::once((0, first)).chain((first..total).map(|i| (i, i + 1))) {
        let plan = AttentionPlan::new(span(0, to - from), &positions[from..to], 2, 8, window);
        let part = x.narrow(0, from, to - from).unwrap();
        pieces.extend(
            to_vec_f32(&stack.forward_cached(&part, &plan, &mut [&mut cache]).unwrap()).unwrap(),
        );
    }
    assert_eq!(cache.len(), total);
    for (i, (a, b)) in whole.iter().zip(&pieces).enumerate() {
        assert!((a - b).abs() < 1e-4, "value {i}: whole {a}, cached {b}");
    }
}

#[test]
fn cached_steps_equal_the_whole_pass() {
    check(None, 0);
    check(None, 7);
    check(Some(4), 0);
}

#[test]
fn rows_of_a_batch_do_not_see_each_other() {
    let store = ParamStore::seeded(3, &Device::Cpu);
    let config = BlockConfig { dim: 8, layers: 1, heads: 2, hidden: 12, ..BlockConfig::default() };
    let stack = Stack::new(&store.root(), &config, Kernels::Fused).unwrap();
    let x = Tensor::from_vec((0..9 * 8).map(|i| (i as f32).cos()).collect(), (9, 8), &Device::Cpu)
        .unwrap();
    let spans = vec![Span { start: 0, len: 4, prefix: 4 }, Span { start: 4, len: 5, prefix: 1 }];
    let both = AttentionPlan::new(spans, &[0, 1, 2, 3, 0, 1, 2, 3, 4], 2, 8, None);
    let both = to_vec_f32(&stack.forward(&x, &both).unwrap()).unwrap();
    let alone = AttentionPlan::new(
        vec![Span { start: 0, len: 5, prefix: 1 }],
        &[0, 1, 2, 3, 4],
        2,
        8,
        None,
    );
    let alone = to_vec_f32(&stack.forward(&x.narrow(0, 4, 5).unwrap(), &alone).unwrap()).unwrap();
    for (a, b) in both[4 * 8..].iter().zip(&alone) {
        assert!((a - b).abs() < 1e-5);
    }
}

/// Rows of several sequences, each continued by one position a step, through `forward_cached` or `step`.
fn decoded(stack: &Stack, x: &Tensor, sequences: usize, stepwise: bool) -> Vec<f32> {
    let mut caches = vec![StackCache::new(2); sequences];
    let steps = x.dim(0).unwrap() / sequences;
    let mut out = Vec::new();
    for at in 0..steps {
        let rows = x.narrow(0, at * sequences, sequences).unwrap();
        let spans = (0..sequences).map(|start| Span { start, len: 1, prefix: 0 }).collect();
        let plan = AttentionPlan::new(spans, &vec![at as u32; sequences], 4, 64, None);
        let mut caches: Vec<&mut StackCache> = caches.iter_mut().collect();
        let y = match stepwise {
            true => stack.step(&rows, &plan, &mut caches),
            false => stack.forward_cached(&rows, &plan, &mut caches),
        };
        out.extend(to_vec_f32(&y.unwrap()).unwrap());
    }
    out
}

#[test]
fn decoding_steps_equal_layer_by_layer() {
    let store = ParamStore::seeded(5, &Device::Cpu);
    let config = BlockConfig { dim: 64, layers: 2, heads: 4, hidden: 100, ..Default::default() };
    let stack = Stack::new(&store.root(), &config, Kernels::Fused).unwrap();
    let values = (0..30 * 64).map(|i| (i as f32 * 0.77).sin()).collect();
    let x = Tensor::from_vec(values, (30, 64), &Device::Cpu).unwrap();
    for sequences in [1, 3] {
        let (fused, layered) =
            (decoded(&stack, &x, sequences, true), decoded(&stack, &x, sequences, false));
        for (a, b) in fused.iter().zip(&layered) {
            assert!((a - b).abs() < 1e-4, "{a} and {b}");
        }
    }
}

#[test]
fn eight_bit_weights_decode_what_their_floats_do() {
    let seeded = ParamStore::seeded(5, &Device::Cpu);
    let config = BlockConfig { dim: 64, layers: 2, heads: 4, hidden: 100, ..Default::default() };
    let whole = Stack::new(&seeded.root(), &config, Kernels::Fused).unwrap();
    let loaded = ParamStore::loaded(seeded.tensors(), &Device::Cpu).with_precision(Precision::Int8);
    let int8 = Stack::new(&loaded.root(), &config, Kernels::Fused).unwrap();
    let values = (0..12 * 64).map(|i| (i as f32 * 0.77).sin()).collect();
    let x = Tensor::from_vec(values, (12, 64), &Device::Cpu).unwrap();
    let (step, layered) = (decoded(&int8, &x, 2, true), decoded(&int8, &x, 2, false));
    for (a, b) in step.iter().zip(&layered) {
        assert!((a - b).abs() < 1e-4, "{a} and {b}");
    }
    let exact = decoded(&whole, &x, 2, true);
    let energy: f32 = exact.iter().map(|v| v * v).sum();
    let error: f32 = exact.iter().zip(&step).map(|(a, b)| (a - b) * (a - b)).sum();
    assert!(error > 0.0 && error < 1e-3 * energy, "relative error {}", error / energy);
    // A whole pass, which uses general products, sees the same weights.
    let plan = AttentionPlan::new(
        vec![Span { start: 0, len: 12, prefix: 12 }],
        &(0..12).collect::<Vec<u32>>(),
        4,
        64,
        None,
    );
    let pass = |stack: &Stack| to_vec_f32(&stack.forward(&x, &plan).unwrap()).unwrap();
    let rebuilt = ParamStore::loaded(rounded_to_eight_bits(&seeded), &Device::Cpu);
    let floats = Stack::new(&rebuilt.root(), &config, Kernels::Fused).unwrap();
    assert_eq!(pass(&int8), pass(&floats));
}

/// The parameters with each matrix rounded to 8 bits and back.
fn rounded_to_eight_bits(store: &ParamStore) -> std::collections::BTreeMap<String, Tensor> {
    let rounded = |(name, t): (String, Tensor)| {
        if t.rank() != 2 {
            return (name, t);
        }
        let inputs = t.dim(1).unwrap();
        let values = Int8Matrix::new(&to_vec_f32(&t).unwrap(), inputs).dequantized();
        (name, Tensor::from_vec(values, t.dims(), &Device::Cpu).unwrap())
    };
    store.tensors().into_iter().map(rounded).collect()
}
