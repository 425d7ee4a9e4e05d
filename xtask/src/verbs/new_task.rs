//! `new-task`: creates a working task under `tasks/` and registers it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use xshell::cmd;

use crate::project::{root, shell};
use crate::registry::{REGISTRY, line};
use crate::verbs::{rehearsal, schema};

/// `new-task`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask new-task dereverb\n  cargo xtask new-task dereverb --rehearse\n\ntasks/README.md says how to go on."
)]
pub struct NewTaskArgs {
    /// Identifier of the task, crate and command: small letters, digits and `-`
    name: String,
    /// Create, test, train and remove the task; requires a working tree without changes
    #[arg(long)]
    rehearse: bool,
}

/// Names of the template's task, dereverberation.
const TEMPLATE: [&str; 3] = ["de-reverb", "de_reverb", "DeReverb"];

/// Template files with their targets. `NAME` is the task's name.
const FILES: [(&str, &str); 9] = [
    ("manifest.toml", "tasks/NAME/Cargo.toml"),
    ("src/lib.rs", "tasks/NAME/src/lib.rs"),
    ("src/config.rs", "tasks/NAME/src/config.rs"),
    ("src/layout.rs", "tasks/NAME/src/layout.rs"),
    ("src/request.rs", "tasks/NAME/src/request.rs"),
    ("src/example.rs", "tasks/NAME/src/example.rs"),
    ("src/reverb.rs", "tasks/NAME/src/reverb.rs"),
    ("src/speak.rs", "tasks/NAME/src/speak.rs"),
    ("tests/it/main.rs", "tasks/NAME/tests/it/main.rs"),
];

/// Template and path of the suite, which is stored with all suites.
const SUITE: (&str, &str) = ("suite.toml", "evals/NAME.toml");

/// Creates the crate and its suite, adds its line to the registry, and writes its schemas.
pub fn run(args: &NewTaskArgs) -> Result<()> {
    let root = root();
    let name = args.name.as_str();
    if args.rehearse {
        return rehearsal::run(&root, name);
    }
    make(&root, name)?;
    let shell = shell()?;
    let package = format!("syrinx-task-{name}");
    // Names of other lengths change the line breaks.
    cmd!(shell, "cargo fmt --package {package}").run()?;
    schema::run(&schema::SchemaArgs::default())?;
    println!(
        "tasks/{name} is there. Next: cargo xtask test -p {package}; then see tasks/README.md"
    );
    Ok(())
}

/// Writes all files of a task. Nothing is written if the name can't be used.
fn make(root: &Path, name: &str) -> Result<()> {
    check(root, name)?;
    let template = root.join("xtask/template");
    for (from, to) in FILES.iter().chain([&SUITE]) {
        let path = template.join(from);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let to = root.join(to.replace("NAME", name));
        fs::create_dir_all(to.parent().unwrap_or(root))?;
        fs::write(&to, renamed(&text, name)).with_context(|| to.display().to_string())?;
    }
    let registry = root.join(REGISTRY);
    let text = fs::read_to_string(&registry).with_context(|| registry.display().to_string())?;
    Ok(fs::write(&registry, listed(&text, name)?)?)
}

/// Checks that a task can have this name.
fn check(root: &Path, name: &str) -> Result<()> {
    let part =
        |p: &str| !p.is_empty() && p.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let letter = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !letter || !name.split('-').all(part) || name.len() > 40 {
        bail!(
            "`{name}` can't be the name of a task: use small letters and digits, words joined by `-`, \
             at most 40 characters, for instance whisper-quietly"
        );
    }
    if root.join("tasks").join(name).exists() {
        bail!(
            "there is a task `{name}` already: choose another name, or delete tasks/{name} and its line in {REGISTRY}"
        );
    }
    if root.join("evals").join(format!("{name}.toml")).exists() {
        bail!("evals/{name}.toml is there already: choose another name");
    }
    if let Some(owner) = owner_of_verb(root, name)? {
        bail!("`syrinx {name}` is a command already ({owner}): choose another name");
    }
    Ok(())
}

/// Returns the source file that defines a command of this name, of a task or of the program.
fn owner_of_verb(root: &Path, name: &str) -> Result<Option<String>> {
    for entry in fs::read_dir(root.join("tasks"))? {
        // A crate of several tasks has a module for each.
        for source in fs::read_dir(entry?.path().join("src")).into_iter().flatten() {
            let path = source?.path();
            let text = fs::read_to_string(&path).unwrap_or_default();
            if text.contains(&format!("name: \"{name}\"")) {
                return Ok(Some(path.strip_prefix(root).unwrap_or(&path).display().to_string()));
            }
        }
    }
    let own = "crates/cli/src/args.rs";
    let text = fs::read_to_string(root.join(own)).with_context(|| own.to_owned())?;
    let mut variant = camel(name);
    variant.insert_str(0, "    ");
    let found = text.lines().any(|line| {
        line.strip_prefix(&variant).is_some_and(|rest| rest.starts_with(['(', ',', ' ']))
    });
    Ok((found || name == "help").then(|| own.to_owned()))
}

/// Converts a name such as `whisper-quietly` to that of a type: `WhisperQuietly`.
fn camel(name: &str) -> String {
    let upper = |part: &str| {
        let mut part = part.to_owned();
        if let Some(first) = part.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        part
    };
    name.split('-').map(upper).collect()
}

/// Replaces the template's name by the task's name, in all its forms.
pub fn renamed(text: &str, name: &str) -> String {
    let names = [name.to_owned(), name.replace('-', "_"), camel(name)];
    TEMPLATE.iter().zip(&names).fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Inserts the task's line into the registry's manifest, in alphabetical order.
fn listed(manifest: &str, name: &str) -> Result<String> {
    let mut lines: Vec<String> = manifest.lines().map(str::to_owned).collect();
    let is_task = |l: &String| l.starts_with("syrinx-task-");
    let new = line(name);
    let first = lines.iter().position(is_task);
    let first = first.with_context(|| format!("{REGISTRY} lists no task"))?;
    let before = lines[first..].iter().take_while(|l| is_task(l) && **l < new).count();
    lines.insert(first + before, new);
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a workspace with one task, one verb and the templates.
    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("tasks/hum/src/lib.rs", "name: \"hum-along\",");
        write("tasks/hum/src/chant.rs", "name: \"chant\",");
        write("crates/cli/src/args.rs", "    Train(train::TrainArgs),\n    Info,\n");
        write(REGISTRY, &format!("[dependencies]\nserde = 1\n{}\n\n[build]\n", line("hum")));
        for (file, _) in FILES.iter().chain([&SUITE]) {
            let text = fs::read_to_string(root().join("xtask/template").join(file)).unwrap();
            write(&format!("xtask/template/{file}"), &text);
        }
        write("evals/sing.toml", "");
        folder
    }

    #[test]
    fn a_task_is_its_folder_its_suite_and_one_line() {
        let folder = project();
        make(folder.path(), "whisper-quietly").unwrap();
        let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
        for (_, to) in FILES.iter().chain([&SUITE]) {
            let text = read(&to.replace("NAME", "whisper-quietly"));
            for old in TEMPLATE {
                assert!(!text.contains(old), "{to} speaks of {old}");
            }
        }
        assert!(read("tasks/whisper-quietly/src/lib.rs").contains("impl Task for WhisperQuietly"));
        assert!(read("evals/whisper-quietly.toml").contains("task = \"whisper-quietly\""));
        let lines = format!("serde = 1\n{}\n{}\n\n[build]\n", line("hum"), line("whisper-quietly"));
        assert_eq!(read(REGISTRY), format!("[dependencies]\n{lines}"));
        make(folder.path(), "a-first").unwrap();
        let first = read(REGISTRY).find("task-a-first").unwrap();
        assert!(first < read(REGISTRY).find("task-hum").unwrap());
    }

    #[test]
    fn names_that_cannot_be_are_refused_and_nothing_is_written() {
        let folder = project();
        let refuse = |name: &str, said: &str| {
            let error = make(folder.path(), name).unwrap_err().to_string();
            assert!(error.contains(said), "{name}: {error}");
            if name != "hum" {
                assert!(!folder.path().join("tasks").join(name).join("Cargo.toml").exists());
            }
        };
        for name in ["", "Whisper", "whisper_quietly", "-whisper", "whisper--so", "9lives", "a/b"] {
            refuse(name, "small letters");
        }
        refuse("hum", "a task `hum` already");
        refuse("sing", "evals/sing.toml");
        refuse("hum-along", "a command already (tasks/hum/src/lib.rs)");
        refuse("chant", "a command already (tasks/hum/src/chant.rs)");
        refuse("train", "a command already (crates/cli/src/args.rs)");
        refuse("info", "a command already");
        refuse("help", "a command already");
    }
}
