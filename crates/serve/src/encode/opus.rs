//! Opus by libopus, in Ogg pages.

use ogg::writing::{PacketWriteEndInfo, PacketWriter};
use opus::{Application, Bitrate, Channels, Encoder};

use super::failed;
use crate::error::ApiError;

/// Frames per second: a frame lasts 20 ms.
const FRAMES_A_SECOND: usize = 50;
/// Rate of granule positions in Hz, for any sample rate of the input.
const GRANULE_HZ: u64 = 48_000;
/// Frames per page: 200 ms, so that a stream starts early.
const FRAMES_A_PAGE: usize = 10;
/// Bit rate, in bits per second.
const BITS_A_SECOND: i32 = 32_000;
/// Maximum size of a packet, in bytes.
const PACKET_BYTES: usize = 1500;
const SERIAL: u32 = 1;

/// Encoder of Opus frames, each encoded as soon as it is full.
pub(crate) struct OpusEncoder {
    encoder: Encoder,
    pages: PacketWriter<'static, Vec<u8>>,
    rate_hz: u32,
    waiting: Vec<f32>,
    frames: usize,
    samples: usize,
    skip: u64,
    /// Newest packet with its granule position. It is written once it is known whether it is the last.
    held: Option<(Vec<u8>, u64)>,
}

impl OpusEncoder {
    /// Builds an encoder. Opus supports sample rates of 8, 12, 16, 24 and 48 kHz only.
    pub(crate) fn new(rate_hz: u32) -> Result<Self, ApiError> {
        let fail = |e| failed("opus", e);
        let mut encoder =
            Encoder::new(rate_hz, Channels::Mono, Application::Audio).map_err(fail)?;
        encoder.set_bitrate(Bitrate::Bits(BITS_A_SECOND)).map_err(fail)?;
        let ahead = encoder.get_lookahead().map_err(fail)?;
        let skip = ahead as u64 * GRANULE_HZ / u64::from(rate_hz);
        let mut pages = PacketWriter::new(Vec::new());
        for packet in [head(rate_hz, skip as u16), tags()] {
            pages
                .write_packet(packet, SERIAL, PacketWriteEndInfo::EndPage, 0)
                .map_err(|e| failed("opus", e))?;
        }
        let waiting = Vec::new();
        Ok(Self { encoder, pages, rate_hz, waiting, frames: 0, samples: 0, skip, held: None })
    }

    pub(crate) fn push(&mut self, samples: &[f32]) -> Result<Vec<u8>, ApiError> {
        self.samples += samples.len();
        self.waiting.extend_from_slice(samples);
        let size = self.rate_hz as usize / FRAMES_A_SECOND;
        while self.waiting.len() >= size {
            let frame: Vec<f32> = self.waiting.drain(..size).collect();
            self.frame(&frame)?;
        }
        Ok(std::mem::take(self.pages.inner_mut()))
    }

    pub(crate) fn finish(mut self) -> Result<Vec<u8>, ApiError> {
        let size = self.rate_hz as usize / FRAMES_A_SECOND;
        let end = self.samples as u64 * GRANULE_HZ / u64::from(self.rate_hz) + self.skip;
        // Silence moves the last samples through the encoder's look-ahead.
        while (self.frames * size) as u64 * GRANULE_HZ / u64::from(self.rate_hz) < end {
            let mut frame = std::mem::take(&mut self.waiting);
            frame.resize(size, 0.0);
            self.frame(&frame)?;
        }
        if let Some((packet, _)) = self.held.take() {
            self.write(packet, PacketWriteEndInfo::EndStream, end)?;
        }
        Ok(std::mem::take(self.pages.inner_mut()))
    }

    fn frame(&mut self, samples: &[f32]) -> Result<(), ApiError> {
        let packet = self.encoder.encode_vec_float(samples, PACKET_BYTES);
        let packet = packet.map_err(|e| failed("opus", e))?;
        self.frames += 1;
        let granule = self.frames as u64 * GRANULE_HZ / FRAMES_A_SECOND as u64;
        if let Some((packet, granule)) = self.held.replace((packet, granule)) {
            let full = (self.frames - 1).is_multiple_of(FRAMES_A_PAGE);
            let end =
                if full { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
            self.write(packet, end, granule)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        packet: Vec<u8>,
        end: PacketWriteEndInfo,
        granule: u64,
    ) -> Result<(), ApiError> {
        let written = self.pages.write_packet(packet, SERIAL, end, granule);
        written.map_err(|e| failed("opus", e))
    }
}

/// Returns the identification header (RFC 7845, section 5.1).
fn head(rate_hz: u32, skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead".to_vec();
    head.extend([1, 1]); // version, channels
    head.extend(skip.to_le_bytes());
    head.extend(rate_hz.to_le_bytes());
    head.extend([0, 0, 0]); // gain, mapping family
    head
}

/// Returns the comment header (RFC 7845, section 5.2).
fn tags() -> Vec<u8> {
    let vendor = b"syrinx";
    let mut tags = b"OpusTags".to_vec();
    tags.extend((vendor.len() as u32).to_le_bytes());
    tags.extend(vendor);
    tags.extend(0u32.to_le_bytes());
    tags
}
