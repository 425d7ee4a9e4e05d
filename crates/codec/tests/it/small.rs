//! A codec small enough to fit and train within a test.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_audio::MelConfig;
use syrinx_codec::{
    ClipSource, CodecError, EmbeddedCodec, EnhancementLayer, FitConfig, MelRvq, PatchSample,
    PitchConfig, PitchPredictorConfig, RefinementConfig, SourceConfig, SpectralLossConfig, Start,
    Vocoder, VocoderConfig, VocoderTrainConfig, fit, train_vocoder,
};
use syrinx_nn::{BlockConfig, ParamStore};
use syrinx_types::{CancelToken, NullSink};

pub fn mel() -> MelConfig {
    MelConfig {
        sample_rate_hz: 8000,
        n_fft: 64,
        hop: 16,
        bins: 8,
        fmin_hz: 0.0,
        fmax_hz: 4000.0,
        floor: 1e-4,
    }
}

pub fn fit_config() -> FitConfig {
    FitConfig {
        mel: mel(),
        patch_frames: 4,
        latent_dim: 12,
        levels: 3,
        codebook_size: 16,
        iterations: 6,
        max_frames: 400,
        seed: 7,
    }
}

/// Tones that come and go, over a little noise.
pub fn sound(samples: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut phase, mut step, mut level) = (0.0f32, 0.0f32, 0.0f32);
    (0..samples)
        .map(|i| {
            if i % 200 == 0 {
                step = rng.random_range(0.05..1.5);
                level = rng.random_range(0.0..0.5);
            }
            phase += step;
            level * phase.sin() + rng.random_range(-0.01..0.01)
        })
        .collect()
}

pub fn sample(config: &FitConfig) -> PatchSample {
    let log_mel = syrinx_audio::LogMel::new(config.mel.clone()).unwrap();
    let mut sample = PatchSample::new(config);
    for seed in 0..20 {
        sample.add(&syrinx_codec::patches(&log_mel, config.patch_frames, &sound(1600, seed)));
    }
    sample
}

pub fn rvq() -> MelRvq {
    let config = fit_config();
    fit(sample(&config).values(), &config, &NullSink, &CancelToken::default()).unwrap()
}

pub fn vocoder_config() -> VocoderConfig {
    VocoderConfig {
        mel: mel(),
        block: BlockConfig { dim: 16, layers: 2, heads: 2, hidden: 16, ..BlockConfig::default() },
        window_frames: 5,
        look_ahead_frames: 1,
        n_fft: 64,
        source: Some(SourceConfig::default()),
        ..VocoderConfig::default()
    }
}

pub fn pitch_config() -> PitchConfig {
    PitchConfig { entries: 16, fit_seconds: 8, iterations: 4, ..PitchConfig::default() }
}

pub fn predictor_config() -> PitchPredictorConfig {
    PitchPredictorConfig {
        mel: mel(),
        block: BlockConfig { dim: 16, layers: 1, heads: 2, hidden: 16, ..BlockConfig::default() },
        window_frames: 5,
        classes: 8,
        ..PitchPredictorConfig::default()
    }
}

pub fn refinement_config() -> RefinementConfig {
    RefinementConfig { groups: 3, entries: 16, iterations: 4 }
}

/// A codec after no step of training.
pub fn codec() -> EmbeddedCodec {
    let (rvq, config) = (rvq(), VocoderTrainConfig { steps: 0, ..train_config() });
    let start = Start { rvq: &rvq, vocoder: None, enhancement: None };
    let trained =
        train_vocoder(start, &Sounds, &config, None, &NullSink, &CancelToken::default()).unwrap();
    EmbeddedCodec::new(rvq, trained.vocoder, trained.enhancement).unwrap()
}

pub fn enhancement() -> EnhancementLayer {
    codec().enhancement().unwrap().clone()
}

/// A codec without an enhancement layer.
pub fn codec_without_source() -> EmbeddedCodec {
    let config = VocoderConfig { source: None, ..vocoder_config() };
    let store = ParamStore::seeded(3, &candle_core::Device::Cpu);
    Vocoder::new(config.clone(), store.clone()).unwrap();
    let vocoder = Vocoder::from_tensors(config, store.tensors()).unwrap();
    EmbeddedCodec::new(rvq(), vocoder, None).unwrap()
}

pub fn train_config() -> VocoderTrainConfig {
    VocoderTrainConfig {
        vocoder: vocoder_config(),
        pitch: pitch_config(),
        refinement: refinement_config(),
        predictor: predictor_config(),
        steps: 6,
        clips: 2,
        clip_frames: 4,
        warmup_steps: 2,
        loss: SpectralLossConfig {
            n_fft: vec![32, 64],
            mel_bins: vec![4, 8],
            ..SpectralLossConfig::default()
        },
        min_levels: 2,
        save_every_steps: 100,
        ..VocoderTrainConfig::default()
    }
}

pub struct Sounds;

impl ClipSource for Sounds {
    fn draw(&self, samples: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, CodecError> {
        Ok(sound(samples, rng.random()))
    }
}
