//! Codes and samples of every codec are those of its reference implementation.

use candle_core::Tensor;
use syrinx_codec::Codec;
use syrinx_pretrained::dac::{Dac, DacConfig};
use syrinx_pretrained::encodec::{Encodec, EncodecConfig};
use syrinx_pretrained::mimi::{Mimi, MimiConfig};
use syrinx_pretrained::snac::{Noise, Snac, SnacConfig, flatten};
use syrinx_pretrained::vocos::{Vocos, VocosConfig};
use syrinx_pretrained::{Checkpoint, CodecSpec, open};

use crate::material::{Reference, assert_begins, assert_close, codes, data, lists, signal};

/// Largest error of samples, as a share of their peak.
const SAMPLES: f32 = 1e-4;

/// Largest error of latents, as a share of their peak.
const LATENTS: f32 = 1e-5;

fn config<T: serde::de::DeserializeOwned>(name: &str, changes: &[(&str, serde_json::Value)]) -> T {
    let text = std::fs::read_to_string(data(name).join("config.json")).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    changes.iter().for_each(|(key, changed)| value[*key] = changed.clone());
    serde_json::from_value(value).unwrap()
}

fn checkpoint(name: &str) -> Checkpoint {
    Checkpoint::open(&data(name).join("model.safetensors")).unwrap()
}

fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn encodec_pads_as_its_configuration_says() {
    let (reference, signal) = (Reference::of("encodec"), signal(24_000));
    for (mode, suffix) in [("reflect", ""), ("replicate", ".replicate"), ("constant", ".constant")]
    {
        let config: EncodecConfig = config("encodec", &[("pad_mode", mode.into())]);
        let codec = Encodec::load(&checkpoint("encodec"), config, None).unwrap();
        let latents = codec.latents(&signal.samples).unwrap();
        assert_close(
            mode,
            &flat(&latents),
            &reference.values(&format!("latents{suffix}")),
            LATENTS,
        );
        assert_eq!(codec.quantise(&latents).unwrap(), reference.codes(&format!("codes{suffix}")));
        if mode != "constant" {
            let latents = codec.dequantise(&reference.codes("codes")).unwrap();
            let expected = reference.samples(&format!("decoded{suffix}"));
            assert_begins(mode, &codec.decode(&latents).unwrap(), &expected, 31_360);
        }
    }
}

#[test]
fn encodec_has_the_levels_of_every_bit_rate() {
    let (reference, signal) = (Reference::of("encodec"), signal(24_000));
    for (levels, name) in [(8, "codes"), (4, "codes_3.0kbps"), (2, "codes_1.5kbps")] {
        let spec = CodecSpec { levels: Some(levels), ..CodecSpec::new(data("encodec")) };
        let codec = open(&spec).unwrap();
        assert_eq!(lists(&codec.encode(&signal).unwrap()), reference.codes(name));
    }
}

#[test]
fn dac_is_read_in_either_naming_and_at_both_rates() {
    // An odd stride in the decoder leaves 98 frames of 320 eight samples short.
    for (name, file, rate_hz, samples) in [
        ("dac_24k", "model.safetensors", 24_000, 31_352),
        ("dac_24k", "model_descript_names.safetensors", 24_000, 31_352),
        ("dac_44k", "model.safetensors", 44_100, 57_344),
    ] {
        let (reference, signal) = (Reference::of(name), signal(rate_hz));
        let codec = open(&CodecSpec::new(data(name).join(file))).unwrap();
        let coded = codec.encode(&signal).unwrap();
        assert_eq!(lists(&coded), reference.codes("codes"), "{name} {file}");
        let decoded = codec.decode(&coded).unwrap();
        assert_begins(name, &decoded.samples, &reference.samples("decoded"), samples);

        let config: DacConfig = config(name, &[]);
        let net =
            Dac::load(&Checkpoint::open(&data(name).join(file)).unwrap(), config, None).unwrap();
        let latents = net.latents(&signal.samples).unwrap();
        assert_eq!(net.quantise(&latents).unwrap(), reference.codes("codes_unpadded"));
    }
}

#[test]
fn mimi_agrees_with_full_attention_and_with_a_window() {
    let (reference, signal) = (Reference::of("mimi"), signal(24_000));
    for (window, suffix) in [(250, ""), (16, ".window16")] {
        let config: MimiConfig = config("mimi", &[("sliding_window", window.into())]);
        let codec = Mimi::load(&checkpoint("mimi"), config, None).unwrap();
        let latents = codec.latents(&signal.samples).unwrap();
        if window == 250 {
            assert_close("latents", &flat(&latents), &reference.values("latents"), LATENTS);
        }
        assert_eq!(codec.quantise(&latents).unwrap(), reference.codes(&format!("codes{suffix}")));
        let latents = codec.dequantise(&reference.codes("codes")).unwrap();
        let expected = reference.values(&format!("decoded{suffix}"));
        assert_close(suffix, &codec.decode(&latents).unwrap(), &expected, SAMPLES);
    }
}

#[test]
fn mimi_decodes_its_first_levels() {
    let reference = Reference::of("mimi");
    let codec = open(&CodecSpec::new(data("mimi"))).unwrap();
    let first = codes(&reference.codes("codes")).first_levels(8);
    let decoded = codec.decode(&first).unwrap();
    let expected = reference.values("decoded_8.first4000");
    assert_close("8 levels", &decoded.samples[..4000], &expected, SAMPLES);
}

#[test]
fn snac_agrees_with_and_without_noise_and_local_attention() {
    for (name, stages, samples) in [("snac_24k", 4, 32_768), ("snac_attn", 0, 36_864)] {
        let (reference, signal) = (Reference::of(name), signal(24_000));
        let config: SnacConfig = config(name, &[]);
        let weights = ["pytorch_model.bin", "model.safetensors"];
        let weights = weights.map(|file| data(name).join(file));
        let path = weights.iter().find(|path| path.exists()).unwrap();
        let net = Snac::load(&Checkpoint::open_pytorch(path).unwrap(), config.clone()).unwrap();
        let latents = net.latents(&signal.samples).unwrap();
        assert_close(name, &flat(&latents), &reference.values("latents"), LATENTS);
        let levels = net.quantise(&latents).unwrap();
        for (i, level) in levels.iter().enumerate() {
            assert_eq!(level, &reference.codes(&format!("codes_{i}"))[0], "{name}, level {i}");
        }
        let known: Vec<Vec<Option<u32>>> =
            levels.iter().map(|l| l.iter().copied().map(Some).collect()).collect();
        let latents = net.dequantise(&known).unwrap();
        let silent = net.decode(&latents, Noise::Off).unwrap();
        assert_begins(name, &silent, &reference.samples("decoded_no_noise"), samples);
        if stages > 0 {
            let noise: Vec<Vec<f32>> =
                (0..stages).map(|i| reference.values(&format!("noise_{i}"))).collect();
            let noisy = net.decode(&latents, Noise::Given(&noise)).unwrap();
            assert_close(name, &noisy, &reference.values("decoded_with_noise"), SAMPLES);
        }

        let codec = open(&CodecSpec::new(data(name))).unwrap();
        let coded = codec.encode(&signal).unwrap();
        assert_eq!(lists(&coded), flatten(&levels, &config.vq_strides));
        let expected = net.decode(&latents, Noise::Seeded { seed: 0, first: 0 }).unwrap();
        assert_close(name, &codec.decode(&coded).unwrap().samples, &expected, 1e-6);
        assert!(expected != silent, "the decoder adds its noise");
    }
}

#[test]
fn vocos_decodes_the_codes_of_every_bandwidth() {
    let reference = Reference::of("vocos");
    let path = data("vocos").join("config.yaml");
    let config = VocosConfig::parse(&path, &std::fs::read_to_string(&path).unwrap()).unwrap();
    let checkpoint = checkpoint("vocos");
    let vocos = Vocos::load(&checkpoint.root(), &config, 1024, 75.0).unwrap();
    let all = reference.codes("codes");
    for (id, levels) in [2, 4, 8, 16].into_iter().enumerate() {
        assert_eq!(vocos.bandwidth(levels), Some(id));
        let features = vocos.features(&all[..levels]).unwrap();
        let named = |kind: &str| reference.values(&format!("{kind}_{id}"));
        assert_close("features", &flat(&features), &named("features"), LATENTS);
        let hidden = vocos.backbone(&features, id).unwrap();
        assert_close("backbone", &flat(&hidden), &named("backbone"), SAMPLES);
        assert_close("audio", &vocos.samples(&hidden).unwrap(), &named("audio"), SAMPLES);
    }
}
