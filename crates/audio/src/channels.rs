//! Detection of one speaker per channel, mixing of channels to mono, and the choice of a channel.

use std::path::Path;

/// Length of a window, seconds.
const WINDOW_S: f64 = 0.1;
/// Mean square below which a window counts as silent: -60 dB of full scale.
const SILENT: f64 = 1e-6;
/// Share of a window's power that a channel must have for the window to count as this channel's alone.
const ALONE: f64 = 0.99;
/// Share of the windows that must belong to one channel alone in a recording with one speaker per channel.
const TURNS: f64 = 0.7;
/// Share of these windows that each channel must have.
const FAIR: f64 = 0.15;

/// Counts the windows in which one channel alone has sound.
///
/// Speakers on separate channels (a telephone call, an interview) take turns, whereas the channels of a stereo
/// recording have sound at the same time. A mono mix of separate speakers is unusable as a recording of one speaker.
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

    /// Adds the next samples, interleaved.
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

    /// Whether each channel has a speaker of its own.
    pub(crate) fn one_speaker_a_channel(&self) -> bool {
        let share = |windows: usize| windows as f64 / self.sounding.max(1) as f64;
        let speakers = self.alone.iter().filter(|n| share(**n) > FAIR).count();
        speakers > 1 && share(self.alone.iter().sum()) > TURNS
    }
}

/// Amount of sound needed to judge the beginning of a mix, seconds.
const BEGINNING_S: f64 = 2.0;
/// Longest beginning that is held back until it has enough sound, seconds.
const LONGEST_WAIT_S: f64 = 30.0;
/// Length of the windows in which a mix is judged after its beginning, seconds.
const LATER_S: f64 = 0.5;
/// Power of the channels' mean, relative to their mean power, below which the channels cancel: -15 dB.
const CANCELLED: f64 = 0.03;

/// Channel that replaces the mean of channels that cancel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Replacement {
    /// Index of the channel.
    pub(crate) channel: usize,
    /// First frame in which the channel is used.
    pub(crate) first_frame: u64,
}

/// Mixes channels to mono: their mean, or their loudest channel from the time on at which the channels cancel.
///
/// The beginning is held back until it has enough sound to be judged ([`BEGINNING_S`]), later samples for [`LATER_S`].
pub(crate) struct ChannelMix {
    channels: usize,
    /// Index of the channel that is used instead of the mean.
    kept: Option<usize>,
    replacement: Option<Replacement>,
    held: Vec<f32>, // (frames, channels)
    /// Whether one channel is used to the end.
    settled: bool,
    power: Vec<f64>, // (channels)
    /// Sums of the samples, from which the DC offset is computed.
    sums: Vec<f64>, // (channels)
    mean_power: f64,
    sounding: usize,
    frames: usize,
    /// Number of frames before the held ones.
    judged: u64,
    settled_after: usize,
    longest_wait: usize,
    later: usize,
}

impl ChannelMix {
    /// Builds a mix of a recording's channels, or selects the channel with index `kept`.
    pub(crate) fn new(sample_rate_hz: u32, channels: usize, kept: Option<usize>) -> Self {
        let frames = |seconds: f64| (f64::from(sample_rate_hz) * seconds) as usize;
        Self {
            channels: channels.max(1),
            kept,
            replacement: None,
            held: Vec::new(),
            settled: kept.is_some() || channels < 2,
            power: vec![0.0; channels],
            sums: vec![0.0; channels],
            mean_power: 0.0,
            sounding: 0,
            frames: 0,
            judged: 0,
            settled_after: frames(BEGINNING_S),
            longest_wait: frames(LONGEST_WAIT_S),
            later: frames(LATER_S).max(1),
        }
    }

    /// Takes the next samples, interleaved, and appends the mix of all judged samples to `out`.
    pub(crate) fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) {
        for (i, frame) in interleaved.chunks_exact(self.channels).enumerate() {
            if self.settled {
                self.mix(&interleaved[i * self.channels..], out);
                return;
            }
            let mean = f64::from(frame.iter().sum::<f32>()) / self.channels as f64;
            let mut total = 0.0;
            for ((power, sum), &x) in self.power.iter_mut().zip(&mut self.sums).zip(frame) {
                *power += f64::from(x) * f64::from(x);
                *sum += f64::from(x);
                total += f64::from(x) * f64::from(x);
            }
            self.mean_power += mean * mean;
            self.sounding += usize::from(total > SILENT * self.channels as f64);
            self.frames += 1;
            self.held.extend_from_slice(frame);
            if self.sounding >= self.settled_after || self.frames >= self.longest_wait {
                self.judge(out);
            }
        }
    }

    /// Appends the mix of the samples held back.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) {
        if !self.held.is_empty() {
            self.judge(out);
        }
    }

    /// Switches to one channel if the channels of the held samples cancel, and appends the mix of these samples. After
    /// the beginning, only windows with at least half of sound are judged, since noise in pauses may cancel.
    fn judge(&mut self, out: &mut Vec<f32>) {
        // Powers are computed without the DC offset.
        let frames = self.frames.max(1) as f64;
        let mean_sum = self.sums.iter().sum::<f64>() / self.channels as f64;
        for (power, sum) in self.power.iter_mut().zip(&self.sums) {
            *power = (*power - sum * sum / frames).max(0.0);
        }
        let power = self.power.iter().sum::<f64>() / self.channels as f64;
        let mean_power = self.mean_power - mean_sum * mean_sum / frames;
        let is_enough = self.judged == 0 || 2 * self.sounding >= self.later;
        let sounds = power > 1e-3 * SILENT * frames;
        if is_enough && sounds && mean_power < CANCELLED * power {
            let loudest = (0..self.channels).max_by(|&a, &b| {
                // The first of equally loud channels is chosen.
                self.power[a].total_cmp(&self.power[b]).then(b.cmp(&a))
            });
            self.kept = loudest;
            self.replacement =
                loudest.map(|channel| Replacement { channel, first_frame: self.judged });
            self.settled = true;
        }
        let held = std::mem::take(&mut self.held);
        self.mix(&held, out);
        self.judged += self.frames as u64;
        self.power.fill(0.0);
        self.sums.fill(0.0);
        (self.mean_power, self.sounding, self.frames) = (0.0, 0, 0);
        (self.settled_after, self.longest_wait) = (self.later, self.later);
    }

    /// Returns the channel that replaces the mean.
    pub(crate) fn replacement(&self) -> Option<Replacement> {
        self.replacement
    }

    fn mix(&self, interleaved: &[f32], out: &mut Vec<f32>) {
        let frames = interleaved.chunks_exact(self.channels);
        let scale = 1.0 / self.channels as f32;
        match self.kept {
            Some(kept) => out.extend(frames.map(|frame| frame[kept])),
            None => out.extend(frames.map(|frame| frame.iter().sum::<f32>() * scale)),
        }
    }
}

/// Splits `NAME#2` into file name and channel number (from 1). If a file with the complete name exists, that file is
/// meant.
pub(crate) fn chosen(source: &str) -> (&str, Option<usize>) {
    let parts = source.rsplit_once('#').filter(|_| !Path::new(source).exists());
    match parts.and_then(|(name, channel)| Some((name, channel.parse().ok()?))) {
        Some((name, channel)) => (name, Some(channel)),
        None => (source, None),
    }
}
