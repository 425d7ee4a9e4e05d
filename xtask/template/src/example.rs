//! Training examples.

use rand::{Rng, RngCore};
use syrinx_task::{Content, Contents, Example, Response};
use syrinx_types::{Codes, Sample};

use crate::ChangeRateConfig;
use crate::layout::STRETCHED;

/// An utterance to its own frames on their way to another rate and back. The same for both stages; `None` if it has
/// no codes.
pub(crate) fn example(
    config: &ChangeRateConfig,
    sample: &Sample,
    rng: &mut dyn RngCore,
) -> Option<Example> {
    let frames = sample.codes.frames();
    if frames == 0 {
        return None;
    }
    let rate = rng.random_range(config.slowest..=config.fastest);
    let recorded = stretched(&sample.codes, ((frames as f64 * rate).round() as usize).max(1));
    let given = stretched(&recorded, frames);
    Some(Example {
        contents: Contents::from([(STRETCHED.to_owned(), Content::Codes(given))]),
        response: Response::Codes { codes: sample.codes.clone(), pointer: Vec::new() },
    })
}

/// So many frames, taken evenly: some are dropped or repeated.
pub fn stretched(codes: &Codes, frames: usize) -> Codes {
    let mut out = Codes::empty(codes.levels());
    for frame in 0..frames {
        out.push(codes.frame(frame * codes.frames() / frames));
    }
    out
}
