//! Attenuation of a recording band by band towards a target log-mel spectrogram.

use std::f32::consts::PI;

use syrinx_audio::{LogMel, MelConfig, mel_filterbank};
use syrinx_types::SpectralGain;

use crate::istft::Istft;

/// Hops of the spectrogram in a window of the short-time Fourier transform: windows of 40 ms in steps of 10.
const STEPS_A_WINDOW: usize = 4;

/// Inaudible gain: the smallest that is applied.
const SILENT: f32 = 1e-5;

/// Decay of a frame's weight with its attenuation (natural logarithm) beyond [`SURE`].
const DOUBT: f32 = 2.0;
/// Attenuation up to which a frame has its full weight, a natural logarithm.
const SURE: f32 = 0.2;

/// Attenuates every band of `samples` at every frame to the level of the log-mel `target` (frames, bins), without
/// amplification: log-spectral amplitude estimation (Ephraim & Malah 1985) with a given estimate. Phases are those of
/// the recording. The result is as long as `samples`, with silence after the end of `target`.
pub(crate) fn attenuated(
    samples: &[f32],
    log_mel: &LogMel,
    target: &[f32],
    SpectralGain { gain_floor, context_s }: SpectralGain,
) -> Vec<f32> {
    let (config, bins) = (log_mel.config(), log_mel.bins());
    let frames = target.len() / bins;
    let mut padded = samples.to_vec();
    padded.resize(frames * config.hop, 0.0);
    let own = log_mel.compute(&padded); // (frames, bins)
    let mut gains: Vec<f32> = own.iter().zip(target).map(|(o, w)| (w - o).min(0.0)).collect();
    let around = (context_s * config.sample_rate_hz as f32 / config.hop as f32).round() as usize;
    if around > 0 {
        gains = going_on(&own, &gains, bins, around);
    }
    let istft = Istft::new(STEPS_A_WINDOW * config.hop, config.hop);
    let spread = spread(config, istft.bins());
    let mut rows = istft.analyse(&padded); // (frames, 2 * frequencies): log-magnitudes, phases
    for (row, gains) in rows.chunks_exact_mut(2 * istft.bins()).zip(gains.chunks_exact(bins)) {
        for (log_magnitude, shares) in row.iter_mut().zip(&spread) {
            let gain: f32 = shares.iter().map(|&(band, share)| share * gains[band]).sum();
            *log_magnitude += (gain_floor + (1.0 - gain_floor) * gain.exp()).max(SILENT).ln();
        }
    }
    let mut out = istft.synthesise(&rows);
    out.resize(samples.len(), 0.0);
    out
}

/// Returns the gains (frames, bins) of a stationary target. Where the target is a small part of the recording, its
/// level is the weighted mean of the attenuated recording up to `around` frames before and after (noise power under
/// speech is estimated from frames without speech: Cohen 2003, section II). Gains near 1 have the largest weights.
fn going_on(own: &[f32], gains: &[f32], bins: usize, around: usize) -> Vec<f32> {
    let frames = gains.len() / bins;
    let trust: Vec<f32> = gains.iter().map(|gain| (DOUBT * (gain + SURE).min(0.0)).exp()).collect();
    let near = |lag: usize| 0.5 + 0.5 * (PI * lag as f32 / (around + 1) as f32).cos();
    let window: Vec<f32> = (0..=around).map(near).collect();
    let level = |frame: usize, bin: usize| -> f32 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for other in frame.saturating_sub(around)..(frame + around + 1).min(frames) {
            let i = other * bins + bin;
            // If no frame in the window is reliable, all have equal weights.
            let weight = window[frame.abs_diff(other)] * (trust[i] + 1e-6);
            sum += weight * (own[i] + gains[i]);
            weights += weight;
        }
        sum / weights
    };
    (0..gains.len())
        .map(|i| {
            let around = (level(i / bins, i % bins) - own[i]).min(0.0);
            trust[i] * gains[i] + (1.0 - trust[i]) * around
        })
        .collect()
}

/// Returns, for each frequency of a transform, its mel bands with their shares.
pub(crate) fn spread(config: &MelConfig, frequencies: usize) -> Vec<Vec<(usize, f32)>> {
    let config = MelConfig { n_fft: 2 * (frequencies - 1), ..config.clone() };
    let weights = mel_filterbank(&config); // (bins, frequencies)
    let share = |band: usize, k: usize| weights[band * frequencies + k];
    let of_band = |band: usize| (0..frequencies).map(|k| share(band, k)).fold(0.0f32, f32::max);
    // Filters are normalized by area; the share of a band is the height of its triangle at the frequency.
    let tops: Vec<f32> = (0..config.bins).map(of_band).collect();
    let mut last = vec![(0, 1.0)];
    (0..frequencies)
        .map(|k| {
            let mut shares: Vec<(usize, f32)> = (0..config.bins)
                .filter(|&band| share(band, k) > 0.0)
                .map(|band| (band, share(band, k) / tops[band]))
                .collect();
            let sum: f32 = shares.iter().map(|(_, share)| share).sum();
            shares.iter_mut().for_each(|(_, share)| *share /= sum);
            // Frequencies outside all bands use the nearest band below.
            if !shares.is_empty() {
                last = shares;
            }
            last.clone()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f32 = 24_000.0;

    fn tone(hz: f32) -> Vec<f32> {
        (0..12_000).map(|i| 0.3 * (std::f32::consts::TAU * hz * i as f32 / RATE).sin()).collect()
    }

    fn power(samples: &[f32]) -> f32 {
        samples[2_400..9_600].iter().map(|x| x * x).sum::<f32>() / 7_200.0
    }

    fn only(gain_floor: f32) -> SpectralGain {
        SpectralGain { gain_floor, context_s: 0.0 }
    }

    /// A loud tone for a while over a steady quiet one: the context corrects a wrong target for that while.
    #[test]
    fn a_sound_that_goes_on_is_as_loud_as_around() {
        let quiet: Vec<f32> = tone(1_000.0).iter().map(|x| 0.1 * x).collect();
        let mut both = quiet.clone();
        both[4_800..7_200].iter_mut().zip(tone(1_000.0)).for_each(|(x, loud)| *x += loud);
        let log_mel = LogMel::default();
        let mut wanted = log_mel.compute(&quiet);
        let bins = log_mel.bins();
        wanted[20 * bins..30 * bins].iter_mut().for_each(|v| *v -= 2.0);
        let level = |context_s: f32| {
            let out =
                attenuated(&both, &log_mel, &wanted, SpectralGain { gain_floor: 0.0, context_s });
            out[5_280..6_720].iter().map(|x| x * x).sum::<f32>() / 1_440.0
        };
        let true_level = quiet[5_280..6_720].iter().map(|x| x * x).sum::<f32>() / 1_440.0;
        assert!(level(0.0) < 0.1 * true_level, "{} of {true_level}", level(0.0));
        let mended = level(0.3) / true_level;
        assert!((0.4..1.6).contains(&mended), "{mended}");
    }

    #[test]
    fn what_is_wanted_stays_as_it_is_and_the_rest_goes() {
        let (low, high) = (tone(400.0), tone(3_000.0));
        let both: Vec<f32> = low.iter().zip(&high).map(|(a, b)| a + b).collect();
        let log_mel = LogMel::default();
        let wanted = log_mel.compute(&low);
        let out = attenuated(&both, &log_mel, &wanted, only(0.01));
        assert_eq!(out.len(), both.len());
        let left: Vec<f32> = out.iter().zip(&low).map(|(a, b)| a - b).collect();
        assert!(power(&left) < 0.01 * power(&high), "{} of {}", power(&left), power(&high));
        // Bands whose target is louder than the recording keep their level.
        let louder: Vec<f32> = wanted.iter().map(|v| v + 1.0).collect();
        let same = attenuated(&low, &log_mel, &louder, only(0.01));
        let changed = same.iter().zip(&low).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(changed < 1e-3, "{changed}");
    }

    #[test]
    fn no_band_goes_below_the_least() {
        let sound = tone(1_000.0);
        let log_mel = LogMel::default();
        let silence = vec![log_mel.silence(); log_mel.compute(&sound).len()];
        let out = attenuated(&sound, &log_mel, &silence, only(0.1));
        let share = (power(&out) / power(&sound)).sqrt();
        assert!((share - 0.1).abs() < 0.01, "{share}");
        assert_eq!(attenuated(&sound, &log_mel, &[], only(0.1)), vec![0.0; sound.len()]);
    }
}
