//! `wheel`: builds the wheel of `crates/python` with maturin, installs it and tests it.

use std::fs;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use xshell::cmd;

use crate::project::{root, shell};
use crate::verbs::install::{BuildArgs, target};

/// `wheel`.
#[derive(Debug, Args)]
#[command(
    after_help = "Needs python3 with venv, the crate registry and PyPI. The wheel lies in target/python/wheels.\n\nExamples:\n  cargo xtask wheel\n  cargo xtask wheel --quick --record"
)]
pub struct WheelArgs {
    /// Only build the wheel
    #[arg(long)]
    build_only: bool,
    #[command(flatten)]
    build: BuildArgs,
}

/// Builds the wheel, installs it into a virtual environment and runs its tests.
pub fn run(args: &WheelArgs) -> Result<()> {
    let mut record = args.build.begin("cargo xtask wheel");
    let shell = shell()?;
    let home = root().join("target/python");
    let (python, wheels) = (home.join("env/bin/python"), home.join("wheels"));
    fs::create_dir_all(&home).with_context(|| home.display().to_string())?;
    if !python.is_file() {
        let env = home.join("env");
        cmd!(shell, "python3 -m venv {env}")
            .run()
            .context("no Python with venv; install `python3-venv`")?;
        cmd!(shell, "{python} -m pip install --quiet maturin numpy").run()?;
    }
    if wheels.is_dir() {
        fs::remove_dir_all(&wheels).with_context(|| wheels.display().to_string())?;
    }
    let manifest = root().join("crates/python/Cargo.toml");
    let (target, begun) = (target(), Instant::now());
    let profile = &args.build.profile()[..];
    cmd!(shell, "{python} -m maturin build --manifest-path {manifest} --interpreter {python} --target-dir {target} --out {wheels} {profile...}").run()?;
    let wheel = fs::read_dir(&wheels)?
        .flatten()
        .map(|f| f.path())
        .find(|p| p.extension().is_some_and(|e| e == "whl"));
    let wheel = wheel.context("maturin made no wheel")?;
    let (seconds, bytes) = (begun.elapsed().as_secs(), wheel.metadata()?.len());
    let name = wheel.file_name().unwrap_or_default().display();
    record.say(format!("built in {seconds} s: {name}, {:.1} MB", bytes as f64 / 1e6));
    if args.build_only {
        return args.build.end(record, "wheel");
    }
    cmd!(shell, "{python} -m pip install --quiet --force-reinstall --no-deps {wheel}").run()?;
    let tests = root().join("crates/python/tests");
    // The tests run outside the source folder, so that they import the installed package.
    let output = std::process::Command::new(&python)
        .args(["-m", "unittest", "discover", "--verbose", "--start-directory"])
        .arg(&tests)
        .current_dir(&home)
        .output()
        .context("can't start Python")?;
    // unittest writes to the standard error.
    record.say(String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "the package's tests ended with {}", output.status);
    args.build.end(record, "wheel")
}
