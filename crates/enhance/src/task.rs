//! The task of this family: one implementation, and what each says of itself.

use std::marker::PhantomData;

use rand::RngCore;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use syrinx_task::{
    Capabilities, Clip, Context, Example, Generated, Layout, Plan, Simulation, Speech, Task,
    TaskError, TaskKit, Verb,
};
use syrinx_types::{Audio, Sample};

use crate::EnhanceConfig;
use crate::example::example;
use crate::layout::{Kind, layout};
use crate::speak::{Inputs, Setup, finish, plan};

/// Parts that differ between the tasks of the family.
pub trait Enhancement: Send + Sync + 'static {
    /// Input and target.
    const KIND: Kind;
    /// One line for listings.
    const SUMMARY: &'static str;
    /// Its command.
    const VERB: Verb;
    /// Request.
    type Request: Clone + Serialize + DeserializeOwned + JsonSchema + Send;

    /// See [`Task::clips`].
    fn clips(request: &mut Self::Request) -> Vec<(String, &mut Clip)>;

    /// Contents of a request.
    fn inputs(request: &Self::Request) -> Inputs<'_>;
}

/// A task of this family.
pub struct Enhancer<E> {
    config: EnhanceConfig,
    kit: TaskKit,
    which: PhantomData<E>,
}

impl<E: Enhancement> Enhancer<E> {
    fn setup(&self) -> Setup<'_> {
        Setup { kind: E::KIND, config: &self.config, kit: &self.kit }
    }
}

impl<E: Enhancement> Task for Enhancer<E> {
    const ID: &'static str = E::KIND.task;
    const SUMMARY: &'static str = E::SUMMARY;
    const VERB: Verb = E::VERB;
    const CAPABILITIES: Capabilities = Capabilities {
        recordings: if E::KIND.speaker { &["audio", "speaker"] } else { &["audio"] },
        stem: E::KIND.stem,
        ..Capabilities::NONE
    };
    const SIMULATION: Option<Simulation> = Some(Simulation {
        input: E::KIND.input,
        target: E::KIND.target,
        enrolment: E::KIND.speaker,
    });
    type Config = EnhanceConfig;
    type Request = E::Request;
    type Prepared = Audio;
    type Answer = Speech;

    fn new(config: EnhanceConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(Self::ID)?;
        Ok(Self { config, kit: kit.clone(), which: PhantomData })
    }

    fn layout(&self) -> Layout {
        layout(E::KIND)
    }

    fn clips(request: &mut E::Request) -> Vec<(String, &mut Clip)> {
        E::clips(request)
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
