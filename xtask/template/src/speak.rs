//! Conversion of a request to rows, and of their codes to a recording.

use syrinx_task::{
    AnswerIssue, Content, Contents, Context, Generated, Plan, RecordingIssue, RowPlan, Speech,
    StageRun, TaskError,
};
use syrinx_types::Codes;

use crate::layout::{AR, NAR, RECORDING};
use crate::{DeReverbConfig, DeReverbRequest};

/// Plans one row for every section of the recording.
pub(crate) fn plan(
    config: &DeReverbConfig,
    request: &DeReverbRequest,
    context: &Context<'_>,
) -> Result<Plan, TaskError> {
    let audio = context.audio(&request.audio)?;
    let codes = context.codec()?.encode(&audio, context.run)?;
    if codes.is_empty() {
        let (name, seconds) = (request.audio.named("recording"), audio.seconds());
        return Err(RecordingIssue::TooShort { name, seconds }.into());
    }
    let starts = (0..codes.frames()).step_by(config.max_frames);
    let stretches = starts.map(|at| codes.slice(at, at + config.max_frames));
    Ok(Plan { rows: stretches.map(row).collect() })
}

fn row(stretch: Codes) -> RowPlan {
    let limit = stretch.frames();
    let contents = Contents::from([(RECORDING.to_owned(), Content::Codes(stretch))]);
    let run = |stage: &str| StageRun::new(stage, contents.clone(), limit);
    RowPlan::new(vec![run(AR), run(NAR)])
}

/// Decodes the codes of all rows together.
pub(crate) fn finish(
    generated: &[Generated],
    context: &Context<'_>,
) -> Result<Speech, TaskError> {
    let mut whole: Option<Codes> = None;
    for codes in generated.iter().filter_map(|g| g.codes.as_ref()) {
        let whole = whole.get_or_insert_with(|| Codes::empty(codes.levels()));
        (0..codes.frames()).for_each(|frame| whole.push(codes.frame(frame)));
    }
    let codes = whole.ok_or_else(|| AnswerIssue::Nothing.of("de-reverb"))?;
    Ok(context.codec()?.decode(&codes, context.run)?.into())
}
