//! Descriptions of tasks for the routes.

use serde_json::Value;
use syrinx_task::{AnswerKind, FieldDescriptor, TaskDescriptor};

/// Description of a task for the routes.
#[derive(Clone)]
pub(crate) struct TaskView {
    /// Identifier, command and capabilities.
    pub descriptor: &'static TaskDescriptor,
    /// Fields of requests.
    pub fields: Vec<FieldDescriptor>,
    /// JSON schema of requests.
    pub request: Value,
    /// JSON schema of answers.
    pub answer: Value,
}

impl TaskView {
    /// Builds the description of a task.
    pub(super) fn new(descriptor: &'static TaskDescriptor) -> Self {
        Self {
            descriptor,
            fields: (descriptor.request_fields)(),
            request: (descriptor.request_schema)().to_value(),
            answer: (descriptor.answer_schema)().to_value(),
        }
    }

    /// Returns the identifier of the task.
    pub fn id(&self) -> &'static str {
        self.descriptor.id
    }

    /// Whether the task answers with speech.
    pub fn speaks(&self) -> bool {
        self.descriptor.answer == AnswerKind::Speech
    }

    /// Returns the field that is the positional argument of the command, such as the text.
    pub fn main_field(&self) -> &'static str {
        self.descriptor.verb.positional
    }
}
