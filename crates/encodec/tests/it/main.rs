//! The codec with random weights: that it runs, leaves the length alone, and says what is missing.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::{VarBuilder, VarMap};
use candle_transformers::models::encodec::{Config, Model};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_encodec::{Encodec, EncodecError};
use syrinx_types::Audio;

/// Writes a file of the names and shapes that candle asks for, with random values.
fn write_random(path: &Path) {
    let names = VarMap::new();
    let weights = VarBuilder::from_varmap(&names, DType::F32, &Device::Cpu);
    // Only the names and shapes are wanted: of weights that are all zero no sound comes out.
    Model::new(&Config::default(), weights).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut vars: Vec<_> = names.data().lock().unwrap().clone().into_iter().collect();
    vars.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, var) in vars {
        // Lengths near one, so that a sound isn't lost on its way through the layers.
        let range = match name.rsplit('.').next() {
            Some("weight_g") => 0.5..1.5,
            Some("embed") => -1.0..1.0,
            _ => -0.1..0.1,
        };
        let values: Vec<f32> =
            (0..var.elem_count()).map(|_| rng.random_range(range.clone())).collect();
        var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
    }
    names.save(path).unwrap();
}

fn tone(samples: usize, sample_rate_hz: u32) -> Audio {
    let at = |i: usize| (i as f32 * 440.0 * std::f32::consts::TAU / sample_rate_hz as f32).sin();
    Audio { samples: (0..samples).map(|i| 0.3 * at(i)).collect(), sample_rate_hz }
}

#[test]
fn a_recording_keeps_its_length_and_rate_and_every_level_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    write_random(&path);
    let codec = Encodec::load(&path).unwrap();
    let audio = tone(3_217, 16_000);
    let round = |levels: usize| codec.round_trip(&audio, levels).unwrap();
    let (one, eight) = (round(1), round(8));
    for back in [&one, &eight] {
        assert_eq!((back.samples.len(), back.sample_rate_hz), (3_217, 16_000));
        assert!(back.samples.iter().all(|s| s.is_finite()));
    }
    assert!(one != eight, "seven levels more change nothing");
    assert!(one == round(1), "the same twice gives the same");
    let refused = |audio: &Audio, levels: usize| codec.round_trip(audio, levels).unwrap_err();
    assert!(matches!(refused(&audio, 0), EncodecError::Levels { .. }));
    assert!(matches!(refused(&audio, 33), EncodecError::Levels { asked: 33, most: 32 }));
    assert!(matches!(refused(&tone(0, 16_000), 1), EncodecError::Empty));
}

#[test]
fn a_file_that_is_missing_or_of_another_kind_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let said = |path: &Path| Encodec::load(path).unwrap_err().to_string();
    assert!(said(&path).contains("facebook/encodec_24khz"), "{}", said(&path));
    std::fs::write(&path, "nothing of the kind").unwrap();
    assert!(said(&path).contains("doesn't hold EnCodec's weights"), "{}", said(&path));
    let other = std::collections::HashMap::from([(
        "weight".to_owned(),
        Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap(),
    )]);
    candle_core::safetensors::save(&other, &path).unwrap();
    assert!(said(&path).contains("encoder."), "{}", said(&path));
}
