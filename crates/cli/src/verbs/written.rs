//! Speech of several chunks on its way to a file, so that hours of it are never in memory.

use std::path::PathBuf;

use syrinx_audio::{WavFile, WavFormat};
use syrinx_engine::{Chunk, MergedAnswer};
use syrinx_types::Audio;

use crate::failure::{Failure, Outcome};

/// A WAV file that grows chunk by chunk.
pub(super) struct GrowingWav {
    path: PathBuf,
    format: WavFormat,
    wav: Option<WavFile>,
}

impl GrowingWav {
    pub(super) fn new(path: PathBuf, format: WavFormat) -> Self {
        Self { path, format, wav: None }
    }

    /// Writes the recording of a chunk and takes it out, unless the chunk is the only one or has more than one
    /// recording: then it is left to be written with the answer.
    pub(super) fn take(&mut self, chunk: &mut Chunk) -> Outcome {
        if self.wav.is_none() && chunk.last {
            return Ok(());
        }
        let one = chunk.answered.recordings().len() == 1;
        let audio = match chunk.answered.speech_mut().filter(|_| one) {
            Some(speech) => speech.audio.audio.take(),
            None => return Ok(()),
        };
        let Some(audio) = audio else { return Ok(()) };
        self.write(&audio, chunk.start_s).map_err(Failure::from)
    }

    /// Writes samples that begin at a time, after silence up to it.
    fn write(&mut self, audio: &Audio, start_s: f64) -> Result<(), syrinx_audio::AudioError> {
        let wav = match &mut self.wav {
            Some(wav) => wav,
            None => {
                let wav = WavFile::create(&self.path, audio.sample_rate_hz, self.format)?;
                self.wav.insert(wav)
            }
        };
        let start = (start_s * f64::from(audio.sample_rate_hz)).round() as usize;
        wav.write(&vec![0.0; start.saturating_sub(wav.samples())])?;
        wav.write(&audio.samples)
    }

    /// Renames the file into place, if anything was written; returns its path.
    pub(super) fn finish(self, whole: &MergedAnswer) -> Outcome<Option<(PathBuf, f64)>> {
        let Some(wav) = self.wav else { return Ok(None) };
        let seconds = whole.answered().and_then(|a| a.speech()).map_or(0.0, |s| s.seconds);
        wav.finish()?;
        Ok(Some((self.path, seconds)))
    }
}
