use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use syrinx_model::{Adapter, AdapterFault, LanguageModel, LmFile};
use syrinx_nn::{AdamW, AdamWConfig, AdapterScope, Kernels, LoraConfig, ParamStore, to_vec_f32};
use syrinx_task::{
    Content, Contents, Response, Segment, Sequence, Stage, TokenSpace, heads, resolve,
};
use syrinx_types::Codes;

use crate::build::{batches, codebooks, config, file, space};

fn lora() -> LoraConfig {
    let targets = vec!["trunk.*.qkv".into(), "trunk.*.down".into()];
    LoraConfig { rank: 2, alpha: 4.0, targets, ..LoraConfig::default() }
}

/// The space of a model that has learnt one more task.
fn grown() -> TokenSpace {
    let mut space = space(1);
    space.add_special_tokens(["task:other".into()]);
    space
}

/// Input and target of the new task's stages.
fn batch(space: &TokenSpace) -> Vec<Sequence> {
    let codes = |n: usize, step: usize| {
        Codes::new(3, (0..3 * n).map(|i| (i * step % 6) as u16).collect()).unwrap()
    };
    let special_token = Segment::special_token("task:other");
    let segments =
        vec![special_token, Segment::frame_aligned("given"), Segment::ar_response("codes")];
    let stage = Stage::new("ar", heads::FirstLevel, segments);
    let sequence = |n: usize| {
        let contents = Contents::from([("given".into(), Content::Codes(codes(n, 5)))]);
        let response = Response::Codes { codes: codes(n, 7), pointer: Vec::new() };
        resolve(&stage, &contents, Some(&response), 0, space).unwrap()
    };
    vec![sequence(4), sequence(7)]
}

fn adapted(base: &LmFile, kernels: Kernels) -> (ParamStore, LanguageModel) {
    let store = ParamStore::adapted(base.tensors.clone(), &lora(), 3, &Device::Cpu);
    let model =
        LanguageModel::new(&config(), &grown(), codebooks(), &store.root(), kernels).unwrap();
    store.check_all_used().unwrap();
    (store, model)
}

fn loss(model: &LanguageModel, batch: &[Sequence]) -> Tensor {
    model.losses(batch).unwrap().total().unwrap()
}

fn adapter(base: &LmFile, tensors: BTreeMap<String, Tensor>) -> Adapter {
    let base = base.fingerprint().unwrap();
    Adapter { base, lora: lora(), special_tokens: vec!["task:other".into()], tensors }
}

#[test]
fn an_adapter_begins_as_the_model_and_trains_nothing_else() {
    let base = file(&config());
    let (store, model) = adapted(&base, Kernels::Fused);
    let vars = store.vars();
    // Two maps in two blocks, a pair each, and the rows of one special token.
    assert_eq!(vars.len(), 2 * 2 * 2 + 1, "{:?}", vars.keys());
    assert_eq!(vars["special_tokens.added"].dims(), [1, 16]);
    let untouched = LanguageModel::load(&base, &Device::Cpu, Kernels::Fused).unwrap();
    let mut old = batch(&grown());
    let known = space(1).special_token("task:demo").unwrap();
    old.iter_mut().for_each(|s| s.positions[0].special_token = known);
    let value = |m: &LanguageModel| loss(m, &old).to_scalar::<f32>().unwrap();
    assert!((value(&model) - value(&untouched)).abs() < 1e-5);
}

#[test]
fn gradients_of_an_adapter_agree_with_differences() {
    let base = file(&config());
    for kernels in [Kernels::Fused, Kernels::Primitive] {
        let (store, model) = adapted(&base, kernels);
        // At the beginning the difference is zero, and so is the gradient of one half of it.
        for (i, var) in store.vars().values().enumerate() {
            let n = var.elem_count();
            let values: Vec<f32> = (0..n).map(|j| 0.3 * ((i + 3 * j) as f32).sin()).collect();
            var.set(&Tensor::from_vec(values, var.dims(), &Device::Cpu).unwrap()).unwrap();
        }
        let batch = batch(&grown());
        let gradients = loss(&model, &batch).backward().unwrap();
        for (name, var) in store.vars() {
            let gradient = gradients.get(&var).unwrap_or_else(|| panic!("{name} has no gradient"));
            let gradient = to_vec_f32(gradient).unwrap();
            let values = to_vec_f32(&var).unwrap();
            let at = |index: usize, step: f32| {
                let mut moved = values.clone();
                moved[index] += step;
                var.set(&Tensor::from_vec(moved, var.dims(), &Device::Cpu).unwrap()).unwrap();
                loss(&model, &batch).to_scalar::<f32>().unwrap()
            };
            for index in (0..values.len()).step_by(values.len().div_ceil(4)) {
                let numeric = (at(index, 1e-2) - at(index, -1e-2)) / 2e-2;
                let close = (numeric - gradient[index]).abs() <= 2e-2 * (0.1 + numeric.abs());
                assert!(close, "{kernels:?} {name}[{index}]: {} {numeric}", gradient[index]);
            }
            var.set(&Tensor::from_vec(values, var.dims(), &Device::Cpu).unwrap()).unwrap();
        }
    }
}

#[test]
fn what_was_learnt_is_in_the_merged_model_and_nothing_else_moved() {
    let base = file(&config());
    let (store, model) = adapted(&base, Kernels::Fused);
    let batch = batch(&grown());
    let options = AdamWConfig { ema_decay: 0.0, ..AdamWConfig::default() };
    let mut optimizer = AdamW::new(store.vars(), options).unwrap();
    let first = loss(&model, &batch).to_scalar::<f32>().unwrap();
    for _ in 0..40 {
        let gradients = loss(&model, &batch).backward().unwrap();
        optimizer.step(&gradients, 3e-2).unwrap();
    }
    let last = loss(&model, &batch).to_scalar::<f32>().unwrap();
    assert!(last < first - 0.05, "{first} {last}");

    let bytes = adapter(&base, store.tensors()).to_bytes().unwrap();
    let merged = Adapter::from_bytes(&bytes).unwrap().merged(&base).unwrap();
    let values = |file: &LmFile, name: &str| to_vec_f32(&file.tensors[name]).unwrap();
    assert!(merged.tensors.keys().eq(base.tensors.keys()));
    for name in base.tensors.keys() {
        let (before, after) = (values(&base, name), values(&merged, name));
        let advances = lora().adapts(name.trim_end_matches(".weight"));
        assert_eq!(before != after[..before.len()], advances, "{name}");
        assert_eq!(after.len() > before.len(), name == "special_tokens", "{name}");
    }
    assert_eq!(merged.space, grown());
    let loaded = LanguageModel::load(&merged, &Device::Cpu, Kernels::Fused).unwrap();
    let same = loss(&loaded, &batch).to_scalar::<f32>().unwrap();
    assert!((same - last).abs() < 1e-4, "{same} {last}");
}

#[test]
fn an_adapter_of_other_passes_leaves_autoregression_as_it_is() {
    let base = file(&config());
    let (store, _) = adapted(&base, Kernels::Fused);
    for var in store.vars().values() {
        let values = (0..var.elem_count()).map(|i| 0.1 * (i as f32 * 0.7).sin()).collect();
        var.set(&Tensor::from_vec(values, var.dims(), &Device::Cpu).unwrap()).unwrap();
    }
    let mut tensors = store.tensors();
    tensors.remove("special_tokens.added");
    let merged = |scope: AdapterScope| {
        let lora = LoraConfig { scope, ..lora() };
        let adapter = Adapter { lora, special_tokens: vec![], ..adapter(&base, tensors.clone()) };
        let read = Adapter::from_bytes(&adapter.to_bytes().unwrap()).unwrap();
        LanguageModel::load(&read.merged(&base).unwrap(), &Device::Cpu, Kernels::Fused).unwrap()
    };
    let untouched = LanguageModel::load(&base, &Device::Cpu, Kernels::Fused).unwrap();
    let all = merged(AdapterScope::All);
    let passes = merged(AdapterScope::NonAutoregressive);
    let mut seen = [0, 0];
    for batch in batches(&config()) {
        let causal = batch.iter().any(|s| s.prefix < s.len());
        let rows = |m: &LanguageModel| to_vec_f32(&m.response_rows(&batch).unwrap()).unwrap();
        assert_eq!(rows(&passes), rows(if causal { &untouched } else { &all }));
        assert_ne!(rows(&all), rows(&untouched));
        seen[usize::from(causal)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
}

#[test]
fn adapters_of_other_models_and_broken_ones_are_refused() {
    let base = file(&config());
    let (store, _) = adapted(&base, Kernels::Fused);
    let good = adapter(&base, store.tensors());
    let refused = |adapter: &Adapter| match adapter.merged(&base) {
        Err(fault) => fault,
        Ok(_) => panic!("it was taken"),
    };
    let stranger = Adapter { base: "0123".into(), ..good.clone() };
    let fault = refused(&stranger);
    assert!(matches!(&fault, AdapterFault::OtherModel { expected, .. } if expected == "0123"));
    assert_eq!(fault.hint(), "name the model that it was trained on");
    let mut halved = good.clone();
    halved.tensors.retain(|name, _| !name.ends_with("lora_down"));
    assert!(matches!(refused(&halved), AdapterFault::MissingHalf { .. }));
    let more = Adapter { special_tokens: vec!["a".into(), "b".into()], ..good.clone() };
    assert!(matches!(refused(&more), AdapterFault::SpecialTokens { .. }));
    let bytes = good.to_bytes().unwrap();
    let cut = Adapter::from_bytes(&bytes[..bytes.len() / 2]).err();
    assert!(matches!(cut, Some(AdapterFault::Read(_))), "{cut:?}");
    let model = Adapter::from_bytes(&base.to_bytes(true).unwrap()).err();
    assert!(matches!(model, Some(AdapterFault::NoAdapter { .. })), "{model:?}");
}
