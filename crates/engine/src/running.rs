//! Tasks of a loaded model.

use std::sync::Arc;

use syrinx_task::{DynTask, TaskDescriptor};

/// A task on this model.
#[derive(Clone)]
pub(crate) struct LoadedTask {
    pub(crate) descriptor: &'static TaskDescriptor,
    pub(crate) task: Arc<dyn DynTask>,
    pub(crate) missing_special_tokens: Vec<String>,
}
