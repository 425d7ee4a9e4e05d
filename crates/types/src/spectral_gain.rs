//! Spectral gain of recordings.

/// Gain by which a recording is attenuated band by band towards a target spectrogram.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SpectralGain {
    /// Smallest gain, 0 to 1. What is attenuated by mistake is still audible, and residual noise does not stand alone.
    pub gain_floor: f32,
    /// Context of a steady target, seconds on both sides: where much of the recording is attenuated, the result in this
    /// context replaces the estimate of the frame. 0 for targets that change quickly, such as speech.
    pub context_s: f32,
}
