//! Resampling: length, delay, level, aliasing.

use syrinx_audio::{Audio, AudioError, Resampler, resample};

use crate::{max_difference, tone};

const RATES_HZ: [u32; 9] = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 44_101, 384_000];

#[test]
fn the_length_is_exact() {
    let check = |n: usize, from: u32, to: u32, expected: usize| {
        let audio = Audio { samples: vec![0.1; n], sample_rate_hz: from };
        let got = resample(&audio, to).unwrap();
        assert_eq!(
            (got.samples.len(), got.sample_rate_hz),
            (expected, to),
            "{n} at {from} to {to}"
        );
    };
    check(44_100, 44_100, 24_000, 24_000);
    check(1000, 44_100, 24_000, 544); // 544.2
    check(1001, 44_100, 24_000, 545); // 544.8
    check(1, 48_000, 24_000, 1); // 0.5, away from zero
    check(1, 24_000, 48_000, 2);
    check(0, 44_100, 24_000, 0);
    check(3, 44_101, 24_000, 2); // 1.6
    check(12_345, 24_000, 24_000, 12_345);
}

#[test]
fn a_tone_stays_where_it_is() {
    for from in RATES_HZ {
        for to in [16_000, 24_000, 48_000] {
            let n = (f64::from(from) * 0.3) as usize;
            let got = resample(&tone(1000.0, 0.5, n, from), to).unwrap().samples;
            let ideal = tone(1000.0, 0.5, got.len(), to).samples;
            // The ends meet the silence outside.
            let edge = got.len() / 5;
            let off = max_difference(&got[edge..4 * edge], &ideal[edge..4 * edge]);
            assert!(off < 1e-3, "{from} to {to}: off by {off}");
        }
    }
}

#[test]
fn an_impulse_keeps_its_time() {
    for (from, to) in [(48_000, 24_000), (44_100, 24_000), (16_000, 24_000), (22_050, 24_000)] {
        let mut audio = Audio { samples: vec![0.0; from as usize], sample_rate_hz: from };
        audio.samples[from as usize / 2] = 1.0;
        let got = resample(&audio, to).unwrap().samples;
        let peak = (0..got.len()).max_by(|&a, &b| got[a].total_cmp(&got[b])).unwrap();
        assert_eq!(peak, to as usize / 2, "{from} to {to}");
    }
}

#[test]
fn what_the_new_rate_cannot_hold_disappears() {
    let high = tone(14_000.0, 0.5, 48_000, 48_000);
    let got = resample(&high, 24_000).unwrap();
    let level = got.slice(0.1, 0.9).rms();
    assert!(level < 1e-4, "aliases at {level}");
    // Just below the edge it stays.
    let low = resample(&tone(11_000.0, 0.5, 48_000, 48_000), 24_000).unwrap();
    assert!((low.slice(0.1, 0.9).rms() - 0.3535).abs() < 0.01);
}

#[test]
fn pieces_give_the_same_as_the_whole() {
    let whole = tone(300.0, 0.5, 20_000, 44_100);
    let expected = resample(&whole, 24_000).unwrap().samples;
    let mut resampler = Resampler::new(44_100, 24_000).unwrap();
    for piece in whole.samples.chunks(777) {
        resampler.push(piece).unwrap();
    }
    assert_eq!(resampler.finish().unwrap(), expected);
}

#[test]
fn impossible_rates_are_refused() {
    for (from, to) in [(0, 24_000), (24_000, 0), (24_000, u32::MAX)] {
        let audio = Audio { samples: vec![0.0; 10], sample_rate_hz: from };
        assert!(matches!(resample(&audio, to), Err(AudioError::Resample { .. })), "{from} to {to}");
    }
}
