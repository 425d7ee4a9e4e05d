//! Spectral gain of recordings.

/// Gain by which a recording is attenuated band by band towards a target spectrogram.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SpectralGain {
    /// Smallest gain, 0 to 1. It keeps speech audible that is attenuated by mistake, and masks artefacts with residual
    /// noise.
    pub gain_floor: f32,
    /// Context of a stationary target, seconds on both sides: where much of the recording is attenuated, the mean of
    /// the result over this context replaces the estimate of the frame. 0 for targets that change quickly, such as
    /// speech.
    pub context_s: f32,
}
