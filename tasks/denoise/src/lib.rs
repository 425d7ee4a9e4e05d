//! Noisy speech to clean speech, with or without its words.
//!
//! Invariant: the answer is as long as the recording (see [`syrinx_enhance`]).

mod request;

use syrinx_enhance::{Enhancement, Enhancer, Inputs, Kind, SpectralGain, scene};
use syrinx_task::{Clip, Stem, TaskDescriptor, Verb, View};

pub use request::DenoiseRequest;

/// The registry's entry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Denoise>();

/// Noisy speech to clean speech.
pub type Denoise = Enhancer<Cleaning>;

/// Denoising among the tasks that enhance.
pub struct Cleaning;

impl Enhancement for Cleaning {
    const KIND: Kind = Kind {
        task: "denoise",
        input: View { name: "noisy", render: scene::noisy },
        target: None,
        stem: Some(Stem::Speech),
        gain: Some(SpectralGain { gain_floor: 0.1, context_s: 0.0 }),
        published: Some("ns"),
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

    fn clips(request: &mut DenoiseRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio)]
    }

    fn inputs(request: &DenoiseRequest) -> Inputs<'_> {
        Inputs { audio: &request.audio, speaker: None, text: request.text.as_deref() }
    }
}
