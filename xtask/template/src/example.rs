//! Training examples.

use syrinx_task::{Content, Contents, Example, Response};
use syrinx_types::Sample;

use crate::REVERBERANT;
use crate::layout::RECORDING;

/// The reverberant rendition of an utterance, and the utterance as the response. The same for both stages; `None` for a
/// corpus without the rendition (`syrinx data simulate`).
pub(crate) fn example(sample: &Sample) -> Option<Example> {
    let given = sample.renditions.get(REVERBERANT)?.codes.clone();
    if given.is_empty() || given.frames() != sample.codes.frames() {
        return None;
    }
    Some(Example {
        contents: Contents::from([(RECORDING.to_owned(), Content::Codes(given))]),
        response: Response::Codes { codes: sample.codes.clone(), pointer: Vec::new() },
    })
}
