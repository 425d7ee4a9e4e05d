//! Several passes over a recording, whose phone scores are averaged (test-time augmentation).

use std::iter::repeat_n;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::{Context, FrameScores, TaskError};
use syrinx_types::Audio;

use crate::equalizer::neutral;
use crate::frames::Frames;

/// A pass over a recording.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PassConfig {
    /// Share of the difference between the long-term spectra of the recording and of the training recordings that is
    /// removed, 0 to 1.
    pub equalizer_share: f64,
    /// Silence inserted before the recording, in phone labels, which moves the frame boundaries relative to the phones.
    pub delay_labels: usize,
}

impl PassConfig {
    /// Encodes the equalized and delayed recording. The frames of a delayed pass include the delay, so that there may
    /// be one more.
    pub(crate) fn frames(
        self,
        audio: &Audio,
        reading: RecordingForm,
        context: &Context<'_>,
    ) -> Result<Frames, TaskError> {
        let equalized = neutral(audio, self.equalizer_share);
        if self.delay_labels == 0 {
            return Frames::of(&equalized, reading.as_latents, context);
        }
        let label_s = 1.0 / (context.codec()?.frame_rate_hz() * reading.per_frame as f64);
        let delay_s = self.delay_labels as f64 * label_s;
        let silent = (delay_s * f64::from(audio.sample_rate_hz)).round() as usize;
        let samples = repeat_n(0.0, silent).chain(equalized.samples.iter().copied()).collect();
        let delayed = Audio { samples, sample_rate_hz: audio.sample_rate_hz };
        Frames::of(&delayed, reading.as_latents, context)
    }
}

/// Form in which the model reads recordings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordingForm {
    /// Whether the model reads latents instead of codes.
    pub(crate) as_latents: bool,
    /// Number of phone labels per frame.
    pub(crate) per_frame: usize,
}

/// Returns the mean over the passes of the scores of a part, aligned in time. A delayed pass lacks the last labels. //
/// (labels, phones)
pub(crate) fn averaged(passes: &[PassConfig], scores: &[&FrameScores]) -> Option<FrameScores> {
    let (first, rest) = scores.split_first()?;
    let mut mean = (*first).clone();
    let delay = |pass: usize| passes.get(pass).map_or(0, |pass| pass.delay_labels) * first.labels;
    for (i, value) in mean.log_probs.iter_mut().enumerate() {
        let others = rest.iter().enumerate();
        let others = others.filter_map(|(pass, scores)| scores.log_probs.get(i + delay(pass + 1)));
        let (sum, count) = others.fold((*value, 1.0), |(sum, count), v| (sum + v, count + 1.0));
        *value = sum / count;
    }
    Some(mean)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use super::*;

    #[test]
    fn delayed_scores_are_averaged_with_those_of_the_same_time() {
        let scores = |log_probs: &[f32]| FrameScores {
            log_probs: log_probs.to_vec(),
            labels: 2,
            rate_hz: 50.0,
        };
        let passes = [0, 1].map(|delay_labels| PassConfig { delay_labels, ..Default::default() });
        let (plain, delayed) =
            (scores(&[1., 2., 3., 4., 5., 6.]), scores(&[0., 0., 3., 4., 7., 8.]));
        let mean = averaged(&passes, &[&plain, &delayed]).unwrap();
        assert_eq!(mean.log_probs, [2., 3., 5., 6., 5., 6.]);
        assert_eq!(averaged(&passes[..1], &[&plain]), Some(plain));
        assert_eq!(averaged(&passes, &[]), None);
    }
}
