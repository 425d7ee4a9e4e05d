//! The task of this family: one implementation, and what each says of itself.

use std::marker::PhantomData;

use rand::RngCore;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use syrinx_task::{
    AnswerKind, Example, Generated, Layout, Part, Plan, Task, TaskError, TaskKit, Verb,
    one_recording,
};
use syrinx_types::{Audio, Sample};

use crate::EnhanceConfig;
use crate::example::example;
use crate::layout::{Kind, layout};
use crate::speak::{Asked, Enhanced, finish, plan};

/// What a task of this family says of itself.
pub trait Enhancement: Send + Sync + 'static {
    /// What is given and wanted.
    const KIND: Kind;
    /// One line for listings.
    const SUMMARY: &'static str;
    /// Its command.
    const VERB: Verb;
    /// What is asked.
    type Request: Default + Serialize + DeserializeOwned + JsonSchema;

    /// What a request asks for.
    fn asked(request: &Self::Request) -> Asked<'_>;
}

/// A task of this family.
pub struct Enhancer<E> {
    config: EnhanceConfig,
    kit: TaskKit,
    which: PhantomData<E>,
}

impl<E: Enhancement> Task for Enhancer<E> {
    const ID: &'static str = E::KIND.task;
    const SUMMARY: &'static str = E::SUMMARY;
    const VERB: Verb = E::VERB;
    const ANSWER: AnswerKind = AnswerKind::Speech;
    const PART: Option<Part> = E::KIND.part;
    type Config = EnhanceConfig;
    type Request = E::Request;
    type Answer = Enhanced;

    fn new(config: EnhanceConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(Self::ID)?;
        Ok(Self { config, kit: kit.clone(), which: PhantomData })
    }

    fn layout(&self) -> Layout {
        layout(E::KIND)
    }

    fn plan(&self, request: &E::Request) -> Result<Plan, TaskError> {
        plan(E::KIND, (&self.config, &self.kit), E::asked(request))
    }

    fn finish(
        &self,
        request: &E::Request,
        generated: Vec<Generated>,
    ) -> Result<Enhanced, TaskError> {
        finish(E::KIND, (&self.config, &self.kit), (E::asked(request), &generated))
    }

    fn recordings(answer: &Enhanced) -> Vec<(String, Audio)> {
        one_recording(&answer.audio)
    }

    fn example(
        &self,
        _stage: &str,
        sample: Option<&Sample>,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        let own = (&self.config, &self.kit);
        Ok(sample.and_then(|sample| example(E::KIND, own, sample, rng)))
    }

    fn request_for(&self, _sample: &Sample) -> Option<E::Request> {
        Some(E::Request::default())
    }
}
