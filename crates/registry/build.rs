//! Lists the tasks: every dependency of this crate that is named `syrinx-task-*`.

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
    let mut tasks: Vec<&str> = dependencies
        .into_iter()
        .flat_map(toml::Table::keys)
        .filter_map(|name| name.strip_prefix(PREFIX))
        .collect();
    tasks.sort_unstable();
    let mut list = String::from(
        "/// Every task, sorted by identifier.\npub static ALL: &[&syrinx_task::TaskDescriptor] = &[\n",
    );
    for task in tasks {
        let module = format!("{PREFIX}{task}").replace('-', "_");
        writeln!(list, "    &{module}::TASK,")?;
    }
    list.push_str("];\n");
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("tasks.rs"), list)?;
    Ok(())
}
