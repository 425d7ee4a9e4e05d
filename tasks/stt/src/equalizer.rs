//! Equalization of a recording towards the long-term spectrum of the training recordings. Rooms, microphones and
//! telephone lines change the spectrum, and the model makes more errors on spectra that it was not trained on.

use std::borrow::Cow;

use realfft::RealFftPlanner;
use syrinx_audio::{AudioError, LogMel, MelConfig, mel_filterbank};
use syrinx_types::Audio;

/// Mean long-term spectrum of the training recordings, lowest band first, in natural logarithms of magnitudes; written
/// by the example `build_data`.
const SPECTRUM: &str = include_str!("../data/spectrum.txt");
/// Maximum amplification and attenuation of a band, in dB. Tuned on the recordings of `evals/stt-human.toml` and on
/// telephone prompts.
const LIMITS_DB: (f32, f32) = (6.0, 12.0);

/// Window of the long-term spectrum, in samples.
const N_FFT: usize = 1024;
/// Hop of the long-term spectrum, in samples.
const HOP: usize = 256;
/// Lower and upper edge of the bands, in Hz, within the bandwidth of recordings at 16 kHz.
const EDGES_HZ: (f64, f64) = (60.0, 7_000.0);
/// Difference to the level of the loudest frame beyond which a frame does not count as speech: 26 dB, in nats of
/// magnitude.
const LOUD_WITHIN: f32 = 3.0;
/// Minimum sample rate at which a recording has all bands, in Hz.
const LOWEST_RATE_HZ: u32 = 16_000;
/// Longest transform, samples: 87 seconds at 24 kHz. Transforms of longer recordings would take most of the memory.
const LONGEST_TRANSFORM: usize = 1 << 21;
/// Samples on each side of a block that are filtered with it: the filter rings within less.
const BLOCK_MARGIN: usize = 1 << 14;
/// Maximum absolute value of a sample.
const PEAK: f32 = 0.99;

fn mel_config(sample_rate_hz: u32, bands: usize) -> MelConfig {
    let (fmin_hz, fmax_hz) = EDGES_HZ;
    let (n_fft, hop) = (N_FFT, HOP);
    MelConfig { sample_rate_hz, n_fft, hop, bins: bands, fmin_hz, fmax_hz, ..MelConfig::default() }
}

/// Mean level of a recording's loud frames per mel band, as natural logarithms of magnitudes, lowest band first.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectralProfile(Vec<f32>);

impl SpectralProfile {
    /// Builds a profile from the levels of its bands.
    pub fn new(levels: impl Into<Vec<f32>>) -> Self {
        Self(levels.into())
    }

    /// Measures a recording; `None` for one without frames.
    ///
    /// # Errors
    /// [`AudioError::Config`] for a sample rate below 14 kHz, and for 0 bands.
    pub fn of(audio: &Audio, bands: usize) -> Result<Option<Self>, AudioError> {
        let mel = LogMel::new(mel_config(audio.sample_rate_hz, bands))?;
        let frames = mel.compute(&audio.samples); // (frames, bands)
        let level = |frame: &[f32]| frame.iter().map(|l| (2.0 * l).exp()).sum::<f32>().ln() / 2.0;
        let loudest = frames.chunks_exact(bands).map(level).fold(f32::NEG_INFINITY, f32::max);
        let (mut sums, mut count) = (vec![0.0; bands], 0);
        for frame in frames.chunks_exact(bands).filter(|frame| level(frame) > loudest - LOUD_WITHIN)
        {
            sums.iter_mut().zip(frame).for_each(|(sum, l)| *sum += l);
            count += 1;
        }
        Ok((count > 0).then(|| Self(sums.into_iter().map(|sum| sum / count as f32).collect())))
    }

    /// Returns the mean of several profiles; `None` if there are none.
    pub fn mean(profiles: &[Self]) -> Option<Self> {
        let (first, count) = (profiles.first()?, profiles.len() as f32);
        let sum = |band: usize| profiles.iter().map(|p| p.0[band]).sum::<f32>();
        Some(Self((0..first.0.len()).map(|band| sum(band) / count).collect()))
    }

    /// Returns the level of each band, lowest band first.
    pub fn levels(&self) -> &[f32] {
        &self.0
    }
}

/// Strength of an equalization.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equalization {
    /// Share of the spectral difference that is removed, 0 to 1.
    pub share: f32,
    /// Maximum amplification and attenuation of a band, in dB; a larger difference shows a band without speech.
    pub limits_db: (f32, f32),
}

/// Returns the recording with its long-term spectrum moved towards a reference, at the level of the reference. A
/// recording without frames is unchanged.
///
/// # Errors
/// The errors of [`SpectralProfile::of`].
pub fn equalized(
    audio: &Audio,
    reference: &SpectralProfile,
    equalization: Equalization,
) -> Result<Audio, AudioError> {
    let bands = reference.0.len();
    let Some(own) = SpectralProfile::of(audio, bands)? else { return Ok(audio.clone()) };
    let difference: Vec<f32> = reference.0.iter().zip(&own.0).map(|(r, o)| r - o).collect();
    let mean = mean(&difference);
    let decibels = |db: f32| db / 20.0 * std::f32::consts::LN_10;
    let (up, down) = (decibels(equalization.limits_db.0), decibels(equalization.limits_db.1));
    let shape = difference.iter().map(|d| equalization.share * (d - mean).clamp(-down, up));
    let gains: Vec<f32> = shape.collect();
    let of_bins = between_bands(&gains, audio.sample_rate_hz);
    let mut samples = filtered_in_blocks(&audio.samples, &of_bins, LONGEST_TRANSFORM);
    // The level is adjusted after the filter, which changes it.
    let shaped: Vec<f32> = difference.iter().zip(&gains).map(|(d, gain)| d - gain).collect();
    let peak = samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
    let level = self::mean(&shaped).exp().min(PEAK / peak.max(1e-9));
    samples.iter_mut().for_each(|s| *s *= level);
    Ok(Audio { samples, sample_rate_hz: audio.sample_rate_hz })
}

/// Returns a recording whose long-term spectrum and level are like those of the training recordings; `share` is the
/// share of the spectral difference that is removed. With 0, or below a sample rate of 16 kHz, the recording is
/// unchanged.
pub(crate) fn neutral(audio: &Audio, share: f64) -> Cow<'_, Audio> {
    if share == 0.0 || audio.sample_rate_hz < LOWEST_RATE_HZ {
        return Cow::Borrowed(audio);
    }
    let levels: Vec<f32> = SPECTRUM.split_whitespace().filter_map(|l| l.parse().ok()).collect();
    let equalization = Equalization { share: share as f32, limits_db: LIMITS_DB };
    // Equalization fails for lower sample rates only, which returned above.
    let equalized = equalized(audio, &SpectralProfile::new(levels), equalization);
    equalized.map_or(Cow::Borrowed(audio), Cow::Owned)
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// Returns the log gain of each bin of a transform of [`N_FFT`] samples, interpolated linearly between the peaks of the
/// bands. // (bins)
fn between_bands(gains: &[f32], sample_rate_hz: u32) -> Vec<f32> {
    let bins = N_FFT / 2 + 1;
    let filters = mel_filterbank(&mel_config(sample_rate_hz, gains.len())); // (bands, bins)
    let peak = |filter: &[f32]| (0..bins).max_by(|&a, &b| filter[a].total_cmp(&filter[b]));
    let peaks: Vec<usize> = filters.chunks_exact(bins).filter_map(peak).collect();
    let at = |bin: usize| {
        let above = peaks.partition_point(|&peak| peak <= bin);
        let (Some(below), Some(&high)) = (above.checked_sub(1), peaks.get(above)) else {
            return gains[above.min(gains.len() - 1)];
        };
        let part = (bin - peaks[below]) as f32 / (high - peaks[below]) as f32;
        gains[below] * (1.0 - part) + gains[above] * part
    };
    (0..bins).map(at).collect()
}

/// Filters samples as [`filtered`] does, block by block where a transform would have more than `longest` points.
fn filtered_in_blocks(samples: &[f32], gains: &[f32], longest: usize) -> Vec<f32> {
    if samples.len() + N_FFT <= longest {
        return filtered(samples, gains);
    }
    let block = longest - 2 * BLOCK_MARGIN - N_FFT;
    let mut out = Vec::with_capacity(samples.len());
    for start in (0..samples.len()).step_by(block) {
        let from = start.saturating_sub(BLOCK_MARGIN);
        let end = (start + block).min(samples.len());
        let part = filtered(&samples[from..(end + BLOCK_MARGIN).min(samples.len())], gains);
        out.extend_from_slice(&part[start - from..end - from]);
    }
    out
}

/// Filters samples with zero phase. `gains` has the log gain of each bin of a transform of [`N_FFT`] samples.
fn filtered(samples: &[f32], gains: &[f32]) -> Vec<f32> {
    let length = (samples.len() + N_FFT).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, back) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
    let mut padded = samples.to_vec();
    padded.resize(length, 0.0);
    let mut spectrum = forward.make_output_vec();
    let transformed = forward.process(&mut padded, &mut spectrum);
    debug_assert!(transformed.is_ok(), "the buffers have the plan's lengths");
    // Both lengths are powers of two, so that the gains are interpolated evenly.
    let per_bin = length / N_FFT;
    for (i, value) in spectrum.iter_mut().enumerate() {
        let (bin, part) = (i / per_bin, (i % per_bin) as f32 / per_bin as f32);
        let next = gains[(bin + 1).min(gains.len() - 1)];
        *value *= (gains[bin] * (1.0 - part) + next * part).exp() / length as f32;
    }
    let transformed = back.process(&mut spectrum, &mut padded);
    debug_assert!(transformed.is_ok(), "the buffers have the plan's lengths");
    padded.truncate(samples.len());
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANDS: usize = 32;

    /// Noise whose samples are correlated, so that high bands are weak.
    fn dull(seed: u32, dullness: f32, gain: f32) -> Audio {
        let (mut state, mut last) = (seed, 0.0f32);
        let samples = (0..24_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let white = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
                last = dullness * last + (1.0 - dullness) * white;
                gain * last
            })
            .collect();
        Audio { samples, sample_rate_hz: 24_000 }
    }

    fn profile(audio: &Audio) -> SpectralProfile {
        SpectralProfile::of(audio, BANDS).expect("a rate it takes").expect("not empty")
    }

    fn distance(a: &SpectralProfile, b: &SpectralProfile) -> f32 {
        let differences: Vec<f32> = a.0.iter().zip(&b.0).map(|(a, b)| (a - b).abs()).collect();
        mean(&differences)
    }

    #[test]
    fn a_dull_recording_gets_the_reference_s_spectrum_and_level() {
        let (reference, audio) = (profile(&dull(1, 0.3, 0.5)), dull(2, 0.7, 0.1));
        let whole = Equalization { share: 1.0, limits_db: (40.0, 40.0) };
        let near = equalized(&audio, &reference, whole).expect("a rate it takes");
        assert_eq!(near.samples.len(), audio.samples.len());
        assert!(distance(&profile(&audio), &reference) > 0.5);
        assert!(distance(&profile(&near), &reference) < 0.1);
        // Half of it leaves half of the shape's difference; the level is right either way.
        let half = Equalization { share: 0.5, ..whole };
        let half = profile(&equalized(&audio, &reference, half).expect("a rate it takes"));
        assert!((mean(half.levels()) - mean(reference.levels())).abs() < 0.1);
        assert!(distance(&half, &reference) > distance(&profile(&near), &reference) + 0.1);
    }

    #[test]
    fn limits_hold_and_the_peak_stays_below_one() {
        let (reference, audio) = (profile(&dull(1, 0.0, 30.0)), dull(2, 0.9, 0.5));
        let none = Equalization { share: 1.0, limits_db: (0.0, 0.0) };
        let louder = equalized(&audio, &reference, none).expect("a rate it takes");
        let peak = louder.samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        assert!((0.98..=0.991).contains(&peak), "{peak}");
        let gain = louder.samples[100] / audio.samples[100];
        for (a, b) in louder.samples.iter().zip(&audio.samples).skip(50).take(1_000) {
            assert!((a - gain * b).abs() < 1e-3, "only the level changes: {a} {b}");
        }
    }

    #[test]
    fn blocks_give_the_samples_of_one_transform() {
        let samples: Vec<f32> = (0..8).flat_map(|seed| dull(seed, 0.6, 0.5).samples).collect();
        let gains: Vec<f32> = (0..=N_FFT / 2).map(|i| (i as f32 * 0.03).sin() * 0.7).collect();
        let whole = filtered(&samples, &gains);
        for longest in [1 << 16, 1 << 17] {
            let blocks = filtered_in_blocks(&samples, &gains, longest);
            assert_eq!(blocks.len(), whole.len());
            let differences = blocks.iter().zip(&whole).map(|(a, b)| (a - b).abs());
            let largest = differences.fold(0.0_f32, f32::max);
            assert!(largest < 1e-6, "{longest}: {largest}");
        }
        assert_eq!(filtered_in_blocks(&samples, &gains, LONGEST_TRANSFORM), whole);
    }

    #[test]
    fn recordings_that_can_not_be_equalized() {
        let reference = profile(&dull(1, 0.3, 0.5));
        let all = Equalization { share: 1.0, limits_db: (6.0, 12.0) };
        let empty = Audio { samples: Vec::new(), sample_rate_hz: 24_000 };
        assert_eq!(equalized(&empty, &reference, all).expect("nothing to do"), empty);
        let silent = Audio { samples: vec![0.0; 5_000], sample_rate_hz: 24_000 };
        let still = equalized(&silent, &reference, all).expect("a rate it takes");
        assert!(still.samples.iter().all(|s| s.abs() < 1e-6));
        let narrow = Audio { samples: vec![0.1; 5_000], sample_rate_hz: 8_000 };
        assert!(equalized(&narrow, &reference, all).is_err());
    }
}
