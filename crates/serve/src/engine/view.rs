//! Tasks as the server's routes see them.

use serde_json::Value;
use syrinx_task::{AnswerKind, FieldDescriptor, TaskDescriptor};

/// A task as the server's routes see it.
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
    /// Looks at a task.
    pub(super) fn new(descriptor: &'static TaskDescriptor) -> Self {
        Self {
            descriptor,
            fields: (descriptor.request_fields)(),
            request: (descriptor.request_schema)().to_value(),
            answer: (descriptor.answer_schema)().to_value(),
        }
    }

    /// Identifier.
    pub fn id(&self) -> &'static str {
        self.descriptor.id
    }

    /// Whether it answers with a recording.
    pub fn speaks(&self) -> bool {
        self.descriptor.answer == AnswerKind::Speech
    }

    /// Field that a request is about.
    pub fn main_field(&self) -> &'static str {
        self.descriptor.verb.positional
    }
}
