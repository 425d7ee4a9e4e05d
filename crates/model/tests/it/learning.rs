use std::collections::BTreeSet;

use candle_core::{DType, Tensor};
use syrinx_model::{LanguageModel, LmConfig, RowPosition};
use syrinx_nn::{AdamW, AdamWConfig, Kernels, ParamStore, Precision, to_vec_f32};

use syrinx_task::{HeadOutput, ModelSwitches, Sequence};

use crate::build::{batches, build, build_in, variants};

fn name(config: &LmConfig) -> String {
    let LmConfig { switches, tables, group, .. } = config;
    format!("{switches:?}, {tables:?}, group {group}")
}

#[test]
fn every_parameter_of_every_variant_gets_a_gradient() {
    for config in variants() {
        let single = Precision::F32;
        for how in [
            (Kernels::Fused, single),
            (Kernels::Primitive, single),
            (Kernels::Fused, Precision::Bf16),
        ] {
            let (store, model) = build_in(&config, 1, how);
            let mut reached = BTreeSet::new();
            for batch in batches(&config) {
                let grads = model.losses(&batch).unwrap().total().unwrap().backward().unwrap();
                for (name, var) in store.vars() {
                    let wide = |g: &Tensor| g.dtype() == DType::F32;
                    assert!(grads.get(&var).is_none_or(wide), "{name}: masters are f32");
                    if grads
                        .get(&var)
                        .is_some_and(|g| to_vec_f32(g).unwrap().iter().any(|&v| v != 0.0))
                    {
                        reached.insert(name);
                    }
                }
            }
            let missed: Vec<String> =
                store.vars().into_keys().filter(|n| !reached.contains(n)).collect();
            assert!(missed.is_empty(), "{}, {how:?}: no gradient for {missed:?}", name(&config));
        }
    }
}

#[test]
fn fused_and_primitive_give_the_same_losses() {
    for config in variants() {
        let ((_, fused), (_, plain)) =
            (build(&config, 2, Kernels::Fused), build(&config, 2, Kernels::Primitive));
        for batch in batches(&config) {
            let value = |m: &syrinx_model::LanguageModel| -> f32 {
                m.losses(&batch).unwrap().total().unwrap().to_scalar().unwrap()
            };
            let (a, b) = (value(&fused), value(&plain));
            assert!(
                (a - b).abs() < 1e-3 * (1.0 + b.abs()),
                "{}: fused {a}, primitive {b}",
                name(&config)
            );
        }
    }
}

#[test]
fn half_precision_gives_nearly_the_same_losses_and_logits() {
    for config in variants() {
        let half = (Kernels::Fused, Precision::Bf16);
        let ((store, single), (_, half)) =
            (build(&config, 2, Kernels::Fused), build_in(&config, 2, half));
        let fixed = ParamStore::loaded(store.tensors(), &candle_core::Device::Cpu);
        let fixed = fixed.with_precision(Precision::Bf16);
        let (space, books) = (crate::build::space(config.group), crate::build::codebooks());
        let fixed =
            LanguageModel::new(&config, &space, books, &fixed.root(), Kernels::Fused).unwrap();
        for batch in batches(&config) {
            let value = |m: &LanguageModel| -> f32 {
                m.losses(&batch).unwrap().total().unwrap().to_scalar().unwrap()
            };
            let (a, b, c) = (value(&single), value(&half), value(&fixed));
            for (what, other) in [("trained", b), ("fixed", c)] {
                let near = (a - other).abs() < 0.02 * (1.0 + a.abs());
                assert!(near, "{}: single {a}, half ({what}) {other}", name(&config));
            }
            assert!(a != b, "{}: it was computed in single precision", name(&config));
        }
    }
}

/// Loss of the latents predicted with frame-aligned conditioning, in units of their spread, computed by hand.
#[test]
fn the_difference_from_the_conditioning_is_learnt() {
    let switches = ModelSwitches { latent_conditioning: true, ..ModelSwitches::default() };
    let config = LmConfig { switches, ..crate::build::config() };
    let (store, model) = build(&config, 2, Kernels::Fused);
    let frame_aligned =
        |batch: &&Vec<Sequence>| batch[0].positions.iter().any(|p| !p.blend.is_empty());
    let all = batches(&config);
    let batch = all.iter().find(frame_aligned).expect("a batch with conditioning");
    let parts = model.losses(batch).unwrap().parts;
    assert_eq!(
        parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(),
        ["codes.1", "latent_difference"]
    );
    let h = model.response_rows(batch).unwrap();
    let expected = |model: &LanguageModel| {
        to_vec_f32(
            &model.output(&h, batch, HeadOutput::LatentDifference).unwrap().expect("latents"),
        )
        .unwrap()
    };
    let wanted: Vec<f32> =
        batch.iter().flat_map(|s| s.response_latents.as_ref().unwrap().values().to_vec()).collect();
    // Sums of one entry a level, every entry as likely: variances add up.
    let variance = |book: &Vec<f32>| -> f32 {
        let mean = |d: usize| book.iter().skip(d).step_by(4).sum::<f32>() / (book.len() / 4) as f32;
        let wrong = |(i, v): (usize, &f32)| (v - mean(i % 4)).powi(2);
        book.iter().enumerate().map(wrong).sum::<f32>() / book.len() as f32
    };
    let spread: f32 = crate::build::codebooks().iter().map(variance).sum();
    let squares: f32 = expected(&model).iter().zip(&wanted).map(|(a, b)| (a - b) * (a - b)).sum();
    let loss = squares / wanted.len() as f32 / spread;
    let found: f32 = parts[1].value.to_scalar().unwrap();
    assert!((found - loss).abs() < 1e-3 * loss, "{found} instead of {loss}");

    // A model that changes nothing predicts its conditioning.
    let mut tensors = store.tensors();
    for (name, tensor) in &mut tensors {
        if name.starts_with("conditioning.change") {
            *tensor = tensor.zeros_like().unwrap();
        }
    }
    let (space, books) = (crate::build::space(1), crate::build::codebooks());
    let still = ParamStore::loaded(tensors, &candle_core::Device::Cpu);
    let still = LanguageModel::new(&config, &space, books, &still.root(), Kernels::Fused).unwrap();
    let conditioning: Vec<f32> = batch
        .iter()
        .flat_map(|s| s.positions[s.response_start..].iter())
        .flat_map(|p| p.conditioning.clone().unwrap())
        .collect();
    assert_eq!(expected(&still), conditioning);
}

#[test]
fn latent_conditioning_marks_frames_without_latents() {
    let switches = ModelSwitches { latent_conditioning: true, ..ModelSwitches::default() };
    let config = LmConfig { switches, ..crate::build::config() };
    let (_, model) = build(&config, 2, Kernels::Fused);
    let plain = crate::build::config();
    let frame_aligned =
        |batch: &&Vec<Sequence>| batch[0].positions.iter().any(|p| !p.blend.is_empty());
    let all = batches(&plain);
    let error = model.losses(all.iter().find(frame_aligned).unwrap()).err().unwrap();
    assert!(error.hint().is_some_and(|hint| hint.contains("--latents")), "{error}");
}

#[test]
fn accuracies_are_those_of_the_logits() {
    for config in variants() {
        let (_, model) = build(&config, 2, Kernels::Fused);
        for batch in batches(&config) {
            let plain = model.losses(&batch).unwrap();
            assert!(plain.parts.iter().all(|p| p.accuracy.is_none()));
            let measured = model.losses_and_accuracies(&batch).unwrap();
            for (a, b) in plain.parts.iter().zip(&measured.parts) {
                let value = |t: &Tensor| t.to_scalar::<f32>().unwrap();
                assert_eq!((&a.name, value(&a.value)), (&b.name, value(&b.value)));
                let accuracy = b.accuracy.as_ref().map(value);
                let classes = !b.name.starts_with("residual")
                    && !["latents", "change", "latent_difference"].contains(&b.name.as_str());
                assert_eq!(accuracy.is_some(), classes, "{}", b.name);
                assert!(accuracy.is_none_or(|a| (0.0..=1.0).contains(&a)), "{}", b.name);
            }
        }
    }
}

#[test]
fn a_few_steps_lower_every_loss() {
    for config in variants() {
        let (store, model) = build(&config, 3, Kernels::Fused);
        let settings = AdamWConfig { ema_decay: 0.0, ..AdamWConfig::default() };
        for batch in batches(&config) {
            let mut optimizer = AdamW::new(store.vars(), settings.clone()).unwrap();
            let mut losses = Vec::new();
            for _ in 0..12 {
                let loss = model.losses(&batch).unwrap().total().unwrap();
                losses.push(loss.to_scalar::<f32>().unwrap());
                optimizer.step(&loss.backward().unwrap(), 1e-2).unwrap();
            }
            let (first, last) = (losses[0], losses[losses.len() - 1]);
            assert!(last < 0.9 * first, "{}: {first} -> {last}", name(&config));
        }
    }
}

#[test]
fn cached_steps_give_what_the_whole_pass_gives() {
    // All that is written one position after another: nothing of the response is seen both ways.
    let causal = |batch: &Vec<Sequence>| batch.iter().all(|s| s.prefix == s.response_start);
    let history = |config: LmConfig| {
        let batches = batches(&config).into_iter().filter(causal);
        batches.map(|batch| (config.clone(), batch)).collect::<Vec<_>>()
    };
    for (config, batch) in variants().into_iter().flat_map(history) {
        let (_, model) = build(&config, 4, Kernels::Fused);
        let whole = model.response_rows(&batch).unwrap().to_vec2::<f32>().unwrap();
        let mut prefixes = batch.clone();
        for s in &mut prefixes {
            s.positions.truncate(s.response_start);
        }
        let mut progress = model.begin(&prefixes).unwrap();
        let lengths: Vec<usize> = batch.iter().map(|s| s.len() - s.response_start).collect();
        for step in 0..lengths.iter().copied().max().unwrap_or(0) {
            let live: Vec<usize> = (0..batch.len()).filter(|&i| step < lengths[i]).collect();
            let position = |row: usize| RowPosition {
                row,
                position: &batch[row].positions[batch[row].response_start + step],
            };
            let rows: Vec<RowPosition<'_>> = live.iter().map(|&row| position(row)).collect();
            let h = model.advance(&mut progress, &rows).unwrap().to_vec2::<f32>().unwrap();
            for (&i, h) in live.iter().zip(&h) {
                let at = lengths[..i].iter().sum::<usize>() + step;
                for (a, b) in h.iter().zip(&whole[at]) {
                    assert!((a - b).abs() < 1e-4, "{}: row {i}, step {step}", name(&config));
                }
            }
        }
    }
}

#[test]
fn mixed_batches_are_refused() {
    let config = crate::build::config();
    let (_, model) = build(&config, 1, Kernels::Fused);
    let all = batches(&config);
    let mixed = vec![all[0][0].clone(), all[1][0].clone()];
    assert!(model.losses(&mixed).is_err());
    let levels = vec![all[1][0].clone(), all[2][0].clone()];
    assert!(model.losses(&levels).is_err());
}
