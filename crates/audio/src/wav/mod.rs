//! WAV in all its variants: RIFF, RF64 and BW64, extensible formats, unknown lengths, wrong block aligns.
//!
//! The module reads headers and plain samples (integers of 8 to 32 bits, floats) itself: hound refuses RF64, unknown
//! lengths and long extensible headers, and misreads 24 bits in 32; symphonia does not read RF64. symphonia decodes
//! A-law, mu-law and ADPCM, with a newly written header. The data chunks of a file are joined.

mod data_chunks;
mod header;
mod pcm;

use std::io::{Cursor, Read};

use data_chunks::DataChunks;
use header::{DataLength, Encoding, Header, IMA_ADPCM, MICROSOFT_ADPCM};
use pcm::Justified;

use crate::intake::Intake;
use crate::sniff::ContainerFormat;
use crate::{AudioError, AudioWarning, compressed};

/// Number of bytes decoded at once.
const BLOCK_BYTES: usize = 1 << 16;

/// Decodes a WAV from its first byte.
///
/// # Errors
/// Any [`AudioError`] of reading.
pub(crate) fn decode(mut reader: impl Read, intake: &mut Intake<'_>) -> Result<(), AudioError> {
    let mut header = header::read(&mut reader, intake.name)?;
    let ahead = std::mem::take(&mut header.ahead);
    let mut sound = DataChunks::new(reader, &header, ahead, intake.name);
    if let Encoding::Other(tag) = header.encoding {
        return decode_by_symphonia(&header, tag, &mut sound, intake);
    }
    intake.start(header.sample_rate_hz, header.channels)?;
    if let DataLength::Bytes(bytes) = header.length {
        intake.announce(bytes / header.frame_bytes() as u64)?;
    }
    let got_bytes = pump(&header, &mut sound, intake)?;
    finish(&header, &sound, got_bytes, intake)
}

/// Passes complete frames on, and returns the number of bytes read.
fn pump(header: &Header, mut sound: impl Read, intake: &mut Intake<'_>) -> Result<u64, AudioError> {
    let frame_bytes = header.frame_bytes();
    let block_bytes = BLOCK_BYTES.next_multiple_of(frame_bytes) as u64;
    let (mut bytes, mut samples) = (Vec::new(), Vec::new());
    let mut justified = None;
    let mut total = 0;
    loop {
        bytes.clear();
        let read = sound.by_ref().take(block_bytes).read_to_end(&mut bytes);
        read.map_err(|cause| AudioError::Read { name: intake.name.to_owned(), cause })?;
        total += bytes.len() as u64;
        let end = (bytes.len() as u64) < block_bytes;
        bytes.truncate(bytes.len() / frame_bytes * frame_bytes);
        justified = justified.or_else(|| Justified::of(header, &bytes));
        samples.clear();
        pcm::decode(header.encoding, justified.unwrap_or(Justified::Left), &bytes, &mut samples);
        if !samples.is_empty() {
            intake.push(&samples)?;
        }
        if end {
            return Ok(total);
        }
    }
}

/// Warns of several data chunks, and of a file that is shorter than its header states.
fn finish(
    header: &Header,
    sound: &DataChunks<'_, impl Read>,
    got_bytes: u64,
    intake: &mut Intake<'_>,
) -> Result<(), AudioError> {
    let name = || intake.name.to_owned();
    let count = sound.count();
    let joined = (count > 1).then(|| AudioWarning::DataChunksJoined { name: name(), count });
    let left_out = sound
        .has_left_out()
        .then(|| AudioWarning::DataChunkLeftOut { name: name(), chunk: count + 1 });
    let blocks = |bytes: u64| bytes / header.frame_bytes() as u64;
    let got = intake.frames();
    let truncated = sound
        .expected_bytes()
        .filter(|&bytes| blocks(got_bytes) < blocks(bytes))
        .map(|bytes| intake.kept_of(blocks(bytes).saturating_mul(header.block_frames())))
        .filter(|&expected| 0 < got && got < expected)
        .map(|expected| AudioWarning::Truncated { name: name(), got, expected });
    for warning in [joined, left_out, truncated].into_iter().flatten() {
        intake.warn(warning);
    }
    intake.finish()
}

/// Decodes A-law, mu-law and ADPCM by symphonia, with a header that it can read.
fn decode_by_symphonia(
    header: &Header,
    tag: u16,
    sound: &mut DataChunks<'_, impl Read>,
    intake: &mut Intake<'_>,
) -> Result<(), AudioError> {
    let max_bytes = intake.limits.max_stream_bytes.min(u64::from(u32::MAX) - 4096);
    let format = format_chunk(header, tag);
    let mut bytes = Vec::new();
    bytes.extend_from_slice(b"RIFF\xff\xff\xff\xffWAVEfmt ");
    bytes.extend_from_slice(&(format.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&format);
    bytes.extend_from_slice(b"data");
    let length_at = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    let got = sound
        .by_ref()
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|cause| AudioError::Read { name: intake.name.to_owned(), cause })?;
    if got as u64 > max_bytes {
        return Err(AudioError::TooLarge { name: intake.name.to_owned(), max_bytes });
    }
    bytes[length_at..length_at + 4].copy_from_slice(&(got as u32).to_le_bytes());
    // The last block of ADPCM is padded; the `fact` chunk states the number of samples of the first data chunk.
    if let Some(frames) = header.fact_frames.filter(|&frames| frames > 0 && sound.count() == 1) {
        intake.stop_after(frames);
    }
    let format = match tag {
        MICROSOFT_ADPCM => ContainerFormat::MicrosoftAdpcm,
        IMA_ADPCM => ContainerFormat::ImaAdpcm,
        _ => ContainerFormat::Wav,
    };
    compressed::decode(Box::new(Cursor::new(bytes)), format, intake)?;
    finish(header, sound, got as u64, intake)
}

/// Returns a format chunk as symphonia expects it.
fn format_chunk(header: &Header, tag: u16) -> Vec<u8> {
    let channels = header.channels as u16;
    let (bits, block_align) = match tag {
        MICROSOFT_ADPCM | IMA_ADPCM => (4, header.block_align),
        _ => (8, channels),
    };
    let mut chunk = Vec::new();
    for field in [tag, channels] {
        chunk.extend_from_slice(&field.to_le_bytes());
    }
    let byte_rate = header.sample_rate_hz.wrapping_mul(u32::from(block_align));
    for field in [header.sample_rate_hz, byte_rate] {
        chunk.extend_from_slice(&field.to_le_bytes());
    }
    for field in [block_align, bits] {
        chunk.extend_from_slice(&field.to_le_bytes());
    }
    let frames = header.block_frames() as u16;
    match tag {
        IMA_ADPCM => {
            for field in [2, frames] {
                chunk.extend_from_slice(&field.to_le_bytes());
            }
        }
        MICROSOFT_ADPCM => {
            const COEFFICIENTS: [i16; 14] =
                [256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232];
            for field in [32, frames, 7] {
                chunk.extend_from_slice(&u16::to_le_bytes(field));
            }
            COEFFICIENTS.iter().for_each(|c| chunk.extend_from_slice(&c.to_le_bytes()));
        }
        _ => chunk.extend_from_slice(&[0; 2]),
    }
    chunk
}

/// Returns the name of a format tag of WAV.
pub(crate) fn codec_name(tag: u16) -> String {
    let name = match tag {
        0x0010 | 0x0012 | 0x0013 | 0x0017 | 0x0020 | 0x0062 | 0x0063 => "an ADPCM variant",
        0x0014 => "G.723.1",
        0x0022 => "TrueSpeech",
        0x0031 => "GSM 6.10",
        0x0040 | 0x0041 | 0x0045 => "G.726 ADPCM",
        0x0050 => "MPEG layer I or II",
        0x0055 => "MP3",
        0x0083 => "G.729",
        0x00ff | 0x1600 | 0x1610 => "AAC",
        0x0130 => "ACELP",
        0x0160..=0x0163 => "Windows Media Audio",
        0x0270 => "ATRAC3",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        0x566f | 0x674f | 0x6750 | 0x6751 | 0x676f | 0x6770 | 0x6771 => "Vorbis",
        0x704f => "Opus",
        0xa109 => "Speex",
        0xf1ac => "FLAC",
        _ => return format!("the codec 0x{tag:04x}"),
    };
    name.to_owned()
}
