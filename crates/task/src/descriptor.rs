//! Tasks without their types: what the registry lists and the engine runs.

use rand::RngCore;
use schemars::Schema;
use serde_json::Value;
use syrinx_types::{Audio, Sample};

use crate::{AnswerKind, Example, Generated, Layout, Part, Plan, Task, TaskError, TaskKit, Verb};

/// Builds a task from its settings (`null` for the defaults).
pub type BuildTask = fn(Value, &TaskKit) -> Result<Box<dyn DynTask>, TaskError>;

/// A task as the registry knows it.
pub struct TaskDescriptor {
    /// Identifier.
    pub id: &'static str,
    /// One line for listings.
    pub summary: &'static str,
    /// Its command.
    pub verb: Verb,
    /// What its answer is.
    pub answer: AnswerKind,
    /// The part of a recording that it answers with, if that is what it does.
    pub part: Option<Part>,
    /// Schema of its settings.
    pub config_schema: fn() -> Schema,
    /// Schema of its requests.
    pub request_schema: fn() -> Schema,
    /// Schema of its answers.
    pub answer_schema: fn() -> Schema,
    /// Its default settings.
    pub default_config: fn() -> Value,
    /// Builds it.
    pub build: BuildTask,
}

impl TaskDescriptor {
    /// The descriptor of a task.
    pub const fn of<T: Task>() -> Self {
        Self {
            id: T::ID,
            summary: T::SUMMARY,
            verb: T::VERB,
            answer: T::ANSWER,
            part: T::PART,
            config_schema: || schemars::schema_for!(T::Config),
            request_schema: || schemars::schema_for!(T::Request),
            answer_schema: || schemars::schema_for!(T::Answer),
            default_config: || serde_json::to_value(T::Config::default()).unwrap_or_default(),
            build: |config, kit| {
                let config = if config.is_null() {
                    T::Config::default()
                } else {
                    serde_json::from_value(config).map_err(|e| TaskError::Config {
                        task: T::ID.into(),
                        reason: e.to_string(),
                    })?
                };
                Ok(Box::new(T::new(config, kit)?))
            },
        }
    }
}

/// An answer without its type.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The answer; recordings are empty names in it.
    pub json: Value,
    /// The recordings by name, the main one first.
    pub recordings: Vec<(String, Audio)>,
}

/// A task over JSON. Implemented for every [`Task`].
pub trait DynTask: Send + Sync {
    /// See [`Task::ID`].
    fn id(&self) -> &'static str;
    /// See [`Task::layout`].
    fn layout(&self) -> Layout;
    /// See [`Task::plan`].
    fn plan(&self, request: &Value) -> Result<Plan, TaskError>;
    /// See [`Task::finish`].
    fn finish(&self, request: &Value, generated: Vec<Generated>) -> Result<Answered, TaskError>;
    /// See [`Task::example`].
    fn example(
        &self,
        stage: &str,
        sample: Option<&Sample>,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError>;
    /// See [`Task::request_for`].
    fn request_for(&self, sample: &Sample) -> Option<Value>;
    /// The typed task behind this, for callers that know its type.
    fn as_any(&self) -> &dyn std::any::Any;
}

fn parse<T: Task>(request: &Value) -> Result<T::Request, TaskError> {
    serde_json::from_value(request.clone())
        .map_err(|e| TaskError::Request { task: T::ID.into(), reason: e.to_string() })
}

impl<T: Task> DynTask for T {
    fn id(&self) -> &'static str {
        T::ID
    }

    fn layout(&self) -> Layout {
        Task::layout(self)
    }

    fn plan(&self, request: &Value) -> Result<Plan, TaskError> {
        Task::plan(self, &parse::<T>(request)?)
    }

    fn finish(&self, request: &Value, generated: Vec<Generated>) -> Result<Answered, TaskError> {
        let answer = Task::finish(self, &parse::<T>(request)?, generated)?;
        let recordings = T::recordings(&answer);
        let json = serde_json::to_value(answer)
            .map_err(|e| TaskError::Answer { task: T::ID.into(), reason: e.to_string() })?;
        Ok(Answered { json, recordings })
    }

    fn example(
        &self,
        stage: &str,
        sample: Option<&Sample>,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        Task::example(self, stage, sample, rng)
    }

    fn request_for(&self, sample: &Sample) -> Option<Value> {
        Task::request_for(self, sample).and_then(|r| serde_json::to_value(r).ok())
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
