//! Headers of WAV files (RIFF, RF64 and BW64) up to the first sample, and chunks after the samples.

use std::io::Read;

use crate::{AudioError, DecodeFault, UnsupportedContent};

/// Lengths from this value on may be placeholders of a writer that could not seek (ffmpeg writes 0xffffffff, sox about
/// 0x7ffff000). An earlier end of the file is then not an error.
const PLACEHOLDER_BYTES: u64 = 0x7fff_0000;

/// Largest total length of the chunks before the first data chunk (such as pictures), or between two data chunks,
/// bytes.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// Number of bytes read of a format chunk; the remainder is skipped.
const MAX_FORMAT_BYTES: u64 = 1 << 12;

/// Format tag of Microsoft ADPCM, blocks of 4 bits a sample.
pub(super) const MICROSOFT_ADPCM: u16 = 0x02;

/// Format tag of A-law, one byte a sample.
const A_LAW: u16 = 0x06;

/// Format tag of mu-law, one byte a sample.
const MU_LAW: u16 = 0x07;

/// Format tag of IMA ADPCM, blocks of 4 bits a sample.
pub(super) const IMA_ADPCM: u16 = 0x11;

/// Format tag of an extensible format chunk.
const EXTENSIBLE: u16 = 0xfffe;

/// Identifiers of chunks that may follow an empty data chunk.
const KNOWN_CHUNKS: [&[u8; 4]; 15] = [
    b"data", b"LIST", b"id3 ", b"ID3 ", b"bext", b"cue ", b"smpl", b"fact", b"JUNK", b"junk",
    b"PAD ", b"acid", b"inst", b"iXML", b"PEAK",
];

/// Sample formats that [`super::pcm`] decodes; symphonia decodes `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Integers, left-justified in containers of 1 to 4 bytes; unsigned in 1 byte.
    Integer { container_bytes: usize },
    /// IEEE 754 floats of 4 or 8 bytes.
    Float { container_bytes: usize },
    /// Any other format tag.
    Other(u16),
}

/// Length of the samples according to the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataLength {
    /// Exact length, bytes; a file with fewer bytes is truncated.
    Bytes(u64),
    /// Largest length, bytes; the end of the file ends the samples.
    AtMost(u64),
}

/// Header of a WAV file: everything before the samples.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) encoding: Encoding,
    pub(super) channels: usize,
    pub(super) sample_rate_hz: u32,
    /// Stated bytes per frame; 0 or wrong in some files.
    pub(super) block_align: u16,
    pub(super) bits_per_sample: u16,
    /// Used bits of a sample, from an extensible format; otherwise `bits_per_sample`.
    pub(super) valid_bits: u16,
    pub(super) length: DataLength,
    /// Number of frames according to the `fact` chunk.
    pub(super) fact_frames: Option<u64>,
    /// Bytes of samples that were read to find the end of the header.
    pub(super) ahead: Vec<u8>,
}

impl Header {
    /// Returns the stored size of a frame, bytes; for ADPCM that of a block, from `block_align`.
    pub(super) fn frame_bytes(&self) -> usize {
        match self.encoding {
            Encoding::Integer { container_bytes } | Encoding::Float { container_bytes } => {
                container_bytes * self.channels
            }
            Encoding::Other(A_LAW | MU_LAW) => self.channels,
            Encoding::Other(_) => usize::from(self.block_align).max(1),
        }
    }

    /// Returns the number of samples per channel in [`Self::frame_bytes`]: those of a block for ADPCM, otherwise 1. The
    /// preamble of an ADPCM block contains one sample (IMA) or two (Microsoft) of each channel.
    pub(super) fn block_frames(&self) -> u64 {
        let (preamble_bytes, preamble_frames) = match self.encoding {
            Encoding::Other(MICROSOFT_ADPCM) => (7, 2),
            Encoding::Other(IMA_ADPCM) => (4, 1),
            _ => return 1,
        };
        let bytes = usize::from(self.block_align).saturating_sub(preamble_bytes * self.channels);
        (2 * bytes / self.channels) as u64 + preamble_frames
    }

    /// Whether samples with another header can be decoded by the same decoder.
    fn has_format_of(&self, other: &Self) -> bool {
        let format = |header: &Self| {
            let Self { encoding, channels, sample_rate_hz, bits_per_sample, valid_bits, .. } =
                *header;
            let bits = (bits_per_sample, valid_bits);
            (encoding, channels, sample_rate_hz, bits, header.frame_bytes())
        };
        format(self) == format(other)
    }
}

/// End of a data chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct DataEnd {
    /// Bytes of the chunk that were not read.
    pub(super) skipped_bytes: u64,
    /// Whether a byte of padding follows the chunk.
    pub(super) is_padded: bool,
}

/// A data chunk after the first one.
#[derive(Debug, Clone, Copy)]
pub(super) struct NextData {
    pub(super) length: DataLength,
    /// Whether the samples have the format of the first chunk.
    pub(super) is_same_format: bool,
}

/// Reads a header, and leaves `reader` at the first byte after [`Header::ahead`].
///
/// # Errors
/// [`AudioError::Undecodable`], [`AudioError::Unsupported`], [`AudioError::NoSamples`], [`AudioError::Read`].
pub(super) fn read(reader: &mut dyn Read, name: &str) -> Result<Header, AudioError> {
    Walk::new(reader, name).header()
}

/// Finds the next non-empty data chunk after the `end` of a data chunk, and leaves `reader` at its first byte. Files
/// that were appended to the first are searched, too. Returns `None` at the end of the file and before bytes that are
/// not a chunk.
///
/// # Errors
/// [`AudioError::Read`]; [`AudioError::Undecodable`] for a chunk that is truncated or too long to be skipped.
pub(super) fn next_data(
    reader: &mut dyn Read,
    name: &str,
    header: &Header,
    end: DataEnd,
) -> Result<Option<NextData>, AudioError> {
    let mut walk = Walk::new(reader, name);
    walk.skip(end.skipped_bytes)?;
    if end.is_padded {
        walk.padding()?;
    }
    walk.next_data(header)
}

/// Iteration over the chunks of a file.
struct Walk<'a> {
    reader: &'a mut dyn Read,
    name: &'a str,
    taken: u64,
    /// Bytes that were read ahead.
    next: Vec<u8>,
    /// Whether an empty data chunk was skipped.
    is_empty: bool,
}

impl<'a> Walk<'a> {
    fn new(reader: &'a mut dyn Read, name: &'a str) -> Self {
        Self { reader, name, taken: 0, next: Vec::new(), is_empty: false }
    }

    fn header(mut self) -> Result<Header, AudioError> {
        self.seek_sound().map_err(|error| match error {
            AudioError::Undecodable { .. } if self.is_empty => {
                AudioError::NoSamples { name: self.name.to_owned() }
            }
            other => other,
        })
    }

    fn seek_sound(&mut self) -> Result<Header, AudioError> {
        let riff = self.exactly(12)?;
        let mut long_bytes = None;
        let mut header: Option<Header> = None;
        let mut fact_frames = None;
        loop {
            let head = self.up_to(8)?;
            if head.len() < 8 {
                return Err(self.undecodable(match header {
                    Some(_) => DecodeFault::NoDataChunk,
                    None => DecodeFault::EndsInHeader,
                }));
            }
            let length = u64::from(u32_at(&head, 4));
            match &head[..4] {
                b"data" if header.is_none() => {
                    return Err(self.undecodable(DecodeFault::SoundBeforeFormat));
                }
                b"data" => {
                    let long_bytes = long_bytes.filter(|_| riff[..4] != *b"RIFF");
                    if let Some((length, ahead)) = self.data_length(length, long_bytes)?
                        && let Some(header) = header.take()
                    {
                        return Ok(Header { length, ahead, fact_frames, ..header });
                    }
                    self.is_empty = true;
                }
                b"fmt " => {
                    let format = self.format_chunk(length)?;
                    header = Some(self.format(&format)?);
                }
                b"ds64" if length >= 16 => {
                    let sizes = self.exactly(16)?;
                    long_bytes = Some(u64_at(&sizes, 8));
                    self.skip(length - 16)?;
                }
                b"fact" if (4..=64).contains(&length) => {
                    let frames = self.exactly(length)?;
                    fact_frames = Some(u64::from(u32_at(&frames, 0)));
                }
                _ => self.skip(length)?,
            }
            if length % 2 == 1 {
                self.padding()?;
            }
        }
    }

    fn next_data(&mut self, first: &Header) -> Result<Option<NextData>, AudioError> {
        let mut is_same_format = true;
        loop {
            let head = self.up_to(8)?;
            let is_id = |id: &[u8]| id.iter().all(|&b| b.is_ascii_graphic() || b == b' ');
            if head.len() < 8 || !is_id(&head[..4]) {
                return Ok(None);
            }
            let length = u64::from(u32_at(&head, 4));
            match &head[..4] {
                // The header of an appended file; its chunks follow `WAVE`.
                b"RIFF" | b"RF64" | b"BW64" => {
                    self.exactly(4)?;
                    continue;
                }
                b"data" if length > 0 => {
                    let found = self.data_length(length, None)?;
                    return Ok(found.map(|(length, _)| NextData { length, is_same_format }));
                }
                b"fmt " => {
                    let format = self.format_chunk(length)?;
                    let other = self.format(&format);
                    is_same_format = other.is_ok_and(|other| other.has_format_of(first));
                }
                _ => self.skip(length)?,
            }
            if length % 2 == 1 {
                self.padding()?;
            }
        }
    }

    /// Returns the bytes of a format chunk, at most [`MAX_FORMAT_BYTES`].
    fn format_chunk(&mut self, length: u64) -> Result<Vec<u8>, AudioError> {
        let kept = length.min(MAX_FORMAT_BYTES);
        let format = self.exactly(kept)?;
        self.skip(length - kept)?;
        Ok(format)
    }

    /// Skips the padding byte after a chunk of odd length. Some writers leave it out, so a letter is the first byte of
    /// the next chunk.
    fn padding(&mut self) -> Result<(), AudioError> {
        let byte = self.up_to(1)?;
        if byte.first().is_some_and(u8::is_ascii_alphabetic) {
            self.next = byte;
        }
        Ok(())
    }

    /// Returns the length of the samples, and those bytes of them that were read to find it; `None` for an empty chunk.
    fn data_length(
        &mut self,
        length: u64,
        long_bytes: Option<u64>,
    ) -> Result<Option<(DataLength, Vec<u8>)>, AudioError> {
        match (length, long_bytes) {
            (0, None | Some(0 | u64::MAX)) => {
                // A length of 0 is that of an interrupted recording or of a file without samples.
                let ahead = self.up_to(4)?;
                let empty =
                    ahead.is_empty() || KNOWN_CHUNKS.iter().any(|id| ahead == id.as_slice());
                if empty {
                    self.next = ahead;
                    return Ok(None);
                }
                Ok(Some((DataLength::AtMost(u64::MAX), ahead)))
            }
            // Some writers of RF64 write 0 instead of 0xffffffff.
            (0 | 0xffff_ffff, Some(bytes)) if bytes > 0 && bytes < u64::MAX => {
                Ok(Some((DataLength::Bytes(bytes), Vec::new())))
            }
            (0xffff_ffff, _) => Ok(Some((DataLength::AtMost(u64::MAX), Vec::new()))),
            (PLACEHOLDER_BYTES.., _) => Ok(Some((DataLength::AtMost(length), Vec::new()))),
            _ => Ok(Some((DataLength::Bytes(length), Vec::new()))),
        }
    }

    fn format(&self, format: &[u8]) -> Result<Header, AudioError> {
        if format.len() < 14 {
            return Err(self.undecodable(DecodeFault::ShortFormat));
        }
        let channels = usize::from(u16_at(format, 2));
        if channels == 0 {
            return Err(self.undecodable(DecodeFault::NoChannels));
        }
        let block_align = u16_at(format, 12);
        // Early WAV files lack this field; their samples fill the frame.
        let bits_per_sample = match format.len() {
            16.. => u16_at(format, 14),
            _ => (usize::from(block_align) / channels * 8) as u16,
        };
        let tag = self.tag(format)?;
        let aligned = usize::from(block_align) / channels;
        let consistent =
            u32_at(format, 8) == u32_at(format, 4).wrapping_mul(u32::from(block_align));
        let container =
            Container { bits: bits_per_sample, aligned, consistent, channels, block_align };
        Ok(Header {
            encoding: self.encoding(tag, container)?,
            channels,
            sample_rate_hz: u32_at(format, 4),
            block_align,
            bits_per_sample,
            valid_bits: valid_bits(format).unwrap_or(bits_per_sample),
            length: DataLength::AtMost(u64::MAX),
            fact_frames: None,
            ahead: Vec::new(),
        })
    }

    /// Returns the format tag; for an extensible header that of its subformat.
    fn tag(&self, format: &[u8]) -> Result<u16, AudioError> {
        /// End of the identifiers of standard subformats: `0000-0010-8000-00aa00389b71`.
        const USUAL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
        /// End of the identifiers of ambisonic subformats: `0721-11d3-8644-c8c1ca000000`.
        const AMBISONIC: [u8; 14] =
            [0, 0, 0x21, 0x07, 0xd3, 0x11, 0x86, 0x44, 0xc8, 0xc1, 0xca, 0, 0, 0];
        let tag = u16_at(format, 0);
        if tag != EXTENSIBLE {
            return Ok(tag);
        }
        match format.get(24..40) {
            None => Err(self.undecodable(DecodeFault::ShortExtensibleFormat)),
            Some(guid) if guid[2..] == USUAL || guid[2..] == AMBISONIC => Ok(u16_at(guid, 0)),
            Some(guid) => {
                let mut subformat = [0; 16];
                subformat.copy_from_slice(guid);
                Err(self.unsupported(UnsupportedContent::Subformat(subformat)))
            }
        }
    }

    fn encoding(&self, tag: u16, container: Container) -> Result<Encoding, AudioError> {
        match tag {
            1 => match container.bytes() {
                container_bytes @ 1..=4 => Ok(Encoding::Integer { container_bytes }),
                _ => Err(self.unsupported(UnsupportedContent::IntegerBits(container.bits))),
            },
            3 => match container.bits {
                32 => Ok(Encoding::Float { container_bytes: 4 }),
                64 => Ok(Encoding::Float { container_bytes: 8 }),
                bits => Err(self.unsupported(UnsupportedContent::FloatBits(bits))),
            },
            MICROSOFT_ADPCM | A_LAW | MU_LAW | IMA_ADPCM => Ok(Encoding::Other(tag)),
            tag => Err(self.unsupported(UnsupportedContent::WavCodec(tag))),
        }
    }

    /// Returns the next `count` bytes, or fewer at the end of the file.
    fn up_to(&mut self, count: u64) -> Result<Vec<u8>, AudioError> {
        let mut bytes = std::mem::take(&mut self.next);
        let missing = count.saturating_sub(bytes.len() as u64);
        Read::take(&mut *self.reader, missing)
            .read_to_end(&mut bytes)
            .map_err(|cause| AudioError::Read { name: self.name.to_owned(), cause })?;
        self.taken += bytes.len() as u64;
        Ok(bytes)
    }

    fn exactly(&mut self, count: u64) -> Result<Vec<u8>, AudioError> {
        let bytes = self.up_to(count)?;
        if (bytes.len() as u64) < count {
            return Err(self.undecodable(DecodeFault::EndsInHeader));
        }
        Ok(bytes)
    }

    fn skip(&mut self, mut count: u64) -> Result<(), AudioError> {
        const BLOCK_BYTES: u64 = 1 << 16;
        if self.taken + count > MAX_HEADER_BYTES {
            return Err(self.undecodable(DecodeFault::LongChunk { bytes: count }));
        }
        while count > 0 {
            count -= self.exactly(count.min(BLOCK_BYTES))?.len() as u64;
        }
        Ok(())
    }

    fn undecodable(&self, fault: DecodeFault) -> AudioError {
        AudioError::Undecodable { name: self.name.to_owned(), format: "WAV", fault }
    }

    fn unsupported(&self, content: UnsupportedContent) -> AudioError {
        AudioError::Unsupported { name: self.name.to_owned(), content }
    }
}

/// Fields that determine the stored size of a sample, and may contradict each other.
#[derive(Debug, Clone, Copy)]
struct Container {
    bits: u16,
    /// Bytes per sample according to the block align.
    aligned: usize,
    /// Whether the byte rate agrees with the block align.
    consistent: bool,
    channels: usize,
    block_align: u16,
}

impl Container {
    /// Returns the stored bytes per sample: from the number of bits, or from the block align if that is a wider
    /// container of 17 to 31 bits.
    fn bytes(self) -> usize {
        let by_bits = usize::from(self.bits).div_ceil(8);
        let wider = self.aligned > by_bits
            && self.aligned <= 4
            && self.bits > 16
            && usize::from(self.block_align).is_multiple_of(self.channels);
        if wider && self.consistent { self.aligned } else { by_bits }
    }
}

/// Returns the used bits of a sample according to an extensible format chunk, if the field is set.
fn valid_bits(format: &[u8]) -> Option<u16> {
    let is_extensible = format.len() >= 20 && u16_at(format, 0) == EXTENSIBLE;
    is_extensible.then(|| u16_at(format, 18)).filter(|&bits| bits > 0)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
