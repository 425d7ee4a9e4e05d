//! Recordings that a recipe reads repeatedly.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use syrinx_audio::{AudioError, ReadLimits, UniqueWarnings};
use syrinx_data::{DataError, Manifest};
use syrinx_types::{Audio, EventSink};

/// Fills in missing recording lengths of a manifest, in seconds, by decoding the recordings. The length of an
/// unreadable recording stays empty; encoding reports the error. Warnings of the audio decoder become events.
///
/// # Errors
/// Errors of [`Manifest::new`].
pub fn with_lengths(manifest: &Manifest, events: &dyn EventSink) -> Result<Manifest, DataError> {
    let (warnings, limits) = (UniqueWarnings::default(), ReadLimits::default());
    let mut warn = warnings.emit_to(events);
    let mut utterances = manifest.utterances().to_vec();
    for utterance in utterances.iter_mut().filter(|utterance| utterance.seconds.is_none()) {
        let audio = syrinx_audio::read_warned(manifest.audio_path(utterance), &limits, &mut warn);
        utterance.seconds = audio.ok().map(|audio| audio.seconds());
    }
    Manifest::new(manifest.root(), utterances)
}

/// Recordings at one sample rate, kept in memory after decoding up to a limit.
pub(crate) struct DecodedRecordings {
    sample_rate_hz: u32,
    /// Maximum number of samples kept in memory.
    max_samples: usize,
    kept: Mutex<Kept>,
    warnings: UniqueWarnings,
}

#[derive(Default)]
struct Kept {
    recordings: HashMap<PathBuf, Arc<Audio>>,
    samples: usize,
}

impl DecodedRecordings {
    /// Returns an empty cache of at most `max_samples` samples; 0 suits recordings that are read only once.
    pub(crate) fn new(sample_rate_hz: u32, max_samples: usize) -> Self {
        Self {
            sample_rate_hz,
            max_samples,
            kept: Mutex::default(),
            warnings: UniqueWarnings::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a recording at the sample rate of the cache. Every warning of the audio decoder is emitted once.
    pub(crate) fn load(
        &self,
        path: &Path,
        events: &dyn EventSink,
    ) -> Result<Arc<Audio>, AudioError> {
        if let Some(known) = self.kept().recordings.get(path) {
            return Ok(Arc::clone(known));
        }
        let mut warn = self.warnings.emit_to(events);
        let limits = ReadLimits::default();
        let audio = syrinx_audio::load_warned(path, self.sample_rate_hz, &limits, &mut warn)?;
        let audio = Arc::new(audio);
        let mut kept = self.kept();
        if kept.samples + audio.samples.len() <= self.max_samples {
            kept.samples += audio.samples.len();
            kept.recordings.insert(path.to_owned(), Arc::clone(&audio));
        }
        Ok(audio)
    }
}

#[cfg(test)]
mod tests {
    use syrinx_audio::{WavFormat, write_wav};
    use syrinx_data::Utterance;
    use syrinx_types::{NullSink, RecordingSink};

    use super::*;
    use crate::damaged::{check_warnings, tone, truncated, utterance};

    #[test]
    fn recordings_are_read_once_while_there_is_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["a.wav", "b.wav"] {
            let audio = Audio { samples: vec![0.5; 1_000], sample_rate_hz: 8_000 };
            write_wav(path(name), &audio, WavFormat::Int16).expect("it is written");
        }
        let recordings = DecodedRecordings::new(8_000, 1_500);
        let load = |name: &str| recordings.load(&path(name), &NullSink);
        assert_eq!(load("a.wav").expect("read").samples.len(), 1_000);
        assert_eq!(load("b.wav").expect("read").samples.len(), 1_000);
        for name in ["a.wav", "b.wav"] {
            std::fs::remove_file(path(name)).expect("it is removed");
        }
        assert!(load("a.wav").is_ok(), "the first fits");
        assert!(load("b.wav").is_err(), "the second does not");
    }

    #[test]
    fn a_truncated_recording_is_reported_once_however_often_it_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = truncated(folder.path(), "a.wav", &tone(0.5, 8_000));
        let known = Utterance { seconds: Some(9.0), ..utterance("c", "x", &path) };
        let utterances = vec![utterance("a", "x", &path), utterance("b", "x", &path), known];
        let manifest = Manifest::new("", utterances).expect("a manifest");
        let sink = RecordingSink::default();
        let manifest = with_lengths(&manifest, &sink).expect("lengths");
        let seconds: Vec<_> = manifest.utterances().iter().map(|u| u.seconds).collect();
        assert_eq!(seconds, [Some(0.5), Some(0.5), Some(9.0)]);
        check_warnings(&sink, &[&path]);

        let (sink, recordings) = (RecordingSink::default(), DecodedRecordings::new(8_000, 0));
        for _ in 0..2 {
            recordings.load(&path, &sink).expect("read");
        }
        check_warnings(&sink, &[&path]);
    }
}
