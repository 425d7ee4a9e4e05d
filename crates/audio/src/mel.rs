//! Log-mel spectrograms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{Allowed, ConfigIssue};

use crate::{AudioError, Stft};

/// Parameters of a log-mel spectrogram. A codec works only with the parameters that it was trained with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MelConfig {
    /// Sample rate, Hz.
    pub sample_rate_hz: u32,
    /// Length of the transform and of its Hann window, samples.
    pub n_fft: usize,
    /// Hop between frames, samples.
    pub hop: usize,
    /// Number of mel bands.
    pub bins: usize,
    /// Lower edge of the lowest band, Hz.
    pub fmin_hz: f64,
    /// Upper edge of the highest band, Hz.
    pub fmax_hz: f64,
    /// Smallest magnitude; its logarithm is the value of silence.
    pub floor: f64,
}

impl Default for MelConfig {
    fn default() -> Self {
        Self {
            sample_rate_hz: 24_000,
            n_fft: 1024,
            hop: 240,
            bins: 80,
            fmin_hz: 0.0,
            fmax_hz: 12_000.0,
            floor: 1e-5,
        }
    }
}

/// Log-mel spectrograms: natural logarithm of Slaney-scale, area-normalized bands of the magnitude spectrum of
/// [`Stft`], as in HiFi-GAN (Kong et al. 2020, arXiv:2010.05646, section 3.1 and its code) and most vocoders.
#[derive(Debug, Clone)]
pub struct LogMel {
    config: MelConfig,
    stft: Stft,
    bands: Vec<Band>,
}

/// Triangular filter: index of its first frequency, and weights from there on.
#[derive(Debug, Clone)]
struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl LogMel {
    /// Prepares the transform and the filterbank.
    ///
    /// # Errors
    /// [`AudioError::Config`] with the invalid setting.
    pub fn new(config: MelConfig) -> Result<Self, AudioError> {
        let fail = |key, reason: String| Err(AudioError::setting(key, reason));
        let nyquist_hz = f64::from(config.sample_rate_hz) / 2.0;
        Allowed::Above(0.0).check("sample_rate_hz", config.sample_rate_hz.into())?;
        ConfigIssue::above_zero(&[("bins", config.bins)])?;
        if !(config.fmin_hz >= 0.0 && config.fmin_hz < config.fmax_hz) {
            return fail("fmin_hz", format!("must lie from 0 to below fmax_hz {}", config.fmax_hz));
        }
        if config.fmax_hz > nyquist_hz {
            return fail("fmax_hz", format!("is above half the sample rate, {nyquist_hz} Hz"));
        }
        if !(config.floor > 0.0 && config.floor.is_finite()) {
            return fail("floor", "must be above 0, since its logarithm is taken".into());
        }
        let stft = Stft::new(config.n_fft, config.hop)?;
        let bands = sparse(&mel_filterbank(&config), stft.bins());
        Ok(Self { config, stft, bands })
    }

    /// Returns the settings.
    pub fn config(&self) -> &MelConfig {
        &self.config
    }

    /// Returns the number of mel bands.
    pub fn bins(&self) -> usize {
        self.config.bins
    }

    /// Returns the frame rate, Hz.
    pub fn frame_rate_hz(&self) -> f64 {
        f64::from(self.config.sample_rate_hz) / self.config.hop as f64
    }

    /// Returns the number of frames of a recording: `ceil(samples / hop)`.
    pub fn frame_count(&self, samples: usize) -> usize {
        self.stft.frame_count(samples)
    }

    /// Returns the value of digital silence, `ln(floor)`.
    pub fn silence(&self) -> f32 {
        (self.config.floor as f32).ln()
    }

    /// Computes the log-mel spectrogram of samples at the configured rate, (frames, bins), row-major.
    pub fn compute(&self, samples: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.frame_count(samples.len()) * self.bins());
        let floor = self.config.floor as f32;
        self.stft.for_each(samples, |magnitudes| {
            for band in &self.bands {
                let m: f32 =
                    band.weights.iter().zip(&magnitudes[band.first..]).map(|(w, m)| w * m).sum();
                out.push(m.max(floor).ln());
            }
        });
        out
    }
}

impl Default for LogMel {
    fn default() -> Self {
        Self::new(MelConfig::default()).expect("the defaults are consistent")
    }
}

/// Returns the triangular filters, (bins, n_fft / 2 + 1), row-major, on Slaney's mel scale. Each is divided by half its
/// width in Hz, as `filters.mel` of librosa does by default.
pub fn mel_filterbank(config: &MelConfig) -> Vec<f32> {
    let frequencies = config.n_fft / 2 + 1;
    let (low, high) = (hz_to_mel(config.fmin_hz), hz_to_mel(config.fmax_hz));
    let edge_hz = |i: usize| mel_to_hz(low + (high - low) * i as f64 / (config.bins + 1) as f64);
    let step_hz = f64::from(config.sample_rate_hz) / config.n_fft as f64;
    let mut weights = Vec::with_capacity(config.bins * frequencies);
    for band in 0..config.bins {
        let (left, centre, right) = (edge_hz(band), edge_hz(band + 1), edge_hz(band + 2));
        let area = 2.0 / (right - left);
        weights.extend((0..frequencies).map(|k| {
            let hz = k as f64 * step_hz;
            let rise = (hz - left) / (centre - left);
            let fall = (right - hz) / (right - centre);
            (rise.min(fall).max(0.0) * area) as f32
        }));
    }
    weights
}

fn sparse(dense: &[f32], frequencies: usize) -> Vec<Band> {
    dense
        .chunks_exact(frequencies)
        .map(|row| {
            let first = row.iter().position(|&w| w > 0.0).unwrap_or(0);
            let end = row.iter().rposition(|&w| w > 0.0).map_or(first, |i| i + 1);
            Band { first, weights: row[first..end].to_vec() }
        })
        .collect()
}

/// Slaney's scale: linear to 1 kHz (15 mels), then 27 mels for a factor of 6.4.
const LINEAR_HZ_PER_MEL: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;
const BREAK_MEL: f64 = BREAK_HZ / LINEAR_HZ_PER_MEL;

fn log_step() -> f64 {
    6.4f64.ln() / 27.0
}

fn hz_to_mel(hz: f64) -> f64 {
    if hz < BREAK_HZ {
        hz / LINEAR_HZ_PER_MEL
    } else {
        BREAK_MEL + (hz / BREAK_HZ).ln() / log_step()
    }
}

fn mel_to_hz(mel: f64) -> f64 {
    if mel < BREAK_MEL {
        mel * LINEAR_HZ_PER_MEL
    } else {
        BREAK_HZ * ((mel - BREAK_MEL) * log_step()).exp()
    }
}
