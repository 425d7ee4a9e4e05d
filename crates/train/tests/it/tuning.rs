use std::path::Path;

use syrinx_model::{Adapter, LmFile};
use syrinx_nn::{LoraConfig, to_vec_f32};
use syrinx_train::{
    MixEntry, TrainConfig, TrainError, Trainer, TrainingMaterial, mix_of, space_of,
};
use syrinx_types::{CancelToken, NullSink};

use crate::run::{Setup, config};

/// The task that a model learns after it was finished.
const LATER: &str = "denoise";

fn only(config: TrainConfig, tasks: &[&str]) -> TrainConfig {
    let mix = config.mix.iter().filter(|m| tasks.contains(&m.task.as_str())).cloned().collect();
    TrainConfig { mix, ..config }
}

fn finished(config: &TrainConfig, material: &TrainingMaterial<'_>, run: &Path) -> LmFile {
    let mut trainer = Trainer::new(config, material, run, false).unwrap();
    trainer.run(&NullSink, &CancelToken::default()).unwrap();
    trainer.averaged().unwrap()
}

fn values(file: &LmFile, name: &str) -> Vec<f32> {
    to_vec_f32(&file.tensors[name]).unwrap()
}

#[test]
fn a_mix_has_all_stages_and_shares_a_weight() {
    let tasks = Setup::new().tasks;
    let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let mix = mix_of(&tasks, &names(&["tts", "stt"]), &[3.0, 1.0]).unwrap();
    let entry = |task: &str, stage: &str, weight| MixEntry {
        task: task.into(),
        stage: stage.into(),
        weight,
    };
    let wanted = [entry("tts", "ar", 1.5), entry("tts", "nar", 1.5), entry("stt", "phones", 1.0)];
    assert_eq!(mix, wanted);
    assert_eq!(mix_of(&tasks, &names(&["stt"]), &[]).unwrap(), wanted[2..]);
    for (list, weights, message, hint) in [
        (&["tts", "sing"][..], &[][..], "no task `sing`", "tasks of this program: "),
        (&["tts", "stt"], &[1.0], "1 weights for 2 tasks", "one weight for each task"),
        (&["tts", "tts"], &[], "named twice", "each task once"),
    ] {
        let error = mix_of(&tasks, &names(list), weights).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{:?}", error.hint());
    }
}

#[test]
fn an_adapter_is_trained_resumed_and_moves_nothing_else() {
    let setup = Setup::new();
    let path = |name: &str| setup.folder.path().join(name);
    let before = only(config(&setup.tasks, 2), &["tts", "stt"]);
    let known = setup.space(|task| ["tts", "stt"].contains(&task));
    let material = TrainingMaterial { space: known, ..setup.material() };
    let base = finished(&before, &material, &path("base"));

    let lora = LoraConfig { rank: 2, ..LoraConfig::default() };
    let later = only(config(&setup.tasks, 6), &[LATER, "tts"]);
    let later = TrainConfig { lora: Some(lora.clone()), ..later };
    let space = space_of(base.space.clone(), &setup.tasks, &later.mix);
    assert_eq!(
        space.special_tokens.len(),
        base.space.special_tokens.len() + 1,
        "{:?}",
        space.special_tokens
    );
    let material = TrainingMaterial { space, ..setup.material() };
    let train = |config: &TrainConfig, run: &str, resume: bool| {
        let run = path(run);
        let mut trainer = Trainer::from_base(config, &material, &run, resume, &base).unwrap();
        trainer.run(&NullSink, &CancelToken::default()).unwrap().model
    };
    let straight = std::fs::read(train(&later, "straight", false)).unwrap();
    let half = TrainConfig { steps: 3, ..later.clone() };
    train(&half, "halves", false);
    // The schedule knows the whole length, so the first half of it is trained with another rate.
    let file = train(&later, "halves", true);
    assert_eq!(file.file_name().unwrap(), "adapter.safetensors");
    assert_eq!(std::fs::read(file).unwrap().len(), straight.len());

    let adapter = Adapter::from_bytes(&straight).unwrap();
    let merged = adapter.merged(&base).unwrap();
    for name in base.tensors.keys() {
        let (old, new) = (values(&base, name), values(&merged, name));
        let adapted = lora.adapts(name.trim_end_matches(".weight"));
        assert!(adapted || old == new[..old.len()], "{name} moved");
    }
    assert!(
        values(&base, "trunk.blocks.0.qkv.weight") != values(&merged, "trunk.blocks.0.qkv.weight")
    );
    assert_eq!(merged.space, material.space);
}

#[test]
fn a_stopped_adapter_goes_on_bit_for_bit() {
    let setup = Setup::new();
    let material = setup.material();
    let path = |name: &str| setup.folder.path().join(name);
    let base = finished(&only(config(&setup.tasks, 1), &["stt"]), &material, &path("base"));
    let lora = Some(LoraConfig { rank: 2, ..LoraConfig::default() });
    let later = TrainConfig { lora, ..only(config(&setup.tasks, 6), &["tts"]) };
    let run =
        |name: &str, resume: bool, cancel: &CancelToken, sink: &dyn syrinx_types::EventSink| {
            let run = path(name);
            let mut trainer = Trainer::from_base(&later, &material, &run, resume, &base).unwrap();
            let outcome = trainer.run(sink, cancel).unwrap();
            std::fs::read(outcome.model).unwrap()
        };
    let straight = run("straight", false, &CancelToken::default(), &NullSink);
    let cancel = CancelToken::default();
    let stopped = run("stopped", false, &cancel, &crate::run::StopAfter(3, cancel.clone()));
    assert!(stopped != straight);
    assert!(run("stopped", true, &CancelToken::default(), &NullSink) == straight);
}

#[test]
fn full_fine_tuning_begins_as_the_model_with_marks_appended() {
    let setup = Setup::new();
    let path = |name: &str| setup.folder.path().join(name);
    let before = only(config(&setup.tasks, 2), &["tts"]);
    let material = TrainingMaterial { space: setup.space(|t| t == "tts"), ..setup.material() };
    let base = finished(&before, &material, &path("base"));
    let later = only(config(&setup.tasks, 2), &[LATER]);
    let space = space_of(base.space.clone(), &setup.tasks, &later.mix);
    let material = TrainingMaterial { space, ..setup.material() };
    let run = path("later");
    let trainer = Trainer::from_base(&later, &material, &run, false, &base).unwrap();
    for (name, tensor) in trainer.weights() {
        let (old, new) = (values(&base, &name), to_vec_f32(&tensor).unwrap());
        assert_eq!(old, new[..old.len()], "{name}");
        assert_eq!(new.len() > old.len(), name == "special_tokens", "{name}");
    }
}

#[test]
fn what_cannot_be_fine_tuned_is_refused() {
    let setup = Setup::new();
    let material = setup.material();
    let path = |name: &str| setup.folder.path().join(name);
    let good = only(config(&setup.tasks, 1), &["stt"]);
    let base = finished(&good, &material, &path("base"));
    let refused = |config: &TrainConfig, base: &LmFile| -> String {
        let run = path("refused");
        match Trainer::from_base(config, &material, &run, false, base) {
            Err(error @ (TrainError::Config(_) | TrainError::Base(_))) => error.to_string(),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it was taken"),
        }
    };
    let mut wider = good.clone();
    wider.model.trunk.hidden = 20;
    assert!(refused(&wider, &base).contains("other sizes"));
    let mut other = base.clone();
    other.space.special_tokens.push("task:unheard".into());
    assert!(refused(&good, &other).contains("special tokens of the model"));
    let lora = LoraConfig { targets: vec!["nothing.*".into()], ..LoraConfig::default() };
    let nowhere = TrainConfig { lora: Some(lora), ..good.clone() };
    assert!(refused(&nowhere, &base).contains("lora.targets"));
    let run = path("alone");
    let alone = Trainer::new(&nowhere, &material, &run, false).err().unwrap().to_string();
    assert!(alone.contains("--from"), "{alone}");
}
