//! Reading: formats, rates, channels, and everything that can be wrong with a file.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavSpec, WavWriter};
use proptest::prelude::*;
use syrinx_audio::{
    AudioError, AudioWarning, ReadLimits, UniqueWarnings, load, load_source, load_warned, read,
    read_channels, read_from, read_from_warned, read_warned, read_with,
};
use syrinx_types::{Event, RecordingSink};
use tempfile::TempDir;

use crate::{data, max_difference, tone};

fn spec(channels: u16, sample_rate: u32, bits: u16, sample_format: SampleFormat) -> WavSpec {
    WavSpec { channels, sample_rate, bits_per_sample: bits, sample_format }
}

/// A WAV in memory from interleaved samples in -1..=1.
fn wav(spec: WavSpec, interleaved: &[f32]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    let full = 2f64.powi(i32::from(spec.bits_per_sample) - 1);
    for &x in interleaved {
        match spec.sample_format {
            SampleFormat::Float => writer.write_sample(x).unwrap(),
            SampleFormat::Int => {
                let value = (f64::from(x) * full).round().clamp(-full, full - 1.0);
                writer.write_sample(value as i32).unwrap();
            }
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn wav16(interleaved: &[f32]) -> Vec<u8> {
    wav(spec(1, 24_000, 16, SampleFormat::Int), interleaved)
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

#[test]
fn wav_of_every_depth() {
    let folder = Folder::new();
    let sine = tone(440.0, 0.5, 2400, 24_000);
    let check = |bits: u16, format: SampleFormat, tolerance: f32| {
        let path = folder.file("a.wav", &wav(spec(1, 24_000, bits, format), &sine.samples));
        let got = read(&path).unwrap();
        assert_eq!(got.sample_rate_hz, 24_000);
        let off = max_difference(&got.samples, &sine.samples);
        assert!(off <= tolerance, "{bits} bits: off by {off}");
    };
    check(8, SampleFormat::Int, 1.0 / 255.0);
    check(16, SampleFormat::Int, 1.0 / 65_535.0);
    check(24, SampleFormat::Int, 1e-7);
    check(32, SampleFormat::Int, 1e-7);
    check(32, SampleFormat::Float, 0.0);
}

#[test]
fn channels_become_their_mean_or_stay_apart() {
    let folder = Folder::new();
    let frames = 100;
    let interleaved: Vec<f32> = (0..frames).flat_map(|_| (0..7).map(|c| c as f32 / 8.0)).collect();
    let path =
        folder.file("seven.wav", &wav(spec(7, 384_000, 32, SampleFormat::Float), &interleaved));
    let mono = read(&path).unwrap();
    assert_eq!((mono.samples.len(), mono.sample_rate_hz), (frames, 384_000));
    assert!(mono.samples.iter().all(|&x| (x - 3.0 / 8.0).abs() < 1e-6));
    let channels = read_channels(&path, &ReadLimits::default(), &mut |_| {}).unwrap();
    assert_eq!(channels.len(), 7);
    for (c, audio) in channels.iter().enumerate() {
        assert_eq!(audio.samples, vec![c as f32 / 8.0; frames]);
    }
}

/// Two channels: a tone on the left, then on the right, or on both.
fn stereo(turns: bool) -> Vec<f32> {
    let tone = tone(300.0, 0.4, 24_000, 24_000).samples;
    let left = |i: usize| !turns || (i / 6_000).is_multiple_of(2);
    let right = |i: usize| !turns || !left(i);
    let on = |on: bool, x: f32| if on { x } else { 0.0 };
    tone.iter().enumerate().flat_map(|(i, &x)| [on(left(i), x), on(right(i), 0.5 * x)]).collect()
}

#[test]
fn one_speaker_a_channel_is_asked_about() {
    let folder = Folder::new();
    let file = |name: &str, turns: bool| {
        folder.file(name, &wav(spec(2, 24_000, 32, SampleFormat::Float), &stereo(turns)))
    };
    let (place, call) = (file("place.wav", false), file("call.wav", true));
    assert_eq!(read(&place).unwrap().samples.len(), 24_000);
    let error = read(&call).unwrap_err();
    assert!(matches!(error, AudioError::SpeakerPerChannel { channels: 2, .. }), "{error}");
    assert!(error.hint().unwrap().contains("call.wav#1"), "{error}");
    let limits = ReadLimits::default();
    let channel = |n: &str| load_source(&format!("{}#{n}", call.display()), 24_000, &limits);
    let channels = read_channels(&call, &limits, &mut |_| {}).unwrap();
    assert_eq!(channel("1").unwrap().samples, channels[0].samples);
    assert_eq!(channel("2").unwrap().samples, channels[1].samples);
    for wrong in ["0", "3"] {
        let error = channel(wrong).unwrap_err();
        assert!(matches!(error, AudioError::NoChannel { channels: 2, .. }), "{error}");
    }
    assert!(matches!(channel("left").unwrap_err(), AudioError::Missing { .. }));
    // A file that is called so.
    let named = folder.file("call.wav#1", &wav16(&[0.25]));
    assert_eq!(load_source(named.to_str().unwrap(), 24_000, &limits).unwrap().samples, [0.25]);
}

#[test]
fn high_rates_load_at_the_wanted_one() {
    let folder = Folder::new();
    let sine = tone(440.0, 0.5, 38_400, 384_000);
    let path =
        folder.file("fast.wav", &wav(spec(1, 384_000, 32, SampleFormat::Float), &sine.samples));
    let got = load(&path, 24_000).unwrap();
    assert_eq!((got.samples.len(), got.sample_rate_hz), (2400, 24_000));
    let ideal = tone(440.0, 0.5, 2400, 24_000);
    assert!(max_difference(&got.samples[200..2200], &ideal.samples[200..2200]) < 1e-3);
}

#[test]
fn silence_and_single_samples_are_sound() {
    let folder = Folder::new();
    let silent = read(folder.file("silent.wav", &wav16(&[0.0; 500]))).unwrap();
    assert_eq!(silent.samples, vec![0.0; 500]);
    let one = folder.file("one.wav", &wav16(&[0.25]));
    assert_eq!(read(&one).unwrap().samples, [0.25]);
    assert_eq!(load(&one, 48_000).unwrap().samples.len(), 2);
}

#[test]
fn compressed_formats() {
    let ideal = tone(440.0, 0.25, 7200, 24_000);
    let check = |name: &str, delay: usize, tolerance: f32| {
        let got = read(data(name)).unwrap();
        assert_eq!(got.sample_rate_hz, 24_000, "{name}");
        // The ends ring in lossy formats.
        let off =
            max_difference(&got.samples[delay + 1200..delay + 6000], &ideal.samples[1200..6000]);
        assert!(off <= tolerance, "{name}: off by {off}");
        if delay == 0 {
            assert_eq!(got.samples.len(), 7200, "{name}");
        }
        let mut streamed = fs::File::open(data(name)).unwrap();
        assert_eq!(read_from(&mut streamed, name, &ReadLimits::default()).unwrap(), got);
    };
    check("tone.flac", 0, 2e-4);
    check("tone.mp3", 0, 0.02);
    check("tone.ogg", 0, 0.02);
    check("tone.m4a", 1024, 0.02);
    check("alaw.wav", 0, 0.01);
}

#[test]
fn the_contents_decide_and_not_the_name() {
    let folder = Folder::new();
    let path = folder.file("really_flac.wav", &fs::read(data("tone.flac")).unwrap());
    assert_eq!(read(path).unwrap(), read(data("tone.flac")).unwrap());
}

#[test]
fn wav_from_a_pipe_has_a_made_up_length() {
    let samples = tone(440.0, 0.5, 1000, 24_000).samples;
    let whole = wav16(&samples);
    let expected = read_from(&whole[..], "whole", &ReadLimits::default()).unwrap();
    for made_up in [0xffff_ffffu32, 0x7fff_f000, 0x8000_0000] {
        let mut piped = whole.clone();
        piped[40..44].copy_from_slice(&made_up.to_le_bytes());
        assert_eq!(read_from(&piped[..], "piped", &ReadLimits::default()).unwrap(), expected);
    }
}

#[test]
fn notes_before_the_sound_are_skipped() {
    let whole = wav16(&[0.5; 10]);
    // A chunk of odd length is followed by a padding byte.
    let mut noted = whole[..36].to_vec();
    noted.extend_from_slice(b"note\x03\0\0\0abc\0");
    noted.extend_from_slice(&whole[36..]);
    assert_eq!(read_from(&noted[..], "noted", &ReadLimits::default()).unwrap().samples, [0.5; 10]);
}

/// A file by name and contents, and what reading it must say besides its name.
fn check_refused(name: &str, bytes: &[u8], expected: &str) {
    let folder = Folder::new();
    let path = folder.file(name, bytes);
    let error = read(&path).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with(&path.display().to_string()), "{message}");
    assert!(message.contains(expected), "{name}: {message}");
    assert_eq!(error.path(), Some(path.clone()));
    // The same from a stream.
    let streamed = read_from(bytes, "standard input", &ReadLimits::default()).unwrap_err();
    assert!(streamed.to_string().starts_with("standard input: "), "{streamed}");
}

#[test]
fn bad_files_are_refused_with_name_and_remedy() {
    let good = wav16(&[0.5; 100]);
    let float = |x: f32| wav(spec(1, 24_000, 32, SampleFormat::Float), &[0.0, 0.0, x, 0.0]);
    let with = |at: usize, bytes: &[u8]| {
        let mut wav = good.clone();
        wav[at..at + bytes.len()].copy_from_slice(bytes);
        wav
    };
    check_refused("empty.wav", b"", "is empty (0 bytes)");
    check_refused("note.txt", b"Dear diary", "is not audio (it is text)");
    check_refused("photo.mp3", b"\x89PNG\r\n\x1a\n0000", "is not audio (it is a PNG picture)");
    check_refused("voice.amr", b"#!AMR\n0000", "AMR is not supported");
    check_refused("mac.aiff", b"FORM\0\0\0\0AIFFCOMM", "AIFF is not supported");
    check_refused("big.wav", b"RIFX\0\0\0\0WAVEfmt ", "big-endian WAV (RIFX) is not supported");
    check_refused("header.wav", &good[..20], "ends inside the header");
    check_refused("no_samples.wav", &wav16(&[]), "holds no samples");
    check_refused(
        "nan.wav",
        &float(f32::NAN),
        "holds NaN or infinite samples (1, the first at 0.000 s)",
    );
    check_refused("inf.wav", &float(f32::INFINITY), "NaN or infinite");
    // Byte 24: samples a second, then bytes a second.
    check_refused("still.wav", &with(24, &[0; 8]), "sample rate 0 Hz is out of range");
    check_refused("no_channels.wav", &with(22, &[0; 2]), "zero channels");
    check_refused(
        "talk.opus",
        &fs::read(data("tone.opus")).unwrap(),
        "Opus in Ogg is not supported",
    );
    check_refused("scrap.flac", b"fLaC and then nothing of the kind", "looks like FLAC but can't");
    let m4a = fs::read(data("tone.m4a")).unwrap();
    check_refused("cut.m4a", &m4a[..2000], "looks like M4A but can't be decoded");
}

#[test]
fn cut_files_are_read_to_their_end() {
    let good = wav16(&[0.5; 100]);
    let flac = fs::read(data("tone.flac")).unwrap();
    let adpcm = fs::read(data("cases/d04_ima_adpcm.wav")).unwrap();
    for (bytes, got, expected) in [
        (&good[..144], 50, 100),
        (&good[..143], 49, 100),
        (&flac[..1500], 2304, 7200),
        // Three blocks of 256 bytes and 505 samples, and a part of the fourth.
        (&adpcm[..60 + 3 * 256 + 100], 1515, 4000),
    ] {
        let mut warnings = Vec::new();
        let limits = ReadLimits::default();
        let audio = read_from_warned(bytes, "cut", &limits, &mut |w| warnings.push(w)).unwrap();
        assert_eq!(audio.samples.len() as u64, got);
        assert_eq!(warnings, [AudioWarning::Truncated { name: "cut".into(), got, expected }]);
    }
}

#[test]
fn every_reader_of_a_file_warns_and_a_run_emits_a_warning_once() {
    let folder = Folder::new();
    let limits = ReadLimits::default();
    let (sink, unique) = (RecordingSink::default(), UniqueWarnings::default());
    let paths = ["a.wav", "b.wav"].map(|name| folder.file(name, &wav16(&[0.5; 100])[..144]));
    for path in &paths {
        let name = path.display().to_string();
        let expected = [AudioWarning::Truncated { name, got: 50, expected: 100 }];
        let mut warnings = Vec::new();
        read_warned(path, &limits, &mut |w| warnings.push(w)).unwrap();
        assert_eq!(warnings, expected);
        warnings.clear();
        read_channels(path, &limits, &mut |w| warnings.push(w)).unwrap();
        assert_eq!(warnings, expected);
        // The rate has no part in a warning.
        for rate_hz in [24_000, 16_000] {
            load_warned(path, rate_hz, &limits, &mut unique.emit_to(&sink)).unwrap();
        }
    }
    let message = |path: &PathBuf| {
        format!("{}: the data is cut short: using 50 of 100 samples", path.display())
    };
    let expected = paths.each_ref().map(|path| Event::Warning { message: message(path) });
    assert_eq!(sink.events(), expected);
}

#[test]
fn missing_files_and_folders() {
    let missing = read("no/such/file.wav").unwrap_err();
    assert_eq!(missing.to_string(), "no/such/file.wav: no such file");
    let folder = Folder::new();
    let error = read(folder.0.path()).unwrap_err();
    assert!(matches!(error, AudioError::NotAFile { .. }), "{error}");
    let through_a_file = folder.file("a.wav", b"x").join("b.wav");
    assert!(matches!(read(through_a_file).unwrap_err(), AudioError::Missing { .. }));
}

#[test]
fn limits_stop_the_reading() {
    let limits = ReadLimits { max_seconds: 0.2, max_stream_bytes: 1000 };
    let check = |path: &Path| {
        let error = read_with(path, &limits).unwrap_err();
        assert!(matches!(error, AudioError::TooLong { .. }), "{error}");
    };
    check(&data("tone.ogg"));
    let folder = Folder::new();
    let long = folder.file("long.wav", &wav16(&[0.0; 5000]));
    check(&long);
    // The header is enough to refuse it, even if the rest never came.
    check(&folder.file("cut.wav", &fs::read(&long).unwrap()[..100]));
    let stream = fs::File::open(data("tone.ogg")).unwrap();
    let error = read_from(stream, "standard input", &limits).unwrap_err();
    assert!(matches!(error, AudioError::TooLarge { max_bytes: 1000, .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    /// Damaged files give sound or an error, never a panic, and never samples that aren't numbers.
    #[test]
    fn damage_is_survived(
        file in 0usize..10,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        keep in 0.0f64..1.5,
    ) {
        let name = [
            "tone.flac", "tone.mp3", "tone.ogg", "tone.m4a", "alaw.wav", "tone.opus", "adpcm.wav",
            "cases/d01_ext_24in32.wav", "cases/d12_opus.webm", "cases/d04_ima_adpcm.wav",
        ][file];
        let mut bytes = fs::read(data(name)).unwrap();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate((bytes.len() as f64 * keep) as usize);
        if let Ok(audio) = read_from(&bytes[..], name, &ReadLimits::default()) {
            prop_assert!(!audio.samples.is_empty());
            prop_assert!(audio.samples.iter().all(|x| x.is_finite()));
        }
    }
}
