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

/// Sound by which the beginning of a mix is judged, seconds.
const BEGINNING_S: f64 = 2.0;
/// Longest time that the beginning of a mix waits for sound, seconds.
const LONGEST_WAIT_S: f64 = 30.0;
/// Length of the windows by which a mix is judged after its beginning, seconds.
const LATER_S: f64 = 0.5;
/// Share of the channels' mean power below which their mean counts as cancelled: -15 dB.
const CANCELLED: f64 = 0.03;

/// Channel that replaces the mean of channels that cancel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Replacement {
    /// Index of the channel.
    pub(crate) channel: usize,
    /// First frame in which it is used.
    pub(crate) first_frame: u64,
}

/// Mixes channels to one: their mean, or from where the mean cancels the loudest of them.
///
/// The beginning is held back until there is enough sound in it to tell, later samples for half a second.
pub(crate) struct ChannelMix {
    channels: usize,
    /// Index of the channel that is kept instead of the mean.
    kept: Option<usize>,
    replacement: Option<Replacement>,
    held: Vec<f32>, // (frames, channels)
    /// Whether one channel is kept to the end.
    settled: bool,
    power: Vec<f64>, // (channels)
    /// Sums of the samples, for their constant offset.
    sums: Vec<f64>, // (channels)
    mean_power: f64,
    sounding: usize,
    frames: usize,
    /// Frames before those that are held.
    judged: u64,
    settled_after: usize,
    longest_wait: usize,
    later: usize,
}

impl ChannelMix {
    /// Builds a mix of a recording's channels; `kept` chooses one by its index.
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

    /// Appends the mix of the next samples, interleaved, to `out`, as far as they are judged.
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

    /// Appends the samples that are held back.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) {
        if !self.held.is_empty() {
            self.judge(out);
        }
    }

    /// Keeps one channel if those of the held samples cancel, and appends their mix. After the beginning half of a
    /// window has to sound: the noise of a pause decides nothing.
    fn judge(&mut self, out: &mut Vec<f32>) {
        // A constant offset is no sound: powers are those of what varies.
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
                // The first of equally loud channels.
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

/// Returns a file's name and the channel that `NAME#2` chooses, counted from 1. A file that is really called so comes
/// first.
pub(crate) fn chosen(source: &str) -> (&str, Option<usize>) {
    let parts = source.rsplit_once('#').filter(|_| !Path::new(source).exists());
    match parts.and_then(|(name, channel)| Some((name, channel.parse().ok()?))) {
        Some((name, channel)) => (name, Some(channel)),
        None => (source, None),
    }
}
