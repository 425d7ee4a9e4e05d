//! Modules of a crate do not import each other in circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::workspace::{code, packages};

/// Module of a file, `verbs::task` for `src/verbs/task.rs`; empty for the root.
fn module(src: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(src).unwrap().with_extension("");
    let mut parts: Vec<String> =
        inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts.join("::")
}

/// Paths after `crate::` in a text, groups in braces resolved.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in text.split("crate::").skip(1) {
        expand("", rest, &mut found);
    }
    found
}

/// Appends the paths that `rest` begins with to `prefix`. Returns the number of bytes read.
fn expand(prefix: &str, rest: &str, found: &mut Vec<String>) -> usize {
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut at = name.len();
    let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}::{name}") };
    if let Some(below) = rest[at..].strip_prefix("::") {
        at += 2;
        return at + expand(&path, below, found);
    }
    if name.is_empty() && rest.starts_with('{') {
        at = 1;
        loop {
            at += rest[at..].len() - rest[at..].trim_start().len();
            let read = expand(prefix, &rest[at..], found);
            at += read;
            at += rest[at..].len() - rest[at..].trim_start().len();
            match rest[at..].chars().next() {
                Some(',') => at += 1,
                Some('}') => return at + 1,
                // A renamed import or a glob: the rest of this group is no module.
                _ => return at + rest[at..].find('}').map_or(0, |end| end + 1),
            }
        }
    }
    found.push(path);
    at
}

/// First circle that is reached from a module, if there is one.
fn circle(
    module: &str,
    uses: &BTreeMap<String, BTreeSet<String>>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(at) = path.iter().position(|m| m == module) {
        return Some(path[at..].to_vec());
    }
    if done.contains(module) {
        return None;
    }
    path.push(module.to_owned());
    for next in uses.get(module).into_iter().flatten() {
        if let Some(found) = circle(next, uses, path, done) {
            return Some(found);
        }
    }
    path.pop();
    done.insert(module.to_owned());
    None
}

#[test]
fn modules_import_each_other_in_one_direction() {
    let mut found = Vec::new();
    for package in packages() {
        let src = package.folder.join("src");
        let sources = package.sources();
        let modules: BTreeSet<String> = sources.iter().map(|(f, _)| module(&src, f)).collect();
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, text) in &sources {
            let own = module(&src, file);
            // The root declares and re-exports all modules.
            if own.is_empty() {
                continue;
            }
            let text: String =
                code(text).into_iter().map(|(_, line)| format!("{line}\n")).collect();
            for import in imports(&text) {
                let mut path = import.as_str();
                while !modules.contains(path) {
                    path = path.rsplit_once("::").map_or("", |(above, _)| above);
                }
                // A module may use its children, and children their ancestors.
                let related = path.is_empty()
                    || path == own
                    || path.starts_with(&format!("{own}::"))
                    || own.starts_with(&format!("{path}::"));
                if !related {
                    uses.entry(own.clone()).or_default().insert(path.to_owned());
                }
            }
        }
        let mut done = BTreeSet::new();
        for module in &modules {
            if let Some(circle) = circle(module, &uses, &mut Vec::new(), &mut done) {
                found.push(format!("{}: {}", package.name, circle.join(" -> ")));
                break;
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn groups_of_imports_are_resolved() {
    let text = "use crate::a::{b, c::{D, e}};\nuse crate::f;\nlet x = crate::g::h(1);";
    assert_eq!(imports(text), ["a::b", "a::c::D", "a::c::e", "f", "g::h"]);
}
