//! All tasks.
//!
//! The list is generated from this crate's manifest: a crate of tasks is one line there, and nothing else in the
//! workspace names it.
//!
//! Invariants: [`ALL`] is sorted by identifier, and identifiers and verbs are unique.

use syrinx_task::TaskDescriptor;

include!(concat!(env!("OUT_DIR"), "/tasks.rs"));

/// Returns the task of an identifier, such as `tts`.
pub fn find(id: &str) -> Option<&'static TaskDescriptor> {
    ALL.iter().copied().find(|task| task.id == id)
}

/// Returns the task of a command, such as `say`.
pub fn find_verb(verb: &str) -> Option<&'static TaskDescriptor> {
    ALL.iter().copied().find(|task| task.verb.name == verb)
}
