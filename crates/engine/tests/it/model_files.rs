//! Files that are no model, or an incomplete one, are refused by name and with a remedy.

use std::path::Path;

use candle_core::Device;
use syrinx_engine::{Engine, EngineError, EngineOptions, ModelSource, package};
use syrinx_nn::{Kernels, Precision};
use syrinx_registry::ALL;
use syrinx_task::TaskDescriptor;

use crate::{model_bytes, tiny};

fn error_of(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, bytes).expect("writes");
    let opened = Engine::open(&ModelSource::File(path), &EngineOptions::default());
    let Err(error) = opened else { panic!("this opened") };
    let told = format!("{error}; {}", error.hint().unwrap_or_default());
    told.replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn broken_files() {
    let whole = model_bytes();
    let check = |bytes: &[u8], expected: &str| {
        let error = error_of(bytes);
        assert!(error.starts_with("model file DIR/model.safetensors: "), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("; "), "{error} has no remedy");
    };
    check(&[], "it is empty");
    check(b"RIFF", "it isn't a safetensors file");
    check(b"this is a letter to my aunt, not a model", "it isn't a safetensors file");
    check(&whole[..100], "it is cut off");
    check(
        &whole[..whole.len() / 2],
        &format!("it is cut off: {} of {} bytes are there", whole.len() / 2, whole.len()),
    );
    check(&[whole, b"more"].concat(), "4 bytes after its end");
}

#[test]
fn a_language_model_alone_is_no_model() {
    let codec = tiny::codec(16, 1);
    let bytes = tiny::lm(&codec, 32).to_bytes(true).expect("serialises");
    assert!(error_of(&bytes).contains("no `syrinx_model` in its metadata"));
}

#[test]
fn parts_that_do_not_go_together_are_not_packaged() {
    let codec = tiny::codec(16, 1);
    let check = |lm: &syrinx_model::LmFile, codec: &syrinx_codec::EmbeddedCodec, expected: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (lm, codec) = tiny::write_parts(folder.path(), lm, codec);
        let error = package(&lm, &codec.as_path().into(), &[], serde_json::Value::Null)
            .expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
    };
    let lm = tiny::lm(&codec, 32);
    check(
        &lm,
        &tiny::codec(32, 1),
        "the language model writes 8 levels of 16 codes, the codec has 8 of 32",
    );
    check(&lm, &tiny::codec(16, 2), "trained on another codec");
    let mut other_text = lm.clone();
    other_text.space.text_tokens += 1;
    check(&other_text, &codec, "text tokens");
}

#[test]
fn a_wrong_shape_is_named() {
    let codec = tiny::codec(16, 1);
    let mut lm = tiny::lm(&codec, 32);
    // The weights of a wider model under the configuration of a narrower one.
    lm.tensors = tiny::lm(&codec, 48).tensors;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (lm, codec) = tiny::write_parts(folder.path(), &lm, &codec);
    let bytes = package(&lm, &codec.as_path().into(), &[], serde_json::Value::Null)
        .expect("only loading finds out");
    let error = error_of(&bytes);
    assert!(error.contains("its language model doesn't load"), "{error}");
    assert!(error.contains("32") && error.contains("48"), "{error} names no shapes");
}

#[test]
fn a_missing_file_is_named() {
    let source = ModelSource::File("/nowhere/model.safetensors".into());
    let Err(error) = Engine::open(&source, &EngineOptions::default()) else { panic!("it opened") };
    assert!(
        error.to_string().starts_with("model file /nowhere/model.safetensors: can't be opened"),
        "{error}"
    );
}

#[test]
fn equal_parts_give_equal_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str| {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::read(tiny::write_model(&folder)).expect("it was written")
    };
    assert!(write("a") == write("b"));
}

#[test]
fn settings_of_unknown_tasks_are_refused() {
    let options = EngineOptions {
        task_settings: [("sing".to_owned(), serde_json::json!({}))].into(),
        ..EngineOptions::default()
    };
    let Err(error) = Engine::open(&ModelSource::Bytes(model_bytes()), &options) else {
        panic!("it opened")
    };
    assert!(error.to_string().contains("`sing`"), "{error}");
    assert!(!Path::new("sing").exists());
}

#[test]
fn an_engine_has_the_tasks_of_its_options() {
    let open = |tasks: Vec<&'static TaskDescriptor>| {
        let options = EngineOptions { tasks, ..EngineOptions::default() };
        Engine::open(&ModelSource::Bytes(model_bytes()), &options)
    };
    let (first, second) = (ALL[0], ALL[1]);
    for tasks in [vec![], vec![second], vec![second, first]] {
        let engine = open(tasks.clone()).expect("it opens");
        let ids = |tasks: &[&TaskDescriptor]| tasks.iter().map(|d| d.id).collect::<Vec<_>>();
        assert_eq!(ids(&engine.tasks().collect::<Vec<_>>()), ids(&tasks));
        match engine.task(first.id).err() {
            None => assert_eq!(tasks.len(), 2),
            Some(EngineError::UnknownTask { known, .. }) => assert_eq!(known, ids(&tasks)),
            Some(other) => panic!("{other}"),
        }
    }
    let repeated = open(vec![first, second, first]).err().expect("it is refused");
    assert!(matches!(repeated, EngineError::RepeatedTask { id } if id == first.id), "{repeated}");
}

#[test]
fn the_remedy_of_a_part_is_that_of_its_fault() {
    let options = EngineOptions { kernels: Kernels::Flash, ..EngineOptions::default() };
    let opened = Engine::open(&ModelSource::Bytes(model_bytes()), &options);
    let error = opened.err().expect("there is no flash attention on a CPU");
    assert!(matches!(&error, EngineError::Part { .. }), "{error}");
    let fault = Kernels::Flash.on(&Device::Cpu, Precision::F32).expect_err("not on a CPU");
    assert_eq!(error.hint().as_deref(), fault.hint());
    assert!(!error.to_string().contains(fault.hint().expect("a hint")), "{error}");
}
