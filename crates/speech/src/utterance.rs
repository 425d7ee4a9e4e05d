//! Rows of a plan that generate speech.

use syrinx_task::{Content, Contents, RowPlan, StageRun, TaskKit, TextContent};
use syrinx_types::{Audio, Codes};

use crate::layout::stages;
use crate::{PROMPT, SpeakConfig, TEXT};

/// Text, voice and known part of one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpokenRow {
    /// The phones.
    pub text: TextContent,
    /// Prompt of the voice: codes, or a blend of several. `None` for a model without voices.
    pub prompt: Option<Content>,
    /// Phone index at the first frames, where it is known.
    pub pointer: Vec<u32>,
    /// The first frames, where they are known.
    pub given: Option<Codes>,
    /// Largest number of frames, given ones included.
    pub limit: usize,
}

impl SpokenRow {
    /// Plans a text with the largest number of frames that the settings allow.
    pub fn new(text: TextContent, prompt: Option<Content>, config: &SpeakConfig) -> Self {
        let limit = config.frames_for(text.aligned.len());
        let prompt = config.shown(prompt);
        Self { text, prompt, limit, ..Self::default() }
    }

    /// Returns the row with all stages of the model's layout, which have the same contents.
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

/// Appends a sentence of speech after a gap; returns its start, seconds.
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
