//! Training examples of voice mixing.

use rand::{Rng, RngCore};
use syrinx_speech::PROMPT;
use syrinx_task::{Content, Example, WeightedCodes};

/// Replaces the prompt of an example by a blend: the two halves of the speaker's own prompt with random weights. The
/// response is in the speaker's voice, so that the model learns to read a blend of prompts as one voice.
pub(crate) fn blended(mut example: Example, rng: &mut dyn RngCore) -> Example {
    if let Some(Content::Codes(prompt)) = example.contents.remove(PROMPT) {
        let half = prompt.frames() / 2;
        let weight: f32 = rng.random_range(0.0..=1.0);
        let content = if half == 0 {
            Content::Codes(prompt)
        } else {
            let (first, second) = (prompt.slice(0, half), prompt.slice(half, 2 * half));
            let share = |weight, codes| WeightedCodes { weight, codes };
            Content::Blend(vec![share(weight, first), share(1.0 - weight, second)])
        };
        example.contents.insert(PROMPT.into(), content);
    }
    example
}
