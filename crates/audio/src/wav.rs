//! WAV through hound.
//!
//! hound insists on a correct data length, but a WAV that comes out of a pipe carries a made-up one (ffmpeg writes
//! 0xffffffff, sox 0x7ffff000 or so), since its writer could not go back. So the header is collected first, a
//! made-up length is replaced by the largest possible one, and the end of such a stream is then the end of the sound.

use std::io::{BufReader, Cursor, Read};

use hound::{SampleFormat, WavReader, WavSpec};

use crate::intake::Intake;
use crate::sniff::Format;
use crate::{AudioError, compressed};

/// Lengths from here up are taken for made up. Real files of 2 GiB read the same way, only without the check that
/// they are complete.
const MADE_UP_BYTES: u32 = 0x7fff_0000;

/// Most bytes of chunks before the sound (pictures and notes).
const MAX_HEADER_BYTES: usize = 16 << 20;

/// Samples handed on at once.
const BLOCK_SAMPLES: usize = 1 << 14;

/// The bytes up to the sound itself.
struct Header {
    bytes: Vec<u8>,
    /// Samples per channel, unless the data length was made up: then read on to the end.
    frames: Option<u64>,
}

/// Decodes a WAV from its first byte.
pub(crate) fn decode<R: Read>(mut reader: R, intake: &mut Intake<'_>) -> Result<(), AudioError> {
    let name = intake.name.to_owned();
    let header = read_header(&mut reader, &name)?;
    let endless = header.frames.is_none();
    // The header is all that hound looks at first, so that it can be asked whether it will read the rest.
    if let Err(refusal) = WavReader::new(&header.bytes[..]).and_then(|wav| readable(&wav.spec())) {
        return decode_by_symphonia(header, reader, &refusal, intake);
    }
    let stream = BufReader::with_capacity(1 << 16, Cursor::new(header.bytes).chain(reader));
    let mut wav = WavReader::new(stream).map_err(|e| header_error(&name, &e))?;
    let spec = wav.spec();
    let channels = usize::from(spec.channels);
    let expected = u64::from(wav.len()) / channels as u64;
    intake.start(spec.sample_rate, channels)?;
    if !endless {
        intake.announce(expected)?;
    }
    let outcome = match spec.sample_format {
        SampleFormat::Float => pump(wav.samples::<f32>(), channels, intake),
        SampleFormat::Int => {
            // Dividing by a power of two is exact for up to 24 bits.
            let scale = 1.0 / (1u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            pump(wav.samples::<i32>().map(|s| s.map(|x| x as f32 * scale)), channels, intake)
        }
    };
    match outcome? {
        None => intake.finish(),
        Some(hound::Error::IoError(source)) if source.raw_os_error().is_some() => {
            Err(AudioError::Read { name, source })
        }
        Some(hound::Error::IoError(_)) if endless => intake.finish(),
        Some(hound::Error::IoError(_)) => {
            Err(AudioError::Truncated { name, got: intake.frames(), expected })
        }
        Some(e) => Err(intake.unsupported(format!(
            "{}-bit {} sound in WAV ({e})",
            spec.bits_per_sample,
            if spec.sample_format == SampleFormat::Int { "integer" } else { "float" }
        ))),
    }
}

/// Whether hound can read samples like this, which it says only at the first one.
fn readable(spec: &WavSpec) -> hound::Result<()> {
    let bits: &[u16] = match spec.sample_format {
        SampleFormat::Int => &[8, 16, 24, 32],
        SampleFormat::Float => &[32],
    };
    if bits.contains(&spec.bits_per_sample) { Ok(()) } else { Err(hound::Error::Unsupported) }
}

/// Hands samples on in blocks of whole frames, and returns the error that ended them early.
fn pump(
    samples: impl Iterator<Item = hound::Result<f32>>,
    channels: usize,
    intake: &mut Intake<'_>,
) -> Result<Option<hound::Error>, AudioError> {
    let block = BLOCK_SAMPLES.next_multiple_of(channels);
    let mut buffer = Vec::with_capacity(block);
    let mut failure = None;
    for sample in samples {
        match sample {
            Ok(x) => buffer.push(x),
            Err(e) => {
                failure = Some(e);
                break;
            }
        }
        if buffer.len() == block {
            intake.push(&buffer)?;
            buffer.clear();
        }
    }
    buffer.truncate(buffer.len() / channels * channels);
    intake.push(&buffer)?;
    Ok(failure)
}

/// Reads everything up to the first byte of sound and mends a made-up length.
fn read_header(reader: &mut impl Read, name: &str) -> Result<Header, AudioError> {
    let mut bytes = Vec::with_capacity(64);
    let mut block_align = 1u32;
    take(reader, 12, &mut bytes, name)?;
    loop {
        let start = bytes.len();
        take(reader, 8, &mut bytes, name)?;
        let length = u32::from_le_bytes(word(&bytes, start + 4));
        if &bytes[start..start + 4] == b"data" {
            let endless = length >= MADE_UP_BYTES;
            if endless {
                let longest = u32::MAX / block_align.max(1) * block_align.max(1);
                bytes[start + 4..start + 8].copy_from_slice(&longest.to_le_bytes());
            }
            let frames = (!endless).then(|| u64::from(length / block_align.max(1)));
            return Ok(Header { bytes, frames });
        }
        let length = length as usize;
        if bytes.len() + length > MAX_HEADER_BYTES {
            return Err(AudioError::Undecodable {
                name: name.to_owned(),
                format: "WAV",
                reason: format!("a chunk of {length} bytes stands before the sound"),
            });
        }
        take(reader, length, &mut bytes, name)?;
        if &bytes[start..start + 4] == b"fmt " && length >= 16 {
            block_align = u32::from(u16::from_le_bytes([bytes[start + 20], bytes[start + 21]]));
        } else if length % 2 == 1 && &bytes[start..start + 4] != b"fmt " {
            skip_padding(reader, &mut bytes, start, name)?;
        }
    }
}

/// An odd chunk is followed by one byte that its length doesn't count. hound doesn't know that, so the length it sees
/// is rounded up.
fn skip_padding(
    reader: &mut impl Read,
    bytes: &mut Vec<u8>,
    start: usize,
    name: &str,
) -> Result<(), AudioError> {
    take(reader, 1, bytes, name)?;
    let padded = u32::from_le_bytes(word(bytes, start + 4)) + 1;
    bytes[start + 4..start + 8].copy_from_slice(&padded.to_le_bytes());
    Ok(())
}

fn word(bytes: &[u8], at: usize) -> [u8; 4] {
    [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
}

fn take(
    reader: &mut impl Read,
    count: usize,
    bytes: &mut Vec<u8>,
    name: &str,
) -> Result<(), AudioError> {
    let got = reader
        .take(count as u64)
        .read_to_end(bytes)
        .map_err(|source| AudioError::Read { name: name.to_owned(), source })?;
    if got < count {
        return Err(AudioError::Undecodable {
            name: name.to_owned(),
            format: "WAV",
            reason: "it ends inside the header".to_owned(),
        });
    }
    Ok(())
}

/// A-law, mu-law and 64-bit floats (what scipy writes by default) are beyond hound, not beyond symphonia.
fn decode_by_symphonia(
    header: Header,
    reader: impl Read,
    refusal: &hound::Error,
    intake: &mut Intake<'_>,
) -> Result<(), AudioError> {
    let max_bytes = intake.limits.max_stream_bytes;
    let mut bytes = header.bytes;
    reader
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| AudioError::Read { name: intake.name.to_owned(), source })?;
    if bytes.len() as u64 > max_bytes {
        return Err(AudioError::TooLarge { name: intake.name.to_owned(), max_bytes });
    }
    compressed::decode(Box::new(Cursor::new(bytes)), Format::Wav, intake).map_err(|e| match e {
        // hound says more precisely what is wrong with a header.
        AudioError::Undecodable { .. } => header_error(intake.name, refusal),
        e => e,
    })?;
    match header.frames {
        Some(expected) if intake.frames() < expected => {
            let (name, got) = (intake.name.to_owned(), intake.frames());
            Err(AudioError::Truncated { name, got, expected })
        }
        _ => Ok(()),
    }
}

fn header_error(name: &str, error: &hound::Error) -> AudioError {
    let name = name.to_owned();
    match error {
        hound::Error::Unsupported => {
            AudioError::Unsupported { name, what: "this WAV sample format".to_owned() }
        }
        hound::Error::FormatError(reason) => {
            AudioError::Undecodable { name, format: "WAV", reason: (*reason).to_owned() }
        }
        e => AudioError::Undecodable { name, format: "WAV", reason: e.to_string() },
    }
}
