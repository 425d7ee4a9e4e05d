//! Recordings with one speaker a channel, and the choice of a channel.

use std::path::Path;

/// Samples of each channel that are judged together, seconds.
const WINDOW_S: f64 = 0.1;
/// Windows quieter than this say nothing about who speaks: -60 dB of full scale, as mean square.
const SILENT: f64 = 1e-6;
/// A window belongs to a channel that has all but a hundredth of its power.
const ALONE: f64 = 0.99;
/// Speakers who take turns leave most windows to one channel...
const TURNS: f64 = 0.7;
/// ...and each of them has a fair share.
const FAIR: f64 = 0.15;

/// Watches which channels sound alone.
///
/// Two people on two channels (a telephone call, an interview) take turns; a stereo recording of one place doesn't.
/// Mixed to mono the former sounds like one speaker with two voices, which is good for nothing.
pub(crate) struct Turns {
    window: usize,
    power: Vec<f64>, // (channels)
    filled: usize,
    alone: Vec<usize>, // (channels)
    sounding: usize,
}

impl Turns {
    pub(crate) fn new(sample_rate_hz: u32, channels: usize) -> Self {
        let window = (f64::from(sample_rate_hz) * WINDOW_S) as usize;
        Self {
            window: window.max(1),
            power: vec![0.0; channels],
            filled: 0,
            alone: vec![0; channels],
            sounding: 0,
        }
    }

    /// The next samples, interleaved.
    pub(crate) fn push(&mut self, interleaved: &[f32]) {
        for frame in interleaved.chunks_exact(self.power.len().max(1)) {
            for (power, x) in self.power.iter_mut().zip(frame) {
                *power += f64::from(x * x);
            }
            self.filled += 1;
            if self.filled == self.window {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        let total: f64 = self.power.iter().sum();
        if total / self.window as f64 > SILENT {
            self.sounding += 1;
            if let Some(channel) = self.power.iter().position(|p| *p > ALONE * total) {
                self.alone[channel] += 1;
            }
        }
        self.power.fill(0.0);
        self.filled = 0;
    }

    /// Whether different speakers are on different channels.
    pub(crate) fn one_speaker_a_channel(&self) -> bool {
        let share = |windows: usize| windows as f64 / self.sounding.max(1) as f64;
        let speakers = self.alone.iter().filter(|n| share(**n) > FAIR).count();
        speakers > 1 && share(self.alone.iter().sum()) > TURNS
    }
}

/// A file's name and the channel that `NAME#2` chooses, counted from 1. A file that is really called so comes first.
pub(crate) fn chosen(source: &str) -> (&str, Option<usize>) {
    let parts = source.rsplit_once('#').filter(|_| !Path::new(source).exists());
    match parts.and_then(|(name, channel)| Some((name, channel.parse().ok()?))) {
        Some((name, channel)) => (name, Some(channel)),
        None => (source, None),
    }
}
