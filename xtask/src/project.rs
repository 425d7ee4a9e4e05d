//! Location of the workspace, and calls of its program.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

/// Name of the program.
const PROGRAM: &str = "syrinx";

/// Returns the folder of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Returns a shell in the workspace's folder.
pub fn shell() -> Result<Shell> {
    let shell = Shell::new().context("no shell")?;
    shell.change_dir(root());
    Ok(shell)
}

/// Builds the program with cargo's progress, and returns its path.
///
/// The complete workspace is selected, as for tests. For a single package, cargo would unify features differently and
/// build candle a second time.
pub fn build_program(shell: &Shell) -> Result<PathBuf> {
    build_named(shell, PROGRAM)
}

/// Runs the program with the terminal's input and output, and returns its exit status.
pub fn run_program(program: &Path, args: &[String]) -> Result<ExitStatus> {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command.status().with_context(|| format!("can't start {}", program.display()))
}

/// Runs the program and returns its exit code.
pub fn exit_as_program(program: &Path, args: &[String]) -> Result<ExitCode> {
    let code = run_program(program, args)?.code().and_then(|c| u8::try_from(c).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// Returns the names of the TOML files of a folder, each with the value of a key (empty if missing).
pub fn named_files(folder: &Path, key: &str) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            let table: toml::Table = std::fs::read_to_string(&path)?.parse()?;
            let said = table.get(key).and_then(toml::Value::as_str).unwrap_or_default();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.push((name, said.to_owned()));
        }
    }
    all.sort();
    Ok(all)
}

/// Returns the program's standard output.
pub fn program_output(program: &Path, args: &[&str]) -> Result<String> {
    let shell = shell()?;
    Ok(cmd!(shell, "{program} {args...}").quiet().read()?)
}

/// Runs a build and returns the path of the program from cargo's messages.
pub fn built(build: xshell::Cmd<'_>) -> Result<PathBuf> {
    let messages = build.arg("--message-format=json-render-diagnostics").quiet().read()?;
    executable(&messages, PROGRAM).context("cargo built no program")
}

/// Builds a program of the workspace, reusing its build artifacts, and returns its path.
pub fn build_named(shell: &Shell, name: &str) -> Result<PathBuf> {
    let build = cmd!(shell, "cargo build --workspace --bin {name}");
    let messages = build.arg("--message-format=json-render-diagnostics").quiet().read()?;
    executable(&messages, name).with_context(|| format!("cargo built no {name}"))
}

/// A built test program, and its working directory.
#[derive(Debug, PartialEq, Eq)]
pub struct TestProgram {
    pub executable: PathBuf,
    pub folder: PathBuf,
}

/// Builds the tests of the complete workspace and returns those of `packages`. For these packages alone, cargo would
/// unify features differently and build candle a second time.
pub fn test_programs(shell: &Shell, packages: &[&str]) -> Result<Vec<TestProgram>> {
    let build = cmd!(shell, "cargo test --workspace --lib --bins --tests --no-run");
    let messages = build.arg("--message-format=json-render-diagnostics").quiet().read()?;
    Ok(messages.lines().filter_map(|line| test_program(line, packages)).collect())
}

fn test_program(line: &str, packages: &[&str]) -> Option<TestProgram> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let executable =
        message["executable"].as_str().filter(|_| message["profile"]["test"] == true)?;
    let manifest = Path::new(message["manifest_path"].as_str()?);
    // The id is `path+file:///folder#name@version`, or `path+file:///folder/name#version` if the folder has the
    // package's name.
    let (place, name) = message["package_id"].as_str()?.rsplit_once('#')?;
    let name = name.split_once('@').map_or_else(|| place.rsplit('/').next(), |(n, _)| Some(n))?;
    packages.contains(&name).then(|| TestProgram {
        executable: executable.into(),
        folder: manifest.parent().map(Path::to_path_buf).unwrap_or_default(),
    })
}

/// Returns the executable of this name in the messages of `cargo build --message-format=json`.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let named = message["target"]["name"].as_str() == Some(name);
        message["executable"].as_str().filter(|_| named).map(PathBuf::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_in_what_cargo_says() {
        let said = r#"{"reason":"compiler-artifact","target":{"name":"syrinx_cli"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"xtask"},"executable":"/t/debug/xtask"}
{"reason":"compiler-artifact","target":{"name":"syrinx"},"executable":"/t/debug/syrinx"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(said, PROGRAM), Some(PathBuf::from("/t/debug/syrinx")));
        assert_eq!(executable("no message at all", PROGRAM), None);
    }

    #[test]
    fn test_programs_are_known_by_their_package() {
        let said = |package: &str, test: bool| {
            format!(
                r#"{{"package_id":"path+file:///w/{package}","manifest_path":"/w/x/Cargo.toml","profile":{{"test":{test}}},"executable":"/t/it"}}"#
            )
        };
        let wanted = ["xtask", "syrinx-registry"];
        for (package, test, found) in [
            ("xtask#0.1.0", true, true),
            ("crates/registry#syrinx-registry@0.1.0", true, true),
            ("crates/registry#syrinx-registry@0.1.0", false, false),
            ("crates/cli#syrinx-cli@0.1.0", true, false),
        ] {
            let program = test_program(&said(package, test), &wanted);
            let there = TestProgram { executable: "/t/it".into(), folder: "/w/x".into() };
            assert_eq!(program, found.then_some(there), "{package}");
        }
    }
}
