//! Tasks under test, with the services of this crate.

use syrinx_task::{Context, Generated, Plan, Task, TaskError};
use syrinx_types::{CancelToken, RunContext};

use crate::services;

/// Calls of a task with the services of [`services`].
pub trait Tested: Task {
    /// Returns the plan of a request.
    ///
    /// # Errors
    /// Errors of [`Task::plan`].
    fn plan_of(&self, request: &Self::Request) -> Result<Plan, TaskError> {
        with_context(|context| Ok(self.plan(request, context)?.0))
    }

    /// Returns the answer to a request from these rows instead of generated ones.
    ///
    /// # Errors
    /// Errors of [`Task::plan`] and [`Task::finish`].
    fn answer_of(
        &self,
        request: &Self::Request,
        generated: Vec<Generated>,
    ) -> Result<Self::Answer, TaskError> {
        with_context(|context| {
            let (_, prepared) = self.plan(request, context)?;
            self.finish(request, prepared, generated, context)
        })
    }
}

impl<T: Task> Tested for T {}

/// Calls something with the services of this crate.
pub fn with_context<R>(call: impl FnOnce(&Context<'_>) -> R) -> R {
    let (services, cancel) = (services(), CancelToken::default());
    call(&Context { services: &services, run: RunContext::quiet(&cancel) })
}

/// Returns an error with its remedy, as programs show it.
pub fn told(error: TaskError) -> String {
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}
