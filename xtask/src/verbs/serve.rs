//! `serve`: tests of the server with third-party clients.

mod program;

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use xshell::cmd;

use crate::project::{build_program, root, shell};
pub(crate) use program::Program;

/// `serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask serve clients\n  cargo xtask serve fuzz\n  cargo xtask serve page --out target/page"
)]
pub struct ServeArgs {
    #[command(subcommand)]
    what: ServeCommand,
}

#[derive(Debug, Subcommand)]
enum ServeCommand {
    /// The `openai` packages of Python and Node: speech, transcription, events
    Clients,
    /// Requests generated from /openapi.json by schemathesis; no answer may be a 5xx
    Fuzz(FuzzArgs),
    /// The page in headless Chromium, with screenshots
    Page(PageArgs),
}

#[derive(Debug, Args)]
struct FuzzArgs {
    /// Number of requests for each route
    #[arg(long, default_value_t = 30, value_name = "N")]
    examples: usize,
}

#[derive(Debug, Args)]
struct PageArgs {
    /// Folder of the screenshots
    #[arg(long, default_value = "target/page", value_name = "DIR")]
    out: String,
}

/// Runs a check.
pub fn run(args: &ServeArgs) -> Result<()> {
    match &args.what {
        ServeCommand::Clients => clients(),
        ServeCommand::Fuzz(args) => fuzz(args),
        ServeCommand::Page(args) => page(args),
    }
}

/// Returns the Python of a virtual environment with packages, under `target/serve`.
pub(crate) fn python(packages: &[&str]) -> Result<std::path::PathBuf> {
    let shell = shell()?;
    let home = root().join("target/serve").join(packages.join("-"));
    let python = home.join("bin/python");
    if !python.is_file() {
        cmd!(shell, "python3 -m venv {home}")
            .run()
            .context("no Python with venv; install `python3-venv`")?;
        cmd!(shell, "{python} -m pip install --quiet {packages...}").run()?;
    }
    Ok(python)
}

/// Words that must be in the transcript of the clients' speech.
const WORDS: [&str; 3] = ["birch", "dark", "blue"];

fn clients() -> Result<()> {
    let python = python(&["openai"])?;
    let node = root().join("target/serve/node");
    fs::create_dir_all(&node).with_context(|| node.display().to_string())?;
    let shell = shell()?;
    if !node.join("node_modules/openai").is_dir() {
        cmd!(shell, "npm install --silent --no-audit --no-fund --prefix {node} openai")
            .run()
            .context("no npm")?;
    }
    let server = Program::start(&build_program(&shell)?, &[])?;
    let scripts = root().join("crates/serve/tests/it/clients");
    // Node searches modules from the folder of the script upwards.
    let module = node.join("openai_client.mjs");
    fs::copy(scripts.join("openai_client.mjs"), &module)?;
    for (program, script) in [(python, scripts.join("openai_client.py")), ("node".into(), module)] {
        println!("{} {}", program.display(), script.display());
        let status = Command::new(&program)
            .arg(&script)
            .args([server.url("/v1").as_str(), "joe"])
            .args(WORDS)
            .current_dir(&node)
            .status()
            .with_context(|| format!("can't start {}", program.display()))?;
        ensure!(status.success(), "{} ended with {status}", script.display());
    }
    server.check()
}

fn fuzz(args: &FuzzArgs) -> Result<()> {
    let python = python(&["schemathesis"])?;
    let server =
        Program::start(&build_program(&shell()?)?, &["--max-text", "60", "--max-audio", "5"])?;
    let schema = server.url("/openapi.json");
    let folder = root().join("target/serve");
    // Only server errors are checked, since the description does not list all status codes.
    let status = Command::new(python.with_file_name("schemathesis"))
        .args(["run", &schema, "--checks", "not_a_server_error", "--workers", "1"])
        .args(["--max-examples", &args.examples.to_string(), "--request-timeout", "120"])
        .args(["--seed", "1", "--generation-database", "none"])
        .current_dir(&folder)
        .status()
        .context("can't start Python")?;
    ensure!(status.success(), "schemathesis ended with {status}");
    server.check()
}

fn page(args: &PageArgs) -> Result<()> {
    let python = python(&["selenium"])?;
    let program = build_program(&shell()?)?;
    let server = Program::start(&program, &[])?;
    let out = root().join(&args.out);
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    let speech = root().join("evals/data/unseen/audio/joe_112_0452.ogg");
    let status = Command::new(&python)
        .arg(root().join("xtask/serve/page.py"))
        .args([server.url("/").as_str(), &out.display().to_string(), &speech.display().to_string()])
        .status()
        .context("can't start Python")?;
    ensure!(status.success(), "xtask/serve/page.py ended with {status}");
    server.check()
}
