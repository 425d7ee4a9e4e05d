//! The files of the workspace.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// One package.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) manifest: toml::Table,
}

impl Package {
    /// Returns normal and build dependencies.
    pub(crate) fn dependencies(&self) -> BTreeSet<String> {
        self.tables(&["dependencies", "build-dependencies"])
    }

    /// Returns dependencies of the tests.
    pub(crate) fn dev_dependencies(&self) -> BTreeSet<String> {
        self.tables(&["dev-dependencies"])
    }

    fn tables(&self, names: &[&str]) -> BTreeSet<String> {
        let table = |name: &&str| self.manifest.get(*name).and_then(toml::Value::as_table);
        names.iter().filter_map(table).flat_map(|t| t.keys().cloned()).collect()
    }

    /// Whether it is a task.
    pub(crate) fn is_task(&self) -> bool {
        self.folder.parent().is_some_and(|p| p.ends_with("tasks"))
    }

    /// Sources with their text: `src`, not tests and examples.
    pub(crate) fn sources(&self) -> Vec<(PathBuf, String)> {
        rust_files(&self.folder.join("src"))
    }
}

/// Every package, by name.
pub(crate) fn packages() -> Vec<Package> {
    let mut packages = Vec::new();
    for group in ["crates", "tasks"] {
        for entry in fs::read_dir(root().join(group)).unwrap().flatten() {
            packages.extend(package(entry.path()));
        }
    }
    packages.extend(package(root().join("xtask")));
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(packages.len() > 15, "only {} packages were found", packages.len());
    packages
}

fn package(folder: PathBuf) -> Option<Package> {
    let text = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let manifest: toml::Table = text.parse().unwrap();
    // A workspace of its own, such as that of the Python package, is none of this one's.
    if manifest.contains_key("workspace") {
        return None;
    }
    let name = manifest["package"]["name"].as_str().unwrap().to_owned();
    Some(Package { name, folder, manifest })
}

/// Every Rust file below a folder.
pub(crate) fn rust_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            files.push((path, text));
        }
    }
    files.sort();
    files
}

/// Lines of code with their numbers: without comments, and without what follows the first `#[cfg(test)]`.
pub(crate) fn code(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
    lines
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .collect()
}
