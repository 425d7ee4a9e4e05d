//! Type-erased tasks, for the registry and the engine.

use rand::RngCore;
use schemars::Schema;
use serde_json::Value;
use syrinx_types::{Sample, WordTime};

use crate::{
    Answer, AnswerIssue, AnswerKind, Answered, Capabilities, Chunks, Context, Example,
    FieldDescriptor, Generated, Layout, Plan, Request, SentenceSettings, Simulation, Task,
    TaskError, TaskKit, Verb,
};

/// Builds a task from its settings (`null` for the defaults).
pub type BuildTask = fn(Value, &TaskKit) -> Result<Box<dyn DynTask>, TaskError>;

/// Entry of a task in the registry.
#[derive(Debug)]
pub struct TaskDescriptor {
    /// Identifier.
    pub id: &'static str,
    /// Line for listings.
    pub summary: &'static str,
    /// Command.
    pub verb: Verb,
    /// Shape of the answer.
    pub answer: AnswerKind,
    /// Inputs of requests, and uses of answers.
    pub capabilities: Capabilities,
    /// Simulated input that the task learns from.
    pub simulation: Option<Simulation>,
    /// Fields of the requests.
    pub request_fields: fn() -> Vec<FieldDescriptor>,
    /// Fields of the answers.
    pub answer_fields: fn() -> Vec<FieldDescriptor>,
    /// Fields of the settings.
    pub config_fields: fn() -> Vec<FieldDescriptor>,
    /// Schema of the settings.
    pub config_schema: fn() -> Schema,
    /// Schema of the requests.
    pub request_schema: fn() -> Schema,
    /// Schema of the answers.
    pub answer_schema: fn() -> Schema,
    /// Default settings.
    pub default_config: fn() -> Value,
    /// Builds the task.
    pub build: BuildTask,
}

impl TaskDescriptor {
    /// Returns the descriptor of a task.
    pub const fn of<T: Task>() -> Self {
        Self {
            id: T::ID,
            summary: T::SUMMARY,
            verb: T::VERB,
            answer: T::Answer::KIND,
            capabilities: T::CAPABILITIES,
            simulation: T::SIMULATION,
            request_fields: FieldDescriptor::all::<T::Request>,
            answer_fields: FieldDescriptor::all::<T::Answer>,
            config_fields: FieldDescriptor::all::<T::Config>,
            config_schema: || schemars::schema_for!(T::Config),
            request_schema: || schemars::schema_for!(T::Request),
            answer_schema: || schemars::schema_for!(T::Answer),
            default_config: || serde_json::to_value(T::Config::default()).unwrap_or_default(),
            build: |config, kit| {
                let config = if config.is_null() {
                    T::Config::default()
                } else {
                    let form = |cause| TaskError::ConfigForm { task: T::ID.to_owned(), cause };
                    serde_json::from_value(config).map_err(form)?
                };
                Ok(Box::new(T::new(config, kit)?))
            },
        }
    }

    /// Whether a request field takes a recording.
    pub fn takes_recording(&self, field: &str) -> bool {
        self.capabilities.takes_recording(field)
    }

    /// Whether the task speaks a text in a named voice, without other required fields.
    pub fn speaks_text(&self) -> bool {
        let can = self.capabilities;
        self.answer == AnswerKind::Speech
            && can.text == Some(self.verb.positional)
            && can.voice.is_some()
            && can.required == [self.verb.positional]
    }

    /// Whether the task transcribes a recording, without other required fields.
    pub fn transcribes(&self) -> bool {
        let can = self.capabilities;
        self.answer == AnswerKind::Text
            && can.takes_recording(self.verb.positional)
            && can.required == [self.verb.positional]
    }
}

/// A task over untyped requests. Implemented for every [`Task`].
pub trait DynTask: Send + Sync {
    /// See [`Task::ID`].
    fn id(&self) -> &'static str;

    /// See [`Task::layout`].
    fn layout(&self) -> Layout;

    /// See [`Task::sentences`].
    fn sentences(&self) -> Option<SentenceSettings>;

    /// Parses a request and splits it into chunks; see [`Task::chunks`].
    ///
    /// # Errors
    /// [`TaskError::Request`]; those of the services.
    fn chunks<'t>(
        &'t self,
        request: &Request,
        context: &Context<'_>,
    ) -> Result<DynChunks<'t>, TaskError>;

    /// Parses a request as one chunk.
    ///
    /// # Errors
    /// [`TaskError::Request`].
    fn whole<'t>(&'t self, request: &Request) -> Result<Box<dyn DynRequest<'t> + 't>, TaskError>;

    /// See [`Task::corpus_example`].
    ///
    /// # Errors
    /// [`TaskError::Layout`].
    fn corpus_example(
        &self,
        stage: &str,
        sample: &Sample,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError>;

    /// See [`Task::own_example`].
    ///
    /// # Errors
    /// [`TaskError::Layout`].
    fn own_example(&self, stage: &str, rng: &mut dyn RngCore)
    -> Result<Option<Example>, TaskError>;
}

/// Chunks whose requests are bound to their task.
pub type DynChunks<'t> = Chunks<Box<dyn DynRequest<'t> + 't>>;

/// A request bound to its task.
pub trait DynRequest<'t> {
    /// See [`Task::plan`].
    ///
    /// # Errors
    /// Errors of the task.
    fn plan(self: Box<Self>, context: &Context<'_>) -> Result<Box<dyn DynPlan + 't>, TaskError>;
}

/// A planned request, which its generated rows finish.
pub trait DynPlan {
    /// Returns the rows to generate.
    fn plan(&self) -> &Plan;

    /// See [`Task::words_so_far`].
    fn words_so_far(&self, pointer: &[u32], context: &Context<'_>) -> Vec<WordTime>;

    /// See [`Task::finish`].
    ///
    /// # Errors
    /// Errors of the task.
    fn finish(
        self: Box<Self>,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<Answered, TaskError>;
}

struct BoundRequest<'t, T: Task> {
    task: &'t T,
    request: T::Request,
}

impl<'t, T: Task> DynRequest<'t> for BoundRequest<'t, T> {
    fn plan(self: Box<Self>, context: &Context<'_>) -> Result<Box<dyn DynPlan + 't>, TaskError> {
        let (plan, prepared) = self.task.plan(&self.request, context)?;
        Ok(Box::new(BoundPlan { task: self.task, request: self.request, plan, prepared }))
    }
}

struct BoundPlan<'t, T: Task> {
    task: &'t T,
    request: T::Request,
    plan: Plan,
    prepared: T::Prepared,
}

impl<T: Task> DynPlan for BoundPlan<'_, T> {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn words_so_far(&self, pointer: &[u32], context: &Context<'_>) -> Vec<WordTime> {
        self.task.words_so_far(&self.prepared, pointer, context)
    }

    fn finish(
        self: Box<Self>,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<Answered, TaskError> {
        let Self { task, request, plan, prepared } = *self;
        if generated.len() != plan.rows.len() {
            let (found, planned) = (generated.len(), plan.rows.len());
            return Err(AnswerIssue::Rows { found, planned }.of(T::ID));
        }
        Ok(Answered::new(task.finish(&request, prepared, generated, context)?))
    }
}

impl<T: Task> DynTask for T {
    fn id(&self) -> &'static str {
        T::ID
    }

    fn layout(&self) -> Layout {
        Task::layout(self)
    }

    fn sentences(&self) -> Option<SentenceSettings> {
        Task::sentences(self)
    }

    fn chunks<'t>(
        &'t self,
        request: &Request,
        context: &Context<'_>,
    ) -> Result<DynChunks<'t>, TaskError> {
        let cut = Task::chunks(self, request.parse::<T>()?, context)?;
        Ok(cut.map(|request| Box::new(BoundRequest { task: self, request }) as _))
    }

    fn whole<'t>(&'t self, request: &Request) -> Result<Box<dyn DynRequest<'t> + 't>, TaskError> {
        Ok(Box::new(BoundRequest { task: self, request: request.parse::<T>()? }))
    }

    fn corpus_example(
        &self,
        stage: &str,
        sample: &Sample,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        Task::corpus_example(self, stage, sample, rng)
    }

    fn own_example(
        &self,
        stage: &str,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        Task::own_example(self, stage, rng)
    }
}
