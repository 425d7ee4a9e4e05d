//! The list of tasks in the registry's manifest.

/// Manifest that lists the tasks.
pub const REGISTRY: &str = "crates/registry/Cargo.toml";

/// Returns the line that lists a task.
pub fn line(name: &str) -> String {
    format!("syrinx-task-{name} = {{ path = \"../../tasks/{name}\" }}")
}
