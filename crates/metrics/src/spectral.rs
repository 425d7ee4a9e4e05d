//! Distances of spectra.

use std::f64::consts::{LN_10, PI};

use syrinx_audio::{Audio, LogMel, MelConfig, Stft};

use crate::MetricsError;
use crate::dtw;

/// Cepstral coefficients that [`mel_cepstral_distance`] compares, from the first on; the zeroth, loudness, is left out.
pub const COEFFICIENTS: usize = 13;

/// Smallest magnitude above silence.
const FLOOR: f64 = 1e-5;

/// Mel-cepstral distance in decibels (Kubichek 1993), the frames matched by dynamic time warping:
/// the mean along the path of `10 / ln 10 * sqrt(2 * sum_{d=1}^{13} (c_d - c'_d)^2)`.
///
/// The cepstra come from 80-band log-mels of 10 ms steps ([`mel_cepstra`]), so that the distance is the root mean
/// square difference in decibels of the two smoothed spectra. Figures from WORLD cepstra (as in most papers) are on
/// another scale; compare only figures made by this function.
///
/// # Errors
/// [`MetricsError::DifferentRates`], [`MetricsError::Empty`], or [`MetricsError::Audio`] for a rate too low to analyse.
pub fn mel_cepstral_distance(first: &Audio, second: &Audio) -> Result<f64, MetricsError> {
    check_pair(first, second)?;
    let mel = mel_for(first.sample_rate_hz)?;
    mel_cepstral_distance_of(
        &mel.compute(&first.samples),
        &mel.compute(&second.samples),
        mel.bins(),
    )
}

/// [`mel_cepstral_distance`] of two log-mels, (frames, bins) row by row, natural logarithms of magnitudes.
///
/// # Errors
/// [`MetricsError::Ragged`] for incomplete frames, [`MetricsError::Empty`] when a side has no frame.
pub fn mel_cepstral_distance_of(
    first: &[f32],
    second: &[f32],
    bins: usize,
) -> Result<f64, MetricsError> {
    for side in [first, second] {
        if bins == 0 || side.len() % bins != 0 {
            return Err(MetricsError::Ragged { values: side.len(), bins });
        }
    }
    let (a, b) = (mel_cepstra(first, bins, COEFFICIENTS), mel_cepstra(second, bins, COEFFICIENTS));
    let distance = |i: usize, j: usize| {
        let square: f64 = a[i].iter().zip(&b[j]).map(|(x, y)| (x - y) * (x - y)).sum();
        10.0 / LN_10 * (2.0 * square).sqrt()
    };
    let which = if a.is_empty() { "first" } else { "second" };
    dtw::mean_cost(a.len(), b.len(), distance).ok_or(MetricsError::Empty { which })
}

/// Cepstra of a log-mel, (frames, bins) row by row: for each frame the coefficients 1 to `coefficients` of
/// `c_d = 2 / bins * sum_k ln A_k cos(pi d (k + 1/2) / bins)`, the scale on which
/// `ln A = c_0 + sum_d c_d cos(..)`, as SPTK's mel-cepstra are.
pub fn mel_cepstra(log_mel: &[f32], bins: usize, coefficients: usize) -> Vec<Vec<f64>> {
    let rows: Vec<Vec<f64>> = (1..=coefficients)
        .map(|d| {
            (0..bins)
                .map(|k| 2.0 / bins as f64 * (PI * d as f64 * (k as f64 + 0.5) / bins as f64).cos())
                .collect()
        })
        .collect();
    log_mel
        .chunks_exact(bins.max(1))
        .map(|frame| {
            rows.iter()
                .map(|row| row.iter().zip(frame).map(|(w, &x)| w * f64::from(x)).sum())
                .collect()
        })
        .collect()
}

/// Log-spectral distance in decibels (Gray and Markel 1976): the mean over frames of the root mean square over
/// frequencies of `20 log10(|X| / |Y|)`, without warping, over the length of the shorter recording. Magnitudes below
/// 1e-5 count as 1e-5. For recordings that are aligned already: a codec's round trip.
///
/// # Errors
/// As [`mel_cepstral_distance`].
pub fn log_spectral_distance(first: &Audio, second: &Audio) -> Result<f64, MetricsError> {
    check_pair(first, second)?;
    let config = config_for(first.sample_rate_hz);
    let stft = Stft::new(config.n_fft, config.hop)?;
    let n = first.samples.len().min(second.samples.len());
    let (a, b) = (stft.magnitudes(&first.samples[..n]), stft.magnitudes(&second.samples[..n]));
    let decibels = |x: f32| 20.0 * f64::from(x).max(FLOOR).log10();
    let frames = a.chunks_exact(stft.bins()).zip(b.chunks_exact(stft.bins()));
    let sum: f64 = frames
        .map(|(x, y)| {
            let square: f64 =
                x.iter().zip(y).map(|(&x, &y)| (decibels(x) - decibels(y)).powi(2)).sum();
            (square / stft.bins() as f64).sqrt()
        })
        .sum();
    Ok(sum / stft.frame_count(n) as f64)
}

/// Returns the mean absolute difference of two log-mels, natural logarithms, over the frames of the shorter one, as in
/// vocoder losses. `None` if either is empty.
pub fn mel_l1(first: &[f32], second: &[f32]) -> Option<f64> {
    let n = first.len().min(second.len());
    let sum: f64 = first.iter().zip(second).map(|(a, b)| f64::from((a - b).abs())).sum();
    (n > 0).then(|| sum / n as f64)
}

/// Log-mel in steps of 10 ms with windows of about 43 ms at any rate: at 24 kHz the codec's.
pub(crate) fn mel_for(sample_rate_hz: u32) -> Result<LogMel, MetricsError> {
    Ok(LogMel::new(config_for(sample_rate_hz))?)
}

fn config_for(sample_rate_hz: u32) -> MelConfig {
    let rate = f64::from(sample_rate_hz);
    MelConfig {
        sample_rate_hz,
        n_fft: ((rate * 1024.0 / 24_000.0).round() as usize).next_power_of_two().max(2),
        hop: ((rate / 100.0).round() as usize).max(1),
        bins: 80,
        fmin_hz: 0.0,
        fmax_hz: (rate / 2.0).min(12_000.0),
        floor: FLOOR,
    }
}

pub(crate) fn check_pair(first: &Audio, second: &Audio) -> Result<(), MetricsError> {
    let (first_hz, second_hz) = (first.sample_rate_hz, second.sample_rate_hz);
    if first_hz != second_hz {
        return Err(MetricsError::DifferentRates { first_hz, second_hz });
    }
    for (audio, which) in [(first, "first"), (second, "second")] {
        if audio.samples.is_empty() {
            return Err(MetricsError::Empty { which });
        }
    }
    Ok(())
}
