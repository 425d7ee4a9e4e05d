//! MP3 by LAME.

use mp3lame_encoder::{Bitrate, Builder, Encoder, FlushGap, Mode, MonoPcm, Quality};
use syrinx_audio::to_int16;

use super::failed;
use crate::error::ApiError;

/// Encoder at 64 kbit/s, which is transparent for mono speech at 24 kHz.
pub(crate) struct Mp3Encoder(Encoder);

impl Mp3Encoder {
    pub(crate) fn new(rate_hz: u32) -> Result<Self, ApiError> {
        let mut builder = Builder::new().ok_or_else(|| failed("mp3", "LAME can't be started"))?;
        let set = |e| failed("mp3", e);
        builder.set_num_channels(1).map_err(set)?;
        builder.set_sample_rate(rate_hz).map_err(set)?;
        builder.set_brate(Bitrate::Kbps64).map_err(set)?;
        builder.set_mode(Mode::Mono).map_err(set)?;
        builder.set_quality(Quality::Good).map_err(set)?;
        // The tag is written last, but belongs at the start of the file, which a stream can't change.
        builder.set_to_write_vbr_tag(false).map_err(set)?;
        Ok(Self(builder.build().map_err(set)?))
    }

    pub(crate) fn push(&mut self, samples: &[f32]) -> Result<Vec<u8>, ApiError> {
        let samples: Vec<i16> = samples.iter().map(|x| to_int16(*x)).collect();
        let mut bytes = Vec::new();
        bytes.reserve(mp3lame_encoder::max_required_buffer_size(samples.len()));
        self.0.encode_to_vec(MonoPcm(&samples), &mut bytes).map_err(|e| failed("mp3", e))?;
        Ok(bytes)
    }

    pub(crate) fn finish(mut self) -> Result<Vec<u8>, ApiError> {
        // The flush adds the encoder's gap, which moves the last samples through its delay.
        let mut bytes = Vec::with_capacity(mp3lame_encoder::max_required_buffer_size(0));
        self.0.flush_to_vec::<FlushGap>(&mut bytes).map_err(|e| failed("mp3", e))?;
        Ok(bytes)
    }
}
