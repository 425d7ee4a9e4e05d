//! Reading recordings: files, streams, standard input.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use syrinx_types::Audio;

use crate::channels::chosen;
use crate::intake::{ChannelSink, Intake, MonoSink, ReadLimits, Sink};
use crate::sniff::{ContainerFormat, FileKind, SNIFF_BYTES, sniff};
use crate::{AudioError, AudioWarning, Recording, UnsupportedContent, compressed, wav};

/// Name of `-` in messages.
const STANDARD_INPUT: &str = "standard input";

/// Reads a file to mono (the mean of its channels) at its own rate, within the default [`ReadLimits`]. A file with one
/// speaker per channel is an error; [`load_source`] can select a channel.
///
/// # Errors
/// Any [`AudioError`] of reading; each names the file.
pub fn read(path: impl AsRef<Path>) -> Result<Audio, AudioError> {
    read_with(path, &ReadLimits::default())
}

/// Reads like [`read`], within given limits.
///
/// # Errors
/// Errors of [`read`].
pub fn read_with(path: impl AsRef<Path>, limits: &ReadLimits) -> Result<Audio, AudioError> {
    read_warned(path, limits, &mut |_| {})
}

/// Reads like [`read_with`], and calls `warn` for every repaired fault.
///
/// # Errors
/// Errors of [`read`].
pub fn read_warned(
    path: impl AsRef<Path>,
    limits: &ReadLimits,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Audio, AudioError> {
    let mut sink = MonoSink::new(None);
    let warnings = decode_file(path.as_ref(), limits, &mut sink)?;
    finish(sink, warnings, &path.as_ref().display().to_string(), warn)
}

/// Reads a file and resamples it to `rate_hz` during decoding, so that memory holds a recording once only.
///
/// # Errors
/// Errors of [`read`].
pub fn load(path: impl AsRef<Path>, rate_hz: u32) -> Result<Audio, AudioError> {
    load_with(path, rate_hz, &ReadLimits::default())
}

/// Reads like [`load`], within given limits.
///
/// # Errors
/// Errors of [`read`].
pub fn load_with(
    path: impl AsRef<Path>,
    rate_hz: u32,
    limits: &ReadLimits,
) -> Result<Audio, AudioError> {
    load_warned(path, rate_hz, limits, &mut |_| {})
}

/// Reads like [`load_with`], and calls `warn` for every repaired fault.
///
/// # Errors
/// Errors of [`read`].
pub fn load_warned(
    path: impl AsRef<Path>,
    rate_hz: u32,
    limits: &ReadLimits,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Audio, AudioError> {
    let mut sink = MonoSink::new(Some(rate_hz));
    let warnings = decode_file(path.as_ref(), limits, &mut sink)?;
    finish(sink, warnings, &path.as_ref().display().to_string(), warn)
}

fn finish(
    sink: MonoSink,
    warnings: Vec<AudioWarning>,
    name: &str,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Audio, AudioError> {
    let (audio, cancelled) = sink.finish(name)?;
    warnings.into_iter().chain(cancelled).for_each(warn);
    Ok(audio)
}

/// Reads the channels of a file separately, at its own rate, and calls `warn` for every repaired fault.
///
/// # Errors
/// Errors of [`read`].
pub fn read_channels(
    path: impl AsRef<Path>,
    limits: &ReadLimits,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Vec<Audio>, AudioError> {
    let mut sink = ChannelSink::default();
    decode_file(path.as_ref(), limits, &mut sink)?.into_iter().for_each(warn);
    Ok(sink.finish())
}

/// Reads like [`read_with`], where `-` is standard input and `NAME#2` is the second channel of a file.
///
/// # Errors
/// Errors of [`read`].
pub fn read_source(source: &str, limits: &ReadLimits) -> Result<Audio, AudioError> {
    let (name, channel) = chosen(source);
    let mut sink = MonoSink::new(None).of_channel(channel);
    decode_source(name, limits, &mut sink)?;
    Ok(sink.finish(name)?.0)
}

/// Reads like [`load_with`], where `-` is standard input and `NAME#2` is the second channel of a file.
///
/// # Errors
/// Errors of [`read`].
pub fn load_source(source: &str, rate_hz: u32, limits: &ReadLimits) -> Result<Audio, AudioError> {
    load_source_warned(source, rate_hz, limits, &mut |_| {})
}

/// Reads like [`load_source`], and calls `warn` for every repaired fault.
///
/// # Errors
/// Errors of [`read`].
pub fn load_source_warned(
    source: &str,
    rate_hz: u32,
    limits: &ReadLimits,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Audio, AudioError> {
    let (name, channel) = chosen(source);
    let mut sink = MonoSink::new(Some(rate_hz)).of_channel(channel);
    let warnings = decode_source(name, limits, &mut sink)?;
    finish(sink, warnings, name, warn)
}

/// Reads like [`load_source_warned`], but stores a long recording in a temporary file. Without a rate, the recording
/// keeps its own.
///
/// # Errors
/// Errors of [`read`], and [`AudioError::Spool`] if the temporary file can't be written.
pub fn open_source(
    source: &str,
    rate_hz: Option<u32>,
    limits: &ReadLimits,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Recording, AudioError> {
    let (name, channel) = chosen(source);
    let mut sink = MonoSink::long(rate_hz).of_channel(channel);
    let warnings = decode_source(name, limits, &mut sink)?;
    let (recording, cancelled) = sink.finish_recording(name)?;
    warnings.into_iter().chain(cancelled).for_each(warn);
    Ok(recording)
}

/// Reads a stream to mono at its own rate. `name` is used in messages; its extension (`upload.mp3`) identifies formats
/// that their first bytes do not. WAV is decoded while it is read, other formats are first read into memory.
///
/// # Errors
/// Errors of [`read`].
pub fn read_from(reader: impl Read, name: &str, limits: &ReadLimits) -> Result<Audio, AudioError> {
    read_from_warned(reader, name, limits, &mut |_| {})
}

/// Reads like [`read_from`], and calls `warn` for every repaired fault.
///
/// # Errors
/// Errors of [`read`].
pub fn read_from_warned(
    reader: impl Read,
    name: &str,
    limits: &ReadLimits,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Audio, AudioError> {
    let mut sink = MonoSink::new(None);
    let warnings = decode_stream(reader, name, limits, &mut sink)?;
    finish(sink, warnings, name, warn)
}

/// Warnings of a successful read, or its error.
type Decoded = Result<Vec<AudioWarning>, AudioError>;

fn decode_source(source: &str, limits: &ReadLimits, sink: &mut dyn Sink) -> Decoded {
    if source == "-" {
        decode_stream(io::stdin().lock(), STANDARD_INPUT, limits, sink)
    } else {
        decode_file(Path::new(source), limits, sink)
    }
}

fn decode_file(path: &Path, limits: &ReadLimits, sink: &mut dyn Sink) -> Decoded {
    let name = path.display().to_string();
    let fail = |e| AudioError::opening(&name, e);
    let mut file = File::open(path).map_err(fail)?;
    let kind = file.metadata().map_err(fail)?.file_type();
    if kind.is_dir() {
        return Err(AudioError::NotAFile { name });
    }
    if !kind.is_file() {
        // A pipe or device cannot be rewound.
        return decode_stream(file, &name, limits, sink);
    }
    let head = read_head(&mut file, &name)?;
    let extension = path.extension().and_then(|e| e.to_str());
    let format = recognize(&head, extension, &name)?;
    file.seek(SeekFrom::Start(0)).map_err(fail)?;
    let mut intake = Intake::new(&name, limits, sink);
    match format {
        ContainerFormat::Wav => wav::decode(BufReader::new(file), &mut intake)?,
        _ => compressed::decode(Box::new(file), format, &mut intake)?,
    }
    Ok(intake.take_warnings())
}

fn decode_stream(
    mut reader: impl Read,
    name: &str,
    limits: &ReadLimits,
    sink: &mut dyn Sink,
) -> Decoded {
    let mut head = read_head(&mut reader, name)?;
    let extension = Path::new(name).extension().and_then(|e| e.to_str());
    let format = recognize(&head, extension, name)?;
    let mut intake = Intake::new(name, limits, sink);
    if format == ContainerFormat::Wav {
        wav::decode(Cursor::new(head).chain(reader), &mut intake)?;
        return Ok(intake.take_warnings());
    }
    let max_bytes = limits.max_stream_bytes;
    reader
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut head)
        .map_err(|e| AudioError::opening(name, e))?;
    if head.len() as u64 > max_bytes {
        return Err(AudioError::TooLarge { name: name.to_owned(), max_bytes });
    }
    compressed::decode(Box::new(Cursor::new(head)), format, &mut intake)?;
    Ok(intake.take_warnings())
}

fn read_head(reader: &mut impl Read, name: &str) -> Result<Vec<u8>, AudioError> {
    let mut head = Vec::with_capacity(SNIFF_BYTES);
    reader
        .take(SNIFF_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(|e| AudioError::opening(name, e))?;
    Ok(head)
}

fn recognize(
    head: &[u8],
    extension: Option<&str>,
    name: &str,
) -> Result<ContainerFormat, AudioError> {
    if head.is_empty() {
        return Err(AudioError::Empty { name: name.to_owned() });
    }
    sniff(head, extension).map_err(|found| {
        let name = name.to_owned();
        match found {
            FileKind::Recording(format) => {
                AudioError::Unsupported { name, content: UnsupportedContent::Container(format) }
            }
            found => AudioError::NotAudio { name, found },
        }
    })
}
