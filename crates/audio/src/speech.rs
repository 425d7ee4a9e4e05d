//! Speech detection: sections of a recording that may contain speech.
//!
//! The spectrum of speech changes fast and by large amounts. Steady noise and hum vary little over time (low depth);
//! held notes and digital silence do not change between neighbouring frames (low flux); pure tones have a low, noise
//! has a high spectral flatness; clicks are short and not periodic. The thresholds accept speech in noise at 0 dB SNR,
//! so that a rejected section contains no speech.

use syrinx_types::Audio;

use crate::periodicity::shares;
use crate::{MelConfig, Stft, mel_filterbank};

/// Length of a window, and hop between windows, seconds.
const WINDOW_S: f64 = 2.0;
const STEP_S: f64 = 1.0;

/// Shortest recording that is analyzed, seconds; a shorter one counts as speech.
const SHORTEST_S: f64 = 0.25;

/// Hop between frames, seconds.
const HOP_S: f64 = 0.01;

/// Number of bands, and their frequency range.
const BANDS: usize = 26;
const LOWEST_HZ: f64 = 100.0;
const HIGHEST_HZ: f64 = 7000.0;

/// Peak below which a window is silent: -70 dB of full scale.
const SILENT_PEAK: f32 = 3e-4;

/// Range of band levels below the loudest, dB; lower levels are raised to its end.
const RANGE_DB: f32 = 60.0;

/// Level below the loudest frame from which a frame belongs to a pause, dB.
const ACTIVE_DB: f32 = 35.0;

/// Smallest standard deviation of band levels over time, dB. Noise has 2.2, speech at 0 dB SNR in noise 3.1.
const FEWEST_DEPTH_DB: f32 = 2.6;

/// Smallest median change of band levels in 50 ms, dB. Held notes have 1.0, noise 1.6, speech at 0 dB SNR in noise 2.1.
const FEWEST_FLUX_DB: f32 = 1.75;

/// Range of the mean spectral flatness, natural logarithm. Tones have -15 and less, speech -9 to -4, noise -0.6.
const FLATNESS: std::ops::RangeInclusive<f32> = -13.5..=-0.6;

/// Smallest share of frames with sound; a window below it needs a share of periodic frames instead. Clicks have shares
/// of 0.26 and 0.1, speech 0.5 and 0.7, speech at -5 dB SNR in noise 0.9 and 0.5; whispered speech is rarely periodic.
const FEWEST_SOUNDING: f32 = 0.3;
const FEWEST_PERIODIC: f32 = 0.15;

/// Returns the sections of a recording that may contain speech, as (start, end) in seconds, in order and disjoint. The
/// result is empty for silence, steady noise, hum and held notes.
pub fn speech_regions(audio: &Audio) -> Vec<(f64, f64)> {
    let total_s = audio.seconds();
    if audio.samples.is_empty() {
        return Vec::new();
    }
    let Some(detector) = Detector::new(audio.sample_rate_hz) else { return vec![(0.0, total_s)] };
    let mut regions: Vec<(f64, f64)> = Vec::new();
    let last_start_s = (total_s - WINDOW_S).max(0.0);
    let mut start_s = 0.0;
    loop {
        let end_s = (start_s + WINDOW_S).min(total_s);
        if detector.is_speech(&audio.slice(start_s, end_s)) {
            match regions.last_mut() {
                Some(last) if last.1 >= start_s => last.1 = end_s,
                _ => regions.push((start_s, end_s)),
            }
        }
        if start_s >= last_start_s {
            return regions;
        }
        // The last window ends with the recording.
        start_s = (start_s + STEP_S).min(last_start_s);
    }
}

/// Whether any section of a recording may contain speech.
pub fn has_speech(audio: &Audio) -> bool {
    !speech_regions(audio).is_empty()
}

struct Detector {
    stft: Stft,
    filterbank: Vec<f32>, // (BANDS, frequencies)
    /// Number of frequencies up to the highest band.
    used: usize,
}

/// Statistics of a window.
struct Statistics {
    depth_db: f32,
    flux_db: f32,
    flatness: f32,
}

impl Detector {
    fn new(sample_rate_hz: u32) -> Option<Self> {
        let rate_hz = f64::from(sample_rate_hz);
        let hop = (rate_hz * HOP_S) as usize;
        let n_fft = (rate_hz * 0.032) as usize / 2 * 2;
        let fmax_hz = HIGHEST_HZ.min(rate_hz / 2.0);
        if fmax_hz < 2.0 * LOWEST_HZ {
            return None;
        }
        let config = MelConfig {
            sample_rate_hz,
            n_fft,
            hop,
            bins: BANDS,
            fmin_hz: LOWEST_HZ,
            fmax_hz,
            ..MelConfig::default()
        };
        let stft = Stft::new(n_fft, hop).ok()?;
        let used = ((8000.0 / rate_hz * n_fft as f64) as usize).min(stft.bins() - 1) + 1;
        Some(Self { filterbank: mel_filterbank(&config), used, stft })
    }

    fn is_speech(&self, window: &Audio) -> bool {
        let peak = window.samples.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        if peak < SILENT_PEAK {
            return false;
        }
        if window.seconds() < SHORTEST_S {
            return true;
        }
        let found = self.statistics(&window.samples);
        found.depth_db >= FEWEST_DEPTH_DB
            && found.flux_db >= FEWEST_FLUX_DB
            && FLATNESS.contains(&found.flatness)
            && !is_clicking(window)
    }

    fn statistics(&self, samples: &[f32]) -> Statistics {
        let mut levels: Vec<[f32; BANDS]> = Vec::new();
        let mut flatness = 0.0;
        self.stft.for_each(samples, |magnitudes| {
            levels.push(self.levels_db(magnitudes));
            flatness += self.flatness(magnitudes);
        });
        // Frames at both ends reach beyond the window and are left out.
        let inner = 2.min(levels.len().saturating_sub(1) / 2);
        let levels = &mut levels[inner..];
        let kept = levels.len().saturating_sub(inner).max(1);
        let levels = &mut levels[..kept];
        let loudest = levels.iter().flatten().copied().fold(f32::MIN, f32::max);
        levels.iter_mut().flatten().for_each(|level| *level = level.max(loudest - RANGE_DB));
        Statistics {
            depth_db: depth_db(levels),
            flux_db: flux_db(levels),
            flatness: flatness / (kept + 2 * inner) as f32,
        }
    }

    /// Returns the level of each band, dB.
    fn levels_db(&self, magnitudes: &[f32]) -> [f32; BANDS] {
        let frequencies = self.stft.bins();
        std::array::from_fn(|band| {
            let weights = &self.filterbank[band * frequencies..(band + 1) * frequencies];
            let power: f32 = weights.iter().zip(magnitudes).map(|(w, m)| w * m * m).sum();
            10.0 * (power + 1e-10).log10()
        })
    }

    /// Returns the logarithm of the ratio of geometric to arithmetic mean of the power.
    fn flatness(&self, magnitudes: &[f32]) -> f32 {
        let used = &magnitudes[..self.used];
        let count = used.len() as f32;
        let logarithms: f32 = used.iter().map(|m| (m * m + 1e-12).ln()).sum();
        let mean: f32 = used.iter().map(|m| m * m).sum::<f32>() / count;
        logarithms / count - (mean + 1e-12).ln()
    }
}

/// Whether the sound in a window is short and not periodic.
fn is_clicking(window: &Audio) -> bool {
    shares(&window.samples, window.sample_rate_hz).is_some_and(|shares| {
        shares.sounding < FEWEST_SOUNDING && shares.periodic < FEWEST_PERIODIC
    })
}

/// Returns the standard deviation of levels over time, averaged over the bands.
fn depth_db(levels: &[[f32; BANDS]]) -> f32 {
    let count = levels.len() as f32;
    let deviation = |band: usize| {
        let mean = levels.iter().map(|frame| frame[band]).sum::<f32>() / count;
        let variance = levels.iter().map(|frame| (frame[band] - mean).powi(2)).sum::<f32>() / count;
        variance.sqrt()
    };
    (0..BANDS).map(deviation).sum::<f32>() / BANDS as f32
}

/// Returns the change of levels in 50 ms: the mean over bands, then the median over frames with sound. Levels are
/// smoothed over three frames.
fn flux_db(levels: &[[f32; BANDS]]) -> f32 {
    const APART: usize = 5;
    let smooth: Vec<[f32; BANDS]> = levels
        .windows(3)
        .map(|three| std::array::from_fn(|band| three.iter().map(|f| f[band]).sum::<f32>() / 3.0))
        .collect();
    let change = |(a, b): (&[f32; BANDS], &[f32; BANDS])| {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / BANDS as f32
    };
    // Frames of pauses are left out, since a short word between long pauses would have a low median.
    let loudest = |frame: &[f32; BANDS]| frame.iter().copied().fold(f32::MIN, f32::max);
    let active = smooth.iter().map(loudest).fold(f32::MIN, f32::max) - ACTIVE_DB;
    let pairs = smooth.iter().zip(smooth.get(APART..).unwrap_or_default());
    let sounding = pairs.filter(|(a, b)| loudest(a) >= active || loudest(b) >= active);
    let mut changes: Vec<f32> = sounding.map(change).collect();
    changes.sort_by(f32::total_cmp);
    changes.get(changes.len() / 2).copied().unwrap_or(0.0)
}
