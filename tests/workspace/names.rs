//! Names of tasks and of their simulated input: only the tasks themselves have them.

use std::collections::BTreeSet;

use crate::workspace::{code, packages, root};

/// Literals of another meaning: an operation on files, a key of the dashboard, an error of scenes, and the task tokens of
/// published vall-e models.
const OTHERWISE: [&str; 5] = [
    "Self::Remove => \"remove\"",
    "io(\"remove\"",
    "\"remove this column\"",
    "Silent(\"background\")",
    "\"tts-c\", \"ns\"",
];

/// Identifiers of the tasks, and names of their views.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, text) in packages().iter().filter(|p| p.is_task()).flat_map(|p| p.sources()) {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for begins in ["const ID: &'static str = \"", "    task: \"", "View { name: \""] {
            let found = text.split(begins).skip(1).filter_map(|rest| rest.split('"').next());
            names.extend(found.map(str::to_owned));
        }
    }
    names
}

#[test]
fn no_source_outside_a_task_names_tasks_or_views() {
    let names = names();
    assert!(names.len() > 10, "{names:?}");
    let mut found = Vec::new();
    let program = packages().into_iter().filter(|p| !p.is_task() && p.name != "xtask");
    for package in program {
        for (path, text) in package.sources() {
            let path = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            if path.contains("/tests/") {
                continue;
            }
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (line, code) in code(text) {
                let named = names.iter().find(|name| code.contains(&format!("\"{name}\"")));
                let otherwise = OTHERWISE.iter().any(|other| code.contains(other));
                if let Some(name) = named.filter(|_| !otherwise) {
                    found.push(format!("{path}:{line} names `{name}`"));
                }
            }
        }
    }
    assert_eq!(found, [""; 0]);
}
