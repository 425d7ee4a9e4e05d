//! Dereverberation: removes the reverberation of a room from speech.
//!
//! The reverberant recording is frame-aligned conditioning: its codes are added to the frames of the response. The
//! response therefore has as many frames as the recording, and the model predicts no end. Training needs reverberant
//! recordings, which the task simulates (see `reverb.rs`).

mod config;
mod example;
mod layout;
mod request;
mod reverb;
mod speak;

use rand::RngCore;
use syrinx_task::{
    Capabilities, Clip, Context, Example, Generated, Layout, Plan, Rendition, Simulation, Speech,
    Task, TaskDescriptor, TaskError, TaskKit, Verb,
};
use syrinx_types::Sample;

pub use config::DeReverbConfig;
pub use request::DeReverbRequest;
pub use reverb::reverberant;

/// Entry of the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<DeReverb>();

/// Name of the simulated input in corpora.
pub(crate) const REVERBERANT: &str = "de-reverb-input";

/// Dereverberation.
pub struct DeReverb {
    config: DeReverbConfig,
}

impl Task for DeReverb {
    const ID: &'static str = "de-reverb";
    const SUMMARY: &'static str = "removes the reverberation of a room from a recording";
    const VERB: Verb = Verb {
        name: "de-reverb",
        positional: "audio",
        example: "syrinx de-reverb hall.wav -o dry.wav",
    };
    const CAPABILITIES: Capabilities = Capabilities {
        required: &["audio"],
        recordings: &["audio"],
        ..Capabilities::NONE
    };
    const SIMULATION: Option<Simulation> = Some(Simulation {
        input: Rendition { name: REVERBERANT, render: reverberant },
        target: None,
        enrolment: false,
    });
    type Config = DeReverbConfig;
    type Request = DeReverbRequest;
    type Prepared = ();
    type Answer = Speech;

    fn new(config: DeReverbConfig, _kit: &TaskKit) -> Result<Self, TaskError> {
        config.check()?;
        Ok(Self { config })
    }

    fn layout(&self) -> Layout {
        layout::layout()
    }

    fn clips(request: &mut DeReverbRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio)]
    }

    fn plan(
        &self,
        request: &DeReverbRequest,
        context: &Context<'_>,
    ) -> Result<(Plan, ()), TaskError> {
        Ok((speak::plan(&self.config, request, context)?, ()))
    }

    fn finish(
        &self,
        _request: &DeReverbRequest,
        (): (),
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<Speech, TaskError> {
        speak::finish(&generated, context)
    }

    fn corpus_example(
        &self,
        _stage: &str,
        sample: &Sample,
        _rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        Ok(example::example(sample))
    }
}
