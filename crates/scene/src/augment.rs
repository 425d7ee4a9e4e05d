//! Augmentation of clean speech: microphones, lines, rooms and noises that recordings of people have.

use std::f32::consts::PI;

use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::Audio;

use crate::stretch::stretched;
use crate::{Background, Room, SceneError, background, impulse_response, in_room, mixed};

/// Shares and ranges of an augmentation; each effect is drawn independently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Share of the recordings that are augmented, 0 to 1.
    pub share: f64,
    /// Share of the augmented recordings that are played at another speed, which moves pitch and formants.
    pub speed_share: f64,
    /// Slowest and fastest speed.
    pub speed: (f64, f64),
    /// Share with another voice: pitch and formants are moved together, without a change of timing.
    pub voice_share: f64,
    /// Lowest and highest factor of pitch and formants.
    pub voice: (f64, f64),
    /// Share with another spectral balance.
    pub equalizer_share: f64,
    /// Largest gain or attenuation of a band, dB.
    pub equalizer_db: f64,
    /// Share in a room.
    pub room_share: f64,
    /// Shortest and longest decay time of the rooms, seconds.
    pub decay_s: (f64, f64),
    /// Share with a background of noise, hum, clicks or music.
    pub noise_share: f64,
    /// Lowest and highest level of speech above the background, dB.
    pub snr_db: (f64, f64),
    /// Share with a bandwidth below half the sample rate.
    pub band_share: f64,
    /// Share with the band and the companding of a telephone line.
    pub telephone_share: f64,
    /// Share that is clipped.
    pub clip_share: f64,
    /// Smallest and largest gain of all of these recordings, dB.
    pub gain_db: (f64, f64),
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            share: 0.5,
            speed_share: 0.5,
            speed: (0.82, 1.2),
            voice_share: 0.0,
            voice: (0.85, 1.18),
            equalizer_share: 0.5,
            equalizer_db: 8.0,
            room_share: 0.25,
            decay_s: (0.1, 0.6),
            noise_share: 0.35,
            snr_db: (0.0, 35.0),
            band_share: 0.25,
            telephone_share: 0.08,
            clip_share: 0.03,
            gain_db: (-15.0, 5.0),
        }
    }
}

impl Augmentation {
    /// Returns an augmentation that changes nothing.
    pub fn none() -> Self {
        Self { share: 0.0, ..Self::default() }
    }

    /// # Errors
    /// [`SceneError::Range`] for shares outside 0 to 1, or ranges that can't be drawn from.
    pub fn check(&self) -> Result<(), SceneError> {
        let shares = [
            ("share", self.share),
            ("speed_share", self.speed_share),
            ("voice_share", self.voice_share),
            ("equalizer_share", self.equalizer_share),
            ("room_share", self.room_share),
            ("noise_share", self.noise_share),
            ("band_share", self.band_share),
            ("telephone_share", self.telephone_share),
            ("clip_share", self.clip_share),
        ];
        let within = |v: &f64| (0.0..=1.0).contains(v);
        if let Some(&(name, low)) = shares.iter().find(|(_, share)| !within(share)) {
            return Err(SceneError::Range { name, low, high: 1.0 });
        }
        let ranges = [
            ("speed", self.speed),
            ("voice", self.voice),
            ("decay_s", self.decay_s),
            ("snr_db", self.snr_db),
            ("gain_db", self.gain_db),
        ];
        for (name, (low, high)) in ranges {
            let positive = !matches!(name, "speed" | "voice" | "decay_s") || low > 0.0;
            if !(low.is_finite() && high.is_finite() && low <= high && positive) {
                return Err(SceneError::Range { name, low, high });
            }
        }
        Ok(())
    }

    /// Draws one augmentation; `None` for a recording that is not augmented.
    pub fn draw(&self, rng: &mut impl Rng) -> Option<DrawnAugmentation> {
        if !rng.random_bool(self.share) {
            return None;
        }
        let within = |(low, high): (f64, f64), rng: &mut _| uniform(low, high, rng);
        let speed = rng.random_bool(self.speed_share).then(|| within(self.speed, rng));
        let db = self.equalizer_db;
        let equalizer = rng.random_bool(self.equalizer_share).then(|| Equalizer {
            edges_hz: [uniform(150.0, 900.0, rng), uniform(1800.0, 6000.0, rng)],
            gains_db: std::array::from_fn(|_| uniform(-db, db, rng)),
        });
        let room = rng.random_bool(self.room_share).then(|| Room {
            decay_s: within(self.decay_s, rng),
            direct_db: uniform(-3.0, 15.0, rng),
        });
        let noise = rng
            .random_bool(self.noise_share)
            .then(|| (Background::draw(false, rng), within(self.snr_db, rng)));
        let telephone = rng.random_bool(self.telephone_share);
        let band_hz = rng.random_bool(self.band_share).then(|| {
            let rates_hz = [8_000.0, 11_025.0, 16_000.0, 16_000.0, 16_000.0, 22_050.0];
            0.48 * rates_hz[rng.random_range(0..rates_hz.len())]
        });
        let clipped = rng.random_bool(self.clip_share);
        let gain_db = within(self.gain_db, rng);
        let another = self.voice_share > 0.0 && rng.random_bool(self.voice_share);
        let voice = another.then(|| within(self.voice, rng));
        Some(DrawnAugmentation {
            speed,
            voice,
            equalizer,
            room,
            noise,
            telephone,
            band_hz,
            clipped,
            gain_db,
        })
    }
}

fn uniform(low: f64, high: f64, rng: &mut impl Rng) -> f64 {
    if low < high { rng.random_range(low..high) } else { low }
}

/// One drawn augmentation.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnAugmentation {
    speed: Option<f64>,
    voice: Option<f64>,
    equalizer: Option<Equalizer>,
    room: Option<Room>,
    noise: Option<(Background, f64)>,
    telephone: bool,
    band_hz: Option<f64>,
    clipped: bool,
    gain_db: f64,
}

/// Gains of three bands.
#[derive(Debug, Clone, PartialEq)]
struct Equalizer {
    edges_hz: [f64; 2],
    gains_db: [f64; 3],
}

/// Largest sample after a change.
const PEAK: f32 = 0.99;

impl DrawnAugmentation {
    /// Returns the number of input samples for `samples` augmented ones.
    pub fn input_len(&self, samples: usize) -> usize {
        (samples as f64 * self.speed.unwrap_or(1.0)).ceil() as usize
    }

    /// Augments a recording of [`Self::input_len`] samples; the result has `samples`.
    ///
    /// # Errors
    /// [`SceneError`] from mixing.
    pub fn apply(
        &self,
        mut audio: Audio,
        samples: usize,
        rng: &mut impl Rng,
    ) -> Result<Audio, SceneError> {
        let rate_hz = audio.sample_rate_hz;
        if let Some(speed) = self.speed {
            audio.samples = faster(&audio.samples, speed, samples);
        }
        audio.samples.resize(samples, 0.0);
        if let Some(factor) = self.voice {
            let count = (samples as f64 / factor).ceil() as usize;
            let moved = faster(&audio.samples, factor, count);
            audio.samples = stretched(&moved, samples, rate_hz);
        }
        if let Some(equalizer) = &self.equalizer {
            equalizer.apply(&mut audio.samples, rate_hz);
        }
        if let Some(room) = self.room {
            audio = in_room(&audio, &impulse_response(room, rate_hz, rng));
        }
        if let Some((kind, snr_db)) = self.noise {
            let behind = background(kind, samples, rate_hz, &[], rng)?;
            // A silent recording has no level relative to which a background could be mixed.
            if let Ok(mixture) = mixed(&audio, &behind, snr_db) {
                audio = mixture.mixture;
            }
        }
        if self.telephone {
            audio.samples = telephone(&audio.samples, rate_hz);
        } else if let Some(band_hz) = self.band_hz.filter(|hz| 2.0 * hz < f64::from(rate_hz)) {
            audio.samples = low_pass(&audio.samples, band_hz / f64::from(rate_hz));
        }
        self.level(&mut audio.samples);
        Ok(audio)
    }

    fn level(&self, samples: &mut [f32]) {
        let peak = samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        let gain = 10f32.powf(self.gain_db as f32 / 20.0);
        let most = if self.clipped { 2.0 * PEAK } else { PEAK };
        let gain = gain.min(most / peak.max(1e-6));
        samples.iter_mut().for_each(|s| *s = (*s * gain).clamp(-PEAK, PEAK));
    }
}

impl Equalizer {
    fn apply(&self, samples: &mut [f32], rate_hz: u32) {
        let pole = |hz: f64| (-2.0 * std::f64::consts::PI * hz / f64::from(rate_hz)).exp() as f32;
        let (low_pole, high_pole) = (pole(self.edges_hz[0]), pole(self.edges_hz[1]));
        let [low_gain, middle_gain, high_gain] =
            self.gains_db.map(|db| 10f32.powf(db as f32 / 20.0));
        let (mut low, mut below) = (0.0f32, 0.0f32);
        for s in samples {
            low = low_pole * low + (1.0 - low_pole) * *s;
            below = high_pole * below + (1.0 - high_pole) * *s;
            *s = low_gain * low + middle_gain * (below - low) + high_gain * (*s - below);
        }
    }
}

/// Half the number of taps of the low-pass filter and of the interpolation.
const HALF_TAPS: isize = 24;
const HALF_TAPS_BETWEEN: isize = 10;

/// Returns a recording played `speed` times as fast, by windowed-sinc interpolation with an anti-aliasing filter.
fn faster(samples: &[f32], speed: f64, count: usize) -> Vec<f32> {
    let cutoff = (1.0 / speed).min(1.0) as f32;
    let at =
        |i: isize| usize::try_from(i).ok().and_then(|i| samples.get(i)).copied().unwrap_or(0.0);
    (0..count)
        .map(|n| {
            let place = n as f64 * speed;
            let (whole, part) = (place.floor() as isize, place.fract() as f32);
            (1 - HALF_TAPS_BETWEEN..=HALF_TAPS_BETWEEN)
                .map(|k| at(whole + k) * windowed_sinc(k as f32 - part, cutoff, HALF_TAPS_BETWEEN))
                .sum()
        })
        .collect()
}

/// Returns a low-pass filter with its edge at `edge` times the sample rate.
fn low_pass(samples: &[f32], edge: f64) -> Vec<f32> {
    let cutoff = 2.0 * edge as f32;
    let taps: Vec<f32> =
        (-HALF_TAPS..=HALF_TAPS).map(|k| windowed_sinc(k as f32, cutoff, HALF_TAPS)).collect();
    let at =
        |i: isize| usize::try_from(i).ok().and_then(|i| samples.get(i)).copied().unwrap_or(0.0);
    (0..samples.len() as isize)
        .map(|n| taps.iter().enumerate().map(|(k, w)| w * at(n + k as isize - HALF_TAPS)).sum())
        .collect()
}

/// Returns a sinc of a cutoff (1 is half the sample rate) under a Hann window of `half` taps on each side.
fn windowed_sinc(x: f32, cutoff: f32, half: isize) -> f32 {
    let reach = half as f32 + 1.0;
    if x.abs() >= reach {
        return 0.0;
    }
    let angle = PI * x * cutoff;
    let sinc = if angle.abs() < 1e-4 { 1.0 } else { angle.sin() / angle };
    cutoff * sinc * (0.5 + 0.5 * (PI * x / reach).cos())
}

/// Companding of G.711's mu-law.
const MU: f32 = 255.0;

/// Returns the recording over a telephone line: 300 to 3,400 Hz, 8-bit mu-law.
fn telephone(samples: &[f32], rate_hz: u32) -> Vec<f32> {
    let rate_hz = f64::from(rate_hz);
    let below = low_pass(samples, (3_400.0 / rate_hz).min(0.5));
    let pole = (-2.0 * std::f64::consts::PI * 300.0 / rate_hz).exp() as f32;
    let (mut low, mut lower) = (0.0f32, 0.0f32);
    below
        .into_iter()
        .map(|s| {
            low = pole * low + (1.0 - pole) * s;
            lower = pole * lower + (1.0 - pole) * (s - low);
            let high = (s - low - lower).clamp(-1.0, 1.0);
            let compressed = high.signum() * (MU * high.abs()).ln_1p() / MU.ln_1p();
            let rounded = (compressed * 127.0).round() / 127.0;
            rounded.signum() * ((rounded.abs() * MU.ln_1p()).exp() - 1.0) / MU
        })
        .collect()
}
