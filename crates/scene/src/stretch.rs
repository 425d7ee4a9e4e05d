//! Another duration at the same pitch.

use std::f32::consts::PI;

/// Length of the pieces that are laid over each other, and how far each may be moved to fit the one before, seconds.
const PIECE_S: f64 = 0.03;
const SEARCH_S: f64 = 0.008;

/// Returns a recording of another number of samples, with its pitch: overlapping pieces, each moved to where it
/// continues the one before (WSOLA: Verhelst and Roelands, ICASSP 1993, section 3).
pub(crate) fn stretched(samples: &[f32], count: usize, rate_hz: u32) -> Vec<f32> {
    let half = (0.5 * PIECE_S * f64::from(rate_hz)) as usize;
    let search = (SEARCH_S * f64::from(rate_hz)) as usize;
    if samples.len() < 2 * half + search || half == 0 || count == 0 {
        let mut same = samples.to_vec();
        same.resize(count, 0.0);
        return same;
    }
    let step = samples.len() as f64 / count as f64;
    let last = samples.len() - 2 * half;
    let window: Vec<f32> =
        (0..2 * half).map(|i| 0.5 - 0.5 * (PI * (i as f32 + 0.5) / half as f32).cos()).collect();
    let mut out = vec![0.0; count + 2 * half];
    let mut start = 0;
    for at in (0..count).step_by(half) {
        if at > 0 {
            let wanted = &samples[(start + half).min(last)..][..half];
            let place = (at as f64 * step) as usize;
            let (from, to) = (place.saturating_sub(search).min(last), (place + search).min(last));
            start = best_match(samples, wanted, from, to);
        } else {
            out[..half].copy_from_slice(&samples[..half]);
            let falling = samples[half..2 * half].iter().zip(&window[half..]);
            out[half..2 * half].iter_mut().zip(falling).for_each(|(o, (s, w))| *o += w * s);
            continue;
        }
        let piece = samples[start..start + 2 * half].iter().zip(&window);
        out[at..at + 2 * half].iter_mut().zip(piece).for_each(|(o, (s, w))| *o += w * s);
    }
    out.truncate(count);
    out
}

/// Returns the place from `from` to `to` at which the samples are most like those that are wanted.
fn best_match(samples: &[f32], wanted: &[f32], from: usize, to: usize) -> usize {
    let likeness = |place: usize| {
        let here = &samples[place..place + wanted.len()];
        let product: f32 = here.iter().zip(wanted).map(|(a, b)| a * b).sum();
        let power: f32 = here.iter().map(|a| a * a).sum();
        product / power.sqrt().max(1e-6)
    };
    let better = |best: (usize, f32), place: usize| {
        let likeness = likeness(place);
        if likeness > best.1 { (place, likeness) } else { best }
    };
    (from..=to).fold((from, f32::NEG_INFINITY), better).0
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 16_000;

    fn tone(hz: f32, count: usize) -> Vec<f32> {
        (0..count).map(|i| (2.0 * PI * hz * i as f32 / RATE_HZ as f32).sin()).collect()
    }

    fn crossings(samples: &[f32]) -> usize {
        samples.windows(2).filter(|w| (w[0] < 0.0) != (w[1] < 0.0)).count()
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_level_in_another_duration() {
        for factor in [0.8, 0.9, 1.1, 1.25] {
            let count = (16_000.0 * factor) as usize;
            let longer = stretched(&tone(220.0, 16_000), count, RATE_HZ);
            assert_eq!(longer.len(), count);
            let hz = 0.5 * crossings(&longer) as f64 * f64::from(RATE_HZ) / count as f64;
            assert!((hz - 220.0).abs() < 5.0, "{factor}: {hz}");
            let power: f32 = longer.iter().map(|s| s * s).sum::<f32>() / count as f32;
            assert!((power - 0.5).abs() < 0.05, "{factor}: {power}");
        }
    }

    #[test]
    fn sounds_stay_in_their_order_and_places() {
        let mut samples = tone(200.0, 8_000);
        samples.extend(vec![0.0; 8_000]);
        let longer = stretched(&samples, 20_000, RATE_HZ);
        let last = longer.iter().rposition(|s| s.abs() > 0.1).unwrap_or(0);
        assert!((9_300..10_700).contains(&last), "the tone ends at {last}");
    }

    #[test]
    fn too_short_a_recording_gets_silence_behind_it() {
        assert_eq!(stretched(&[0.5; 4], 6, RATE_HZ), [0.5, 0.5, 0.5, 0.5, 0.0, 0.0]);
        assert!(stretched(&[], 0, RATE_HZ).is_empty());
    }
}
