use syrinx_codec::{Codec, CodecError, FitConfig, fit};
use syrinx_types::{Audio, CancelToken, Codes, NullSink, RecordingSink};

use crate::small;

fn refit(config: &FitConfig) -> Result<syrinx_codec::MelRvq, CodecError> {
    let sample = small::sample(&small::fit_config());
    fit(sample.values(), config, &NullSink, &CancelToken::default())
}

#[test]
fn every_level_takes_error_away() {
    let rvq = small::rvq();
    let patches = rvq.patches(&small::sound(6400, 99));
    let codes = rvq.encode_patches(&patches);
    let error = |levels: usize| -> f32 {
        let read = rvq.decode_log_mel(&codes.first_levels(levels)).unwrap();
        read.iter().zip(&patches).map(|(a, b)| (a - b) * (a - b)).sum()
    };
    let mean: f32 = patches
        .chunks_exact(32)
        .flat_map(|p| p.iter().zip(rvq.mean()).map(|(a, b)| (a - b) * (a - b)))
        .sum();
    let errors: Vec<f32> = (1..=3).map(error).collect();
    assert!(
        errors[0] < 0.5 * mean && errors[1] < errors[0] && errors[2] < errors[1],
        "{mean} {errors:?}"
    );
}

#[test]
fn latents_are_about_one_and_codes_are_their_nearest_entries() {
    let rvq = small::rvq();
    let patches = rvq.patches(&small::sound(6400, 98));
    let latents = rvq.latents(&patches);
    let power = latents.iter().map(|v| v * v).sum::<f32>() / latents.len() as f32;
    assert!((0.3..3.0).contains(&power), "{power}");
    let codes = rvq.encode_patches(&patches);
    for (frame, latent) in latents.chunks_exact(12).enumerate() {
        let distance = |entry: &[f32]| -> f32 {
            entry.iter().zip(latent).map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let chosen = usize::from(codes.at(frame, 0));
        let least = rvq.codebook(0).chunks_exact(12).map(distance).fold(f32::MAX, f32::min);
        assert!(distance(&rvq.codebook(0)[chosen * 12..][..12]) <= least + 1e-4);
    }
}

#[test]
fn the_same_seed_fits_the_same_codec() {
    let config = small::fit_config();
    let (a, b) = (refit(&config).unwrap(), refit(&config).unwrap());
    assert_eq!(a.fingerprint(), b.fingerprint());
    let other = refit(&FitConfig { seed: 8, ..config }).unwrap();
    assert_ne!(a.fingerprint(), other.fingerprint());
}

#[test]
fn any_length_makes_whole_frames() {
    let codec = small::codec();
    for (samples, rate_hz, frames) in [
        (0, 8000, 0),
        (1, 8000, 1),
        (64, 8000, 1),
        (65, 8000, 2),
        (640, 16_000, 5),
        (640, 8000, 10),
    ] {
        let audio = Audio { samples: vec![0.1; samples], sample_rate_hz: rate_hz };
        let codes = codec.encode(&audio).unwrap();
        assert_eq!((codes.frames(), codes.levels()), (frames, 3), "{samples} at {rate_hz} Hz");
        assert_eq!(codec.decode(&codes).unwrap().samples.len(), frames * 64);
    }
    let odd = Audio { samples: vec![f32::NAN, f32::INFINITY, 1e30], sample_rate_hz: 8000 };
    assert_eq!(codec.encode(&odd).unwrap().frames(), 1);
}

#[test]
fn dequantised_codes_are_sums_of_entries() {
    let codec = small::codec();
    let codes = Codes::new(2, vec![3, 5, 0, 15]).unwrap();
    let sums = codec.rvq().dequantise(&codes).unwrap();
    for (frame, (a, b)) in [(3, 5), (0, 15)].into_iter().enumerate() {
        for i in 0..12 {
            let wanted = codec.codebook(0)[a * 12 + i] + codec.codebook(1)[b * 12 + i];
            assert!((sums[frame * 12 + i] - wanted).abs() < 1e-6);
        }
    }
}

#[test]
fn fitting_tells_how_far_it_is_and_stops_when_asked() {
    let config = small::fit_config();
    let sample = small::sample(&config);
    let sink = RecordingSink::default();
    fit(sample.values(), &config, &sink, &CancelToken::default()).unwrap();
    let notes: Vec<String> = sink.events().iter().map(|e| format!("{e:?}")).collect();
    assert!(notes.first().unwrap().contains("JobStarted"));
    assert!(notes.iter().any(|n| n.contains("dB a mel bin")));
    assert!(notes.last().unwrap().contains("JobFinished"));
    let cancel = CancelToken::default();
    cancel.cancel();
    let stopped = fit(sample.values(), &config, &sink, &cancel);
    assert!(matches!(stopped, Err(CodecError::Cancelled { .. })));
}

#[test]
fn impossible_settings_are_named() {
    let good = small::fit_config();
    for (config, setting) in [
        (FitConfig { patch_frames: 0, ..good.clone() }, "patch_frames"),
        (FitConfig { latent_dim: 33, ..good.clone() }, "latent_dim"),
        (FitConfig { levels: 0, ..good.clone() }, "levels"),
        (FitConfig { codebook_size: 1, ..good.clone() }, "codebook_size"),
        (FitConfig { iterations: 0, ..good.clone() }, "iterations"),
    ] {
        let found = refit(&config).unwrap_err().to_string();
        assert!(found.contains(setting), "{found}");
    }
    let few = fit(&[0.0; 64], &good, &NullSink, &CancelToken::default());
    assert!(matches!(few, Err(CodecError::TooLittleData { found: 2, .. })));
    let broken = fit(&vec![f32::NAN; 32 * 400], &good, &NullSink, &CancelToken::default());
    assert!(matches!(broken, Err(CodecError::TooLittleData { .. })));
}
