//! Family of tasks that synthesize speech, with one implementation of [`Task`] for all of them.

use std::marker::PhantomData;

use rand::RngCore;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use syrinx_task::{
    Answer, Capabilities, Chunks, Clip, CodeOrder, Context, Example, Generated, Layout, Plan,
    SentenceSettings, Task, TaskError, TaskKit, Verb,
};
use syrinx_types::{Sample, WordTime};

use crate::{SpeakConfig, check_stage, example, layout};

/// Settings of a task, and the kit that it was built from.
pub struct Setup<'a, C = SpeakConfig> {
    /// Settings.
    pub config: &'a C,
    /// Text front end, vocabulary and the model's switches.
    pub kit: &'a TaskKit,
}

impl<C> Clone for Setup<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Setup<'_, C> {}

impl<'a, C: SpeakingConfig> Setup<'a, C> {
    /// Returns the setup with only the settings that the family shares.
    pub fn speaking(&self) -> Setup<'a> {
        Setup { config: self.config.speaking(), kit: self.kit }
    }
}

/// Settings of a task that synthesizes speech.
pub trait SpeakingConfig:
    Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync
{
    /// Returns the settings that the family shares.
    fn speaking(&self) -> &SpeakConfig;

    /// Returns the settings for a published model. Only tasks with [`Speaking::PUBLISHED`] change them.
    #[must_use]
    fn for_published(self) -> Self {
        self
    }

    /// Checks the settings; errors name the task `task`.
    ///
    /// # Errors
    /// [`TaskError::Config`] names the key that is out of range.
    fn check(&self, task: &str) -> Result<(), TaskError>;
}

impl SpeakingConfig for SpeakConfig {
    fn speaking(&self) -> &SpeakConfig {
        self
    }

    fn for_published(self) -> Self {
        self.at_published_rate()
    }

    fn check(&self, task: &str) -> Result<(), TaskError> {
        SpeakConfig::check(self, task)
    }
}

/// The differences between the tasks of the family. [`SpeakingTask`] turns an implementation into a [`Task`]; all share
/// layout and training examples.
pub trait Speaking: Send + Sync + 'static {
    /// See [`Task::ID`].
    const ID: &'static str;
    /// See [`Task::SUMMARY`].
    const SUMMARY: &'static str;
    /// See [`Task::VERB`].
    const VERB: Verb;
    /// See [`Task::CAPABILITIES`].
    const CAPABILITIES: Capabilities;
    /// Whether published VALL-E models can perform the task.
    const PUBLISHED: bool = false;
    /// See [`Task::Config`].
    type Config: SpeakingConfig + 'static;
    /// See [`Task::Request`].
    type Request: Clone + Serialize + DeserializeOwned + JsonSchema + Send;
    /// See [`Task::Prepared`].
    type Prepared: Send;
    /// See [`Task::Answer`].
    type Answer: Answer;

    /// See [`Task::clips`].
    fn clips(_request: &mut Self::Request) -> Vec<(String, &mut Clip)> {
        Vec::new()
    }

    /// See [`Task::chunks`].
    ///
    /// # Errors
    /// Errors of the services that the task uses.
    fn chunks(
        _setup: Setup<'_, Self::Config>,
        request: Self::Request,
        _context: &Context<'_>,
    ) -> Result<Chunks<Self::Request>, TaskError> {
        Ok(Chunks::one(request))
    }

    /// See [`Task::plan`].
    ///
    /// # Errors
    /// [`TaskError::Input`] for a request that can't be answered, and errors of the services that the task uses.
    fn plan(
        setup: Setup<'_, Self::Config>,
        request: &Self::Request,
        context: &Context<'_>,
    ) -> Result<(Plan, Self::Prepared), TaskError>;

    /// See [`Task::finish`].
    ///
    /// # Errors
    /// [`TaskError::Answer`] if the generated rows give no answer, and errors of the services that the task uses.
    fn finish(
        setup: Setup<'_, Self::Config>,
        request: &Self::Request,
        prepared: Self::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<Self::Answer, TaskError>;

    /// See [`Task::words_so_far`].
    fn words_so_far(
        _prepared: &Self::Prepared,
        _pointer: &[u32],
        _context: &Context<'_>,
    ) -> Vec<WordTime> {
        Vec::new()
    }

    /// Adapts the training example of the family to the task.
    fn adapted(
        _setup: Setup<'_, Self::Config>,
        example: Example,
        _rng: &mut dyn RngCore,
    ) -> Example {
        example
    }
}

/// Task of the family, defined by `S`.
pub struct SpeakingTask<S: Speaking> {
    config: S::Config,
    kit: TaskKit,
    own: PhantomData<S>,
}

impl<S: Speaking> SpeakingTask<S> {
    fn setup(&self) -> Setup<'_, S::Config> {
        Setup { config: &self.config, kit: &self.kit }
    }
}

impl<S: Speaking> Task for SpeakingTask<S> {
    const ID: &'static str = S::ID;
    const SUMMARY: &'static str = S::SUMMARY;
    const VERB: Verb = S::VERB;
    const CAPABILITIES: Capabilities = S::CAPABILITIES;
    type Config = S::Config;
    type Request = S::Request;
    type Prepared = S::Prepared;
    type Answer = S::Answer;

    fn new(config: S::Config, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(S::ID)?;
        let mut kit = kit.clone();
        if !S::PUBLISHED {
            // Without this switch the layout requires the task's special tokens. A published model lacks them, so the
            // engine reports that the task is untrained.
            kit.switches.vall_e = None;
        }
        let published = kit.switches.vall_e.is_some();
        if published && config.speaking().frame_by_frame {
            kit.switches.codes = CodeOrder::default();
        }
        let config = if published { config.for_published() } else { config };
        Ok(Self { config, kit, own: PhantomData })
    }

    fn layout(&self) -> Layout {
        layout(S::ID, &self.kit)
    }

    fn sentences(&self) -> Option<SentenceSettings> {
        let SpeakConfig { max_sentence_chars, pause_s, .. } = *self.config.speaking();
        Some(SentenceSettings { max_chars: max_sentence_chars, pause_s })
    }

    fn clips(request: &mut S::Request) -> Vec<(String, &mut Clip)> {
        S::clips(request)
    }

    fn chunks(
        &self,
        request: S::Request,
        context: &Context<'_>,
    ) -> Result<Chunks<S::Request>, TaskError> {
        S::chunks(self.setup(), request, context)
    }

    fn plan(
        &self,
        request: &S::Request,
        context: &Context<'_>,
    ) -> Result<(Plan, S::Prepared), TaskError> {
        S::plan(self.setup(), request, context)
    }

    fn finish(
        &self,
        request: &S::Request,
        prepared: S::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<S::Answer, TaskError> {
        S::finish(self.setup(), request, prepared, generated, context)
    }

    fn words_so_far(
        &self,
        prepared: &S::Prepared,
        pointer: &[u32],
        context: &Context<'_>,
    ) -> Vec<WordTime> {
        S::words_so_far(prepared, pointer, context)
    }

    fn corpus_example(
        &self,
        stage: &str,
        sample: &Sample,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        check_stage(S::ID, &self.kit, stage)?;
        let example = example(self.setup().speaking(), sample);
        Ok(example.map(|example| S::adapted(self.setup(), example, rng)))
    }
}
