//! A model that was trained for a cell of an ablation, as the subject of an evaluation.

use syrinx_eval::{
    JudgeConfig, NamedCodec, Subject, SubjectAnswer, SubjectError, SubjectRequest, Suite,
    TestedCodec,
};
use syrinx_task::AnswerKind;
use syrinx_types::{Audio, RunContext};

use crate::EngineSubject;

/// Returns the task by which a judge uses the model under evaluation.
fn judge_task(judge: &JudgeConfig) -> Option<&String> {
    match judge {
        JudgeConfig::Own { task, .. } => Some(task),
        _ => None,
    }
}

/// A model that was trained for a cell. Judges use the recognizer of the configured model, since the trained model may
/// have no usable recognizer.
pub(crate) struct TrainedSubject<'a> {
    own: EngineSubject<'a>,
    recognizer: EngineSubject<'a>,
    /// Tasks that the configured model answers.
    judge_tasks: Vec<&'a String>,
}

impl<'a> TrainedSubject<'a> {
    /// Returns the subject for a suite. The model `recognizer` answers the tasks of the suite's judges.
    pub(crate) fn new(
        own: EngineSubject<'a>,
        recognizer: EngineSubject<'a>,
        suite: &'a Suite,
    ) -> Self {
        let tasks = suite.judges.iter().filter_map(judge_task);
        let judge_tasks = tasks.filter(|t| **t != suite.task).collect();
        Self { own, recognizer, judge_tasks }
    }
}

impl TrainedSubject<'_> {
    fn asked(&self, task: &str) -> &EngineSubject<'_> {
        if self.judge_tasks.iter().any(|t| *t == task) { &self.recognizer } else { &self.own }
    }
}

impl Subject for TrainedSubject<'_> {
    fn name(&self) -> String {
        format!("trained for the cell, recognized by {}", self.recognizer.name())
    }

    fn fingerprint(&self) -> String {
        format!("{}-{}", self.own.fingerprint(), self.recognizer.fingerprint())
    }

    fn answer_kind(&self, task: &str) -> Option<AnswerKind> {
        self.asked(task).answer_kind(task)
    }

    fn tasks(&self) -> Vec<String> {
        self.own.tasks()
    }

    fn voices(&self) -> Vec<String> {
        self.own.voices()
    }

    fn voice_recording(&self, voice: &str) -> Result<Audio, SubjectError> {
        self.own.voice_recording(voice)
    }

    fn answer(
        &self,
        ask: &SubjectRequest<'_>,
        run: RunContext<'_>,
    ) -> Result<SubjectAnswer, SubjectError> {
        self.asked(ask.task).answer(ask, run)
    }

    fn sample_rate_hz(&self) -> u32 {
        self.own.sample_rate_hz()
    }

    fn codec(
        &self,
        named: Option<NamedCodec<'_>>,
    ) -> Result<Box<dyn TestedCodec + '_>, SubjectError> {
        self.own.codec(named)
    }
}
