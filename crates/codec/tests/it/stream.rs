use proptest::prelude::*;
use syrinx_codec::{Codec, CodecError};
use syrinx_types::{Audio, Codes};

use crate::small;

fn decode_in_pieces(codec: &dyn Codec, codes: &Codes, cuts: &[usize]) -> Vec<f32> {
    let mut stream = codec.decode_stream();
    let (mut out, mut at) = (Vec::new(), 0);
    for cut in cuts {
        out.extend(stream.push(&codes.slice(at, at + cut)).unwrap());
        at += cut;
    }
    out.extend(stream.push(&codes.slice(at, codes.frames())).unwrap());
    out.extend(stream.finish().unwrap());
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_make_the_samples_of_the_whole(
        frames in 0usize..60,
        levels in 1usize..=7,
        cuts in prop::collection::vec(0usize..30, 0..8),
        seed in any::<u64>(),
    ) {
        use rand::{Rng, SeedableRng};
        thread_local!(static CODEC: syrinx_codec::EmbeddedCodec = small::codec());
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let values = (0..frames * levels).map(|_| rng.random_range(0..16)).collect();
        let codes = Codes::new(levels, values).unwrap();
        CODEC.with(|codec| {
            let whole = codec.decode(&codes).unwrap();
            prop_assert_eq!(whole.samples.len(), frames * 64);
            prop_assert!(whole.samples.iter().all(|s| s.is_finite()));
            let pieces = decode_in_pieces(codec, &codes, &cuts);
            prop_assert!(whole.samples == pieces, "samples differ");
            Ok(())
        })?;
    }
}

#[test]
fn a_codec_without_an_enhancement_layer_streams_too() {
    let codec = small::codec_without_source();
    let audio = Audio { samples: small::sound(64 * 30, 5), sample_rate_hz: 8000 };
    let codes = codec.encode_all_levels(&audio).unwrap();
    assert_eq!(codes.levels(), 3);
    let whole = codec.decode(&codes).unwrap().samples;
    assert!(whole == decode_in_pieces(&codec, &codes, &[1, 7, 2, 11]));
}

#[test]
fn a_stream_is_about_the_network_at_once() {
    let codec = small::codec();
    let audio = Audio { samples: small::sound(2560, 40), sample_rate_hz: 8000 };
    let mel = codec.rvq().decode_log_mel(&codec.encode(&audio).unwrap()).unwrap();
    let pitch = codec.enhancement().unwrap().predictor.predict(&mel).unwrap();
    let streamed = codec.vocoder().decode(&mel, &pitch).unwrap();
    let at_once = codec.vocoder().forward(&mel, &pitch, mel.len() / 8, &[1]).unwrap();
    let at_once = syrinx_nn::to_vec_f32(&at_once).unwrap();
    assert_eq!(streamed.len(), at_once.len());
    for (i, (a, b)) in streamed.iter().zip(&at_once).enumerate() {
        assert!((a - b).abs() < 1e-4, "sample {i}: {a} streamed, {b} at once");
    }
}

#[test]
fn samples_come_before_the_end() {
    let codec = small::codec();
    let audio = Audio { samples: small::sound(64 * 20, 1), sample_rate_hz: 8000 };
    // Two frames for the overlap, one for the look-ahead, and two more where the pitch is predicted.
    for (levels, behind) in [(4, 3), (3, 5)] {
        let codes = codec.encode_all_levels(&audio).unwrap().first_levels(levels);
        let mut stream = codec.decode_stream();
        let lengths: Vec<usize> =
            (0..20).map(|t| stream.push(&codes.slice(t, t + 1)).unwrap().len()).collect();
        assert_eq!(lengths.iter().filter(|n| **n > 0).count(), 4, "{lengths:?}");
        assert_eq!(lengths[3], 16 * (16 - behind));
        assert_eq!(stream.finish().unwrap().len(), 16 * (80 - 64 + behind));
    }
}

#[test]
fn foreign_codes_are_refused_and_harm_nothing() {
    let codec = small::codec();
    let codes =
        codec.encode(&Audio { samples: small::sound(640, 1), sample_rate_hz: 8000 }).unwrap();
    let mut stream = codec.decode_stream();
    stream.push(&codes.slice(0, 3)).unwrap();
    let many = Codes::new(8, vec![0; 16]).unwrap();
    assert!(matches!(stream.push(&many), Err(CodecError::Levels { found: 8, .. })));
    let fewer = codes.first_levels(2);
    assert!(matches!(stream.push(&fewer), Err(CodecError::Levels { found: 2, .. })));
    let large = Codes::new(3, vec![0, 1, 16]).unwrap();
    assert!(matches!(stream.push(&large), Err(CodecError::Codes(_))));
    let mut out = stream.push(&codes.slice(3, 10)).unwrap();
    out.extend(stream.finish().unwrap());
    let whole = codec.decode(&codes).unwrap().samples;
    assert!(whole.ends_with(&out) && out.len() >= 10 * 64 - 3 * 64);
}

#[test]
fn the_enhancement_layer_keeps_pitch_and_takes_error_away() {
    let codec = small::codec();
    let tone = |i: usize| 0.5 * (i as f32 * 0.17).sin() + 0.2 * (i as f32 * 0.34).sin();
    let audio = Audio { samples: (0..3200).map(tone).collect(), sample_rate_hz: 8000 };
    let codes = codec.encode_all_levels(&audio).unwrap();
    assert_eq!((codes.levels(), codes.frames()), (3 + 1 + 3, 50));
    assert_eq!(codes.first_levels(3), codec.encode(&audio).unwrap());
    let tables = &small::enhancement().tables;
    let latents = codec.encode_with_latents(&audio).unwrap().latents.unwrap();
    let coded = codec.rvq().dequantise(&codes.first_levels(3)).unwrap();
    let left: Vec<f32> = latents.values().iter().zip(&coded).map(|(a, b)| a - b).collect();
    let groups = tables.refinement.encode(&left);
    assert!((0..3).all(|g| groups[g] == codes.level(4 + g)));
    let track = tables.pitch.decode(&codes.level(3)).unwrap();
    let middle = track[track.len() / 2];
    assert!(middle.voicing > 0.5 && (60.0..500.0).contains(&middle.hz()), "{middle:?}");
}
