//! Writing WAV.

use std::io::{self, BufWriter, Cursor, Seek, Write};
use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};
use syrinx_types::Audio;

use crate::AudioError;

/// Sample format of a written WAV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WavFormat {
    /// 16-bit integers; louder than full scale is clipped.
    #[default]
    Int16,
    /// 32-bit floats, as they are.
    Float32,
}

impl WavFormat {
    fn bits(self) -> u16 {
        match self {
            Self::Int16 => 16,
            Self::Float32 => 32,
        }
    }
}

/// Writes a mono WAV file. The file appears whole or not at all: it is written beside its place and then renamed.
/// A device or pipe at `path` is written to as it is.
///
/// # Errors
/// [`AudioError::Write`] (full disk, missing folder, no permission), [`AudioError::NonFinite`],
/// [`AudioError::TooLongToWrite`].
pub fn write_wav(
    path: impl AsRef<Path>,
    audio: &Audio,
    format: WavFormat,
) -> Result<(), AudioError> {
    let path = path.as_ref();
    let name = path.display().to_string();
    check(audio, format, &name)?;
    write_file(path, audio, format).map_err(|source| AudioError::Write { name, source })
}

/// Writes a mono WAV to a stream. `name` is for messages.
///
/// # Errors
/// As [`write_wav`].
pub fn write_wav_to(
    mut writer: impl Write,
    name: &str,
    audio: &Audio,
    format: WavFormat,
) -> Result<(), AudioError> {
    check(audio, format, name)?;
    write_stream(&mut writer, audio, format)
        .map_err(|source| AudioError::Write { name: name.to_owned(), source })
}

/// [`write_wav`], where `-` is standard output.
///
/// # Errors
/// As [`write_wav`].
pub fn write_target(target: &str, audio: &Audio, format: WavFormat) -> Result<(), AudioError> {
    if target == "-" {
        write_wav_to(io::stdout().lock(), "standard output", audio, format)
    } else {
        write_wav(target, audio, format)
    }
}

fn check(audio: &Audio, format: WavFormat, name: &str) -> Result<(), AudioError> {
    let bad = |x: &&f32| !x.is_finite();
    if let Some(first) = audio.samples.iter().position(|x| !x.is_finite()) {
        return Err(AudioError::NonFinite {
            name: name.to_owned(),
            at_s: first as f64 / f64::from(audio.sample_rate_hz.max(1)),
            count: audio.samples.iter().filter(bad).count() as u64,
        });
    }
    if audio.samples.len() as u64 * u64::from(format.bits() / 8) > u64::from(u32::MAX - 1024) {
        return Err(AudioError::TooLongToWrite {
            name: name.to_owned(),
            samples: audio.samples.len(),
        });
    }
    Ok(())
}

fn write_file(path: &Path, audio: &Audio, format: WavFormat) -> io::Result<()> {
    syrinx_atomic::write_whole(path, |file| {
        let mut writer = BufWriter::with_capacity(1 << 16, file);
        write_samples(&mut writer, audio, format)?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(())
    })
}

fn write_stream(writer: &mut impl Write, audio: &Audio, format: WavFormat) -> io::Result<()> {
    // hound goes back to fill in the lengths, which a stream can't.
    let mut bytes = Cursor::new(Vec::new());
    write_samples(&mut bytes, audio, format)?;
    writer.write_all(bytes.get_ref())?;
    writer.flush()
}

fn write_samples(
    writer: &mut (impl Write + Seek),
    audio: &Audio,
    format: WavFormat,
) -> io::Result<()> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: audio.sample_rate_hz,
        bits_per_sample: format.bits(),
        sample_format: match format {
            WavFormat::Int16 => SampleFormat::Int,
            WavFormat::Float32 => SampleFormat::Float,
        },
    };
    let mut wav = WavWriter::new(writer, spec).map_err(into_io)?;
    for &x in &audio.samples {
        match format {
            WavFormat::Int16 => wav.write_sample(to_i16(x)),
            WavFormat::Float32 => wav.write_sample(x),
        }
        .map_err(into_io)?;
    }
    wav.finalize().map_err(into_io)
}

/// Full scale is 32768, as in reading, so that a 16-bit file survives the round trip bit for bit.
fn to_i16(x: f32) -> i16 {
    (x * 32768.0).round().clamp(-32768.0, 32767.0) as i16
}

fn into_io(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(e) => e,
        e => io::Error::other(e),
    }
}
