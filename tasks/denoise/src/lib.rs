//! Noisy speech to clean speech, with or without its words.
//!
//! Invariant: the answer is as long as the recording (see [`syrinx_enhance`]).

mod request;

use syrinx_enhance::{Asked, Enhancement, Enhancer, Filter, Kind};
use syrinx_task::{Part, TaskDescriptor, Verb};

pub use request::DenoiseRequest;

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Denoise>();

/// Noisy speech to clean speech.
pub type Denoise = Enhancer<Cleaning>;

/// What makes noisy speech clean.
pub struct Cleaning;

impl Enhancement for Cleaning {
    const KIND: Kind = Kind {
        task: "denoise",
        given: "noisy",
        wanted: None,
        part: Some(Part::Speech),
        filter: Some(Filter { least: 0.1, around_s: 0.0 }),
        text: true,
        speaker: false,
    };
    const SUMMARY: &'static str = "cleans a noisy recording of speech";
    const VERB: Verb = Verb {
        name: "denoise",
        positional: "audio",
        example: "syrinx denoise street.wav -o clean.wav",
    };
    type Request = DenoiseRequest;

    fn asked(request: &DenoiseRequest) -> Asked<'_> {
        Asked { audio: &request.audio, speaker: None, text: request.text.as_deref() }
    }
}
