//! Interface of codecs.

use serde::{Deserialize, Serialize};
use syrinx_types::{Audio, Coded, Codes, Latents, SpectralGain};

use crate::CodecError;

/// Frames that are decoded between two checks for cancellation.
const BLOCK_FRAMES: usize = 1000;

/// Sizes and rates of a codec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodecInfo {
    /// Samples a second of decoded sound.
    pub sample_rate_hz: u32,
    /// Codec frames a second.
    pub frame_rate_hz: f64,
    /// Levels (codebooks) of a frame.
    pub levels: usize,
    /// Entries of a codebook.
    pub codebook_size: usize,
    /// Length of an entry.
    pub latent_dim: usize,
}

impl CodecInfo {
    /// Returns the number of samples of one codec frame.
    pub fn frame_samples(&self) -> usize {
        (f64::from(self.sample_rate_hz) / self.frame_rate_hz).round() as usize
    }
}

/// Encoder and decoder of recordings.
pub trait Codec: Send + Sync {
    /// Returns the kind of the codec in one word, for listings and messages.
    fn kind(&self) -> &'static str;

    /// Returns the sizes and rates.
    fn info(&self) -> CodecInfo;

    /// Returns the rate of codes of each level's codebook, Hz. In codecs whose levels have different rates, a frame
    /// spans one code of the slowest level, and faster codebooks have several levels in a frame.
    fn level_rates_hz(&self) -> Vec<f64> {
        let info = self.info();
        vec![info.frame_rate_hz; info.levels]
    }

    /// Whether the latents of a frame are the sum of one entry of [`Self::codebook`] for each level. Otherwise levels
    /// can't be quantized from the residual of the levels before them.
    fn entries_add_up(&self) -> bool {
        true
    }

    /// Returns the largest number of frames after a frame that affect its samples, for which a stream waits.
    fn look_ahead_frames(&self) -> usize;

    /// Returns the codes of a recording of any sample rate: all levels, one frame for every begun frame length of
    /// sound.
    ///
    /// # Errors
    /// [`CodecError::Audio`] for a sample rate that can't be converted.
    fn encode(&self, audio: &Audio) -> Result<Codes, CodecError>;

    /// Encodes as [`Self::encode`] does, with the latents before quantization if the codec has any.
    ///
    /// # Errors
    /// The same as [`Self::encode`].
    fn encode_with_latents(&self, audio: &Audio) -> Result<Coded, CodecError> {
        Ok(self.encode(audio)?.into())
    }

    /// Returns the latents of a recording of any sample rate; `None` from codecs without any.
    ///
    /// # Errors
    /// The same as [`Self::encode`].
    fn latents(&self, audio: &Audio) -> Result<Option<Latents>, CodecError> {
        Ok(self.encode_with_latents(audio)?.latents)
    }

    /// Returns the codes of [`Self::encode`], followed by the levels of the enhancement layer if the codec has one.
    /// [`Self::decode`] takes both; language models have no such levels.
    ///
    /// # Errors
    /// The same as [`Self::encode`].
    fn encode_all_levels(&self, audio: &Audio) -> Result<Codes, CodecError> {
        self.encode(audio)
    }

    /// Decodes codes to samples of whole frames. Codes with fewer levels than the codec are its first levels.
    ///
    /// # Errors
    /// [`CodecError::Levels`] or [`CodecError::Codes`] for codes of another codec.
    fn decode(&self, codes: &Codes) -> Result<Audio, CodecError> {
        let mut stream = self.decode_stream();
        let mut samples = stream.push(codes)?;
        samples.extend(stream.finish()?);
        Ok(Audio { samples, sample_rate_hz: self.info().sample_rate_hz })
    }

    /// Decodes as [`Self::decode`] does, in blocks of frames; `None` once `goes_on` returns false between two of them.
    ///
    /// # Errors
    /// The same as [`Self::decode`].
    fn decode_while(
        &self,
        codes: &Codes,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<Audio>, CodecError> {
        if codes.frames() <= BLOCK_FRAMES {
            return self.decode(codes).map(Some);
        }
        let mut stream = self.decode_stream();
        let mut samples = Vec::new();
        for start in (0..codes.frames()).step_by(BLOCK_FRAMES) {
            if !goes_on() {
                return Ok(None);
            }
            samples.extend(stream.push(&codes.slice(start, start + BLOCK_FRAMES))?);
        }
        samples.extend(stream.finish()?);
        Ok(Some(Audio { samples, sample_rate_hz: self.info().sample_rate_hz }))
    }

    /// Returns a decoder of a stream of codes. Its samples are exactly those of [`Self::decode`] for all codes at once.
    fn decode_stream(&self) -> Box<dyn DecodeStream>;

    /// Returns the entries of a level (from 0, below `info().levels`), (codebook_size, latent_dim).
    fn codebook(&self, level: usize) -> &[f32];

    /// Attenuates a recording band by band to the spectrogram of latents (frames, latent_dim). The result has the
    /// codec's rate and the length of the recording. `None` from codecs whose latents have no spectrogram.
    ///
    /// # Errors
    /// [`CodecError::Audio`] for a sample rate that can't be converted.
    fn attenuated(
        &self,
        _audio: &Audio,
        _latents: &[f32],
        _gain: SpectralGain,
    ) -> Result<Option<Audio>, CodecError> {
        Ok(None)
    }

    /// Returns the fingerprint: codecs of equal fingerprint decode each other's codes.
    fn fingerprint(&self) -> String;

    /// Returns the codec as the bytes of a safetensors file, for a model file.
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] and [`CodecError::Other`] for weights that are no longer available.
    fn to_part(&self) -> Result<Vec<u8>, CodecError>;
}

/// Streaming decoder: codes in, samples out.
pub trait DecodeStream: Send {
    /// Appends codes, with the same number of levels in all calls; returns the samples that later codes do not change.
    ///
    /// # Errors
    /// [`CodecError::Levels`] or [`CodecError::Codes`] for codes of another codec; nothing of them is taken then.
    fn push(&mut self, codes: &Codes) -> Result<Vec<f32>, CodecError>;

    /// Returns the remaining samples. Nothing may be pushed afterwards.
    ///
    /// # Errors
    /// [`CodecError::Candle`] from the network.
    fn finish(&mut self) -> Result<Vec<f32>, CodecError>;
}
