//! A recording turned down to what should be left of it.

use syrinx_audio::{LogMel, MelConfig, mel_filterbank};

use crate::istft::Istft;

/// Frames of the transform that is turned down, in steps of the spectrogram: windows of 40 ms in steps of 10.
const STEPS_A_WINDOW: usize = 4;

/// A share that nobody hears.
const SILENT: f32 = 1e-5;

/// `samples` with every band at every step turned down to where `wanted` (frames, bins), a log-mel, says that it should
/// be, and never up: log-spectral amplitude estimation (Ephraim & Malah 1985), the estimate being somebody else's. The
/// phases are the recording's own. The share `least` of the recording stays whatever is wanted: what a filter takes away
/// by mistake is still there, and what it lets through of noise here and there doesn't stand alone. As many samples as were given, silence where `wanted` ends.
pub(crate) fn filtered(
    samples: &[f32],
    (log_mel, wanted): (&LogMel, &[f32]),
    least: f32,
) -> Vec<f32> {
    let (config, bins) = (log_mel.config(), log_mel.bins());
    let frames = wanted.len() / bins;
    let mut padded = samples.to_vec();
    padded.resize(frames * config.hop, 0.0);
    let own = log_mel.compute(&padded); // (frames, bins)
    let istft = Istft::new(STEPS_A_WINDOW * config.hop, config.hop);
    let spread = spread(config, istft.bins());
    let mut rows = istft.analyse(&padded); // (frames, 2 * frequencies): log-magnitudes, phases
    let bands = own.chunks_exact(bins).zip(wanted.chunks_exact(bins));
    for (row, (own, wanted)) in rows.chunks_exact_mut(2 * istft.bins()).zip(bands) {
        let gains: Vec<f32> =
            own.iter().zip(wanted).map(|(own, wanted)| (wanted - own).min(0.0)).collect();
        for (log_magnitude, shares) in row.iter_mut().zip(&spread) {
            let gain: f32 = shares.iter().map(|&(band, share)| share * gains[band]).sum();
            *log_magnitude += (least + (1.0 - least) * gain.exp()).max(SILENT).ln();
        }
    }
    let mut out = istft.synthesise(&rows);
    out.resize(samples.len(), 0.0);
    out
}

/// For each frequency of a transform the bands that it lies in, with their shares.
fn spread(config: &MelConfig, frequencies: usize) -> Vec<Vec<(usize, f32)>> {
    let config = MelConfig { n_fft: 2 * (frequencies - 1), ..config.clone() };
    let weights = mel_filterbank(&config); // (bins, frequencies)
    let share = |band: usize, k: usize| weights[band * frequencies + k];
    let of_band = |band: usize| (0..frequencies).map(|k| share(band, k)).fold(0.0f32, f32::max);
    // Narrow bands are tall: each counts by how far up its own triangle a frequency lies.
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
            // Frequencies outside all bands go with the nearest below.
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

    #[test]
    fn what_is_wanted_stays_as_it_is_and_the_rest_goes() {
        let (low, high) = (tone(400.0), tone(3_000.0));
        let both: Vec<f32> = low.iter().zip(&high).map(|(a, b)| a + b).collect();
        let log_mel = LogMel::default();
        let wanted = log_mel.compute(&low);
        let out = filtered(&both, (&log_mel, &wanted), 0.01);
        assert_eq!(out.len(), both.len());
        let left: Vec<f32> = out.iter().zip(&low).map(|(a, b)| a - b).collect();
        assert!(power(&left) < 0.01 * power(&high), "{} of {}", power(&left), power(&high));
        // What is wanted louder isn't turned up.
        let louder: Vec<f32> = wanted.iter().map(|v| v + 1.0).collect();
        let same = filtered(&low, (&log_mel, &louder), 0.01);
        let changed = same.iter().zip(&low).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(changed < 1e-3, "{changed}");
    }

    #[test]
    fn no_band_goes_below_the_least() {
        let sound = tone(1_000.0);
        let log_mel = LogMel::default();
        let silence = vec![log_mel.silence(); log_mel.compute(&sound).len()];
        let out = filtered(&sound, (&log_mel, &silence), 0.1);
        let share = (power(&out) / power(&sound)).sqrt();
        assert!((share - 0.1).abs() < 0.01, "{share}");
        assert_eq!(filtered(&sound, (&log_mel, &[]), 0.1), vec![0.0; sound.len()]);
    }
}
