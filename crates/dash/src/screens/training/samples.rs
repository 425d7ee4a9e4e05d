//! Sentence synthesized with the weights of a checkpoint, and its picture.

use std::path::Path;
use std::sync::Arc;

use ratatui::layout::Rect;
use serde_json::{Map, Value, json};
use syrinx_types::Audio;

use crate::message::{Effect, JobId, JobNews};
use crate::pen::{Pen, above};
use crate::screens::ScreenContext;
use crate::{AnswerRequest, DrawnAnswer, ModelCard, ProgramError, TaskCard};

/// Sentence of the samples: short, with phones of many classes.
const SENTENCE: &str = "The birch canoe slid on the smooth planks.";

/// Samples of one run.
#[derive(Debug, Default)]
pub(super) struct Samples {
    /// Task that synthesizes speech, and the field of its text.
    speaks: Option<(String, String)>,
    /// Whether every new checkpoint synthesizes the samples.
    pub(super) every: bool,
    job: Option<(JobId, u64)>,
    made: Vec<(u64, DrawnAnswer)>,
    trouble: Option<ProgramError>,
}

impl Samples {
    /// Clears the samples for another run.
    pub(super) fn forget(&mut self) {
        (self.job, self.trouble) = (None, None);
        self.made.clear();
    }

    pub(super) fn tasks(&mut self, tasks: &[TaskCard]) {
        let speaks = tasks.iter().find(|t| t.speaks());
        self.speaks = speaks.map(|t| (t.id.clone(), t.positional.clone()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.job.is_none() && self.made.is_empty() && self.trouble.is_none()
    }

    /// Synthesizes the sentence with the weights of a run.
    pub(super) fn make(&mut self, events: &Path, step: u64, context: &mut ScreenContext<'_>) {
        let (Some((task, field)), None, Some(run)) = (&self.speaks, &self.job, events.parent())
        else {
            return;
        };
        let name = run.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let model = ModelCard { name, path: Some(run.join("model.safetensors")) };
        let request = Map::from_iter([(field.clone(), json!(SENTENCE))]);
        let ask = AnswerRequest {
            model,
            task: task.clone(),
            request: Value::Object(request),
            changed: Vec::new(),
            seed: 0,
            recording: None,
        };
        let job = context.job();
        (self.job, self.trouble) = (Some((job, step)), None);
        context.ask(Effect::Answer(job, Box::new(ask)));
    }

    pub(super) fn job(&mut self, job: JobId, news: &JobNews) {
        let Some((_, step)) = self.job.filter(|(mine, _)| *mine == job) else { return };
        match news {
            JobNews::Answered(shown) => self.made.push((step, (**shown).clone())),
            JobNews::Failed(error) => self.trouble = Some(error.clone()),
            JobNews::Stopped => {}
            JobNews::Event(_) | JobNews::Evaluated(_) | JobNews::Ablated(_) => return,
        }
        self.job = None;
    }

    pub(super) fn last(&self) -> Option<&Arc<Audio>> {
        self.made.last().and_then(|(_, shown)| shown.answer.audio.as_ref())
    }

    /// Draws the latest sample and lists the steps of all samples.
    pub(super) fn draw(&self, pen: &mut Pen<'_>, area: Rect) {
        let (head, rest) = above(area, 1);
        let steps: Vec<String> = self.made.iter().rev().map(|(step, _)| step.to_string()).collect();
        match (&self.trouble, &self.job, self.made.last()) {
            (Some(error), _, _) => {
                pen.failure(area, error);
            }
            (None, Some((_, step)), _) => {
                pen.text(head, 0, 0, &format!("synthesizing with step {step} …"), pen.theme.warn);
            }
            (None, None, Some((_, shown))) => {
                let text = format!("synthesized at step {}", steps.join(", "));
                pen.text(head, 0, 0, &text, pen.theme.dim);
                if let Some(picture) = &shown.picture {
                    let (wave, mel) = above(rest, rest.height / 2);
                    picture.draw_wave(pen, wave);
                    picture.draw_mel(pen, mel);
                }
            }
            (None, None, None) => {}
        }
    }
}
