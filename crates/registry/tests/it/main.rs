//! The list of tasks is whole and sound.

use std::collections::BTreeSet;
use std::path::Path;

use syrinx_registry::{ALL, find, find_verb};

#[test]
fn every_folder_of_a_task_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tasks");
    let folders: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the workspace has tasks")
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let listed: BTreeSet<String> = manifest
        .expect("the registry has a manifest")
        .lines()
        .filter_map(|line| line.strip_prefix("syrinx-task-")?.split_once([' ', '.']))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(listed, folders, "add the task's line to crates/registry/Cargo.toml");
    let identifiers: BTreeSet<&str> = ALL.iter().map(|task| task.id).collect();
    assert_eq!(identifiers.len(), ALL.len(), "two tasks share an identifier");
    assert!(ALL.len() >= listed.len(), "a listed crate has no task");
}

#[test]
fn the_list_is_sorted_and_its_verbs_are_unique() {
    assert!(ALL.is_sorted_by_key(|task| task.id));
    let verbs: BTreeSet<&str> = ALL.iter().map(|task| task.verb.name).collect();
    assert_eq!(verbs.len(), ALL.len());
}

#[test]
fn tasks_are_found_by_identifier_and_by_verb() {
    for task in ALL {
        assert_eq!(find(task.id).map(|t| t.id), Some(task.id));
        assert_eq!(find_verb(task.verb.name).map(|t| t.id), Some(task.id));
    }
    assert!(find("nothing").is_none());
    assert!(find_verb("nothing").is_none());
}
