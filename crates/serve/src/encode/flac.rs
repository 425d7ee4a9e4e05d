//! FLAC by flacenc, frame by frame.

use flacenc::bitsink::ByteSink;
use flacenc::component::StreamInfo;
use flacenc::config;
use flacenc::encode_fixed_size_frame;
use flacenc::error::{Verified, Verify as _};
use flacenc::source::{Fill as _, FrameBuf};
use syrinx_audio::to_int16;

use super::failed;
use crate::error::ApiError;

/// Samples per frame.
const BLOCK: usize = 4096;
/// Minimum number of samples in a frame of flacenc.
const SMALLEST: usize = 64;
/// Bits per sample.
const BITS: usize = 16;

/// Encoder of FLAC frames, each written as soon as it is full.
pub(crate) struct FlacEncoder {
    config: Verified<config::Encoder>,
    info: StreamInfo,
    header: Option<Vec<u8>>,
    waiting: Vec<i32>,
    frames: usize,
}

impl FlacEncoder {
    pub(crate) fn new(rate_hz: u32, samples: Option<usize>) -> Result<Self, ApiError> {
        let config = config::Encoder::default().into_verified();
        let config = config.map_err(|(_, e)| failed("flac", e))?;
        let mut info = StreamInfo::new(rate_hz as usize, 1, BITS).map_err(|e| failed("flac", e))?;
        info.set_block_sizes(BLOCK, BLOCK).map_err(|e| failed("flac", e))?;
        // In FLAC, 0 means an unknown number of samples.
        info.set_total_samples(samples.map_or(0, padded));
        let mut header = b"fLaC".to_vec();
        header.extend([0x80, 0, 0, 34]); // last metadata block, STREAMINFO, 34 bytes
        header.extend(bytes_of(&info)?);
        Ok(Self { config, info, header: Some(header), waiting: Vec::new(), frames: 0 })
    }

    pub(crate) fn push(&mut self, samples: &[f32]) -> Result<Vec<u8>, ApiError> {
        self.waiting.extend(samples.iter().map(|x| i32::from(to_int16(*x))));
        let mut bytes = self.header.take().unwrap_or_default();
        while self.waiting.len() >= BLOCK {
            let block: Vec<i32> = self.waiting.drain(..BLOCK).collect();
            bytes.extend(self.frame(&block)?);
        }
        Ok(bytes)
    }

    pub(crate) fn finish(mut self) -> Result<Vec<u8>, ApiError> {
        let mut bytes = self.header.take().unwrap_or_default();
        let mut last = std::mem::take(&mut self.waiting);
        if !last.is_empty() {
            // Silence pads the last frame to the encoder's minimum.
            last.resize(last.len().max(SMALLEST), 0);
            bytes.extend(self.frame(&last)?);
        }
        Ok(bytes)
    }

    fn frame(&mut self, block: &[i32]) -> Result<Vec<u8>, ApiError> {
        let mut buffer = FrameBuf::with_size(1, block.len()).map_err(|e| failed("flac", e))?;
        buffer.fill_interleaved(block).map_err(|e| failed("flac", e))?;
        let frame = encode_fixed_size_frame(&self.config, &buffer, self.frames, &self.info);
        let frame = frame.map_err(|e| failed("flac", e))?;
        self.frames += 1;
        bytes_of(&frame)
    }
}

/// Returns the number of samples, including the padding of the last frame.
fn padded(samples: usize) -> usize {
    let rest = samples % BLOCK;
    let missing = if rest == 0 { 0 } else { SMALLEST.saturating_sub(rest) };
    samples + missing
}

fn bytes_of(part: &impl flacenc::component::BitRepr) -> Result<Vec<u8>, ApiError> {
    let mut sink = ByteSink::new();
    part.write(&mut sink).map_err(|e| failed("flac", format!("{e:?}")))?;
    Ok(sink.into_inner())
}
