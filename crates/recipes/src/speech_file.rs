//! Speech of several chunks on its way to a file, so that hours of it are never in memory.

use std::path::PathBuf;

use syrinx_audio::{AudioError, WavFile, WavFormat};
use syrinx_engine::{Chunk, MergedAnswer, SpeechTrack};

/// A WAV file that grows chunk by chunk. Under its name it is there whole or not at all.
pub struct SpeechFile {
    path: PathBuf,
    format: WavFormat,
    track: SpeechTrack,
    wav: Option<WavFile>,
}

/// A written speech.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenSpeech {
    /// File.
    pub path: PathBuf,
    /// Length, seconds.
    pub seconds: f64,
}

impl SpeechFile {
    /// Begins a file of this path; nothing is written yet.
    pub fn new(path: PathBuf, format: WavFormat) -> Self {
        Self { path, format, track: SpeechTrack::default(), wav: None }
    }

    /// Writes the recording of a chunk and takes it out, unless the chunk is the only one or has more than one
    /// recording: then it is left to be written with the answer.
    ///
    /// # Errors
    /// [`AudioError::Write`].
    pub fn take(&mut self, chunk: &mut Chunk) -> Result<(), AudioError> {
        if self.wav.is_none() && chunk.last || chunk.answered.recordings().len() != 1 {
            return Ok(());
        }
        let Some(audio) = chunk.answered.take_audio() else { return Ok(()) };
        let rate_hz = audio.sample_rate_hz;
        let wav = match &mut self.wav {
            Some(wav) => wav,
            None => self.wav.insert(WavFile::create(&self.path, rate_hz, self.format)?),
        };
        wav.write(&self.track.portion(chunk.start_s, &audio.samples, rate_hz))
    }

    /// Renames the file into place; returns none where nothing was written.
    ///
    /// # Errors
    /// [`AudioError::Write`].
    pub fn finish(self, answer: &MergedAnswer) -> Result<Option<WrittenSpeech>, AudioError> {
        let Some(wav) = self.wav else { return Ok(None) };
        let speech = answer.answered().and_then(|answered| answered.speech());
        let seconds = speech.map_or(0.0, |speech| speech.seconds);
        wav.finish()?;
        Ok(Some(WrittenSpeech { path: self.path, seconds }))
    }
}

#[cfg(test)]
mod tests {
    use syrinx_task::{Answered, Speech};
    use syrinx_types::Audio;

    use super::*;

    #[test]
    fn chunks_are_written_with_their_pauses() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("speech.wav");
        let chunk = |value: f32, start_s, last| {
            let audio = Audio { samples: vec![value; 100], sample_rate_hz: 1_000 };
            Chunk { answered: Answered::new(Speech::from(audio)), start_s, index: 0, last }
        };
        let mut file = SpeechFile::new(path.clone(), WavFormat::Float32);
        let mut answer = MergedAnswer::default();
        for mut chunk in [chunk(0.5, 0.0, false), chunk(-0.5, 0.2, true)] {
            file.take(&mut chunk).expect("it is written");
            assert!(chunk.answered.audio().is_none(), "the samples are in the file");
            answer.push(chunk).expect("it is merged");
        }
        let written = file.finish(&answer).expect("it is finished").expect("something is there");
        let audio = syrinx_audio::read(&path).expect("it is read");
        assert_eq!((written.path, audio.samples.len()), (path, 300));
        assert_eq!((audio.samples[99], audio.samples[150], audio.samples[250]), (0.5, 0.0, -0.5));
    }

    #[test]
    fn an_answer_of_one_chunk_is_left() {
        let audio = Audio { samples: vec![0.5; 10], sample_rate_hz: 1_000 };
        let answered = Answered::new(Speech::from(audio));
        let mut chunk = Chunk { answered, start_s: 0.0, index: 0, last: true };
        let mut file = SpeechFile::new("nowhere/speech.wav".into(), WavFormat::Int16);
        file.take(&mut chunk).expect("nothing is written");
        assert!(chunk.answered.audio().is_some());
        assert_eq!(file.finish(&MergedAnswer::default()).expect("nothing is written"), None);
    }
}
