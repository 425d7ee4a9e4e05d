//! Whisper as a judge, in this process.

use std::path::Path;

use syrinx_audio::{AudioWarning, ReadLimits};
use syrinx_pretrained::whisper::{Whisper, WhisperOptions};
use syrinx_types::CancelToken;

use crate::judge::{Judge, JudgeLine, Verdict};
use crate::{EvalError, JudgeFault, SubjectError};

/// Judge that transcribes with a loaded Whisper checkpoint.
pub(crate) struct WhisperJudge {
    name: String,
    recognizer: Whisper,
}

impl WhisperJudge {
    pub(crate) fn new(name: &str, folder: &Path) -> Result<Self, EvalError> {
        let recognizer =
            Whisper::load(folder).map_err(|e| failed(name, JudgeFault::Checkpoint(Box::new(e))))?;
        Ok(Self { name: name.to_owned(), recognizer })
    }
}

fn failed(name: &str, fault: JudgeFault) -> EvalError {
    EvalError::Judge { name: name.to_owned(), fault }
}

impl Judge for WhisperJudge {
    fn name(&self) -> &str {
        &self.name
    }

    fn batch(&self) -> usize {
        1
    }

    fn judge(
        &self,
        lines: &[JudgeLine],
        cancel: &CancelToken,
        warn: &mut dyn FnMut(AudioWarning),
    ) -> Result<Vec<Verdict>, EvalError> {
        // Suites are English, and recordings are independent of each other.
        let options = WhisperOptions {
            language: Some("en".into()),
            condition_on_previous: false,
            word_times: false,
            ..WhisperOptions::default()
        };
        let mut verdicts = Vec::with_capacity(lines.len());
        for line in lines {
            if cancel.is_cancelled() {
                return Err(SubjectError::Cancelled.into());
            }
            let audio = syrinx_audio::read_warned(&line.wav, &ReadLimits::default(), warn);
            let Ok(audio) = audio else {
                verdicts.push(Verdict::all_wrong(&line.text));
                continue;
            };
            let transcript = match self.recognizer.transcribe(&audio, &options, cancel) {
                Ok(transcript) => transcript,
                Err(e) if e.is_cancelled() => return Err(SubjectError::Cancelled.into()),
                Err(e) => {
                    let (recording, cause) = (line.wav.clone(), Box::new(e));
                    return Err(failed(&self.name, JudgeFault::Transcribe { recording, cause }));
                }
            };
            verdicts.push(Verdict::of_text(&line.text, transcript.text));
        }
        Ok(verdicts)
    }
}
