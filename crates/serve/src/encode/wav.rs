//! 16-bit mono WAV, with a length or without.

use super::int16;

/// Bytes before the samples.
const HEADER_BYTES: u32 = 44;

/// Writes a header before the first samples.
pub(crate) struct WavEncoder {
    header: Option<Vec<u8>>,
}

impl WavEncoder {
    /// Without a number of samples the header says "unknown" (all bits set), as OpenAI's does.
    pub(crate) fn new(rate_hz: u32, samples: Option<usize>) -> Self {
        Self { header: Some(header(rate_hz, samples)) }
    }

    pub(crate) fn push(&mut self, samples: &[f32]) -> Vec<u8> {
        let mut bytes = self.header.take().unwrap_or_default();
        bytes.extend(int16(samples));
        bytes
    }
}

fn header(rate_hz: u32, samples: Option<usize>) -> Vec<u8> {
    let data = samples.and_then(|n| u32::try_from(2 * n).ok());
    let riff = data.and_then(|n| n.checked_add(HEADER_BYTES - 8));
    let mut header = Vec::with_capacity(HEADER_BYTES as usize);
    header.extend(b"RIFF");
    header.extend(riff.unwrap_or(u32::MAX).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16u32.to_le_bytes());
    header.extend(1u16.to_le_bytes()); // PCM
    header.extend(1u16.to_le_bytes()); // channels
    header.extend(rate_hz.to_le_bytes());
    header.extend((2 * rate_hz).to_le_bytes()); // bytes a second
    header.extend(2u16.to_le_bytes()); // bytes a frame
    header.extend(16u16.to_le_bytes()); // bits a sample
    header.extend(b"data");
    header.extend(data.unwrap_or(u32::MAX).to_le_bytes());
    header
}
