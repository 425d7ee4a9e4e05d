//! Magnitudes of a mel spectrogram: initial weights of the last layer of the vocoder.

use syrinx_audio::{MelConfig, mel_filterbank};

use crate::VocoderConfig;

/// Returns the initial weights (width, mel bins) and biases (width) of the last layer, from scaled log-mel frames: the
/// magnitudes of the spectrogram, and zeros for phases.
pub(crate) fn first_rows(config: &VocoderConfig) -> (Vec<f32>, Vec<f32>) {
    let (bands, bins) = (config.mel.bins, config.bins());
    let free_gain = config.source.as_ref().map_or(Some(0.0), |source| source.free_gain);
    let (mut weight, mut bias) = (Vec::new(), Vec::new());
    if let Some(gain) = free_gain {
        let free = mel_to_magnitudes(config);
        weight = free.weight;
        weight.resize(2 * bins * bands, 0.0);
        bias.extend(free.bias.iter().map(|b| b + gain as f32));
        bias.resize(2 * bins, 0.0);
    }
    let Some(source) = &config.source else { return (weight, bias) };
    let offsets = band_offsets(config);
    for (branch, gain) in [source.harmonic_gain, 0.0, source.noise_gain].into_iter().enumerate() {
        for (band, offset) in offsets.iter().enumerate() {
            let phase = branch == 1;
            let row = (0..bands).map(|b| if b == band && !phase { config.mel_scale } else { 0.0 });
            weight.extend(row.map(|w| w as f32));
            bias.push(if phase { 0.0 } else { (offset + gain) as f32 });
        }
    }
    (weight, bias)
}

/// Returns, for each band, the log-magnitude of a log-mel value minus the value.
fn band_offsets(config: &VocoderConfig) -> Vec<f64> {
    // The magnitude grows with the window's length for a tone, with its square root for noise.
    let window = 0.75 * (config.n_fft as f64 / config.mel.n_fft as f64).ln();
    mel_filterbank(&config.mel)
        .chunks_exact(config.mel.n_fft / 2 + 1)
        .map(|row| row.iter().map(|&w| f64::from(w)).sum::<f64>().max(1e-6))
        .map(|sum| config.mel_offset + window - sum.ln())
        .collect()
}

/// Linear map from scaled log-mel frames to log-magnitudes.
pub(crate) struct MelToMagnitudes {
    pub(crate) weight: Vec<f32>, // (bins, mel bins)
    pub(crate) bias: Vec<f32>,   // (bins)
    offset: f32,
    scale: f32,
}

impl MelToMagnitudes {
    /// Log-magnitudes of one log-mel frame.
    pub(crate) fn row<'a>(&'a self, frame: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        self.weight.chunks_exact(frame.len()).zip(&self.bias).map(|(w, b)| {
            let scaled = frame.iter().map(|v| (v - self.offset) / self.scale);
            b + w.iter().zip(scaled).map(|(w, v)| w * v).sum::<f32>()
        })
    }
}

/// Returns the initial weights of the layer from mel values to magnitudes. A mel value is a weighted sum of magnitudes,
/// so a magnitude is approximately the value divided by the sum of weights; frequencies between two bands use both.
pub(crate) fn mel_to_magnitudes(config: &VocoderConfig) -> MelToMagnitudes {
    let (bins, bands) = (config.bins(), config.mel.bins);
    let offsets = band_offsets(config);
    let grid = mel_filterbank(&MelConfig { n_fft: config.n_fft, ..config.mel.clone() }); // (bands, bins)
    let mut weight = vec![0.0; bins * bands];
    let mut bias = vec![0.0; bins];
    for k in 0..bins {
        let column: Vec<f64> = (0..bands).map(|b| f64::from(grid[b * bins + k])).collect();
        let total: f64 = column.iter().sum();
        let edge = if k < bins / 2 { 0 } else { bands - 1 };
        for b in 0..bands {
            let nearest = if b == edge { 1.0 } else { 0.0 };
            let share = if total > 0.0 { column[b] / total } else { nearest };
            weight[k * bands + b] = (share * config.mel_scale) as f32;
            bias[k] += (share * offsets[b]) as f32;
        }
    }
    let (offset, scale) = (config.mel_offset as f32, config.mel_scale as f32);
    MelToMagnitudes { weight, bias, offset, scale }
}
