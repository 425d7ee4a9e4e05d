//! Phone scores of codes and latents by the model's recognizing task.

use std::sync::Arc;

use syrinx_decode::{DecodeConfig, DecodeError, generate};
use syrinx_model::LanguageModel;
use syrinx_task::{
    Content, Fill, FrameScores, Generated, Layout, PhoneRecognizer, Plan, RowPlan, Service,
    StageRun, TaskError,
};
use syrinx_types::{Codes, Latents, RunContext};

use crate::running::LoadedTask;

/// A stage that scores the phones of codes.
#[derive(Clone)]
pub(crate) struct PhoneStage {
    layout: Layout,
    stage: String,
    segment: String,
    /// Whether the stage reads latents instead of codes.
    reads_latents: bool,
}

impl PhoneStage {
    /// Returns the first stage with a phone head among the tasks that the model was trained on.
    pub(crate) fn of(tasks: &[LoadedTask]) -> Option<Self> {
        tasks.iter().filter(|t| t.missing_special_tokens.is_empty()).find_map(|running| {
            let layout = running.task.layout();
            let stage = layout.stages.iter().find(|s| s.head.labels_phones())?;
            let reads_latents = stage.response()?.fill == Fill::GivenLatents;
            let (stage, segment) = (stage.name.clone(), stage.response()?.name.clone());
            Some(Self { layout, stage, segment, reads_latents })
        })
    }

    /// Returns the phone scores of each of these codes.
    pub(crate) fn scores(
        &self,
        model: &LanguageModel,
        codes: &[&Codes],
        config: &DecodeConfig,
        run: RunContext<'_>,
    ) -> Result<Vec<Generated>, DecodeError> {
        let content = |codes: &Codes| match self.reads_latents {
            true => model.latents_of(codes).map(Content::Latents),
            false => Some(Content::Codes(codes.clone())),
        };
        let row = |codes: &&Codes| self.row(content(codes), codes.frames());
        let plan = Plan { rows: codes.iter().map(row).collect() };
        generate(model, &self.layout, &plan, config, run)
    }

    /// Returns a row that scores some frames.
    fn row(&self, content: Option<Content>, frames: usize) -> RowPlan {
        let content = content.map(|content| (self.segment.clone(), content));
        let contents = content.into_iter().collect();
        RowPlan::new(vec![StageRun::new(&self.stage, contents, frames)])
    }
}

/// The model's phone stage as a recognizer of phones.
pub(crate) struct ModelPhones {
    pub(crate) model: Arc<LanguageModel>,
    pub(crate) stage: PhoneStage,
}

impl PhoneRecognizer for ModelPhones {
    fn phone_scores(&self, codes: &Codes, run: RunContext<'_>) -> Result<FrameScores, TaskError> {
        let config = DecodeConfig::default();
        first(self.stage.scores(&self.model, &[codes], &config, run.nested()))
    }

    fn phone_scores_of_latents(
        &self,
        latents: &Latents,
        run: RunContext<'_>,
    ) -> Result<FrameScores, TaskError> {
        let content = Content::Latents(latents.clone());
        let plan = Plan { rows: vec![self.stage.row(Some(content), latents.frames())] };
        let (layout, config) = (&self.stage.layout, DecodeConfig::default());
        first(generate(&self.model, layout, &plan, &config, run.nested()))
    }
}

/// Returns the scores of the first row.
fn first(rows: Result<Vec<Generated>, DecodeError>) -> Result<FrameScores, TaskError> {
    let rows = rows.map_err(|error| failed(Service::PhoneRecognizer, error))?;
    Ok(rows.into_iter().find_map(|row| row.phones).unwrap_or_default())
}

/// Returns a failed generation as an error of a service.
pub(crate) fn failed(service: Service, error: DecodeError) -> TaskError {
    match error {
        DecodeError::Task(error) => error,
        DecodeError::Cancelled => TaskError::Cancelled,
        other => TaskError::service(service, other),
    }
}
