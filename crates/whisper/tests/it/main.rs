//! The ear with weights too small to understand anything: that it runs, gives the same words twice, and says what is
//! missing.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_types::Audio;
use syrinx_whisper::{Whisper, WhisperError};

const WORDS: [&str; 4] = ["glue", "the", "sheet", "blue"];
const DIM: usize = 16;
const POSITIONS: usize = 50;
const TEXT_POSITIONS: usize = 16;
const BINS: usize = 8;

/// Writes a folder in Whisper's form with random weights.
fn write_tiny(folder: &Path) {
    let marks = ["<|endoftext|>", "<|startoftranscript|>", "<|transcribe|>", "<|notimestamps|>"];
    let vocabulary: HashMap<&str, usize> = WORDS.iter().copied().zip(0..).collect();
    let added: Vec<_> = (WORDS.len()..)
        .zip(marks)
        .map(|(id, content)| {
            serde_json::json!({"id": id, "content": content, "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false})
        })
        .collect();
    let tokenizer = serde_json::json!({
        "version": "1.0", "added_tokens": added,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "glue"},
        "pre_tokenizer": {"type": "Whitespace"},
    });
    let config = serde_json::json!({
        "num_mel_bins": BINS, "max_source_positions": POSITIONS, "d_model": DIM,
        "encoder_attention_heads": 2, "encoder_layers": 1, "vocab_size": WORDS.len() + marks.len(),
        "max_target_positions": TEXT_POSITIONS, "decoder_attention_heads": 2, "decoder_layers": 1,
    });
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let tensors = weights(WORDS.len() + marks.len());
    candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).unwrap();
}

fn weights(vocabulary: usize) -> HashMap<String, Tensor> {
    let mut shapes: Vec<(String, Vec<usize>)> = vec![
        ("model.encoder.conv1.weight".into(), vec![DIM, BINS, 3]),
        ("model.encoder.conv1.bias".into(), vec![DIM]),
        ("model.encoder.conv2.weight".into(), vec![DIM, DIM, 3]),
        ("model.encoder.conv2.bias".into(), vec![DIM]),
        ("model.decoder.embed_tokens.weight".into(), vec![vocabulary, DIM]),
        ("model.decoder.embed_positions.weight".into(), vec![TEXT_POSITIONS, DIM]),
    ];
    let mut vector = |name: String| shapes.push((name, vec![DIM]));
    for side in ["encoder", "decoder"] {
        let mut norms =
            vec!["layer_norm", "layers.0.self_attn_layer_norm", "layers.0.final_layer_norm"];
        if side == "decoder" {
            norms.push("layers.0.encoder_attn_layer_norm");
        }
        for norm in norms {
            vector(format!("model.{side}.{norm}.weight"));
            vector(format!("model.{side}.{norm}.bias"));
        }
    }
    for side in ["encoder", "decoder"] {
        let attentions: &[&str] =
            if side == "encoder" { &["self_attn"] } else { &["self_attn", "encoder_attn"] };
        for attention in attentions {
            for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                let name = format!("model.{side}.layers.0.{attention}.{part}");
                shapes.push((format!("{name}.weight"), vec![DIM, DIM]));
                shapes.push((format!("{name}.bias"), vec![DIM]));
            }
        }
        let name = format!("model.{side}.layers.0");
        shapes.push((format!("{name}.fc1.weight"), vec![4 * DIM, DIM]));
        shapes.push((format!("{name}.fc1.bias"), vec![4 * DIM]));
        shapes.push((format!("{name}.fc2.weight"), vec![DIM, 4 * DIM]));
        shapes.push((format!("{name}.fc2.bias"), vec![DIM]));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let random = |(name, shape): (String, Vec<usize>)| {
        let values: Vec<f32> =
            (0..shape.iter().product()).map(|_| rng.random_range(-0.5..0.5_f32)).collect();
        (name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap())
    };
    shapes.into_iter().map(random).collect()
}

fn tone(seconds: f64) -> Audio {
    let samples = (0..(seconds * 24_000.0) as usize).map(|i| (i as f32 * 0.05).sin() * 0.3);
    Audio { samples: samples.collect(), sample_rate_hz: 24_000 }
}

#[test]
fn the_same_sound_gives_the_same_words() {
    let folder = tempfile::tempdir().unwrap();
    write_tiny(folder.path());
    let mut ear = Whisper::load(folder.path()).unwrap();
    let first = ear.transcribe(&tone(0.4)).unwrap();
    let other = ear.transcribe(&tone(0.1)).unwrap();
    assert!(!first.is_empty() && !other.is_empty(), "the end is never written first");
    assert!(first.split(' ').all(|word| WORDS.contains(&word)), "marks are not words: {first}");
    assert_eq!(ear.transcribe(&tone(0.4)).unwrap(), first, "nothing stays behind from before");
}

#[test]
fn a_missing_file_is_named_with_where_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    write_tiny(folder.path());
    for name in ["tokenizer.json", "config.json", "model.safetensors"] {
        let (path, aside) = (folder.path().join(name), folder.path().join("aside"));
        fs::rename(&path, &aside).unwrap();
        let error = Whisper::load(folder.path()).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(name) && error.contains("huggingface.co"), "{error}");
        fs::rename(&aside, &path).unwrap();
    }
}

#[test]
fn broken_files_are_errors_not_panics() {
    let broken: [(&str, &[u8]); 6] = [
        ("config.json", b"{}"),
        ("config.json", b"not json"),
        ("tokenizer.json", b"{}"),
        ("tokenizer.json", b"\xff\xfe"),
        ("model.safetensors", b"short"),
        ("model.safetensors", &[0; 64]),
    ];
    for (name, bytes) in broken {
        let folder = tempfile::tempdir().unwrap();
        write_tiny(folder.path());
        fs::write(folder.path().join(name), bytes).unwrap();
        let error = Whisper::load(folder.path()).err();
        assert!(matches!(error, Some(WhisperError::Broken { .. })), "{name}: {error:?}");
        assert!(error.unwrap().to_string().contains(name));
    }
}

#[test]
fn weights_of_another_size_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write_tiny(folder.path());
    let path = folder.path().join("config.json");
    let config = fs::read_to_string(&path).unwrap().replace("\"d_model\":16", "\"d_model\":32");
    fs::write(&path, config).unwrap();
    let error = Whisper::load(folder.path()).err();
    assert!(matches!(error, Some(WhisperError::Broken { .. })), "{error:?}");
}
