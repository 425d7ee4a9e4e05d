//! Writing: exactness, clipping, and never half a file.

use std::fs;
use std::io::{self, Write};

use syrinx_audio::{Audio, AudioError, WavFormat, read, write_wav, write_wav_to};
use tempfile::TempDir;

use crate::tone;

#[test]
fn floats_survive_and_integers_survive_the_second_time() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.wav");
    let sine = tone(440.0, 0.9, 1000, 22_050);
    write_wav(&path, &sine, WavFormat::Float32).unwrap();
    assert_eq!(read(&path).unwrap(), sine);
    write_wav(&path, &sine, WavFormat::Int16).unwrap();
    let rounded = read(&path).unwrap();
    assert!(rounded != sine);
    write_wav(&path, &rounded, WavFormat::Int16).unwrap();
    assert_eq!(read(&path).unwrap(), rounded);
}

#[test]
fn loud_samples_are_clipped() {
    let loud = Audio { samples: vec![1.0, 1.5, -1.0, -1.5, 100.0], sample_rate_hz: 24_000 };
    let mut bytes = Vec::new();
    write_wav_to(&mut bytes, "loud", &loud, WavFormat::Int16).unwrap();
    let values: Vec<i16> =
        hound::WavReader::new(&bytes[..]).unwrap().samples().map(Result::unwrap).collect();
    assert_eq!(values, [32767, 32767, -32768, -32768, 32767]);
}

#[test]
fn streams_and_files_get_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.wav");
    let sine = tone(440.0, 0.5, 100, 24_000);
    write_wav(&path, &sine, WavFormat::Int16).unwrap();
    let mut bytes = Vec::new();
    write_wav_to(&mut bytes, "-", &sine, WavFormat::Int16).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(bytes.len(), 44 + 200);
}

#[test]
fn nan_is_refused_and_the_old_file_stays() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.wav");
    let sine = tone(440.0, 0.5, 100, 24_000);
    write_wav(&path, &sine, WavFormat::Float32).unwrap();
    let mut broken = sine.clone();
    broken.samples[24] = f32::NAN;
    let error = write_wav(&path, &broken, WavFormat::Int16).unwrap_err();
    assert!(
        error.to_string().contains("holds NaN or infinite samples (1, the first at 0.001 s)"),
        "{error}"
    );
    assert_eq!(read(&path).unwrap(), sine);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_missing_folder_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("no/such/a.wav");
    let error = write_wav(&path, &tone(440.0, 0.5, 10, 24_000), WavFormat::Int16).unwrap_err();
    assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    assert!(matches!(error, AudioError::Write { .. }));
}

/// A stream with room for a number of bytes.
struct FullDisk(usize);

impl Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(self.0);
        self.0 -= n;
        if n == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(n) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let sine = tone(440.0, 0.5, 1000, 24_000);
    let error = write_wav_to(FullDisk(100), "out.wav", &sine, WavFormat::Int16).unwrap_err();
    assert!(error.to_string().starts_with("out.wav: writing failed: no storage space"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_to_and_not_replaced() {
    let sine = tone(440.0, 0.5, 1000, 24_000);
    let error = write_wav("/dev/full", &sine, WavFormat::Int16).unwrap_err();
    assert!(error.to_string().starts_with("/dev/full: writing failed: No space left"), "{error}");
    write_wav("/dev/null", &sine, WavFormat::Int16).unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = TempDir::new().unwrap();
    let (real, link) = (folder.path().join("real.wav"), folder.path().join("link.wav"));
    let sine = tone(440.0, 0.5, 10, 24_000);
    write_wav(&real, &tone(100.0, 0.5, 5, 24_000), WavFormat::Float32).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    write_wav(&link, &sine, WavFormat::Float32).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read(&real).unwrap(), sine);
}
