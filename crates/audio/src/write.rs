//! Writing WAV.

use std::io::{self, BufWriter, Cursor, Seek, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hound::{SampleFormat, WavSpec, WavWriter};
use syrinx_atomic::Draft;
use syrinx_types::Audio;

use crate::{AudioError, to_int16};

/// Sample format of a written WAV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WavFormat {
    /// 16-bit integers; samples beyond full scale are clipped.
    #[default]
    Int16,
    /// 32-bit floats, unchanged.
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

/// Writes a mono WAV file. The file is written under a temporary name and then renamed: it is complete or absent. A
/// device or pipe at `path` is written directly.
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
    check(&audio.samples, audio.sample_rate_hz, 0, format, &name)?;
    write_file(path, audio, format).map_err(|cause| AudioError::Write { name, cause })
}

/// Writer of a mono WAV file in several calls. The file appears under its name in [`WavFile::finish`].
pub struct WavFile {
    wav: WavWriter<BufWriter<Shared>>,
    draft: Shared,
    format: WavFormat,
    sample_rate_hz: u32,
    name: String,
    samples: usize,
}

/// Draft shared with hound's writer, so that it remains when that writer is dropped.
#[derive(Clone)]
struct Shared(Arc<Mutex<Option<Draft>>>);

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Draft) -> io::Result<T>) -> io::Result<T> {
        let mut draft = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        draft.as_mut().map_or_else(|| Err(io::ErrorKind::NotFound.into()), act)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|draft| draft.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(Draft::flush)
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.with(|draft| draft.seek(to))
    }
}

impl WavFile {
    /// Starts a file.
    ///
    /// # Errors
    /// [`AudioError::Write`].
    pub fn create(path: &Path, sample_rate_hz: u32, format: WavFormat) -> Result<Self, AudioError> {
        let name = path.display().to_string();
        let fail = |cause| AudioError::Write { name: name.clone(), cause };
        let draft = Shared(Arc::new(Mutex::new(Some(Draft::create(path).map_err(fail)?))));
        let writer = BufWriter::with_capacity(1 << 16, draft.clone());
        let wav = WavWriter::new(writer, spec(sample_rate_hz, format));
        let wav = wav.map_err(|e| fail(into_io(e)))?;
        Ok(Self { wav, draft, format, sample_rate_hz, name, samples: 0 })
    }

    /// Returns the number of samples written.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Appends samples.
    ///
    /// # Errors
    /// Errors of [`write_wav`].
    pub fn write(&mut self, samples: &[f32]) -> Result<(), AudioError> {
        check(samples, self.sample_rate_hz, self.samples, self.format, &self.name)?;
        self.samples += samples.len();
        push(&mut self.wav, samples, self.format)
            .map_err(|cause| AudioError::Write { name: self.name.clone(), cause })
    }

    /// Completes the file and renames it to its path.
    ///
    /// # Errors
    /// [`AudioError::Write`].
    pub fn finish(self) -> Result<(), AudioError> {
        let Self { wav, draft, name, .. } = self;
        let publish = || {
            wav.finalize().map_err(into_io)?;
            let draft = draft.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            draft.map_or(Ok(()), Draft::publish)
        };
        publish().map_err(|cause| AudioError::Write { name, cause })
    }
}

/// Writes a mono WAV to a stream. `name` is used in messages.
///
/// # Errors
/// Errors of [`write_wav`].
pub fn write_wav_to(
    mut writer: impl Write,
    name: &str,
    audio: &Audio,
    format: WavFormat,
) -> Result<(), AudioError> {
    check(&audio.samples, audio.sample_rate_hz, 0, format, name)?;
    write_stream(&mut writer, audio, format)
        .map_err(|cause| AudioError::Write { name: name.to_owned(), cause })
}

/// Writes a file like [`write_wav`], where `-` is standard output.
///
/// # Errors
/// Errors of [`write_wav`].
pub fn write_target(target: &str, audio: &Audio, format: WavFormat) -> Result<(), AudioError> {
    if target == "-" {
        write_wav_to(io::stdout().lock(), "standard output", audio, format)
    } else {
        write_wav(target, audio, format)
    }
}

/// Checks samples that are written after `before` others: their values, and the size of the file.
fn check(
    samples: &[f32],
    rate_hz: u32,
    before: usize,
    format: WavFormat,
    name: &str,
) -> Result<(), AudioError> {
    let bad = |x: &&f32| !x.is_finite();
    if let Some(first) = samples.iter().position(|x| !x.is_finite()) {
        return Err(AudioError::NonFinite {
            name: name.to_owned(),
            at_s: (before + first) as f64 / f64::from(rate_hz.max(1)),
            count: samples.iter().filter(bad).count() as u64,
        });
    }
    let samples = before + samples.len();
    if samples as u64 * u64::from(format.bits() / 8) > u64::from(u32::MAX - 1024) {
        return Err(AudioError::TooLongToWrite { name: name.to_owned(), samples });
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
    // hound seeks back to write the lengths, which is impossible in a stream.
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
    let spec = spec(audio.sample_rate_hz, format);
    let mut wav = WavWriter::new(writer, spec).map_err(into_io)?;
    push(&mut wav, &audio.samples, format)?;
    wav.finalize().map_err(into_io)
}

fn spec(sample_rate: u32, format: WavFormat) -> WavSpec {
    WavSpec {
        channels: 1,
        sample_rate,
        bits_per_sample: format.bits(),
        sample_format: match format {
            WavFormat::Int16 => SampleFormat::Int,
            WavFormat::Float32 => SampleFormat::Float,
        },
    }
}

fn push<W: Write + Seek>(
    wav: &mut WavWriter<W>,
    samples: &[f32],
    format: WavFormat,
) -> io::Result<()> {
    for &x in samples {
        match format {
            WavFormat::Int16 => wav.write_sample(to_int16(x)),
            WavFormat::Float32 => wav.write_sample(x),
        }
        .map_err(into_io)?;
    }
    Ok(())
}

fn into_io(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(e) => e,
        e => io::Error::other(e),
    }
}
