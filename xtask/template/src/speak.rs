//! From a request to rows, and from their codes to a recording.

use syrinx_task::{Content, Contents, Generated, Plan, RowPlan, StageRun, TaskError, TaskKit};
use syrinx_types::Codes;

use crate::example::stretched;
use crate::layout::{AR, NAR, STRETCHED};
use crate::{ChangeRateAnswer, ChangeRateConfig, ChangeRateRequest};

/// One row a piece.
pub(crate) fn plan(
    config: &ChangeRateConfig,
    kit: &TaskKit,
    request: &ChangeRateRequest,
) -> Result<Plan, TaskError> {
    let ChangeRateConfig { slowest, fastest, max_frames } = *config;
    if !(slowest..=fastest).contains(&request.rate) {
        return Err(TaskError::Input(format!(
            "a rate of {} can't be spoken: give one between {slowest} and {fastest}",
            request.rate
        )));
    }
    let studio = kit.studio()?;
    let codes = studio.encode(&studio.audio(&request.audio)?)?;
    let frames = (codes.frames() as f64 / request.rate).round() as usize;
    if frames == 0 {
        return Err(TaskError::Input(format!(
            "the recording `{}` is too short: give one of half a second or more",
            request.audio.path.display()
        )));
    }
    let given = stretched(&codes, frames);
    let pieces = (0..frames).step_by(max_frames).map(|at| given.slice(at, at + max_frames));
    Ok(Plan { rows: pieces.map(row).collect() })
}

fn row(piece: Codes) -> RowPlan {
    let limit = piece.frames();
    let contents = Contents::from([(STRETCHED.to_owned(), Content::Codes(piece))]);
    let run = |stage: &str| StageRun::new(stage, contents.clone(), limit);
    RowPlan::new(vec![run(AR), run(NAR)])
}

/// The codes of all pieces as one recording.
pub(crate) fn finish(
    kit: &TaskKit,
    generated: &[Generated],
) -> Result<ChangeRateAnswer, TaskError> {
    let fault =
        |reason: &str| TaskError::Answer { task: "change-rate".into(), reason: reason.into() };
    let mut whole: Option<Codes> = None;
    for codes in generated.iter().filter_map(|g| g.codes.as_ref()) {
        let whole = whole.get_or_insert_with(|| Codes::empty(codes.levels()));
        (0..codes.frames()).for_each(|frame| whole.push(codes.frame(frame)));
    }
    let codes = whole.ok_or_else(|| fault("nothing came out"))?;
    let audio = kit.studio()?.decode(&codes)?;
    Ok(ChangeRateAnswer { seconds: audio.seconds(), audio: audio.into() })
}
