//! Whisper listens, in this process.

use std::cell::RefCell;
use std::path::Path;

use syrinx_types::CancelToken;
use syrinx_whisper::Whisper;

use crate::judge::{Judge, JudgeLine, Verdict};
use crate::{EvalError, SubjectError};

/// Weights in a folder.
pub(crate) struct WhisperJudge {
    name: String,
    // Its keys of what was heard are a cache inside the model.
    ear: RefCell<Whisper>,
}

impl WhisperJudge {
    pub(crate) fn new(name: &str, folder: &Path) -> Result<Self, EvalError> {
        let ear = Whisper::load(folder)
            .map_err(|e| EvalError::Judge { name: name.to_owned(), reason: e.to_string() })?;
        Ok(Self { name: name.to_owned(), ear: RefCell::new(ear) })
    }
}

impl Judge for WhisperJudge {
    fn name(&self) -> &str {
        &self.name
    }

    fn batch(&self) -> usize {
        1
    }

    fn judge(&self, lines: &[JudgeLine], cancel: &CancelToken) -> Result<Vec<Verdict>, EvalError> {
        let mut verdicts = Vec::with_capacity(lines.len());
        for line in lines {
            if cancel.is_cancelled() {
                return Err(SubjectError::Cancelled.into());
            }
            let Ok(audio) = syrinx_audio::read(&line.wav) else {
                verdicts.push(Verdict::all_wrong(&line.text));
                continue;
            };
            let heard = self.ear.borrow_mut().transcribe(&audio).map_err(|e| EvalError::Judge {
                name: self.name.clone(),
                reason: format!("{}: {e}", line.wav.display()),
            })?;
            verdicts.push(Verdict::of_text(&line.text, heard));
        }
        Ok(verdicts)
    }
}
