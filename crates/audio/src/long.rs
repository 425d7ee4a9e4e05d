//! Recordings of any length: short ones in memory, longer ones in an unnamed temporary file.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Mutex, PoisonError};

use syrinx_types::Audio;

use crate::AudioError;
use crate::silence::{FRAME_S, chunks_of_power, frame_power};

/// Largest number of samples held in memory: 10 minutes at 24 kHz, 55 MiB.
const MOST_IN_MEMORY: usize = 10 * 60 * 24_000;

/// Number of samples read at once in a pass over a complete recording.
const BLOCK_SAMPLES: usize = 1 << 18;

/// Bytes of a sample in the file.
const SAMPLE_BYTES: usize = size_of::<f32>();

/// A recording that is read section by section. A long one is stored in a temporary file of 32-bit floats, which is
/// removed at the end of the program.
#[derive(Debug)]
pub struct Recording {
    store: SampleStore,
    samples: usize,
    sample_rate_hz: u32,
    source: SourceLength,
}

/// Length of a recording in its file, before resampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLength {
    /// Number of samples per channel.
    pub samples: u64,
    /// Sample rate, Hz.
    pub sample_rate_hz: u32,
}

#[derive(Debug)]
enum SampleStore {
    Memory(Vec<f32>),
    File(Mutex<File>),
}

impl From<Audio> for Recording {
    /// Keeps a recording of any length in memory.
    fn from(audio: Audio) -> Self {
        let Audio { samples, sample_rate_hz } = audio;
        let source = SourceLength { samples: samples.len() as u64, sample_rate_hz };
        Self { samples: samples.len(), store: SampleStore::Memory(samples), sample_rate_hz, source }
    }
}

impl Recording {
    /// Returns the length in seconds.
    pub fn seconds(&self) -> f64 {
        if self.sample_rate_hz == 0 {
            return 0.0;
        }
        self.samples as f64 / f64::from(self.sample_rate_hz)
    }

    /// Returns the number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Returns the sample rate, Hz.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// Returns the length before resampling.
    pub fn source(&self) -> SourceLength {
        self.source
    }

    /// Returns the samples between two times in seconds, clamped to the recording; see [`Audio::slice`].
    ///
    /// # Errors
    /// [`AudioError::Spool`] if the temporary file can't be read.
    pub fn slice(&self, start_s: f64, end_s: f64) -> Result<Audio, AudioError> {
        let at = |s: f64| (s.max(0.0) * f64::from(self.sample_rate_hz)).round() as usize;
        self.section(at(start_s), at(end_s))
    }

    /// Returns the samples from one index to another, clamped to the recording.
    ///
    /// # Errors
    /// Errors of [`Self::slice`].
    pub fn section(&self, start: usize, end: usize) -> Result<Audio, AudioError> {
        let start = start.min(self.samples);
        let end = end.clamp(start, self.samples);
        let samples = match &self.store {
            SampleStore::Memory(samples) => samples[start..end].to_vec(),
            SampleStore::File(file) => read(file, start, end - start)?,
        };
        Ok(Audio { samples, sample_rate_hz: self.sample_rate_hz })
    }

    /// Returns the samples of a recording that is in memory.
    ///
    /// # Errors
    /// The recording itself, if it is stored in a file.
    pub fn into_memory(self) -> Result<Audio, Self> {
        match self.store {
            SampleStore::Memory(samples) => {
                Ok(Audio { samples, sample_rate_hz: self.sample_rate_hz })
            }
            SampleStore::File(_) => Err(self),
        }
    }

    /// Reads the complete recording into memory.
    ///
    /// # Errors
    /// Errors of [`Self::slice`].
    pub fn whole(&self) -> Result<Audio, AudioError> {
        self.section(0, self.samples)
    }

    /// Cuts the recording into chunks of at most `max_s` seconds, as [`crate::silence::chunks`] does.
    ///
    /// # Errors
    /// Errors of [`Self::slice`].
    pub fn chunks(&self, max_s: f64) -> Result<Vec<(f64, f64)>, AudioError> {
        let rate_hz = f64::from(self.sample_rate_hz);
        // Blocks consist of complete frames of 10 ms.
        let frames = (BLOCK_SAMPLES as f64 / (FRAME_S * rate_hz)).max(1.0) as usize;
        let all = (self.seconds() / FRAME_S).ceil() as usize;
        let mut power = Vec::with_capacity(all);
        for first in (0..all).step_by(frames) {
            let last = (first + frames).min(all);
            let at = |frame: usize| (frame as f64 * FRAME_S * rate_hz).round() as usize;
            // A frame has at least one sample, which may be the first after its end.
            let block = self.section(at(first), at(last) + 1)?;
            frame_power(&block.samples, at(first), self.samples, rate_hz, first..last, &mut power);
        }
        Ok(chunks_of_power(&power, self.seconds(), max_s))
    }
}

fn read(file: &Mutex<File>, first: usize, count: usize) -> Result<Vec<f32>, AudioError> {
    let mut bytes = vec![0; count * SAMPLE_BYTES];
    {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file
            .seek(SeekFrom::Start((first * SAMPLE_BYTES) as u64))
            .and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|cause| AudioError::Spool { cause })?;
    }
    let sample = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    Ok(bytes.chunks_exact(SAMPLE_BYTES).map(sample).collect())
}

/// Buffer of a recording during decoding.
pub(crate) struct Spool {
    memory: Vec<f32>,
    most_in_memory: usize,
    file: Option<File>,
    written: usize,
}

impl Spool {
    /// Builds a spool that moves its samples to a file beyond [`MOST_IN_MEMORY`] samples.
    pub(crate) fn to_disk() -> Self {
        Self::of(MOST_IN_MEMORY)
    }

    /// Builds a spool that stays in memory.
    pub(crate) fn in_memory() -> Self {
        Self::of(usize::MAX)
    }

    /// Builds a spool that moves its samples to a file beyond `most_in_memory` samples.
    pub(crate) fn of(most_in_memory: usize) -> Self {
        Self { memory: Vec::new(), most_in_memory, file: None, written: 0 }
    }

    /// Appends samples.
    pub(crate) fn push(&mut self, samples: &[f32]) -> Result<(), AudioError> {
        self.memory.extend_from_slice(samples);
        let full = if self.file.is_some() { BLOCK_SAMPLES } else { self.most_in_memory };
        if self.memory.len() > full { self.spill() } else { Ok(()) }
    }

    /// Moves the samples in memory to the file.
    fn spill(&mut self) -> Result<(), AudioError> {
        let fail = |cause| AudioError::Spool { cause };
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile().map_err(fail)?);
        }
        if let Some(file) = &mut self.file {
            for block in self.memory.chunks(BLOCK_SAMPLES) {
                let bytes: Vec<u8> = block.iter().flat_map(|x| x.to_le_bytes()).collect();
                file.write_all(&bytes).map_err(fail)?;
            }
        }
        self.written += self.memory.len();
        // Frees the memory of the first minutes.
        self.memory = Vec::new();
        Ok(())
    }

    /// Returns all samples, those of the file included.
    pub(crate) fn into_samples(self) -> Result<Vec<f32>, AudioError> {
        if self.file.is_none() {
            return Ok(self.memory);
        }
        let rate = SourceLength { samples: 0, sample_rate_hz: 0 };
        Ok(self.into_recording(1, rate)?.whole()?.samples)
    }

    /// Returns the recording.
    pub(crate) fn into_recording(
        mut self,
        sample_rate_hz: u32,
        source: SourceLength,
    ) -> Result<Recording, AudioError> {
        if self.file.is_some() {
            self.spill()?;
        }
        let (store, samples) = match self.file {
            Some(file) => (SampleStore::File(Mutex::new(file)), self.written),
            None => {
                let samples = self.memory.len();
                (SampleStore::Memory(self.memory), samples)
            }
        };
        Ok(Recording { store, samples, sample_rate_hz, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::silence::chunks;

    #[test]
    fn a_recording_in_a_file_is_that_in_memory() {
        // Odd rates have frames of different lengths.
        for rate_hz in [24_000, 16_000, 11_025, 8_007] {
            let swell = |i: usize| 0.3 * (i as f32 * 0.0007).sin() * (i as f32 * 0.05).sin();
            let samples: Vec<f32> = (0..40 * rate_hz as usize + 17).map(swell).collect();
            let audio = Audio { samples, sample_rate_hz: rate_hz };
            let mut spool = Spool::of(1000);
            audio.samples.chunks(777).for_each(|piece| spool.push(piece).expect("there is room"));
            let source = SourceLength { samples: 1, sample_rate_hz: 1 };
            let recording = spool.into_recording(rate_hz, source).expect("there is room");
            assert!(matches!(recording.store, SampleStore::File(_)));
            assert_eq!(recording.whole().expect("it is readable"), audio);
            let (start_s, end_s) = (3.0007, 9.25);
            let piece = recording.slice(start_s, end_s).expect("it is readable");
            assert_eq!(piece, audio.slice(start_s, end_s));
            for max_s in [5.0, 7.3, 100.0] {
                let cuts = recording.chunks(max_s).expect("it is readable");
                assert_eq!(cuts, chunks(&audio, max_s), "{rate_hz} Hz, {max_s} s");
            }
        }
    }
}
