//! Rows of a plan that generate speech.

use syrinx_task::{Content, Contents, RowPlan, StageRun, TaskKit, TextContent};
use syrinx_types::{Audio, Codes};

use crate::layout::stages;
use crate::{PROMPT, SpeakConfig, TEXT};

/// Text, voice and known frames of a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpokenRow {
    /// Phones, or other tokens of the text.
    pub text: TextContent,
    /// Prompt of the voice: codes, or a blend of several voices. `None` for a model without voices.
    pub prompt: Option<Content>,
    /// Phone index of the first frames, if they are known.
    pub pointer: Vec<u32>,
    /// Codes of the first frames, if they are known.
    pub given: Option<Codes>,
    /// Maximum number of frames, including given ones.
    pub limit: usize,
}

impl SpokenRow {
    /// Plans a text with the maximum number of frames that the settings allow.
    pub fn new(text: TextContent, prompt: Option<Content>, config: &SpeakConfig) -> Self {
        let limit = config.frames_for(text.aligned.len());
        let prompt = config.shown(prompt);
        Self { text, prompt, limit, ..Self::default() }
    }

    /// Returns a row that runs all stages of the model's layout on the same contents.
    pub fn into_row(self, kit: &TaskKit) -> RowPlan {
        let mut contents = Contents::new();
        contents.insert(TEXT.into(), Content::Text(self.text));
        if let Some(prompt) = self.prompt {
            contents.insert(PROMPT.into(), prompt);
        }
        let run = |stage: String| StageRun {
            pointer: self.pointer.clone(),
            given: self.given.clone(),
            ..StageRun::new(stage, contents.clone(), self.limit)
        };
        RowPlan::new(stages(kit).into_iter().map(run).collect())
    }
}

/// Appends a sentence after a pause of `gap_s` seconds. Returns the start of the sentence, in seconds.
pub fn append(whole: &mut Option<Audio>, sentence: &Audio, gap_s: f64) -> f64 {
    let Some(whole) = whole else {
        *whole = Some(sentence.clone());
        return 0.0;
    };
    whole.samples.extend(Audio::silence(gap_s, whole.sample_rate_hz).samples);
    let start_s = whole.seconds();
    whole.samples.extend_from_slice(&sentence.samples);
    start_s
}
