//! One speaker out of a mixture of two, known by a few seconds.
//!
//! Invariant: the answer is as long as the recording (see [`syrinx_enhance`]).

mod request;

use syrinx_enhance::{Asked, Enhancement, Enhancer, Kind};
use syrinx_task::{TaskDescriptor, Verb};

pub use request::ExtractRequest;

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Extract>();

/// One speaker out of a mixture.
pub type Extract = Enhancer<Extracting>;

/// What takes one speaker out of a mixture.
pub struct Extracting;

impl Enhancement for Extracting {
    const KIND: Kind = Kind {
        task: "extract",
        given: "mixture",
        wanted: None,
        part: None,
        filter: None,
        text: true,
        speaker: true,
    };
    const SUMMARY: &'static str = "takes one speaker out of a mixture, known by a few seconds";
    const VERB: Verb = Verb {
        name: "extract",
        positional: "audio",
        example: "syrinx extract meeting.wav --speaker me.wav -o mine.wav",
    };
    type Request = ExtractRequest;

    fn asked(request: &ExtractRequest) -> Asked<'_> {
        Asked {
            audio: &request.audio,
            speaker: Some(&request.speaker),
            text: request.text.as_deref(),
        }
    }
}
