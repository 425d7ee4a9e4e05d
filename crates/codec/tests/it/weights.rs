use syrinx_codec::StoredPrecision::{F16, F32, I8};
use syrinx_codec::{Codec, CodecError, EmbeddedCodec, MelRvq};
use syrinx_types::{Audio, Codes};

use crate::small;

fn codes() -> Codes {
    Codes::new(3, (0..45).map(|i| i % 16).collect()).unwrap()
}

#[test]
fn what_is_written_reads_back() {
    let codec = small::codec();
    let audio = Audio { samples: small::sound(3200, 5), sample_rate_hz: 8000 };
    let whole = EmbeddedCodec::from_bytes(&codec.to_bytes(F32).unwrap()).unwrap();
    assert_eq!(whole.fingerprint(), codec.fingerprint());
    assert_eq!(whole.encode(&audio).unwrap(), codec.encode(&audio).unwrap());
    assert_eq!(whole.decode(&codes()).unwrap(), codec.decode(&codes()).unwrap());
    let wanted = codec.decode(&codes()).unwrap().samples;
    let power: f32 = wanted.iter().map(|v| v * v).sum();
    for (precision, largest) in [(F16, 1e-3), (I8, 2e-2)] {
        let read = EmbeddedCodec::from_bytes(&codec.to_bytes(precision).unwrap()).unwrap();
        assert_eq!(read.encode(&audio).unwrap(), codec.encode(&audio).unwrap());
        let found = read.decode(&codes()).unwrap().samples;
        let error: f32 = wanted.iter().zip(&found).map(|(x, y)| (x - y).powi(2)).sum();
        assert!(error > 0.0 && error < largest * power, "{precision:?}: {error} of {power}");
    }
    let sizes = [F32, F16, I8].map(|precision| codec.to_bytes(precision).unwrap().len());
    assert!(sizes[0] > sizes[1] && sizes[1] > sizes[2], "{sizes:?}");
}

#[test]
fn equal_codecs_make_equal_bytes() {
    assert_eq!(small::codec().to_bytes(F16).unwrap(), small::codec().to_bytes(F16).unwrap());
}

#[test]
fn the_quantiser_reads_alone_and_out_of_the_whole() {
    let codec = small::codec();
    let alone = codec.rvq().to_bytes().unwrap();
    for bytes in [alone.clone(), codec.to_bytes(F16).unwrap()] {
        assert_eq!(MelRvq::from_bytes(&bytes).unwrap().fingerprint(), codec.fingerprint());
    }
    let error = EmbeddedCodec::from_bytes(&alone).err().unwrap();
    assert!(matches!(error, CodecError::NoPart { part: "vocoder", .. }), "{error}");
}

#[test]
fn broken_bytes_are_errors() {
    let bytes = small::codec().to_bytes(F16).unwrap();
    for cut in [0, 5, 8, 300, bytes.len() / 2, bytes.len() - 1] {
        let error = EmbeddedCodec::from_bytes(&bytes[..cut]).err().unwrap();
        assert!(matches!(error, CodecError::Unreadable { .. }), "cut at {cut}: {error}");
    }
    assert!(EmbeddedCodec::from_bytes(b"RIFF....WAVEfmt definitely no weights").is_err());
}

#[test]
fn contradictions_are_named() {
    // Edits of the header keep its length, so that only the contradiction is left to find.
    let bytes = small::codec().to_bytes(F16).unwrap();
    let edit = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut edited = bytes.clone();
        edited[at..at + to.len()].copy_from_slice(to.as_bytes());
        EmbeddedCodec::from_bytes(&edited).err().unwrap().to_string()
    };
    for (from, to, wanted) in [
        (r#"\"levels\":3"#, r#"\"levels\":2"#, "rvq.codebooks"),
        (r#"\"latent_dim\":12"#, r#"\"latent_dim\":13"#, "rvq.axes"),
        (r#"\"hidden\":16"#, r#"\"hidden\":12"#, "blocks.0"),
        (r#"\"layers\":2"#, r#"\"layers\":1"#, "blocks.1"),
        (r#"\"window_frames\""#, r#"\"windoe_frames\""#, "windoe_frames"),
        (r#""rvq.mean""#, r#""rvq.meen""#, "rvq.mean"),
        (r#""syrinx_codec""#, r#""syrinx_codek""#, "syrinx_codec"),
    ] {
        let found = edit(from, to);
        assert!(found.contains(wanted), "{from}: {found}");
    }
}

#[test]
fn files_are_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codec.safetensors");
    let codec = small::codec();
    codec.save(&path, F16).unwrap();
    codec.save(&path, F16).unwrap();
    assert_eq!(EmbeddedCodec::load(&path).unwrap().fingerprint(), codec.fingerprint());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = EmbeddedCodec::load(&folder.path().join("none")).err().unwrap();
    assert!(matches!(missing, CodecError::Io { .. }) && missing.to_string().contains("none"));
}
