//! Lists the tasks: every dependency of this crate that is named `syrinx-task-*`, or its features where it has some.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Prefix of the names of task crates.
const PREFIX: &str = "syrinx-task-";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=Cargo.toml");
    let folder = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let manifest: toml::Table = std::fs::read_to_string(folder.join("Cargo.toml"))?.parse()?;
    let dependencies = manifest.get("dependencies").and_then(|d| d.as_table());
    let dependencies = dependencies.into_iter().flatten();
    let mut tasks: Vec<(String, String)> =
        dependencies.flat_map(|(name, value)| listed(name, value)).collect();
    tasks.sort_unstable();
    let mut list = String::from(
        "/// Every task, sorted by identifier.\npub static ALL: &[&syrinx_task::TaskDescriptor] = &[\n",
    );
    for (_, entry) in tasks {
        writeln!(list, "    &{entry},")?;
    }
    list.push_str("];\n");
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("tasks.rs"), list)?;
    Ok(())
}

/// Identifiers and entries of the tasks of a dependency: `TASK` of the crate, or of one module for each feature.
fn listed(name: &str, value: &toml::Value) -> Vec<(String, String)> {
    let Some(task) = name.strip_prefix(PREFIX) else { return Vec::new() };
    let package = name.replace('-', "_");
    match value.get("features").and_then(toml::Value::as_array) {
        None => vec![(task.to_owned(), format!("{package}::TASK"))],
        Some(features) => {
            let modules = features.iter().filter_map(toml::Value::as_str);
            let entry = |id: &str| format!("{package}::{}::TASK", id.replace('-', "_"));
            modules.map(|id| (id.to_owned(), entry(id))).collect()
        }
    }
}
