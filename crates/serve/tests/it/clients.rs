//! Clients that others wrote: the `openai` packages of Python and Node, where those are found. `cargo xtask serve
//! clients` installs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shared;

/// Folder in which `cargo xtask serve clients` installs the packages.
fn installed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/serve")
}

/// Whether a command succeeds; where it does not, the reason is printed and the test has nothing to check.
fn is_found(command: &mut Command) -> bool {
    match command.output() {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr);
            eprintln!("skipped: {command:?}: {}", reason.trim());
            false
        }
        Err(error) => {
            eprintln!("skipped: {command:?}: {error}");
            false
        }
    }
}

/// Runs a client's script against the server; it must succeed.
fn check(program: &Path, script: &Path, folder: &Path) {
    let output = Command::new(program)
        .arg(script)
        .args([shared().url("/v1").as_str(), "ann"])
        .current_dir(folder)
        .output()
        .expect("it was found before");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("all checks passed"), "{text}");
}

#[test]
fn the_python_package_works() {
    let own = installed().join("openai/bin/python");
    let python = if own.is_file() { own } else { "python3".into() };
    if !is_found(Command::new(&python).args(["-c", "import openai"])) {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients/openai_client.py");
    check(&python, &script, folder.path());
}

#[test]
fn the_node_package_works() {
    let modules = installed().join("node/node_modules");
    let node = Path::new("node");
    if !modules.join("openai").is_dir() || !is_found(Command::new(node).arg("--version")) {
        eprintln!("skipped: no package `openai` of Node in {}", modules.display());
        return;
    }
    // Modules are searched from the folder of the script on.
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).expect("a link");
    let script = folder.path().join("openai_client.mjs");
    std::fs::write(&script, include_str!("clients/openai_client.mjs")).expect("it is written");
    check(node, &script, folder.path());
}
