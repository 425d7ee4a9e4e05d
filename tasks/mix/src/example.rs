//! Training examples.

use rand::{Rng, RngCore};
use syrinx_speech::{PROMPT, example};
use syrinx_task::{Content, Example, TaskKit};
use syrinx_types::Sample;

use crate::MixConfig;

/// An utterance whose prompt is a blend: the two halves of the speaker's own prompt laid over one another, with any
/// weights. What should come out is the speaker's voice, so the model learns that a blend of prompts is a voice.
pub(crate) fn blended(
    config: &MixConfig,
    kit: &TaskKit,
    sample: &Sample,
    rng: &mut dyn RngCore,
) -> Option<Example> {
    let mut example = example(&config.speaking, kit, sample)?;
    if let Some(Content::Codes(prompt)) = example.contents.remove(PROMPT) {
        let half = prompt.frames() / 2;
        let weight: f32 = rng.random_range(0.0..=1.0);
        let content = if half == 0 {
            Content::Codes(prompt)
        } else {
            let (first, second) = (prompt.slice(0, half), prompt.slice(half, 2 * half));
            Content::Blend(vec![(weight, first), (1.0 - weight, second)])
        };
        example.contents.insert(PROMPT.into(), content);
    }
    Some(example)
}
