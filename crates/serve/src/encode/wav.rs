//! 16-bit mono WAV, with known or unknown length.

use syrinx_audio::{pcm16, wav_header};

/// Encoder that writes the header before the first samples.
pub(crate) struct WavEncoder {
    header: Option<Vec<u8>>,
}

impl WavEncoder {
    /// Builds an encoder. Without a number of samples, the header contains the value for an unknown length (all bits
    /// set), as OpenAI's does.
    pub(crate) fn new(rate_hz: u32, samples: Option<usize>) -> Self {
        Self { header: Some(wav_header(rate_hz, samples)) }
    }

    pub(crate) fn push(&mut self, samples: &[f32]) -> Vec<u8> {
        let mut bytes = self.header.take().unwrap_or_default();
        bytes.extend(pcm16(samples));
        bytes
    }
}
