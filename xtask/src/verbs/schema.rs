//! `schema`: JSON schemas of tasks and configuration files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::project::{build_program, program_output, root, shell};

/// `schema`.
#[derive(Debug, Default, Args)]
pub struct SchemaArgs {
    /// Change nothing; fail if a file would change
    #[arg(long)]
    check: bool,
}

/// Schema files with their names in `syrinx config schema`.
const CONFIGURATIONS: [(&str, &str); 6] = [
    ("settings", "settings"),
    ("train", "train"),
    ("codec-fit", "codec-fit"),
    ("codec-train", "codec-train"),
    ("suite", "eval"),
    ("ablation", "ablation"),
];

/// Writes or checks `configs/schemas`.
pub fn run(args: &SchemaArgs) -> Result<()> {
    let program = build_program(&shell()?)?;
    let schemas = schemas(&program)?;
    let folder = root().join("configs/schemas");
    let stale = differences(&folder, &schemas)?;
    if stale.is_empty() {
        println!("{} schemas in {} are up to date", schemas.len(), folder.display());
        return Ok(());
    }
    if args.check {
        bail!("stale in {}: {}; run `cargo xtask schema`", folder.display(), stale.join(", "));
    }
    fs::create_dir_all(&folder)?;
    for name in &stale {
        let path = folder.join(name);
        match schemas.get(name) {
            Some(text) => fs::write(&path, text)?,
            None => fs::remove_file(&path)?,
        }
        println!("{}", path.display());
    }
    Ok(())
}

/// Returns all schemas by file name.
fn schemas(program: &Path) -> Result<BTreeMap<String, String>> {
    let mut schemas = BTreeMap::new();
    for (file, which) in CONFIGURATIONS {
        let text = program_output(program, &["config", "schema", which])?;
        schemas.insert(format!("{file}.json"), pretty(&text)?);
    }
    let tasks = program_output(program, &["tasks", "list", "--json"])?;
    let tasks: Vec<Value> = serde_json::from_str(&tasks).context("`syrinx tasks list --json`")?;
    for task in tasks.iter().filter_map(|t| t["id"].as_str()) {
        let shown = program_output(program, &["tasks", "show", task, "--json"])?;
        let shown: Value = serde_json::from_str(&shown).context("`syrinx tasks show --json`")?;
        for part in ["request", "answer", "settings"] {
            let name = format!("task-{task}-{part}.json");
            schemas.insert(name, pretty(&shown[part].to_string())?);
        }
    }
    Ok(schemas)
}

fn pretty(json: &str) -> Result<String> {
    let value: Value = serde_json::from_str(json).context("a schema that is no JSON")?;
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

/// Returns the files that are missing, different or superfluous.
fn differences(folder: &Path, schemas: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let mut stale: Vec<String> = schemas
        .iter()
        .filter(|(name, text)| fs::read_to_string(folder.join(name)).ok().as_ref() != Some(*text))
        .map(|(name, _)| name.clone())
        .collect();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".json") && !schemas.contains_key(&name) {
                stale.push(name);
            }
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_changed_and_surplus_files_are_stale() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("same.json", "1");
        write("other.json", "1");
        write("surplus.json", "1");
        write("README.md", "not a schema");
        let wanted = [("same.json", "1"), ("other.json", "2"), ("missing.json", "3")];
        let wanted = wanted.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let stale = differences(folder.path(), &wanted).unwrap();
        assert_eq!(stale, ["missing.json", "other.json", "surplus.json"]);
    }
}
