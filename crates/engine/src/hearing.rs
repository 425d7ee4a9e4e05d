//! The model's own ear: which phones sound in codes, and which words in a recording.

use std::sync::{Arc, Weak};

use serde_json::{Value, json};
use syrinx_decode::{DecodeConfig, DecodeError, generate};
use syrinx_model::LanguageModel;
use syrinx_task::{
    AnswerKind, Answered, Content, Contents, DynTask, FrameScores, Generated, Head, Layout, Part,
    Plan, RowPlan, StageRun, TaskError,
};
use syrinx_types::{Audio, CancelToken, Codes, EventSink, NullSink};

use crate::engine::Running;

/// A stage that says which phones sound in codes.
pub(crate) struct Ear {
    layout: Layout,
    stage: String,
    segment: String,
}

impl Ear {
    /// The first stage with a phone head of a task that the model knows.
    pub(crate) fn of(tasks: &[Running]) -> Option<Self> {
        tasks.iter().filter(|t| t.missing_marks.is_empty()).find_map(|running| {
            let layout = running.task.layout();
            let stage = layout.stages.iter().find(|s| matches!(s.head, Head::Phones { .. }))?;
            let (stage, segment) = (stage.name.clone(), stage.response()?.name.clone());
            Some(Self { layout, stage, segment })
        })
    }

    /// What is heard in each of these codes.
    pub(crate) fn hear(
        &self,
        model: &LanguageModel,
        codes: &[&Codes],
        how: (&DecodeConfig, u64),
        watch: (&CancelToken, &dyn EventSink),
    ) -> Result<Vec<Generated>, DecodeError> {
        let row = |codes: &&Codes| {
            let contents =
                Contents::from([(self.segment.clone(), Content::Codes((*codes).clone()))]);
            RowPlan::new(vec![StageRun::new(&self.stage, contents, codes.frames())])
        };
        let plan = Plan { rows: codes.iter().map(row).collect() };
        generate(model, &self.layout, &plan, how, watch)
    }
}

/// A task that others ask about a recording. The tasks own the studio that owns this, so it doesn't own them.
struct Aid {
    task: Weak<dyn DynTask>,
    field: &'static str,
}

impl Aid {
    fn of(running: &Running) -> Self {
        let field = running.descriptor.verb.positional;
        Self { task: Arc::downgrade(&running.task), field }
    }

    /// What it answers for the recording of this name; none once the tasks are gone.
    fn answer(&self, model: &LanguageModel, name: &str) -> Option<Result<Answered, TaskError>> {
        let task = self.task.upgrade()?;
        let request = json!({ self.field: name });
        let answered = || {
            let plan = task.plan(&request)?;
            let quiet = (&CancelToken::default(), &NullSink as _);
            let how = (&DecodeConfig::default(), 0);
            let generated =
                generate(model, &task.layout(), &plan, how, quiet).map_err(into_task)?;
            task.finish(&request, generated)
        };
        Some(answered())
    }
}

/// What the studio listens with.
pub(crate) struct Hearing {
    model: Arc<LanguageModel>,
    ear: Option<Ear>,
    scribe: Option<Aid>,
    parts: Vec<(Part, Aid)>,
}

impl Hearing {
    /// The ear and the aids among the tasks that the model knows.
    pub(crate) fn of(model: &Arc<LanguageModel>, tasks: &[Running]) -> Self {
        let known = |t: &&Running| t.missing_marks.is_empty();
        let scribe = tasks.iter().filter(known).find(|t| t.descriptor.answer == AnswerKind::Text);
        Self {
            model: Arc::clone(model),
            ear: Ear::of(tasks),
            scribe: scribe.map(Aid::of),
            parts: tasks
                .iter()
                .filter(known)
                .filter_map(|t| Some((t.descriptor.part?, Aid::of(t))))
                .collect(),
        }
    }

    /// Phone scores of codes; none for a model that can't hear.
    pub(crate) fn phone_scores(&self, codes: &Codes) -> Option<Result<FrameScores, TaskError>> {
        let ear = self.ear.as_ref()?;
        let quiet = (&CancelToken::default(), &NullSink as _);
        let heard = ear.hear(&self.model, &[codes], (&DecodeConfig::default(), 0), quiet);
        let scores = heard.map(|rows| rows.into_iter().find_map(|row| row.phones));
        Some(scores.map(Option::unwrap_or_default).map_err(into_task))
    }

    /// The words of the recording of this name; none for a model that can't write down.
    pub(crate) fn transcribe(&self, name: &str) -> Option<Result<String, TaskError>> {
        let answer = self.scribe.as_ref()?.answer(&self.model, name)?;
        let text = |answer: Answered| {
            answer.json.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Some(answer.map(text))
    }

    /// A part of the recording of this name; none for a model without a task for it.
    pub(crate) fn part(&self, name: &str, part: Part) -> Option<Result<Audio, TaskError>> {
        let (_, aid) = self.parts.iter().find(|(answers, _)| *answers == part)?;
        let answer = match aid.answer(&self.model, name)? {
            Ok(answer) => answer,
            Err(error) => return Some(Err(error)),
        };
        answer.recordings.into_iter().next().map(|(_, audio)| Ok(audio))
    }
}

fn into_task(error: DecodeError) -> TaskError {
    match error {
        DecodeError::Task(error) => error,
        other => TaskError::Sound(format!("listening to a recording: {other}")),
    }
}
