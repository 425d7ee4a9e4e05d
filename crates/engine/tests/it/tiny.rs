//! A model file that is too small to be of use: untrained, a second of speech in a moment. Also used by the tests of
//! the program.

use std::path::{Path, PathBuf};

use candle_core::Device;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_codec::{Codec, EmbeddedCodec, MelRvq, RvqConfig, Vocoder, VocoderConfig};
use syrinx_engine::{PackageVoice, package, write_atomic};
use syrinx_model::{LanguageModel, LmConfig, LmFile};
use syrinx_nn::{BlockConfig, Kernels, ParamStore};
use syrinx_registry::ALL;
use syrinx_task::{CodebookSizes, TokenSpace};
use syrinx_text::TextVocab;
use syrinx_types::Audio;

/// Speech-like sound: a buzz in syllables, with silence before, between and after.
pub fn buzz(seconds: f64, rate_hz: u32) -> Audio {
    let n = (seconds * f64::from(rate_hz)) as usize;
    let sample = |i: usize| {
        let t = i as f64 / f64::from(rate_hz);
        let syllable = (t * 4.0).fract();
        let loud = if syllable < 0.7 && t > 0.1 && t < seconds - 0.1 { 0.2 } else { 0.0 };
        let tone: f64 = (1..12)
            .map(|k| (t * 120.0 * f64::from(k) * std::f64::consts::TAU).sin() / f64::from(k))
            .sum();
        (loud * tone) as f32
    };
    Audio { samples: (0..n).map(sample).collect(), sample_rate_hz: rate_hz }
}

/// A codec of 8 levels of `codebook_size` codes.
pub fn codec(codebook_size: usize, seed: u64) -> EmbeddedCodec {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let config = RvqConfig { latent_dim: 8, levels: 8, codebook_size, ..RvqConfig::default() };
    let mut draw = |n: usize, scale: f32| -> Vec<f32> {
        (0..n).map(|_| scale * rng.random_range(-1.0..1.0f32)).collect()
    };
    let mean = draw(config.patch_dim(), 1.0);
    let axes = draw(config.latent_dim * config.patch_dim(), 0.1);
    let books = draw(config.levels * codebook_size * config.latent_dim, 1.0);
    let mel = config.mel.clone();
    let rvq = MelRvq::new(config, mean, axes, &books).expect("sizes fit");
    let block = BlockConfig { dim: 32, layers: 1, heads: 2, hidden: 32, ..BlockConfig::default() };
    let vocoder = VocoderConfig { mel, block, ..VocoderConfig::default() };
    let vocoder = Vocoder::new(vocoder, ParamStore::seeded(seed, &Device::Cpu)).expect("sizes fit");
    EmbeddedCodec::new(rvq, vocoder, None).expect("one spectrogram")
}

/// An untrained language model for a codec, of this width, which knows all tasks.
pub fn lm(codec: &EmbeddedCodec, dim: usize) -> LmFile {
    let vocab = TextVocab::english().expect("embedded");
    let config = LmConfig {
        trunk: BlockConfig { dim, layers: 2, heads: 2, hidden: 64, ..BlockConfig::default() },
        encoder_layers: 1,
        ..LmConfig::default()
    };
    let kit = syrinx_testkit::kit(config.switches).expect("embedded");
    let special_tokens = ALL.iter().flat_map(|d| {
        let task = (d.build)(serde_json::Value::Null, &kit).expect("default settings");
        task.layout().special_tokens()
    });
    let info = codec.info();
    let sizes = CodebookSizes {
        levels: info.levels,
        codebook_size: info.codebook_size,
        frame_rate_hz: info.frame_rate_hz,
    };
    let space = TokenSpace::new(&vocab, sizes, config.group, special_tokens);
    let codebooks: Vec<Vec<f32>> = (0..info.levels).map(|l| codec.codebook(l).to_vec()).collect();
    let store = ParamStore::seeded(1, &Device::Cpu);
    LanguageModel::new(&config, &space, codebooks.clone(), &store.root(), Kernels::Fused)
        .expect("sizes fit");
    LmFile { config, space, codebooks, tensors: store.tensors(), tokenizer: None }
}

/// Writes the parts into a folder: `lm.safetensors`, `codec.safetensors`.
pub fn write_parts(folder: &Path, lm: &LmFile, codec: &EmbeddedCodec) -> (PathBuf, PathBuf) {
    let (lm_path, codec_path) = (folder.join("lm.safetensors"), folder.join("codec.safetensors"));
    std::fs::write(&lm_path, lm.to_bytes(true).expect("serialises")).expect("writes");
    codec.save(&codec_path, syrinx_codec::StoredPrecision::F16).expect("writes");
    (lm_path, codec_path)
}

/// Voices of the tiny model, the default first.
pub const VOICES: [&str; 2] = ["ann", "bob"];

/// A whole model in a folder.
pub fn write_model(folder: &Path) -> PathBuf {
    let codec = codec(16, 1);
    let parts = write_parts(folder, &lm(&codec, 32), &codec);
    let voices: Vec<PackageVoice> = VOICES
        .iter()
        .zip([1.2, 1.7])
        .map(|(name, seconds)| PackageVoice {
            name: (*name).into(),
            about: "a buzz".into(),
            codes: codec.encode(&buzz(seconds, 24_000)).expect("encodes"),
        })
        .collect();
    let card = serde_json::json!({"name": "tiny"});
    let bytes = package(&parts.0, &parts.1.as_path().into(), &voices, card).expect("they fit");
    let path = folder.join("tiny.safetensors");
    write_atomic(&path, &bytes).expect("writes");
    path
}
