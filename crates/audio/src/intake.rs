//! Checks of the sample rate, length and values of decoded samples, for all formats.

use syrinx_types::Audio;

use crate::channels::{ChannelMix, Turns};
use crate::long::{Recording, SourceLength, Spool};
use crate::{AudioError, AudioWarning, Resampler, UnsupportedContent};

/// Lowest accepted sample rate, Hz.
pub const MIN_RATE_HZ: u32 = 1_000;

/// Highest accepted sample rate, Hz.
pub const MAX_RATE_HZ: u32 = 768_000;

/// Magnitude above which a sample is a fault (24 dB above full scale).
const OUT_OF_RANGE: f32 = 16.0;

/// Largest share of samples out of range that is repaired by clipping. With more, the whole recording has a wrong
/// scale.
const MENDED_SHARE: f64 = 0.001;

/// Limits of reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadLimits {
    /// Longest recording, seconds. Default 4 hours.
    pub max_seconds: f64,
    /// Largest number of bytes read from a stream that must be held in memory (compressed standard input). Default 4
    /// GiB.
    pub max_stream_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { max_seconds: 4.0 * 3600.0, max_stream_bytes: 4 << 30 }
    }
}

/// Consumer of decoded samples.
pub(crate) trait Sink {
    /// Receives the format, once, before the first block.
    fn start(&mut self, sample_rate_hz: u32, channels: usize) -> Result<(), AudioError>;
    /// Receives the next samples, interleaved. Their number is a multiple of the channels given to `start`.
    fn block(&mut self, interleaved: &[f32]) -> Result<(), AudioError>;
}

/// Checks the samples of a decoder and passes them on.
pub(crate) struct Intake<'a> {
    pub(crate) name: &'a str,
    pub(crate) limits: &'a ReadLimits,
    sink: &'a mut dyn Sink,
    format: Option<(u32, usize)>,
    frames: u64,
    /// Number of frames after which the samples are padding.
    last_frame: Option<u64>,
    clipped: Clipped,
    /// Largest share of samples out of range that is clipped.
    clipped_share: f64,
    warnings: Vec<AudioWarning>,
}

/// Statistics of the samples out of range so far.
#[derive(Debug, Default)]
struct Clipped {
    count: u64,
    first_frame: u64,
    peak: f32,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(name: &'a str, limits: &'a ReadLimits, sink: &'a mut dyn Sink) -> Self {
        let clipped = Clipped::default();
        Self {
            name,
            limits,
            sink,
            format: None,
            frames: 0,
            last_frame: None,
            clipped,
            clipped_share: MENDED_SHARE,
            warnings: Vec::new(),
        }
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, warning: AudioWarning) {
        self.warnings.push(warning);
    }

    /// Removes and returns the warnings so far.
    pub(crate) fn take_warnings(&mut self) -> Vec<AudioWarning> {
        std::mem::take(&mut self.warnings)
    }

    /// Clips all samples out of range: they come from damaged packets, not from another scale.
    pub(crate) fn clip_all(&mut self) {
        self.clipped_share = 1.0;
    }

    /// Drops all samples after this number of frames.
    pub(crate) fn stop_after(&mut self, frames: u64) {
        self.last_frame = Some(frames);
    }

    /// Returns the number of frames that are used of `frames`.
    pub(crate) fn kept_of(&self, frames: u64) -> u64 {
        self.last_frame.map_or(frames, |last| frames.min(last))
    }

    /// Returns the number of samples per channel so far.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// Sets the format of the following samples. Later calls must have the same values as the first.
    pub(crate) fn start(&mut self, sample_rate_hz: u32, channels: usize) -> Result<(), AudioError> {
        if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&sample_rate_hz) {
            return Err(AudioError::SampleRate { name: self.name.to_owned(), sample_rate_hz });
        }
        match self.format {
            Some(now) if now == (sample_rate_hz, channels) => Ok(()),
            Some((rate, n)) => Err(self.unsupported(UnsupportedContent::FormatChange {
                from: (n, rate),
                to: (channels, sample_rate_hz),
            })),
            None if channels == 0 => Err(self.unsupported(UnsupportedContent::NoChannels)),
            None => {
                self.format = Some((sample_rate_hz, channels));
                self.sink.start(sample_rate_hz, channels)
            }
        }
    }

    /// Checks the length that the header states, before any sample is decoded.
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

    /// Checks the next samples, interleaved, and passes them on.
    pub(crate) fn push(&mut self, interleaved: &[f32]) -> Result<(), AudioError> {
        let (rate, channels) = self.format.expect("a decoder calls start before push");
        if let Some(first) = interleaved.iter().position(|x| !x.is_finite()) {
            return Err(AudioError::NonFinite {
                name: self.name.to_owned(),
                at_s: (self.frames as f64 + (first / channels) as f64) / f64::from(rate),
                count: interleaved.iter().filter(|x| !x.is_finite()).count() as u64,
            });
        }
        let left =
            self.last_frame.map_or(usize::MAX, |last| last.saturating_sub(self.frames) as usize);
        let interleaved = &interleaved[..interleaved.len().min(left.saturating_mul(channels))];
        if interleaved.is_empty() {
            return Ok(());
        }
        let mended = self.clip(interleaved, channels);
        self.frames += (interleaved.len() / channels) as u64;
        self.announce(self.frames)?;
        self.sink.block(mended.as_deref().unwrap_or(interleaved))
    }

    /// Returns the samples with those out of range clipped to full scale; `None` if there are none.
    fn clip(&mut self, interleaved: &[f32], channels: usize) -> Option<Vec<f32>> {
        let first = interleaved.iter().position(|x| x.abs() > OUT_OF_RANGE)?;
        if self.clipped.count == 0 {
            self.clipped.first_frame = self.frames + (first / channels) as u64;
        }
        let mut samples = interleaved.to_vec();
        for x in samples.iter_mut().filter(|x| x.abs() > OUT_OF_RANGE) {
            self.clipped.count += 1;
            self.clipped.peak = self.clipped.peak.max(x.abs());
            *x = x.signum();
        }
        Some(samples)
    }

    /// Checks the complete recording at the end of the stream.
    pub(crate) fn finish(&mut self) -> Result<(), AudioError> {
        let name = self.name.to_owned();
        if self.frames == 0 {
            return Err(AudioError::NoSamples { name });
        }
        let (rate, channels) = self.format.unwrap_or((1, 1));
        let Clipped { count, first_frame, peak } = self.clipped;
        // At least one sample may be mended in the shortest of recordings.
        if count as f64 > (self.clipped_share * (self.frames * channels as u64) as f64).max(1.0) {
            return Err(AudioError::Scale { name, count, peak });
        }
        if count > 0 {
            let at_s = first_frame as f64 / f64::from(rate);
            self.warn(AudioWarning::OutOfRange { name, count, at_s, peak });
        }
        Ok(())
    }

    pub(crate) fn unsupported(&self, content: UnsupportedContent) -> AudioError {
        AudioError::Unsupported { name: self.name.to_owned(), content }
    }
}

/// Sink that mixes the channels to mono or selects one of them, and resamples the result if a rate is given. Resampling
/// during decoding keeps a long recording in memory once only.
pub(crate) struct MonoSink {
    to_hz: Option<u32>,
    /// Selected channel, from 1; `None` for the mean of all channels.
    channel: Option<usize>,
    resampler: Option<Resampler>,
    channels: usize,
    turns: Turns,
    mix: ChannelMix,
    mono: Vec<f32>,
    spool: Spool,
    sample_rate_hz: u32,
    source: SourceLength,
}

impl MonoSink {
    /// Builds a sink that keeps the recording in memory.
    pub(crate) fn new(to_hz: Option<u32>) -> Self {
        Self::into_spool(to_hz, Spool::in_memory())
    }

    /// Builds a sink that keeps a long recording on disk.
    pub(crate) fn long(to_hz: Option<u32>) -> Self {
        Self::into_spool(to_hz, Spool::to_disk())
    }

    fn into_spool(to_hz: Option<u32>, spool: Spool) -> Self {
        Self {
            to_hz,
            channel: None,
            resampler: None,
            channels: 1,
            turns: Turns::new(1, 1),
            mix: ChannelMix::new(1, 1, None),
            mono: Vec::new(),
            spool,
            sample_rate_hz: 0,
            source: SourceLength { samples: 0, sample_rate_hz: 0 },
        }
    }

    /// Selects one channel, from 1.
    pub(crate) fn of_channel(self, channel: Option<usize>) -> Self {
        Self { channel, ..self }
    }

    /// Returns the recording in memory, and a warning if its channels cancel.
    pub(crate) fn finish(
        mut self,
        name: &str,
    ) -> Result<(Audio, Option<AudioWarning>), AudioError> {
        let warning = self.end(name)?;
        let (samples, sample_rate_hz) = (self.spool.into_samples()?, self.sample_rate_hz);
        Ok((Audio { samples, sample_rate_hz }, warning))
    }

    /// Returns the recording, and a warning if its channels cancel.
    pub(crate) fn finish_recording(
        mut self,
        name: &str,
    ) -> Result<(Recording, Option<AudioWarning>), AudioError> {
        let warning = self.end(name)?;
        Ok((self.spool.into_recording(self.sample_rate_hz, self.source)?, warning))
    }

    fn end(&mut self, name: &str) -> Result<Option<AudioWarning>, AudioError> {
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
        self.mono.clear();
        self.mix.finish(&mut self.mono);
        self.keep()?;
        if let Some(resampler) = self.resampler.take() {
            self.spool.push(&resampler.finish()?)?;
        }
        let rate_hz = f64::from(self.source.sample_rate_hz.max(1));
        Ok(self.mix.replacement().map(|replacement| AudioWarning::ChannelsCancel {
            name: name.to_owned(),
            channel: replacement.channel + 1,
            from_s: replacement.first_frame as f64 / rate_hz,
        }))
    }

    /// Appends the mixed samples.
    fn keep(&mut self) -> Result<(), AudioError> {
        self.source.samples += self.mono.len() as u64;
        match &mut self.resampler {
            Some(resampler) => {
                resampler.push(&self.mono)?;
                self.spool.push(&resampler.take())
            }
            None => self.spool.push(&self.mono),
        }
    }
}

impl Sink for MonoSink {
    fn start(&mut self, sample_rate_hz: u32, channels: usize) -> Result<(), AudioError> {
        self.channels = channels;
        self.turns = Turns::new(sample_rate_hz, channels);
        // A missing channel is reported at the end of decoding, so any channel is used until then.
        let chosen = self.channel.map(|channel| channel.saturating_sub(1).min(channels - 1));
        self.mix = ChannelMix::new(sample_rate_hz, channels, chosen);
        self.source.sample_rate_hz = sample_rate_hz;
        self.sample_rate_hz = self.to_hz.unwrap_or(sample_rate_hz);
        if self.sample_rate_hz != sample_rate_hz {
            self.resampler = Some(Resampler::new(sample_rate_hz, self.sample_rate_hz)?);
        }
        Ok(())
    }

    fn block(&mut self, interleaved: &[f32]) -> Result<(), AudioError> {
        self.mono.clear();
        if self.channels == 1 {
            self.mono.extend_from_slice(interleaved);
        } else {
            self.turns.push(interleaved);
            self.mix.push(interleaved, &mut self.mono);
        }
        self.keep()
    }
}

/// Sink that keeps the channels separate.
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
