//! Comparison of the network with `transformers` 4.36.2, on a random checkpoint made by it (`tests/data/whisper`).

use std::path::Path;

use candle_core::{Device, Tensor, safetensors};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_types::CancelToken;

use super::model::Whisper;
use super::options::WhisperOptions;
use super::spectrogram::WindowSpan;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/whisper"))
}

fn expected(name: &str) -> Tensor {
    let tensors = safetensors::load(folder().join("io.safetensors"), &Device::Cpu).unwrap();
    tensors[name].clone()
}

/// Returns the largest absolute difference of two tensors.
fn difference(a: &Tensor, b: &Tensor) -> f32 {
    let difference = (a - b).and_then(|d| d.abs()?.flatten_all()?.max(0)).unwrap();
    difference.to_scalar::<f32>().unwrap()
}

fn ids(name: &str) -> Vec<u32> {
    expected(name).to_vec1::<i64>().unwrap().into_iter().map(|id| id as u32).collect()
}

#[test]
fn spectrogram_and_logits_are_those_of_transformers() {
    let whisper = Whisper::load(folder()).unwrap();
    let audio = syrinx_audio::read(folder().join("short.wav")).unwrap();
    let frames = whisper.spectrogram.compute(&audio.samples);
    let window = whisper.config.window_frames();
    let mel =
        frames.window(WindowSpan { start: 0, used: frames.len() }, window, &Device::Cpu).unwrap(); // (1, bands, frames)
    let features = expected("features").unsqueeze(0).unwrap(); // (1, bands, frames)
    assert!(difference(&mel, &features) < 1e-4, "{}", difference(&mel, &features));
    let mut cache = whisper.network.encode(&features).unwrap();
    let mut cross = Vec::new();
    let hidden = whisper.network.decode(&ids("ids"), &mut cache, Some(&mut cross)).unwrap();
    let logits = whisper.network.logits(&hidden).unwrap(); // (tokens, vocabulary)
    assert!(difference(&logits, &expected("logits")) < 1e-4);
    assert_eq!(cross.len(), 2);
    for (layer, weights) in cross.iter().enumerate() {
        assert!(difference(weights, &expected(&format!("cross.{layer}"))) < 1e-5);
    }
}

#[test]
fn tokens_one_by_one_have_the_logits_of_all_at_once() {
    let whisper = Whisper::load(folder()).unwrap();
    let features = expected("features").unsqueeze(0).unwrap(); // (1, bands, frames)
    let mut cache = whisper.network.encode(&features).unwrap();
    for (i, &token) in ids("ids").iter().enumerate() {
        let hidden = whisper.network.decode(&[token], &mut cache, None).unwrap();
        let logits = whisper.network.logits(&hidden).unwrap(); // (1, vocabulary)
        let row = expected("logits").narrow(0, i, 1).unwrap();
        assert!(difference(&logits, &row) < 1e-4, "token {i}");
    }
}

#[test]
fn greedy_tokens_are_those_of_transformers() {
    let mut whisper = Whisper::load(folder()).unwrap();
    // The reference was generated without timestamps.
    whisper.vocabulary.timestamps = None;
    let features = expected("features").unsqueeze(0).unwrap(); // (1, bands, frames)
    let window = whisper.network.encode(&features).unwrap();
    let mut prefix = whisper.vocabulary.prefix(Some(258));
    prefix.push(whisper.vocabulary.no_timestamps);
    let greedy = ids("greedy");
    let options = WhisperOptions {
        temperatures: vec![0.0],
        max_tokens: greedy.len(),
        ..WhisperOptions::default()
    };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let decoded = whisper
        .decode_window(&window, &prefix, &options, &mut rng, &CancelToken::default())
        .unwrap();
    assert_eq!(decoded.tokens, greedy);
}

#[test]
fn a_window_is_bounded_also_without_timestamps_and_end() {
    let mut whisper = Whisper::load(folder()).unwrap();
    whisper.vocabulary.timestamps = None;
    // With the end suppressed, the checkpoint never ends by itself.
    whisper.vocabulary.suppressed.push(whisper.vocabulary.end);
    let features = expected("features").unsqueeze(0).unwrap(); // (1, bands, frames)
    let window = whisper.network.encode(&features).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    // No text passes the checks.
    let options = WhisperOptions { max_compression_ratio: 0.0, ..WhisperOptions::default() };
    let decoded = whisper
        .decode_window(&window, &[257], &options, &mut rng, &CancelToken::default())
        .unwrap();
    assert_eq!(decoded.tokens.len(), whisper.config.max_target_positions / 2);
    assert_eq!(decoded.temperature, 1.0, "every temperature is tried");
}
