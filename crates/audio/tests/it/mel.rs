//! STFT and log-mel against values computed by other means.

use std::f64::consts::PI;

use syrinx_audio::{AudioError, LogMel, MelConfig, Stft, mel_filterbank};

use crate::tone;

#[test]
fn frames_cover_the_sound_once() {
    let mel = LogMel::default();
    for (samples, frames) in [(0, 0), (1, 1), (240, 1), (241, 2), (24_000, 100)] {
        assert_eq!(mel.frame_count(samples), frames);
        assert_eq!(mel.compute(&vec![0.0; samples]).len(), frames * 80);
    }
    assert_eq!(mel.frame_rate_hz(), 100.0);
}

#[test]
fn silence_is_the_logarithm_of_the_floor() {
    let mel = LogMel::default();
    assert!((mel.silence() + 11.512_925).abs() < 1e-5);
    assert!(mel.compute(&[0.0; 1000]).iter().all(|&x| x == mel.silence()));
}

#[test]
fn magnitudes_are_those_of_the_definition() {
    let (n_fft, hop) = (16, 4);
    let samples: Vec<f32> = (0..30).map(|i| ((i * i) % 7) as f32 - 3.0).collect();
    let stft = Stft::new(n_fft, hop).unwrap();
    let got = stft.magnitudes(&samples);
    assert_eq!(got.len(), 8 * 9);
    for t in 0..8 {
        for k in 0..9 {
            let (mut re, mut im) = (0.0, 0.0);
            for i in 0..n_fft {
                let at = (t * hop + i) as isize - 8;
                let x =
                    usize::try_from(at).ok().and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
                let angle = 2.0 * PI * (k * i) as f64 / n_fft as f64;
                let window = 0.5 - 0.5 * (2.0 * PI * i as f64 / n_fft as f64).cos();
                re += f64::from(x) * window * angle.cos();
                im -= f64::from(x) * window * angle.sin();
            }
            let expected = re.hypot(im);
            assert!((f64::from(got[t * 9 + k]) - expected).abs() < 1e-4, "frame {t}, bin {k}");
        }
    }
}

#[test]
fn a_tone_lights_its_band() {
    let mel = LogMel::default();
    let got = mel.compute(&tone(1000.0, 0.5, 24_000, 24_000).samples);
    let frame = &got[50 * 80..51 * 80];
    let loudest = (0..80).max_by(|&a, &b| frame[a].total_cmp(&frame[b])).unwrap();
    // 1 kHz is 15 mels of 51.14; bands are centred at multiples of 51.14 / 81, counted from 1.
    assert_eq!(loudest, 23);
}

#[test]
fn shifting_by_a_hop_shifts_a_frame() {
    let mel = LogMel::default();
    let samples = tone(777.0, 0.3, 4800, 24_000).samples;
    let mut later = vec![0.0; 240];
    later.extend_from_slice(&samples);
    let (a, b) = (mel.compute(&samples), mel.compute(&later));
    for (x, y) in a.iter().zip(&b[80..]) {
        assert!((x - y).abs() < 1e-4);
    }
}

#[test]
fn impossible_settings_are_refused() {
    let check = |change: fn(&mut MelConfig), setting: &str| {
        let mut config = MelConfig::default();
        change(&mut config);
        match LogMel::new(config).unwrap_err() {
            AudioError::Config(issue) => assert_eq!(issue.key, setting),
            e => panic!("{e}"),
        }
    };
    check(|c| c.n_fft = 0, "n_fft");
    check(|c| c.n_fft = 1023, "n_fft");
    check(|c| c.hop = 0, "hop");
    check(|c| c.bins = 0, "bins");
    check(|c| c.fmin_hz = 12_000.0, "fmin_hz");
    check(|c| c.fmin_hz = f64::NAN, "fmin_hz");
    check(|c| c.fmax_hz = 12_001.0, "fmax_hz");
    check(|c| c.floor = 0.0, "floor");
    check(|c| c.sample_rate_hz = 0, "sample_rate_hz");
}

#[test]
fn the_filterbank_is_librosas() {
    // librosa 0.11 filters.mel(sr=24000, n_fft=1024, n_mels=80, fmin=0, fmax=12000): (band, bin, weight).
    let bank = mel_filterbank(&MelConfig::default());
    let check = |band: usize, bin: usize, expected: f32| {
        let got = bank[band * 513 + bin];
        assert!((got - expected).abs() < 1e-6, "band {band}, bin {bin}: {got}");
    };
    check(0, 1, 0.0132278);
    check(0, 2, 0.0210580);
    check(10, 20, 0.0205254);
    check(23, 43, 0.0213983);
    check(40, 91, 0.0086937);
    check(60, 212, 0.0031244);
    check(60, 0, 0.0000000);
    check(79, 500, 0.0011058);
    check(79, 511, 0.0000921);
}
