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
        levels in 1usize..=3,
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
fn a_stream_is_about_the_network_at_once() {
    let codec = small::codec();
    let audio = Audio { samples: small::sound(2560, 40), sample_rate_hz: 8000 };
    let mel = codec.rvq().decode_log_mel(&codec.encode(&audio).unwrap()).unwrap();
    let streamed = codec.vocoder().decode(&mel).unwrap();
    let at_once = codec.vocoder().forward(&mel, mel.len() / 8).unwrap();
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
    let codes = codec.encode(&audio).unwrap();
    let mut stream = codec.decode_stream();
    let lengths: Vec<usize> =
        (0..20).map(|t| stream.push(&codes.slice(t, t + 1)).unwrap().len()).collect();
    assert_eq!(lengths.iter().filter(|n| **n > 0).count(), 4, "{lengths:?}");
    // Two frames for the overlap, one for the look-ahead.
    assert_eq!(lengths[3], 16 * (16 - 3));
    assert_eq!(stream.finish().unwrap().len(), 16 * (80 - 64 + 3));
}

#[test]
fn foreign_codes_are_refused_and_harm_nothing() {
    let codec = small::codec();
    let codes =
        codec.encode(&Audio { samples: small::sound(640, 1), sample_rate_hz: 8000 }).unwrap();
    let mut stream = codec.decode_stream();
    stream.push(&codes.slice(0, 3)).unwrap();
    let many = Codes::new(4, vec![0; 8]).unwrap();
    assert!(matches!(stream.push(&many), Err(CodecError::Levels { found: 4, .. })));
    let fewer = codes.first_levels(2);
    assert!(matches!(stream.push(&fewer), Err(CodecError::Levels { found: 2, .. })));
    let large = Codes::new(3, vec![0, 1, 16]).unwrap();
    assert!(matches!(stream.push(&large), Err(CodecError::Codes(_))));
    let mut out = stream.push(&codes.slice(3, 10)).unwrap();
    out.extend(stream.finish().unwrap());
    let whole = codec.decode(&codes).unwrap().samples;
    assert!(whole.ends_with(&out) && out.len() >= 10 * 64 - 3 * 64);
}
