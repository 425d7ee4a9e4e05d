//! Family of tasks that synthesize speech: one implementation of [`Task`] for all of them.

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

/// Settings of a task with the kit that it was built from.
pub struct Setup<'a, C = SpeakConfig> {
    /// Settings.
    pub config: &'a C,
    /// Text and the model's switches.
    pub kit: &'a TaskKit,
}

impl<C> Clone for Setup<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Setup<'_, C> {}

impl<'a, C: SpeakingConfig> Setup<'a, C> {
    /// Returns the setup with the family's settings only.
    pub fn speaking(&self) -> Setup<'a> {
        Setup { config: self.config.speaking(), kit: self.kit }
    }
}

/// Settings of a task that synthesizes speech.
pub trait SpeakingConfig:
    Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync
{
    /// Returns the family's settings.
    fn speaking(&self) -> &SpeakConfig;

    /// Returns the settings for a published model; only tasks that published models know ([`Speaking::PUBLISHED`])
    /// change them.
    #[must_use]
    fn for_published(self) -> Self {
        self
    }

    /// Checks the settings of the task `task`.
    ///
    /// # Errors
    /// [`TaskError::Config`] names the setting.
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

/// Parts that differ between the tasks of the family: [`SpeakingTask`] is the task. Layout and examples are shared.
pub trait Speaking: Send + Sync + 'static {
    /// See [`Task::ID`].
    const ID: &'static str;
    /// See [`Task::SUMMARY`].
    const SUMMARY: &'static str;
    /// See [`Task::VERB`].
    const VERB: Verb;
    /// See [`Task::CAPABILITIES`].
    const CAPABILITIES: Capabilities;
    /// Whether published vall-e models can do the task.
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
    /// Errors of the services.
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
    /// [`TaskError::Input`] for a request that cannot be answered; those of the services.
    fn plan(
        setup: Setup<'_, Self::Config>,
        request: &Self::Request,
        context: &Context<'_>,
    ) -> Result<(Plan, Self::Prepared), TaskError>;

    /// See [`Task::finish`].
    ///
    /// # Errors
    /// [`TaskError::Answer`]; those of the services.
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

    /// Adapts the family's training example to the task.
    fn adapted(
        _setup: Setup<'_, Self::Config>,
        example: Example,
        _rng: &mut dyn RngCore,
    ) -> Example {
        example
    }
}

/// A task of the family.
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
            // Without the switch the task's special tokens are missing, and the engine reports an untrained task.
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
