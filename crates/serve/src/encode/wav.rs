//! 16-bit mono WAV, with a length or without.

use syrinx_audio::{pcm16, wav_header};

/// Writes a header before the first samples.
pub(crate) struct WavEncoder {
    header: Option<Vec<u8>>,
}

impl WavEncoder {
    /// Without a number of samples the header says "unknown" (all bits set), as OpenAI's does.
    pub(crate) fn new(rate_hz: u32, samples: Option<usize>) -> Self {
        Self { header: Some(wav_header(rate_hz, samples)) }
    }

    pub(crate) fn push(&mut self, samples: &[f32]) -> Vec<u8> {
        let mut bytes = self.header.take().unwrap_or_default();
        bytes.extend(pcm16(samples));
        bytes
    }
}
