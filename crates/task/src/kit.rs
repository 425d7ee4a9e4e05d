//! Material that tasks are built with.

use std::sync::Arc;

use syrinx_text::{Frontend, TextVocab};

use crate::ModelSwitches;

/// Material that a task is built with: text and the model's switches. Services come with each request ([`crate::Context`]).
#[derive(Clone)]
pub struct TaskKit {
    /// Text tokens.
    pub vocab: Arc<TextVocab>,
    /// Text to phones.
    pub frontend: Arc<Frontend>,
    /// The model's switches.
    pub switches: ModelSwitches,
}
