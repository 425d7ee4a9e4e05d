//! Whisper's log-mel spectrogram.

use candle_core::{Device, Tensor};
use syrinx_audio::{AudioError, MelConfig, Stft, mel_filterbank};

/// Sample rate of all checkpoints, in Hz.
pub(crate) const SAMPLE_RATE_HZ: u32 = 16_000;
/// Samples between two spectrogram frames.
pub(crate) const HOP: usize = 160;
/// Spectrogram frames per second.
pub(crate) const FRAMES_PER_S: f64 = 100.0;
/// Window of the Fourier transform, in samples.
const N_FFT: usize = 400;

/// Computes Whisper's spectrogram: decimal logarithm of the power in Slaney mel bands, limited to 8 below the maximum,
/// and mapped to about -1 to 1.
pub(crate) struct Spectrogram {
    stft: Stft,
    filters: Vec<f32>, // (bands, frequencies)
    bands: usize,
}

/// Spectrogram of a recording, followed by silence.
pub(crate) struct Frames {
    values: Vec<f32>, // (frames, bands), with the frames after the end that overlap the recording
    len: usize,
    bands: usize,
    silence: f32,
}

impl Spectrogram {
    pub(crate) fn new(bands: usize) -> Result<Self, AudioError> {
        let config = MelConfig {
            sample_rate_hz: SAMPLE_RATE_HZ,
            n_fft: N_FFT,
            hop: HOP,
            bins: bands,
            fmin_hz: 0.0,
            fmax_hz: f64::from(SAMPLE_RATE_HZ) / 2.0,
            floor: 1e-10,
        };
        Ok(Self { stft: Stft::new(N_FFT, HOP)?, filters: mel_filterbank(&config), bands })
    }

    /// Computes the spectrogram of samples at 16 kHz, with `samples / 160` frames.
    pub(crate) fn compute(&self, samples: &[f32]) -> Frames {
        let half = N_FFT / 2;
        // `Stft` centres frame t at sample 160 t. With 120 samples in front, frame 2 is centred at the first sample of
        // the recording.
        let mut padded = vec![0.0; 2 * HOP - half];
        padded.extend((1..=half).rev().map(|i| samples.get(i).copied().unwrap_or(0.0)));
        padded.extend_from_slice(samples);
        padded.extend(std::iter::repeat_n(0.0, N_FFT));
        let computed = (samples.len() + half).div_ceil(HOP);
        let mut values = Vec::with_capacity(computed * self.bands);
        let mut frame = 0;
        self.stft.for_each(&padded, |magnitudes| {
            if (2..2 + computed).contains(&frame) {
                let rows = self.filters.chunks_exact(magnitudes.len());
                values.extend(rows.map(|row| {
                    let power: f32 = row.iter().zip(magnitudes).map(|(w, m)| w * m * m).sum();
                    power.max(1e-10).log10()
                }));
            }
            frame += 1;
        });
        // Whisper pads with silence, whose value is -10, before it computes the maximum.
        let top = values.iter().copied().fold(-10.0f32, f32::max);
        let scaled = |value: f32| (value.max(top - 8.0) + 4.0) / 4.0;
        values.iter_mut().for_each(|value| *value = scaled(*value));
        let len = samples.len() / HOP;
        Frames { values, len, bands: self.bands, silence: scaled(-10.0) }
    }
}

/// Range of a recording's frames in an encoder window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowSpan {
    /// First frame.
    pub(crate) start: usize,
    /// Number of frames.
    pub(crate) used: usize,
}

impl Frames {
    /// Returns the number of frames of the recording.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns a window (1, bands, frames): the frames of `span`, then silence.
    pub(crate) fn window(
        &self,
        span: WindowSpan,
        frames: usize,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let WindowSpan { start, used } = span;
        // At the end of the recording, the frames after it that overlap it are included.
        let known = match start + used >= self.len {
            true => (self.values.len() / self.bands).saturating_sub(start),
            false => used,
        };
        let value = |band: usize, t: usize| match t < known {
            true => self.values[(start + t) * self.bands + band],
            false => self.silence,
        };
        let bands = 0..self.bands;
        let window: Vec<f32> =
            bands.flat_map(|band| (0..frames).map(move |t| value(band, t))).collect();
        Tensor::from_vec(window, (1, self.bands, frames), device)
    }
}
