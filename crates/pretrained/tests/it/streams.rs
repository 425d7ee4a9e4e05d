//! Decoding a stream, files that carry a codec, and what is known of a codec.

use std::path::PathBuf;

use syrinx_codec::{Codec, CodecError};
use syrinx_pretrained::{CodecSpec, from_bytes, open};
use syrinx_types::{Audio, Codes};

use crate::material::{assert_close, data, signal};

/// Every codec of the test data, and EnCodec through Vocos.
fn specs() -> Vec<CodecSpec> {
    let mut specs: Vec<CodecSpec> =
        ["encodec", "dac_24k", "dac_44k", "mimi", "snac_24k", "snac_attn"]
            .map(|name| CodecSpec::new(data(name)))
            .into();
    specs.push(CodecSpec { vocoder: Some(data("vocos")), ..CodecSpec::new(data("encodec")) });
    specs
}

#[test]
fn a_stream_gives_the_samples_of_the_whole_however_it_is_cut() {
    for spec in specs() {
        let codec = open(&spec).unwrap();
        // Long enough that pieces lie outside of each other's context.
        let once = signal(codec.info().sample_rate_hz);
        let long = Audio { samples: once.samples.repeat(3), ..once };
        let codes = codec.encode(&long).unwrap();
        let whole = codec.decode(&codes).unwrap().samples;
        for piece in [1, 7, 50] {
            let mut stream = codec.decode_stream();
            let (mut samples, mut before_the_end) = (Vec::new(), 0);
            for start in (0..codes.frames()).step_by(piece) {
                samples.extend(stream.push(&codes.slice(start, start + piece)).unwrap());
                before_the_end = samples.len();
            }
            samples.extend(stream.finish().unwrap());
            assert_close(&format!("{spec} by {piece}"), &samples, &whole, 1e-5);
            let late = (codec.look_ahead_frames() + 1) * codec.info().frame_samples();
            assert!(before_the_end + late >= whole.len(), "{spec}: more look-ahead than it says");
        }
        let short = codec.decode_stream().finish().unwrap();
        assert!(short.is_empty(), "{spec}: no codes, no samples");
    }
}

#[test]
fn a_short_stream_is_the_short_whole() {
    for spec in specs() {
        let codec = open(&spec).unwrap();
        let all = signal(codec.info().sample_rate_hz);
        let codes = codec.encode(&all).unwrap().slice(0, 3);
        let mut stream = codec.decode_stream();
        let mut samples = stream.push(&codes).unwrap();
        samples.extend(stream.finish().unwrap());
        assert_close(&spec.to_string(), &samples, &codec.decode(&codes).unwrap().samples, 1e-5);
    }
}

#[test]
fn a_recording_of_any_length_has_a_frame_for_every_begun_one() {
    for spec in specs() {
        let codec = open(&spec).unwrap();
        let info = codec.info();
        let all = signal(info.sample_rate_hz);
        assert_eq!(codec.encode(&Audio { samples: vec![], ..all.clone() }).unwrap().frames(), 0);
        for count in [1usize, 319, 320, 1921, 7000] {
            let audio = Audio { samples: all.samples[..count].to_vec(), ..all.clone() };
            let codes = codec.encode(&audio).unwrap();
            let begun = count.div_ceil(info.frame_samples());
            // SNAC with local attention fills whole windows.
            let block = if spec.path.ends_with("snac_attn") { 2 } else { 1 };
            assert_eq!(codes.frames(), begun.next_multiple_of(block), "{spec}, {count} samples");
            assert!(codec.decode(&codes).unwrap().samples.iter().all(|s| s.is_finite()));
        }
    }
}

#[test]
fn a_codec_in_one_file_is_the_codec_of_the_folder() {
    for spec in specs() {
        let codec = open(&spec).unwrap();
        let bytes = codec.to_bytes().unwrap();
        let name = PathBuf::from("model");
        let carried = from_bytes(&name, &bytes).unwrap();
        assert_eq!(carried.fingerprint(), codec.fingerprint());
        assert_eq!(carried.info(), codec.info());
        let codes = codec.encode(&signal(codec.info().sample_rate_hz)).unwrap();
        assert!(carried.decode(&codes).unwrap() == codec.decode(&codes).unwrap(), "{spec}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("codec.safetensors");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(open(&CodecSpec::new(path)).unwrap().fingerprint(), codec.fingerprint());
    }
}

#[test]
fn what_is_known_of_a_codec() {
    let known: Vec<String> = specs()
        .iter()
        .map(|spec| {
            let codec = open(spec).unwrap();
            let i = codec.info();
            format!(
                "{} {} Hz, {:.2} frames/s, {} levels of {} at {:.1?} Hz, look-ahead {}, entries of {}, {}",
                codec.kind(),
                i.sample_rate_hz,
                i.frame_rate_hz,
                i.levels,
                i.codebook_size,
                codec.level_rates_hz().into_iter().fold(Vec::new(), |mut all, r| {
                    if !all.contains(&r) {
                        all.push(r);
                    }
                    all
                }),
                codec.look_ahead_frames(),
                i.latent_dim,
                codec.fingerprint().split('-').next().unwrap(),
            )
        })
        .collect();
    insta::assert_snapshot!(known.join("\n"));
}

#[test]
fn codes_of_another_codec_are_refused() {
    for spec in specs() {
        let codec = open(&spec).unwrap();
        let info = codec.info();
        let wide = Codes::new(info.levels + 1, vec![0; info.levels + 1]).unwrap();
        let high = Codes::new(1, vec![info.codebook_size as u16]).unwrap();
        assert!(matches!(codec.decode(&wide), Err(CodecError::Levels { .. })));
        assert!(matches!(codec.decode(&high), Err(CodecError::Codes(_))));
        let mut stream = codec.decode_stream();
        stream.push(&Codes::new(1, vec![0; 60]).unwrap()).unwrap();
        assert!(matches!(stream.push(&wide), Err(CodecError::Levels { .. })), "{spec}");
        let two = Codes::new(2, vec![0; 2]).unwrap();
        assert!(matches!(stream.push(&two), Err(CodecError::Levels { .. })), "{spec}");
    }
}

#[test]
fn fewer_levels_are_another_codec_and_decode_the_first() {
    for name in ["encodec", "dac_24k", "mimi"] {
        let all = open(&CodecSpec::new(data(name))).unwrap();
        let some = open(&format!("{},levels=3", data(name).display()).parse().unwrap()).unwrap();
        assert_ne!(all.fingerprint(), some.fingerprint());
        let audio = signal(24_000);
        let codes = some.encode(&audio).unwrap();
        assert_eq!(codes, all.encode(&audio).unwrap().first_levels(3));
        assert!(some.decode(&codes).unwrap() == all.decode(&codes).unwrap());
    }
    let wrong = |text: &str| text.parse::<CodecSpec>().unwrap_err().to_string();
    assert!(wrong("mimi,levels=x").contains("levels=x"));
    assert!(wrong("mimi,depth=3").contains("depth=3"));
}
