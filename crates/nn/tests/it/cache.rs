use candle_core::{Device, Tensor};
use syrinx_nn::{
    AttentionPlan, BlockConfig, Kernels, ParamStore, Span, Stack, StackCache, to_vec_f32,
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
