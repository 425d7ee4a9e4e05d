//! Judge that is the evaluated model's own recognizer.

use serde_json::Map;
use syrinx_audio::AudioWarning;
use syrinx_task::AnswerKind;
use syrinx_types::{CancelToken, RunContext};

use crate::judge::{Judge, JudgeLine, Verdict};
use crate::template::{Blanks, fill};
use crate::{EvalError, Item, JudgeFault, Subject, SubjectError, SubjectRequest};

/// Judge that transcribes with a task of the evaluated model.
pub(crate) struct OwnRecognizer<'a> {
    name: String,
    task: String,
    request: Map<String, serde_json::Value>,
    subject: &'a dyn Subject,
}

impl<'a> OwnRecognizer<'a> {
    pub(crate) fn new(
        name: &str,
        task: &str,
        request: &Map<String, serde_json::Value>,
        subject: &'a dyn Subject,
    ) -> Result<Self, EvalError> {
        let fault = |fault| EvalError::Judge { name: name.to_owned(), fault };
        let task = task.to_owned();
        match subject.answer_kind(&task) {
            Some(AnswerKind::Text) => {}
            Some(kind) => return Err(fault(JudgeFault::AnswerKind { task, kind })),
            None => return Err(fault(JudgeFault::NoTask { task, known: subject.tasks() })),
        }
        Ok(Self { name: name.to_owned(), task, request: request.clone(), subject })
    }

    fn recognize(&self, line: &JudgeLine, cancel: &CancelToken) -> Result<Verdict, EvalError> {
        let fault = |fault| EvalError::Judge { name: self.name.clone(), fault };
        let item = Item {
            id: line.wav.display().to_string(),
            audio: Some(line.wav.clone()),
            ..Item::default()
        };
        let request = fill(&self.request, &Blanks { item: &item, voice: None });
        let request = request.map_err(|issue| fault(issue.into()))?;
        let ask =
            SubjectRequest { task: &self.task, request: &request, decode: &Map::new(), seed: 0 };
        match self.subject.answer(&ask, RunContext::quiet(cancel)) {
            Ok(answer) => {
                let transcript = answer
                    .answered
                    .transcript()
                    .ok_or_else(|| fault(JudgeFault::NoTranscript { task: self.task.clone() }))?;
                Ok(Verdict::of_text(&line.text, transcript.text.clone()))
            }
            Err(SubjectError::Cancelled) => Err(SubjectError::Cancelled.into()),
            // A recording that cannot be recognized is all wrong.
            Err(SubjectError::Failed(_)) => Ok(Verdict::all_wrong(&line.text)),
        }
    }
}

impl Judge for OwnRecognizer<'_> {
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
        _warn: &mut dyn FnMut(AudioWarning),
    ) -> Result<Vec<Verdict>, EvalError> {
        lines.iter().map(|line| self.recognize(line, cancel)).collect()
    }
}
