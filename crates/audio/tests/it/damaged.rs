//! Compressed files that are cut, have a hole or something foreign: what is used of them and the warning.

use std::fs;

use syrinx_audio::{ReadLimits, read_from_warned};

use crate::data;

/// An Ogg file of several pages, beside the test data.
const SPOKEN: &str = "../../../../evals/data/test/audio/awb_085_0009.ogg";

/// Damage of a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// Nothing but this share of the bytes is left.
    Cut(f64),
    /// Zeros instead of this number of bytes in the middle.
    Hole(usize),
    /// Zeros behind the file.
    Tail(usize),
}

impl Damage {
    fn apply(self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Cut(share) => bytes.truncate((bytes.len() as f64 * share) as usize),
            Self::Hole(length) => {
                let start = bytes.len() / 2;
                bytes[start..start + length].fill(0);
            }
            Self::Tail(length) => bytes.resize(bytes.len() + length, 0),
        }
        bytes
    }
}

#[test]
fn lost_sound_is_reported() {
    use Damage::{Cut, Hole, Tail};
    for (file, damage, expected) in [
        ("cases/d11_tone.flac", Cut(0.9), "cut short: using 3000 of 4000 samples"),
        ("cases/d11_tone.flac", Hole(400), "cut short: using 2000 of 4000 samples"),
        ("cases/d11_unknown_total.flac", Hole(400), "2000 samples are missing"),
        ("cases/d12_tone.mp3", Cut(0.5), "cut short: using 1199 of 4800 samples"),
        ("cases/d12_tone.mp3", Tail(100), ""),
        (SPOKEN, Cut(0.6), "cut short: using the"),
        (SPOKEN, Hole(600), "samples are missing"),
        (SPOKEN, Tail(100), ""),
        ("cases/d12_vorbis.ogg", Tail(100), ""),
        ("cases/d12_aac.m4a", Tail(100), ""),
        ("tone.mp3", Tail(0), ""),
        ("tone.ogg", Tail(0), ""),
        ("tone.m4a", Tail(0), ""),
        ("tone.flac", Tail(0), ""),
    ] {
        let bytes = damage.apply(fs::read(data(file)).unwrap());
        let mut warnings = Vec::new();
        let limits = ReadLimits::default();
        let read = read_from_warned(&bytes[..], "a", &limits, &mut |w| warnings.push(w));
        assert!(read.is_ok(), "{file} {damage:?}: {read:?}");
        let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        let right = match expected {
            "" => told.is_empty(),
            expected => told.iter().any(|told| told.contains(expected)),
        };
        assert!(right, "{file} {damage:?}: {told:?}, expected {expected:?}");
    }
}

#[test]
fn no_whole_frame() {
    let mp3 = fs::read(data("cases/d12_tone.mp3")).unwrap();
    let limits = ReadLimits::default();
    let error = read_from_warned(&mp3[..100], "a", &limits, &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a: looks like MP3 but can't be decoded (no frame of it is whole)"
    );
    let sphere = [&b"NIST_1A\n   1024\n"[..], &[0; 1008]].concat();
    let error = read_from_warned(&sphere[..], "a", &limits, &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "a: NIST SPHERE is not supported");
}

#[test]
fn damaged_packets_are_no_other_scale() {
    // Random bytes in the middle of the packets decode to samples far out of range.
    let mut mp3 = fs::read(data("cases/d12_tone.mp3")).unwrap();
    let (start, mut state) = (mp3.len() / 4, 1u32);
    for _ in 0..20 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let at = start + (state >> 8) as usize % (mp3.len() - start);
        mp3[at] = (state >> 24) as u8;
    }
    let audio = read_from_warned(&mp3[..], "a", &ReadLimits::default(), &mut |_| {}).unwrap();
    assert!(audio.samples.iter().all(|x| x.abs() <= 16.0));
}
