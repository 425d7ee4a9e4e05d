//! Shape of files.

use std::collections::BTreeSet;
use std::fs;

use crate::workspace::{packages, root};

/// Longest file, lines; some 300 is usual. Tests below the code don't count.
const MOST_LINES: usize = 480;

/// Refused module names: they would hold anything.
const VAGUE: [&str; 6] = ["utils", "util", "common", "helpers", "manager", "misc"];

/// Files and folders at the top.
const TOP: [&str; 14] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "crates",
    "configs",
    "evals",
    "tasks",
    "tests",
    "xtask",
];

#[test]
fn files_stay_short() {
    for package in packages() {
        for (path, text) in package.sources() {
            let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            let lines = text.lines().take_while(|l| l.trim() != "#[cfg(test)]").count();
            assert!(lines <= MOST_LINES, "{name} has {lines} lines: split it by what it does");
        }
    }
}

#[test]
fn modules_are_named_for_what_they_hold() {
    for package in packages() {
        for (path, _) in package.sources() {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(!VAGUE.contains(&stem.as_str()), "{}", path.display());
        }
    }
}

#[test]
fn every_crate_says_what_it_is_for() {
    for package in packages() {
        let main = ["lib.rs", "main.rs"].map(|f| package.folder.join("src").join(f));
        let text = main.iter().find_map(|f| fs::read_to_string(f).ok()).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} opens without a word on what it is for",
            package.name
        );
        let about = package.manifest["package"].get("description");
        assert!(about.is_some(), "{} has no description", package.name);
    }
}

#[test]
fn one_test_binary_a_crate() {
    for package in packages() {
        let tests = package.folder.join("tests");
        for entry in fs::read_dir(tests).into_iter().flatten().flatten() {
            let stray = entry.path().extension().is_some_and(|e| e == "rs");
            assert!(
                !stray,
                "{} links a binary of its own; move it to tests/it",
                entry.path().display()
            );
        }
    }
}

#[test]
fn no_test_is_switched_off() {
    // Split, so that this file doesn't find itself.
    let off = ["#[igno", "re"].concat();
    for package in packages() {
        let tests = crate::workspace::rust_files(&package.folder.join("tests"));
        for (path, text) in tests.into_iter().chain(package.sources()) {
            assert!(!text.contains(&off), "{}", path.display());
        }
    }
}

#[test]
fn the_top_is_there() {
    let names: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    for name in TOP {
        assert!(names.contains(name), "{name} is missing");
    }
}
