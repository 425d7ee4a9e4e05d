//! Rehearsal of `new-task`: creates, compiles, tests, trains and removes a task.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::project::{build_program, shell, test_programs};
use crate::registry::{REGISTRY, line};

/// Folder of the rehearsal's training.
const FOLDER: &str = "target/rehearsal";

/// Files that change with a new task, in addition to its own.
const GENERATED: [&str; 3] = ["Cargo.lock", "configs/schemas/", REGISTRY];

/// Creates a task, checks that it works and that no other files changed, and checks that nothing remains of the task
/// after its removal.
///
/// The task is created in this working tree, since a copy of the tree has other paths and would compile every crate
/// again. The tree must have no uncommitted changes, and has none afterwards, even after a failure.
pub fn run(root: &Path, name: &str) -> Result<()> {
    let shell = shell()?;
    let changes = cmd!(shell, "git status --porcelain --untracked-files=all").quiet().read()?;
    ensure!(
        changes.is_empty(),
        "the rehearsal makes tasks/{name} in this folder and takes it away again: commit or stash these changes first\n\
         {changes}"
    );
    let rehearsed = rehearse(&shell, root, name);
    if rehearsed.is_err() {
        restore(&shell, root, name)?;
    }
    rehearsed
}

fn rehearse(shell: &Shell, root: &Path, name: &str) -> Result<()> {
    step("making it");
    cmd!(shell, "cargo xtask new-task {name}").run()?;
    let touched = cmd!(shell, "git status --porcelain --untracked-files=all").read()?;
    check_touched(&touched, name)?;

    step("testing it, the registry and the workspace");
    let package = format!("syrinx-task-{name}");
    test(shell, &[&package, "syrinx-registry", "xtask"])?;

    step("looking for it");
    let program = build_program(shell)?;
    look(shell, &program, name)?;

    step("training it for two steps, and using it");
    train(shell, &program, &root.join(FOLDER), name)?;

    step("taking it away");
    take_away(root, name)?;
    cmd!(shell, "cargo xtask schema").run()?;
    test(shell, &["syrinx-registry", "xtask"])?;
    let left = cmd!(shell, "git status --porcelain").read()?;
    ensure!(left.is_empty(), "something is left of `{name}`:\n{left}");
    Ok(())
}

/// Checks that the program's commands list the task.
fn look(shell: &Shell, program: &Path, name: &str) -> Result<()> {
    let lists: [(&[&str], String); 4] = [
        (&["tasks"], format!("syrinx {name}")),
        (&["tasks", "show", name], "stage ar".to_owned()),
        (&[name, "--help"], "Usage: syrinx ".to_owned() + name),
        (&["config", "schema", "settings"], format!("\"{name}\"")),
    ];
    for (args, said) in lists {
        let out = cmd!(shell, "{program} {args...}").quiet().read()?;
        if !out.contains(&said) {
            bail!("`syrinx {}` doesn't say `{said}`:\n{out}", args.join(" "));
        }
    }
    // The model is not trained on the task, so this error shows that the task and its suite are found.
    let asked = cmd!(shell, "cargo xtask eval {name}").quiet().ignore_status().output()?;
    let said = String::from_utf8_lossy(&asked.stderr);
    if !said.contains(&format!("the model has no task `{name}`")) {
        bail!("`cargo xtask eval {name}` doesn't ask the model for the task:\n{said}");
    }
    Ok(())
}

/// Runs the training of tasks/README.md with fewer steps.
fn train(shell: &Shell, program: &Path, folder: &Path, name: &str) -> Result<()> {
    let work = folder.join("work");
    if work.exists() {
        fs::remove_dir_all(&work).with_context(|| work.display().to_string())?;
    }
    let (shards, run, out) = (work.join("shards"), work.join("run"), work.join("dry.wav"));
    let manifest = "evals/data/test/manifest.jsonl";
    cmd!(shell, "{program} data encode {manifest} -o {shards}").run()?;
    cmd!(shell, "{program} data simulate {manifest} -o {shards}").run()?;
    let learn = ["--tasks", name, "--lora", "4", "--train-split", "test"];
    let short = ["--set", "steps=2", "--set", "positions=400"];
    cmd!(shell, "{program} train {learn...} {short...} --data {shards} --run {run}").run()?;
    let recording = "evals/data/test/audio/joe_080_0384.ogg";
    let adapter = run.join("adapter.safetensors");
    cmd!(shell, "{program} {name} {recording} --adapter {adapter} -o {out}").run()?;
    Ok(fs::remove_dir_all(&work)?)
}

/// Runs the tests of some packages.
fn test(shell: &Shell, packages: &[&str]) -> Result<()> {
    let programs = test_programs(shell, packages)?;
    ensure!(programs.len() >= packages.len(), "of {packages:?} there are only {programs:?}");
    for program in programs {
        let _there = shell.push_dir(&program.folder);
        let executable = program.executable;
        cmd!(shell, "{executable} --quiet").run()?;
    }
    Ok(())
}

fn step(what: &str) {
    eprintln!("-- {what}");
}

/// Checks that only the task's own files, its line in the registry and generated files changed.
fn check_touched(status: &str, name: &str) -> Result<()> {
    let own = [format!("tasks/{name}/"), format!("evals/{name}.toml")];
    let strange: Vec<&str> = status
        .lines()
        .filter_map(|line| line.get(3..))
        .filter(|path| !own.iter().any(|o| path.starts_with(o.as_str())))
        .filter(|path| !GENERATED.iter().any(|g| path.starts_with(g)))
        .collect();
    if strange.is_empty() {
        return Ok(());
    }
    bail!("the new task touched {}", strange.join(", "))
}

/// Removes the task as a user would: its line in the registry, its folder, its suite.
fn take_away(root: &Path, name: &str) -> Result<()> {
    let registry = root.join(REGISTRY);
    let text = fs::read_to_string(&registry)?;
    let without: Vec<&str> = text.lines().filter(|l| *l != line(name)).collect();
    fs::write(&registry, without.join("\n") + "\n")?;
    fs::remove_dir_all(root.join("tasks").join(name))?;
    Ok(fs::remove_file(root.join("evals").join(format!("{name}.toml")))?)
}

/// Restores the working tree to the last commit after a failure.
fn restore(shell: &Shell, root: &Path, name: &str) -> Result<()> {
    cmd!(shell, "git checkout --quiet -- {GENERATED...}").run()?;
    let suite = format!("evals/{name}.toml");
    cmd!(shell, "git clean -fdq -- configs/schemas {suite}").run()?;
    let folder = root.join("tasks").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_and_generated_files_may_be_touched() {
        let own = " M Cargo.lock\n M crates/registry/Cargo.toml\n?? configs/schemas/task-a-answer.json\n?? tasks/a/Cargo.toml\n?? evals/a.toml\n";
        check_touched(own, "a").unwrap();
        for strange in [" M README.md", "?? tasks/ab/Cargo.toml", " M crates/cli/src/args.rs"] {
            let error = check_touched(&format!("{own}{strange}"), "a").unwrap_err().to_string();
            assert!(error.contains(&strange[3..]), "{error}");
        }
    }
}
