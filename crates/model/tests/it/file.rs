use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use syrinx_model::{LanguageModel, LmConfig, LmFile, ModelError, f16_bytes, parse_tensors};
use syrinx_nn::Kernels;

use crate::build::{config, file};

#[test]
fn weights_travel_as_bytes() {
    let file = file(&config());
    let back = LmFile::from_bytes(&file.to_bytes(false).unwrap()).unwrap();
    assert_eq!(
        (&back.config, &back.space, &back.codebooks),
        (&file.config, &file.space, &file.codebooks)
    );
    assert_eq!(back.tensors.keys().collect::<Vec<_>>(), file.tensors.keys().collect::<Vec<_>>());
    LanguageModel::load(&back, &Device::Cpu, Kernels::Fused).unwrap();
    let half = file.to_bytes(true).unwrap();
    assert!(half.len() < file.to_bytes(false).unwrap().len() * 6 / 10);
    LanguageModel::load(&LmFile::from_bytes(&half).unwrap(), &Device::Cpu, Kernels::Fused).unwrap();
}

#[test]
fn equal_weights_are_equal_bytes() {
    let tensor = Tensor::new(&[1.0f32, 2.0], &Device::Cpu).unwrap();
    let tensors = BTreeMap::from([("b".to_owned(), tensor.clone()), ("a".to_owned(), tensor)]);
    // Each map has hash keys of its own.
    let bytes = || {
        let entries = (0..9).map(|i| (format!("key {i}"), format!("{{\"value\": {i}}}")));
        f16_bytes(&tensors, entries.collect(), false).unwrap()
    };
    let first = bytes();
    (0..8).for_each(|_| assert!(bytes() == first));
    let (read, metadata) = parse_tensors(&first).unwrap();
    assert_eq!((read.len(), metadata.len()), (2, 9));
    assert_eq!(metadata["key 3"], "{\"value\": 3}");
}

#[test]
fn cut_files_are_refused_at_any_length() {
    let bytes = file(&config()).to_bytes(false).unwrap();
    for share in [0, 1, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        let error = LmFile::from_bytes(&bytes[..share]).err().expect("a cut file can't load");
        assert!(matches!(error, ModelError::Unreadable(_)), "{share} bytes: {error}");
    }
    assert!(LmFile::from_bytes(b"RIFF....WAVE").is_err());
}

#[test]
fn weights_of_another_model_are_refused_by_name() {
    let check = |edit: &dyn Fn(&mut LmFile), part: &str| {
        let mut file = file(&config());
        edit(&mut file);
        let error = LanguageModel::load(&file, &Device::Cpu, Kernels::Fused)
            .err()
            .expect("it can't fit")
            .to_string();
        assert!(error.contains(part), "{error}");
    };
    check(&|f| f.config.trunk.hidden = 20, "gate_up");
    check(&|f| f.config.trunk.layers = 3, "trunk.blocks.2");
    check(&|f| f.config.trunk.layers = 1, "doesn't use");
    check(&|f| f.config.trunk.heads = 3, "heads");
    check(&|f| f.config.group = 2, "group");
    check(&|f| f.codebooks.truncate(2), "codec");
    check(&|f| drop(f.tensors.remove("heads.text.bias")), "heads.text.bias");
    let stray = || Tensor::zeros(2, candle_core::DType::F32, &Device::Cpu).unwrap();
    check(&|f| drop(f.tensors.insert("stray".into(), stray())), "stray");
}

#[test]
fn settings_that_cannot_be_are_named() {
    let check = |config: LmConfig, part: &str| {
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check(LmConfig { group: 0, ..config() }, "group");
    check(LmConfig { encoder_layers: 0, ..config() }, "encoder");
}

#[test]
fn tensors_that_are_no_weights_are_named() {
    let whole = file(&config()).to_bytes(false).unwrap();
    let (tensors, metadata) = parse_tensors(&whole).unwrap();
    let name = tensors.keys().find(|name| !name.starts_with("codebook.")).unwrap().clone();
    let refused = |name: &str, tensor: Tensor| {
        let mut changed = tensors.clone();
        changed.insert(name.to_owned(), tensor);
        let bytes = safetensors::serialize(&changed, Some(metadata.clone())).unwrap();
        match LmFile::from_bytes(&bytes).err().expect("a broken tensor is refused") {
            ModelError::Tensor { name: found, .. } => assert_eq!(found, name),
            other => panic!("{other}"),
        }
    };
    let shape = tensors[&name].dims().to_vec();
    refused(&name, tensors[&name].to_dtype(DType::I64).unwrap());
    refused(&name, Tensor::full(f32::NAN, shape, &Device::Cpu).unwrap());
    let book = &tensors["codebook.0"];
    refused("codebook.0", book.t().unwrap().contiguous().unwrap());
    refused("codebook.0", book.flatten_all().unwrap());
}
