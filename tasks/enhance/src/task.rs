//! Family of tasks that enhance a recording, with one implementation of [`Task`] for all of them.

use std::marker::PhantomData;

use rand::RngCore;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use syrinx_audio::silence::chunks;
use syrinx_task::{
    Capabilities, Chunks, Clip, Context, Example, Generated, Layout, Plan, RequestChunk,
    Simulation, Speech, Task, TaskError, TaskKit, Verb,
};
use syrinx_types::{Audio, Sample};

use crate::EnhanceConfig;
use crate::example::example;
use crate::layout::{EnhancementSpec, layout};
use crate::speak::{Inputs, Setup, finish, plan, silent};

/// Maximum length of a section that is processed at once, in seconds.
const MAX_SECTION_S: f64 = 60.0;

/// The differences between the tasks of the family.
pub trait Enhancement: Send + Sync + 'static {
    /// Input, target and conditioning of the task.
    const SPEC: EnhancementSpec;
    /// See [`Task::SUMMARY`].
    const SUMMARY: &'static str;
    /// See [`Task::VERB`].
    const VERB: Verb;
    /// See [`Task::Request`].
    type Request: Clone + Serialize + DeserializeOwned + JsonSchema + Send;

    /// See [`Task::clips`].
    fn clips(request: &mut Self::Request) -> Vec<(String, &mut Clip)>;

    /// Returns the contents of a request.
    fn inputs(request: &Self::Request) -> Inputs<'_>;
}

/// Task of the family, defined by `E`.
pub struct Enhancer<E> {
    config: EnhanceConfig,
    kit: TaskKit,
    which: PhantomData<E>,
}

impl<E: Enhancement> Enhancer<E> {
    fn setup(&self) -> Setup<'_> {
        Setup { kind: E::SPEC, config: &self.config, kit: &self.kit }
    }
}

impl<E: Enhancement> Task for Enhancer<E> {
    const ID: &'static str = E::SPEC.task;
    const SUMMARY: &'static str = E::SUMMARY;
    const VERB: Verb = E::VERB;
    const CAPABILITIES: Capabilities = Capabilities {
        required: if E::SPEC.speaker { &["audio", "speaker"] } else { &["audio"] },
        recordings: if E::SPEC.speaker { &["audio", "speaker"] } else { &["audio"] },
        stem: E::SPEC.stem,
        ..Capabilities::NONE
    };
    const SIMULATION: Option<Simulation> = Some(Simulation {
        input: E::SPEC.input,
        target: E::SPEC.target,
        enrolment: E::SPEC.speaker,
    });
    type Config = EnhanceConfig;
    type Request = E::Request;
    type Prepared = Audio;
    type Answer = Speech;

    fn new(config: EnhanceConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(Self::ID)?;
        let config = if kit.switches.vall_e.is_some() { config.for_published() } else { config };
        Ok(Self { config, kit: kit.clone(), which: PhantomData })
    }

    fn layout(&self) -> Layout {
        layout(E::SPEC, self.kit.switches)
    }

    fn clips(request: &mut E::Request) -> Vec<(String, &mut Clip)> {
        E::clips(request)
    }

    /// Returns sections of the recording that end in pauses, so that memory does not grow with its length.
    fn chunks(
        &self,
        mut request: E::Request,
        context: &Context<'_>,
    ) -> Result<Chunks<E::Request>, TaskError> {
        let mut clips = E::clips(&mut request);
        let (others, clip) = match clips.as_mut_slice() {
            [(_, clip), others @ ..] => (others, clip),
            [] => return Ok(Chunks::one(request)),
        };
        let mut sections = context.sections(clip, MAX_SECTION_S, chunks)?;
        if sections.len() < 2 {
            **clip = sections.pop().map_or_else(|| clip.clone(), |(whole, _)| whole);
            return Ok(Chunks::one(request));
        }
        let mut sounds = false;
        for (section, _) in &sections {
            sounds = sounds || !context.audio(section)?.is_silent();
        }
        if !sounds {
            return Err(silent(&clip.named("recording")));
        }
        for (_, other) in others {
            **other = context.loaded(other)?;
        }
        let chunk = |(section, start_s)| {
            let mut request = request.clone();
            if let Some((_, clip)) = E::clips(&mut request).into_iter().next() {
                *clip = section;
            }
            RequestChunk { request, start_s: Some(start_s) }
        };
        Ok(Chunks { chunks: sections.into_iter().map(chunk).collect(), pause_s: 0.0 })
    }

    fn plan(
        &self,
        request: &E::Request,
        context: &Context<'_>,
    ) -> Result<(Plan, Audio), TaskError> {
        plan(self.setup(), E::inputs(request), context)
    }

    fn finish(
        &self,
        _request: &E::Request,
        recording: Audio,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<Speech, TaskError> {
        finish(self.setup(), &recording, &generated, context)
    }

    fn corpus_example(
        &self,
        _stage: &str,
        sample: &Sample,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        Ok(example(self.setup(), sample, rng))
    }
}
