//! Probability of codes that are known: teacher forcing.

use syrinx_model::LanguageModel;
use syrinx_task::{Example, HeadOutput, Response, Stage, log_softmax, resolve};

use crate::DecodeError;
use crate::outputs::host_rows;

/// Returns the log-probability of each level-1 code of an example, nats, one a frame. Every code is predicted from those
/// before it, as in training. Zeros for a stage that predicts no level-1 codes one after another.
///
/// # Errors
/// [`DecodeError`] for an example that does not fit the stage, and for values that are not finite.
pub fn code_log_probs(
    model: &LanguageModel,
    stage: &Stage,
    example: &Example,
) -> Result<Vec<f64>, DecodeError> {
    let Response::Codes { codes, .. } = &example.response else { return Ok(Vec::new()) };
    let space = model.space();
    let sequence = resolve(stage, &example.contents, Some(&example.response), 0, space)?;
    let h = model.response_rows(std::slice::from_ref(&sequence))?; // (steps, dim)
    let mut log_probs = vec![0.0; codes.frames()];
    for target in &sequence.targets {
        let HeadOutput::FirstLevel { member } = target.output else { continue };
        let Some(logits) = model.output(&h, &[], target.output)? else { continue };
        let logits = host_rows(&logits)?; // (steps, codes and stop)
        let frames = log_probs.iter_mut().skip(member).step_by(space.group);
        for ((log_prob, logits), &class) in frames.zip(&logits).zip(&target.classes) {
            // A class that does not count is beyond all classes.
            let of_class = log_softmax(logits).get(class as usize).copied();
            *log_prob = of_class.map_or(0.0, f64::from);
        }
    }
    Ok(log_probs)
}
