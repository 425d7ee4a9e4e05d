//! Between a decoder and what is kept: one place that checks rate, length and finiteness for every format.

use syrinx_types::Audio;

use crate::channels::Turns;
use crate::{AudioError, Resampler};

/// Lowest sample rate that is believed.
pub const MIN_RATE_HZ: u32 = 1_000;

/// Highest sample rate that is believed.
pub const MAX_RATE_HZ: u32 = 768_000;

/// How much may be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadLimits {
    /// Longest recording, seconds. Default 4 hours.
    pub max_seconds: f64,
    /// Most bytes taken from a stream that has to be held in memory (compressed standard input). Default 4 GiB.
    pub max_stream_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { max_seconds: 4.0 * 3600.0, max_stream_bytes: 4 << 30 }
    }
}

/// What becomes of decoded sound.
pub(crate) trait Sink {
    /// Called once, before the first block.
    fn start(&mut self, sample_rate_hz: u32, channels: usize) -> Result<(), AudioError>;
    /// The next samples, interleaved; always whole frames of the channels given to `start`.
    fn block(&mut self, interleaved: &[f32]) -> Result<(), AudioError>;
}

/// Checks what a decoder delivers and passes it on.
pub(crate) struct Intake<'a> {
    pub(crate) name: &'a str,
    pub(crate) limits: &'a ReadLimits,
    sink: &'a mut dyn Sink,
    format: Option<(u32, usize)>,
    frames: u64,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(name: &'a str, limits: &'a ReadLimits, sink: &'a mut dyn Sink) -> Self {
        Self { name, limits, sink, format: None, frames: 0 }
    }

    /// Samples per channel so far.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// The format of what follows. Saying the same again is fine, a change isn't.
    pub(crate) fn start(&mut self, sample_rate_hz: u32, channels: usize) -> Result<(), AudioError> {
        if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&sample_rate_hz) {
            return Err(AudioError::SampleRate { name: self.name.to_owned(), sample_rate_hz });
        }
        match self.format {
            Some(now) if now == (sample_rate_hz, channels) => Ok(()),
            Some((rate, n)) => Err(self.unsupported(format!(
                "a change from {n} channels at {rate} Hz to {channels} at {sample_rate_hz} Hz on the way"
            ))),
            None if channels == 0 => Err(self.unsupported("a stream without channels")),
            None => {
                self.format = Some((sample_rate_hz, channels));
                self.sink.start(sample_rate_hz, channels)
            }
        }
    }

    /// Refuses a length known from the header, before decoding it.
    pub(crate) fn announce(&self, frames: u64) -> Result<(), AudioError> {
        let rate = self.format.map_or(1, |(rate, _)| rate);
        if frames as f64 > self.limits.max_seconds * f64::from(rate) {
            return Err(AudioError::TooLong {
                name: self.name.to_owned(),
                max_seconds: self.limits.max_seconds,
            });
        }
        Ok(())
    }

    /// The next samples, interleaved.
    pub(crate) fn push(&mut self, interleaved: &[f32]) -> Result<(), AudioError> {
        let (rate, channels) = self.format.expect("a decoder calls start before push");
        if let Some(first) = interleaved.iter().position(|x| !x.is_finite()) {
            return Err(AudioError::NonFinite {
                name: self.name.to_owned(),
                at_s: (self.frames as f64 + (first / channels) as f64) / f64::from(rate),
                count: interleaved.iter().filter(|x| !x.is_finite()).count() as u64,
            });
        }
        self.frames += (interleaved.len() / channels) as u64;
        self.announce(self.frames)?;
        self.sink.block(interleaved)
    }

    /// Called at the end of the stream.
    pub(crate) fn finish(&self) -> Result<(), AudioError> {
        if self.frames == 0 {
            return Err(AudioError::NoSamples { name: self.name.to_owned() });
        }
        Ok(())
    }

    pub(crate) fn unsupported(&self, what: impl Into<String>) -> AudioError {
        AudioError::Unsupported { name: self.name.to_owned(), what: what.into() }
    }
}

/// Keeps the mean of the channels or one of them, resampled on the way when a rate is wanted, so that a long recording
/// is held in memory once only.
pub(crate) struct MonoSink {
    to_hz: Option<u32>,
    /// The channel that is kept, from 1; the mean of all if none is named.
    channel: Option<usize>,
    resampler: Option<Resampler>,
    channels: usize,
    turns: Turns,
    mono: Vec<f32>,
    audio: Audio,
}

impl MonoSink {
    pub(crate) fn new(to_hz: Option<u32>) -> Self {
        let audio = Audio { samples: Vec::new(), sample_rate_hz: 0 };
        let turns = Turns::new(1, 1);
        Self { to_hz, channel: None, resampler: None, channels: 1, turns, mono: Vec::new(), audio }
    }

    /// Keeps one channel only.
    pub(crate) fn of_channel(self, channel: Option<usize>) -> Self {
        Self { channel, ..self }
    }

    pub(crate) fn finish(mut self, name: &str) -> Result<Audio, AudioError> {
        let channels = self.channels;
        match self.channel {
            Some(channel) if channel == 0 || channel > channels => {
                return Err(AudioError::NoChannel { name: name.to_owned(), channel, channels });
            }
            None if self.turns.one_speaker_a_channel() => {
                return Err(AudioError::SpeakerPerChannel { name: name.to_owned(), channels });
            }
            _ => {}
        }
        if let Some(resampler) = self.resampler.take() {
            self.audio.samples = resampler.finish()?;
        }
        Ok(self.audio)
    }
}

impl Sink for MonoSink {
    fn start(&mut self, sample_rate_hz: u32, channels: usize) -> Result<(), AudioError> {
        self.channels = channels;
        self.turns = Turns::new(sample_rate_hz, channels);
        self.audio.sample_rate_hz = self.to_hz.unwrap_or(sample_rate_hz);
        if self.audio.sample_rate_hz != sample_rate_hz {
            self.resampler = Some(Resampler::new(sample_rate_hz, self.audio.sample_rate_hz)?);
        }
        Ok(())
    }

    fn block(&mut self, interleaved: &[f32]) -> Result<(), AudioError> {
        let mono = if self.channels == 1 {
            interleaved
        } else {
            let scale = 1.0 / self.channels as f32;
            let frames = interleaved.chunks_exact(self.channels);
            self.turns.push(interleaved);
            self.mono.clear();
            match self.channel.and_then(|channel| channel.checked_sub(1)) {
                // A channel that there isn't is refused at the end, when the file has been read whole.
                Some(at) => self.mono.extend(frames.map(|f| f.get(at).copied().unwrap_or(0.0))),
                None => self.mono.extend(frames.map(|f| f.iter().sum::<f32>() * scale)),
            }
            &self.mono
        };
        match &mut self.resampler {
            Some(resampler) => resampler.push(mono),
            None => {
                self.audio.samples.extend_from_slice(mono);
                Ok(())
            }
        }
    }
}

/// Keeps every channel by itself.
#[derive(Default)]
pub(crate) struct ChannelSink(Vec<Audio>);

impl ChannelSink {
    pub(crate) fn finish(self) -> Vec<Audio> {
        self.0
    }
}

impl Sink for ChannelSink {
    fn start(&mut self, sample_rate_hz: u32, channels: usize) -> Result<(), AudioError> {
        self.0 = vec![Audio { samples: Vec::new(), sample_rate_hz }; channels];
        Ok(())
    }

    fn block(&mut self, interleaved: &[f32]) -> Result<(), AudioError> {
        let channels = self.0.len();
        for (i, audio) in self.0.iter_mut().enumerate() {
            audio.samples.extend(interleaved.iter().skip(i).step_by(channels));
        }
        Ok(())
    }
}
