//! The rehearsal of `new-task`: creates, compiles, tests, trains and removes a task in a clone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::project::test_programs;
use crate::registry::{REGISTRY, line};

/// Folder of the rehearsal, below the workspace's target folder.
const FOLDER: &str = "target/rehearsal";

/// Makes a task in a clone, checks that it is whole and touched nothing else, and that nothing is left of it when its
/// line and its files are gone.
pub fn run(root: &Path, name: &str) -> Result<()> {
    let folder = root.join(FOLDER);
    let (tree, target) = (folder.join("tree"), folder.join("target"));
    if tree.exists() {
        fs::remove_dir_all(&tree).with_context(|| tree.display().to_string())?;
    }
    fs::create_dir_all(&folder)?;
    let shell = Shell::new().context("no shell")?;
    cmd!(shell, "git clone --quiet --shared {root} {tree}").run()?;
    shell.change_dir(&tree);
    shell.set_var("CARGO_TARGET_DIR", &target);
    // The workspace is compiled once more here, as paths differ; quickly, as little is computed with it. Dependencies
    // have settings of their own and are not touched.
    shell.set_var("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    shell.set_var("CARGO_PROFILE_DEV_DEBUG", "0");
    seed(root, &target)?;

    step("making it");
    cmd!(shell, "cargo xtask new-task {name}").run()?;
    let touched = cmd!(shell, "git status --porcelain --untracked-files=all").read()?;
    check_touched(&touched, name)?;

    step("testing it, the registry and the workspace");
    let package = format!("syrinx-task-{name}");
    test(&shell, &[&package, "syrinx-registry", "xtask"])?;

    step("looking for it");
    let program = target.join("debug/syrinx");
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
    // The model has never learnt it; that the suite gets so far shows that it is known.
    let asked = cmd!(shell, "cargo xtask eval {name}").quiet().ignore_status().output()?;
    let said = String::from_utf8_lossy(&asked.stderr);
    if !said.contains(&format!("the model has no task `{name}`")) {
        bail!("`cargo xtask eval {name}` doesn't ask the model for the task:\n{said}");
    }

    step("training it for two steps, and using it");
    train(&shell, &program, &folder, name)?;

    step("taking it away");
    take_away(&tree, name)?;
    cmd!(shell, "cargo xtask schema").run()?;
    test(&shell, &["syrinx-registry", "xtask"])?;
    let left = cmd!(shell, "git status --porcelain").read()?;
    if !left.is_empty() {
        bail!("something is left of `{name}`:\n{left}");
    }
    Ok(fs::remove_dir_all(&tree)?)
}

/// Runs the training of tasks/README.md, shortened.
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
    let generated = ["Cargo.lock", "configs/schemas/", REGISTRY];
    let strange: Vec<&str> = status
        .lines()
        .filter_map(|line| line.get(3..))
        .filter(|path| !own.iter().any(|o| path.starts_with(o.as_str())))
        .filter(|path| !generated.iter().any(|g| path.starts_with(g)))
        .collect();
    if strange.is_empty() {
        return Ok(());
    }
    bail!("the new task touched {}", strange.join(", "))
}

fn take_away(tree: &Path, name: &str) -> Result<()> {
    let registry = tree.join(REGISTRY);
    let text = fs::read_to_string(&registry)?;
    let without: Vec<&str> = text.lines().filter(|l| *l != line(name)).collect();
    fs::write(&registry, without.join("\n") + "\n")?;
    fs::remove_dir_all(tree.join("tasks").join(name))?;
    Ok(fs::remove_file(tree.join("evals").join(format!("{name}.toml")))?)
}

/// Links the built third-party crates into the clone; their files do not change. The crates of the workspace are built
/// anew, since they contain the path of their folder.
fn seed(root: &Path, target: &Path) -> Result<()> {
    let from = root.join("target/debug");
    let to = target.join("debug");
    if to.exists() || !from.exists() {
        return Ok(());
    }
    for part in ["deps", "build", ".fingerprint"] {
        fs::create_dir_all(to.join(part))?;
        for entry in fs::read_dir(from.join(part)).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let library = part != "deps" || name.starts_with("lib");
            if library && !is_ours(&name) {
                link(&entry.path(), &to.join(part).join(&name), part == ".fingerprint")?;
            }
        }
    }
    Ok(())
}

/// Whether a built file is of the workspace.
fn is_ours(file: &str) -> bool {
    let name = file.strip_prefix("lib").unwrap_or(file);
    name.starts_with("syrinx") || name.starts_with("xtask")
}

/// Links a file, or all files of a folder; copies where cargo would write into the file itself.
fn link(from: &PathBuf, to: &PathBuf, copy: bool) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            link(&entry.path(), &to.join(entry.file_name()), copy)?;
        }
        return Ok(());
    }
    let linked = !copy && fs::hard_link(from, to).is_ok();
    if !linked {
        fs::copy(from, to)?;
        let modified = fs::metadata(from)?.modified()?;
        fs::File::options().append(true).open(to)?.set_modified(modified)?;
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

    #[test]
    fn our_crates_are_told_from_others() {
        for (file, ours) in [
            ("libsyrinx_nn-1.rlib", true),
            ("syrinx-task-tts-1", true),
            ("libxtask-1.d", true),
            ("libserde-1.rlib", false),
            ("serde-1", false),
        ] {
            assert_eq!(is_ours(file), ours, "{file}");
        }
    }
}
