//! Noisy speech to what is behind it, without the speech.
//!
//! Invariant: the answer is as long as the recording (see [`syrinx_enhance`]).

mod request;

use syrinx_enhance::{Asked, Enhancement, Enhancer, Filter, Kind};
use syrinx_task::{Part, TaskDescriptor, Verb};

pub use request::RemoveRequest;

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Remove>();

/// Noisy speech to what is behind it.
pub type Remove = Enhancer<Removing>;

/// What takes speech out of a recording.
pub struct Removing;

impl Enhancement for Removing {
    const KIND: Kind = Kind {
        task: "remove",
        given: "noisy",
        wanted: Some("background"),
        part: Some(Part::Background),
        filter: Some(Filter { least: 0.001, around_s: 0.4 }),
        text: false,
        speaker: false,
    };
    const SUMMARY: &'static str = "takes the speech out of a recording and leaves the background";
    const VERB: Verb = Verb {
        name: "remove",
        positional: "audio",
        example: "syrinx remove street.wav -o street-only.wav",
    };
    type Request = RemoveRequest;

    fn asked(request: &RemoveRequest) -> Asked<'_> {
        Asked { audio: &request.audio, speaker: None, text: None }
    }
}
