//! Time stretching at constant pitch.

use syrinx_audio::Tempo;

/// Shortest recording that can be stretched, seconds.
const SHORTEST_S: f64 = 0.038;

/// Returns a recording of another number of samples, with its pitch (WSOLA). Silence follows one that is too short.
pub(crate) fn stretched(samples: &[f32], count: usize, rate_hz: u32) -> Vec<f32> {
    let long_enough = samples.len() as f64 >= SHORTEST_S * f64::from(rate_hz) && count > 0;
    let tempo = samples.len() as f64 / count.max(1) as f64;
    let mut out = match long_enough {
        true => Tempo::new(tempo, rate_hz).push(samples, true),
        false => samples.to_vec(),
    };
    out.resize(count, 0.0);
    out
}

#[cfg(test)]
mod tests {
    use std::f32::consts::PI;

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
