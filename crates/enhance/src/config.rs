//! Settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::TaskError;
use syrinx_types::Filter;

/// Settings of tasks that answer with as many frames as they are given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnhanceConfig {
    /// Recordings are worked on in pieces of at most so many frames.
    pub max_frames: usize,
    /// Recordings of the wanted speaker are cut to this length, frames.
    pub max_enrolment_frames: usize,
    /// Share of the training examples that come with their words, 0 to 1.
    pub text_share: f64,
    /// Where the answer is the recording turned down: the share of it that always stays, 0 to 1. Less takes
    /// more away, of the noise and of words that were taken for it. The task's own if not given.
    pub least: Option<f64>,
    /// There, too: what is wanted goes on as it sounds so many seconds before and after, where the recording has much else
    /// in it. For what is steady; 0 for speech. The task's own if not given.
    pub around_s: Option<f64>,
}

impl Default for EnhanceConfig {
    fn default() -> Self {
        Self {
            max_frames: 250,
            max_enrolment_frames: 75,
            text_share: 0.5,
            least: None,
            around_s: None,
        }
    }
}

impl EnhanceConfig {
    /// How a recording is turned down, where the task itself would do it as `own` says.
    pub(crate) fn turning(&self, own: Filter) -> Filter {
        let set = |value: Option<f64>, own: f32| value.map_or(own, |value| value as f32);
        Filter { least: set(self.least, own.least), around_s: set(self.around_s, own.around_s) }
    }

    /// An error for settings that can't be.
    ///
    /// # Errors
    /// [`TaskError::Config`].
    pub fn check(&self, task: &str) -> Result<(), TaskError> {
        let sizes = self.max_frames > 0 && self.max_enrolment_frames > 0;
        let shares = [Some(self.text_share), self.least];
        let seconds = self.around_s.is_none_or(|s| (0.0..=10.0).contains(&s));
        if sizes
            && seconds
            && shares.into_iter().flatten().all(|share| (0.0..=1.0).contains(&share))
        {
            return Ok(());
        }
        let reason = "`max_frames` and `max_enrolment_frames` must be above zero, `text_share` and `least` from 0 to 1, `around_s` from 0 to 10";
        Err(TaskError::Config { task: task.into(), reason: reason.into() })
    }
}
