//! Signs that a compressed recording is whole: its stated length, the last page of its stream, packets without gaps.

use std::io::{self, Read as _, SeekFrom};

use symphonia::core::io::MediaSource;
use symphonia::core::packet::Packet;

use crate::AudioWarning;
use crate::intake::Intake;
use crate::sniff::ContainerFormat;

/// Size of the longest page of Ogg, bytes.
const LONGEST_PAGE: u64 = 65_307;
/// Bytes of an Ogg page before its segment table.
const PAGE_HEADER: usize = 27;
/// Flag of the last page of an Ogg stream.
const LAST_PAGE: u8 = 4;
/// Bytes of an MP3 stream in which the first frame must end.
const FIRST_FRAME: u64 = 4096;
/// Length of an ID3 header, bytes.
const ID3_HEADER: usize = 10;
/// Samples that the length in an MP3 stream may be too high: two frames, since some encoders count their header.
const MP3_MARGIN: u64 = 2 * 1152;
/// Samples that the length in an M4A may be too high: encoder delay and padding.
const MP4_MARGIN: u64 = 4 * 1024;

/// Longest block of Vorbis, samples.
const LONGEST_BLOCK: u64 = 8192;

/// Signs of the end that a file states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatedEnd {
    /// Samples that the stated length may be too high; `None` where a length is an estimate.
    margin: Option<u64>,
    /// Samples that may be missing between packets, where packets have exact times.
    longest_gap: u64,
    /// Whether the last page of the stream is there, where a format marks it.
    has_last_page: bool,
}

impl StatedEnd {
    /// Reads the signs of a source, and returns to its start.
    pub(crate) fn read(source: &mut dyn MediaSource, format: ContainerFormat) -> io::Result<Self> {
        let mut end = Self { margin: None, longest_gap: u64::MAX, has_last_page: true };
        match format {
            ContainerFormat::Flac => {
                (end.margin, end.longest_gap) = (Some(0), 0);
            }
            ContainerFormat::Mp4 => end.margin = Some(MP4_MARGIN),
            ContainerFormat::Mp3 if states_frames(source)? => end.margin = Some(MP3_MARGIN),
            ContainerFormat::Ogg => {
                (end.margin, end.longest_gap) = (Some(LONGEST_BLOCK), 0);
                end.has_last_page = has_last_page(source)?;
            }
            _ => {}
        }
        source.seek(SeekFrom::Start(0))?;
        Ok(end)
    }

    /// Notes that the stream stops inside a packet; those of MP3 usually do.
    pub(crate) fn stops_early(&mut self, format: ContainerFormat) {
        self.has_last_page &= format != ContainerFormat::Flac;
    }

    /// Warns of sound that is missing: `expected` is the length that the reader knows, in samples per channel.
    pub(crate) fn warn(self, expected: Option<u64>, missing: u64, intake: &mut Intake<'_>) -> bool {
        let (name, got) = (intake.name.to_owned(), intake.frames());
        let stated = expected.zip(self.margin);
        let short = stated.filter(|&(expected, margin)| got.saturating_add(margin) < expected);
        match short {
            Some((expected, _)) => {
                intake.warn(AudioWarning::Truncated { name, got, expected });
            }
            None if !self.has_last_page => {
                intake.warn(AudioWarning::WithoutEnd { name, got });
            }
            None if missing > self.longest_gap => intake.warn(AudioWarning::Gaps { name, missing }),
            None => return false,
        }
        true
    }
}

/// Samples that packets leave out, by their times.
#[derive(Debug)]
pub(crate) struct Gaps {
    next: Option<i64>,
    /// Packets whose start is not compared.
    unchecked: u64,
    /// Ticks of the track's clock without a packet.
    pub(crate) missing: u64,
}

impl Gaps {
    /// Counts between all packets, or between all but the first two: the first block of Vorbis has no sound of its own.
    pub(crate) fn of(format: ContainerFormat) -> Self {
        Self {
            next: None,
            unchecked: if format == ContainerFormat::Ogg { 2 } else { 0 },
            missing: 0,
        }
    }

    /// Counts the time between the packet before and this one.
    pub(crate) fn push(&mut self, packet: &Packet) {
        let start = packet.pts.get();
        let next = self.next.filter(|_| self.unchecked == 0);
        self.unchecked = self.unchecked.saturating_sub(1);
        let gap = next.map_or(0, |next| start.saturating_sub(next).max(0));
        self.missing += gap.unsigned_abs();
        let length = i64::try_from(packet.dur.get()).unwrap_or(i64::MAX);
        self.next = Some(start.saturating_add(length));
    }
}

/// Whether the first frame of an MP3 stream states the number of frames.
fn states_frames(source: &mut dyn MediaSource) -> io::Result<bool> {
    let mut start = 0;
    loop {
        let head = part(source, start, ID3_HEADER as u64)?;
        let [b'I', b'D', b'3', _, _, _, size @ ..] = &head[..] else { break };
        let size = size.iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
        start += ID3_HEADER as u64 + size;
    }
    let frame = part(source, start, FIRST_FRAME)?;
    Ok(frame.windows(4).any(|tag| matches!(tag, b"Xing" | b"Info" | b"VBRI")))
}

/// Whether the last page of an Ogg file is whole and ends its stream.
fn has_last_page(source: &mut dyn MediaSource) -> io::Result<bool> {
    let length = source.seek(SeekFrom::End(0))?;
    let tail = part(source, length.saturating_sub(2 * LONGEST_PAGE), 2 * LONGEST_PAGE)?;
    let Some(start) = tail.windows(4).rposition(|id| id == b"OggS") else { return Ok(false) };
    let page = &tail[start..];
    let Some(&segments) = page.get(PAGE_HEADER - 1) else { return Ok(false) };
    let data_start = PAGE_HEADER + usize::from(segments);
    let Some(table) = page.get(PAGE_HEADER..data_start) else { return Ok(false) };
    let data: usize = table.iter().map(|&length| usize::from(length)).sum();
    Ok(page[5] & LAST_PAGE != 0 && page.len() >= data_start + data)
}

/// Reads at most `length` bytes from `start` on.
fn part(source: &mut dyn MediaSource, start: u64, length: u64) -> io::Result<Vec<u8>> {
    source.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    source.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
