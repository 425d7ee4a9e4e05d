//! `sbom`: lists the packages that the program links, as CycloneDX.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};
use xshell::cmd;

use crate::project::shell;

/// `sbom`.
#[derive(Debug, Args)]
pub struct SbomArgs {
    /// The file to write
    #[arg(short, long, default_value = "syrinx.cdx.json")]
    out: PathBuf,
}

/// Writes the list of packages with versions, licences, checksums and their dependencies.
pub fn run(args: &SbomArgs) -> Result<()> {
    let shell = shell()?;
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --locked").quiet().read()?;
    let metadata: Value = serde_json::from_str(&metadata).context("`cargo metadata`")?;
    let lock: toml::Table = shell.read_file("Cargo.lock")?.parse()?;
    let bill = bill(&metadata, &lock).context("`cargo metadata` has no packages")?;
    fs::write(&args.out, serde_json::to_string_pretty(&bill)? + "\n")?;
    println!(
        "{} ({} packages)",
        args.out.display(),
        bill["components"].as_array().map_or(0, Vec::len)
    );
    Ok(())
}

/// Returns the bill of materials of everything that `syrinx-cli` links.
fn bill(metadata: &Value, lock: &toml::Table) -> Option<Value> {
    let packages = metadata["packages"].as_array()?;
    let nodes = metadata["resolve"]["nodes"].as_array()?;
    let root = packages.iter().find(|p| p["name"] == "syrinx-cli")?;
    let linked = linked(nodes, root["id"].as_str()?);
    let components: Vec<Value> = packages
        .iter()
        .filter(|p| p["id"].as_str().is_some_and(|id| linked.contains(id)))
        .map(|p| component(p, lock))
        .collect();
    let dependencies: Vec<Value> = nodes
        .iter()
        .filter(|n| n["id"].as_str().is_some_and(|id| linked.contains(id)))
        .map(|n| json!({"ref": n["id"], "dependsOn": normal(n)}))
        .collect();
    Some(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(root, lock)},
        "components": components,
        "dependencies": dependencies,
    }))
}

/// Returns the ids of the packages that a package links, including its own.
fn linked(nodes: &[Value], root: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![root.to_owned()];
    while let Some(id) = open.pop() {
        if found.insert(id.clone()) {
            let node = nodes.iter().find(|n| n["id"] == id.as_str());
            open.extend(node.into_iter().flat_map(normal));
        }
    }
    found
}

/// Returns the ids of the normal and build dependencies of a node.
fn normal(node: &Value) -> Vec<String> {
    let is_test = |dep: &&Value| {
        let kinds = dep["dep_kinds"].as_array();
        kinds.is_some_and(|kinds| kinds.iter().all(|kind| kind["kind"] == "dev"))
    };
    let deps = node["deps"].as_array().into_iter().flatten();
    deps.filter(|dep| !is_test(dep))
        .filter_map(|dep| Some(dep["pkg"].as_str()?.to_owned()))
        .collect()
}

fn component(package: &Value, lock: &toml::Table) -> Value {
    let (name, version) = (package["name"].as_str(), package["version"].as_str());
    let (name, version) = (name.unwrap_or_default(), version.unwrap_or_default());
    let mut component = json!({
        "type": "library",
        "bom-ref": package["id"],
        "name": name,
        "version": version,
        "purl": format!("pkg:cargo/{name}@{version}"),
        "licenses": [{"expression": package["license"].as_str().unwrap_or("NOASSERTION")}],
    });
    if let Some(checksum) = checksum(lock, name, version) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component
}

fn checksum<'l>(lock: &'l toml::Table, name: &str, version: &str) -> Option<&'l str> {
    let packages = lock.get("package")?.as_array()?;
    let is_this = |p: &&toml::Value| {
        p.get("name").and_then(toml::Value::as_str) == Some(name)
            && p.get("version").and_then(toml::Value::as_str) == Some(version)
    };
    packages.iter().find(is_this)?.get("checksum")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_is_listed_and_tests_are_not() {
        let dep = |pkg: &str, kind: &str| json!({"pkg": pkg, "dep_kinds": [{"kind": kind}]});
        let package =
            |name: &str| json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT"});
        let metadata = json!({
            "packages": [package("syrinx-cli"), package("a"), package("b"), package("t")],
            "resolve": {"nodes": [
                {"id": "syrinx-cli", "deps": [dep("a", "normal"), dep("t", "dev")]},
                {"id": "a", "deps": [dep("b", "build")]},
                {"id": "b", "deps": []},
                {"id": "t", "deps": []},
            ]},
        });
        let lock =
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"ff\"\n".parse().unwrap();
        let bill = bill(&metadata, &lock).unwrap();
        let names: Vec<&str> = bill["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["syrinx-cli", "a", "b"]);
        assert_eq!(bill["components"][1]["hashes"][0]["content"], "ff");
        assert_eq!(bill["dependencies"][0]["dependsOn"], json!(["a"]));
    }
}
