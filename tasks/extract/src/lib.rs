//! One speaker out of a mixture of two, known by a few seconds.
//!
//! Invariant: the answer is as long as the recording (see [`syrinx_enhance`]).

mod request;

use syrinx_enhance::{Enhancement, Enhancer, Inputs, Kind, scene};
use syrinx_task::{Clip, TaskDescriptor, Verb, View};

pub use request::ExtractRequest;

/// The registry's entry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Extract>();

/// One speaker out of a mixture.
pub type Extract = Enhancer<Extracting>;

/// Target speaker extraction among the tasks that enhance.
pub struct Extracting;

impl Enhancement for Extracting {
    const KIND: Kind = Kind {
        task: "extract",
        input: View { name: "mixture", render: scene::mixture },
        target: None,
        stem: None,
        gain: None,
        published: Some("tse"),
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

    fn clips(request: &mut ExtractRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio), ("speaker".to_owned(), &mut request.speaker)]
    }

    fn inputs(request: &ExtractRequest) -> Inputs<'_> {
        Inputs {
            audio: &request.audio,
            speaker: Some(&request.speaker),
            text: request.text.as_deref(),
        }
    }
}
