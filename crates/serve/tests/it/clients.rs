//! Clients that others wrote: the `openai` packages of Python and Node, where those are found.

use std::path::Path;
use std::process::{Command, Output};

use crate::audio::recording;
use crate::shared;

const PYTHON: &str = include_str!("clients/openai_client.py");
const NODE: &str = include_str!("clients/openai_client.mjs");

/// Runs a program; `None` where it is missing or fails, with the reason printed.
fn found(program: &str, words: &[&str], folder: &Path) -> Option<Output> {
    match Command::new(program).args(words).current_dir(folder).output() {
        Ok(output) if output.status.success() => Some(output),
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr);
            eprintln!("skipped: `{program} {}`: {}", words.join(" "), reason.trim());
            None
        }
        Err(error) => {
            eprintln!("skipped: `{program}` can't be started: {error}");
            None
        }
    }
}

/// Runs a client's script against the server; it must succeed.
fn check(program: &str, script: &str, folder: &Path) {
    std::fs::write(folder.join("talk.wav"), recording(1.5)).expect("it is written");
    let output = Command::new(program)
        .arg(script)
        .arg(shared().url("/v1"))
        .current_dir(folder)
        .output()
        .expect("it was found before");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.trim_end().ends_with("all checks passed"), "{text}");
}

#[test]
fn the_python_package_works() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    if found("python3", &["-m", "venv", "env"], path).is_none() {
        return;
    }
    let python = path.join("env/bin/python");
    let python = python.to_str().expect("a plain path");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "openai"];
    if found(python, &install, path).is_none() {
        return;
    }
    std::fs::write(path.join("client.py"), PYTHON).expect("it is written");
    check(python, "client.py", path);
}

#[test]
fn the_node_package_works() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    if found("node", &["--version"], path).is_none() {
        return;
    }
    let install = ["install", "--silent", "--no-audit", "--no-fund", "openai"];
    if found("npm", &install, path).is_none() {
        return;
    }
    std::fs::write(path.join("client.mjs"), NODE).expect("it is written");
    check("node", "client.mjs", path);
}
