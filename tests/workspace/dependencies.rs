//! Allowed dependencies.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Package, packages, root};

/// Workspace crates that each crate may link, without `syrinx-`. A crate without an entry is at the top and may link
/// everything but programs. Growing a line is a decision: say why in the commit.
const ALLOWED: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("atomic", &[]),
    ("audio", &["types", "atomic"]),
    ("text", &["types"]),
    ("metrics", &["types", "audio"]),
    ("scene", &["types", "audio"]),
    ("data", &["types", "atomic"]),
    ("nn", &["types"]),
    ("codec", &["types", "atomic", "audio", "metrics", "scene", "nn"]),
    ("task", &["types", "text"]),
    ("speech", &["types", "audio", "text", "task"]),
    ("model", &["types", "nn", "task"]),
    ("decode", &["types", "nn", "task", "model"]),
    (
        "train",
        &[
            "types", "atomic", "audio", "text", "metrics", "codec", "nn", "task", "model", "data",
            "registry",
        ],
    ),
    ("embedded", &[]),
    ("config", &["nn", "pretrained", "task", "decode", "engine", "registry"]),
    (
        "engine",
        &[
            "types",
            "atomic",
            "audio",
            "text",
            "codec",
            "pretrained",
            "nn",
            "task",
            "model",
            "decode",
            "registry",
        ],
    ),
    ("eval", &["types", "atomic", "audio", "text", "metrics", "data", "task", "pretrained"]),
    (
        "pretrained",
        &["types", "atomic", "audio", "text", "metrics", "nn", "codec", "task", "model", "decode"],
    ),
    ("results", &["eval"]),
    ("ablate", &["types", "atomic", "data", "eval", "results"]),
    ("dash", &["types", "atomic", "audio", "metrics", "task", "eval", "results"]),
    ("serve", &["types", "audio", "text", "task", "decode", "engine", "registry"]),
    ("registry", &["task"]),
    ("testkit", &["types", "text", "codec", "nn", "task", "model", "decode", "data", "registry"]),
];

/// Workspace crates that a task may link.
const FOR_TASKS: &[&str] = &["types", "text", "task", "audio", "scene", "speech"];

/// Crates that may link candle: those that compute.
const CANDLE: [&str; 12] = [
    // Names the device that a voice is trained on.
    "syrinx-recipes",
    "syrinx-nn",
    "syrinx-codec",
    "syrinx-model",
    "syrinx-decode",
    "syrinx-train",
    "syrinx-engine",
    "syrinx-testkit",
    "syrinx-pretrained",
    "syrinx-cli",
    "syrinx-features",
    "syrinx-fuzz",
];

/// Third-party dependencies that only optional features of the program link.
const OPTIONAL: [&str; 9] = [
    "candle-flash-attn",
    "cudarc",
    "mp3lame-encoder",
    "mpi",
    "object_store",
    "ogg",
    "opus",
    "rodio",
    "url",
];

fn ours(names: BTreeSet<String>) -> BTreeSet<String> {
    names.into_iter().filter_map(|n| n.strip_prefix("syrinx-").map(str::to_owned)).collect()
}

fn is_task(name: &str) -> bool {
    name.starts_with("task-")
}

#[test]
fn every_crate_links_only_what_is_below_it() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    for package in packages() {
        let Some(short) = package.name.strip_prefix("syrinx-") else { continue };
        let allowed = if package.is_task() { Some(FOR_TASKS) } else { allowed.get(short).copied() };
        let Some(allowed) = allowed else { continue };
        for dependency in ours(package.dependencies()) {
            let fits = allowed.contains(&dependency.as_str())
                || (short == "registry" && is_task(&dependency));
            assert!(fits, "{} must not depend on syrinx-{dependency}", package.name);
        }
    }
}

#[test]
fn only_the_registry_names_tasks() {
    let packages = packages();
    let tasks: Vec<&Package> = packages.iter().filter(|p| p.is_task()).collect();
    assert!(tasks.len() >= 3);
    for package in packages.iter().filter(|p| p.name != "syrinx-registry") {
        let all = package.dependencies().into_iter().chain(package.dev_dependencies());
        for dependency in all {
            let named = tasks.iter().any(|t| t.name == dependency) && package.name != dependency;
            assert!(!named, "{} names the task {dependency}", package.name);
        }
    }
    let registry = packages.iter().find(|p| p.name == "syrinx-registry").unwrap();
    let listed = registry.dependencies();
    for task in tasks {
        // A task that is not listed would compile and never run.
        assert!(listed.contains(&task.name), "the registry doesn't list {}", task.name);
    }
}

#[test]
fn tasks_do_not_know_each_other_nor_the_network() {
    for package in packages().iter().filter(|p| p.is_task()) {
        for dependency in package.dependencies() {
            let other = is_task(dependency.trim_start_matches("syrinx-"));
            assert!(!other, "{} depends on {dependency}", package.name);
            assert!(!dependency.starts_with("candle"), "{} computes", package.name);
        }
    }
}

#[test]
fn candle_is_linked_where_something_is_computed_and_never_by_xtask() {
    for package in packages() {
        let links = package.dependencies().iter().any(|d| d.starts_with("candle"));
        let may = CANDLE.contains(&package.name.as_str());
        assert!(!links || may, "{} links candle", package.name);
    }
    let xtask = packages().into_iter().find(|p| p.name == "xtask").unwrap();
    let product = ours(xtask.dependencies());
    assert!(product.is_empty(), "xtask drives programs and links none of {product:?}");
}

/// Without an entry, `cargo xtask test -p NAME` would build the dependency anew with fewer features.
#[test]
fn the_features_package_lists_every_third_party_dependency() {
    let manifest: toml::Table =
        std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let all = manifest["workspace"]["dependencies"].as_table().unwrap().keys();
    let expected: BTreeSet<String> = all
        .filter(|n| !n.starts_with("syrinx-") && !OPTIONAL.contains(&n.as_str()))
        .cloned()
        .collect();
    let features = packages().into_iter().find(|p| p.name == "syrinx-features").unwrap();
    assert_eq!(features.dependencies(), expected, "crates/features/Cargo.toml");
}

#[test]
fn versions_stand_in_one_place() {
    for package in packages() {
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = package.manifest.get(table).and_then(toml::Value::as_table);
            for (name, value) in table.into_iter().flatten() {
                let shared = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                // Paths have no version. They keep the registry at one line a task, and test kits out of cycles.
                let path = value.get("path").is_some();
                assert!(shared || path, "{}: `{name}` has a version of its own", package.name);
            }
        }
        let lints = package.manifest.get("lints").and_then(|l| l.get("workspace"));
        assert!(lints.is_some(), "{} has lints of its own", package.name);
    }
}
