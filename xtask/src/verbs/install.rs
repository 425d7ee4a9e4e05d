//! `install`: builds and tests every way of installing the program.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use xshell::{Shell, cmd};

use crate::project::{built, root, shell};
use crate::trials::record::TrialRecord;
use crate::trials::weak::machine;
use crate::verbs::serve::{Program, python};

/// `install`.
#[derive(Debug, Args)]
#[command(
    after_help = "`program` needs cmake, make and a C compiler; `static` musl-gcc (Debian: musl-tools) and `rustup target add x86_64-unknown-linux-musl`; `image` docker or podman and their registry. `program` and `image` also python3 with venv, and PyPI. The Python package has a verb of its own: `cargo xtask wheel`.\n\nExamples:\n  cargo xtask install program\n  cargo xtask install static --quick --record"
)]
pub struct InstallArgs {
    /// Way of installing
    #[arg(value_enum)]
    way: Way,
    #[command(flatten)]
    build: BuildArgs,
}

/// Flags of a tested build.
#[derive(Debug, Clone, Copy, Args)]
pub struct BuildArgs {
    /// Optimize only matrix products and the codec, so that the build takes minutes
    #[arg(long)]
    pub quick: bool,
    /// Also write the output to evals/reports/install
    #[arg(long)]
    pub record: bool,
}

/// Ways of installing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// `cargo install --path crates/cli` with the encoders of MP3 and Opus; all formats are read back
    Program,
    /// A static program for musl
    Static,
    /// The image of the Dockerfile
    Image,
}

/// Target of a static program.
const MUSL: &str = "x86_64-unknown-linux-musl";
/// Text of the tests.
const TEXT: &str = "The birch canoe slid on the smooth planks.";
/// Formats of a server with all encoders.
const FORMATS: [&str; 4] = ["wav", "flac", "mp3", "opus"];

impl BuildArgs {
    /// Returns cargo's flags.
    pub fn profile(self) -> Vec<String> {
        if !self.quick {
            return vec!["--profile".into(), "release".into()];
        }
        let config = root().join("xtask/install/quick.toml").display().to_string();
        vec!["--profile".into(), "quick".into(), "--config".into(), config]
    }

    /// Starts the record of a test.
    pub fn begin(self, command: &str) -> TrialRecord {
        TrialRecord::new(&format!("{command}{}", if self.quick { " --quick" } else { "" }))
    }

    /// Ends the record of a test.
    pub fn end(self, mut record: TrialRecord, name: &str) -> Result<()> {
        record.say(machine());
        if self.record { record.keep(&format!("install/{name}.txt")) } else { Ok(()) }
    }
}

/// Returns the target folder of all ways, which share build artifacts.
pub(crate) fn target() -> PathBuf {
    root().join("target/install/build")
}

/// Builds and tests the selected way.
pub fn run(args: &InstallArgs) -> Result<()> {
    let name = args.way.to_possible_value().map(|v| v.get_name().to_owned());
    let name = name.context("a way has a name")?;
    let mut record = args.build.begin(&format!("cargo xtask install {name}"));
    let shell = shell()?;
    match args.way {
        Way::Program => program(&shell, args.build, &mut record)?,
        Way::Static => static_program(&shell, args.build, &mut record)?,
        Way::Image => image(&shell, args.build, &mut record)?,
    }
    args.build.end(record, &name)
}

fn program(shell: &Shell, build: BuildArgs, record: &mut TrialRecord) -> Result<()> {
    let (home, target, begun) = (root().join("target/install"), target(), Instant::now());
    let profile = &build.profile()[..];
    cmd!(shell, "cargo install --locked --path crates/cli --features mp3,opus --force --root {home} --target-dir {target} {profile...}").run()?;
    let program = home.join("bin/syrinx");
    built_in(&program, begun, record)?;
    speak(shell, &program, record)?;
    let server = Program::start(&program, &[])?;
    formats(&server.url("/v1"), record)?;
    server.check()
}

fn static_program(shell: &Shell, build: BuildArgs, record: &mut TrialRecord) -> Result<()> {
    let compiler = cmd!(shell, "musl-gcc --version").quiet().ignore_stdout().ignore_stderr();
    ensure!(compiler.run().is_ok(), "`musl-gcc` isn't there; install musl-tools");
    shell.set_var("CC_x86_64_unknown_linux_musl", "musl-gcc");
    let (target, begun) = (target(), Instant::now());
    let profile = &build.profile()[..];
    let program = built(cmd!(
        shell,
        "cargo build --locked -p syrinx-cli --bin syrinx --target {MUSL} --target-dir {target} {profile...}"
    ))?;
    built_in(&program, begun, record)?;
    let headers = cmd!(shell, "readelf --program-headers --dynamic {program}").quiet().read()?;
    let loads = |line: &&str| line.contains("INTERP") || line.contains("(NEEDED)");
    let loaded: Vec<&str> = headers.lines().filter(loads).collect();
    ensure!(loaded.is_empty(), "the program is not static: {loaded:?}");
    record.say("static: it names no loader and no library");
    speak(shell, &program, record)
}

/// Records the size of a program and the time of its build.
fn built_in(program: &Path, begun: Instant, record: &mut TrialRecord) -> Result<()> {
    let bytes = program.metadata().with_context(|| program.display().to_string())?.len();
    let seconds = begun.elapsed().as_secs();
    record.say(format!("built in {seconds} s: {:.1} MB", bytes as f64 / 1e6));
    Ok(())
}

/// Synthesizes a sentence with the program and transcribes it.
fn speak(shell: &Shell, program: &Path, record: &mut TrialRecord) -> Result<()> {
    let wav = root().join("target/install/said.wav");
    let begun = Instant::now();
    cmd!(shell, "{program} say {TEXT} --seed 0 --quiet -o {wav}").run()?;
    let transcript = cmd!(shell, "{program} transcribe {wav} --quiet").read()?;
    let words = transcript.split_whitespace().count();
    ensure!(words >= 4, "the program recognizes {transcript:?} in its own speech");
    let seconds = begun.elapsed().as_secs_f64();
    record.say(format!("{TEXT:?} spoken and recognized in {seconds:.1} s: {transcript:?}"));
    Ok(())
}

/// Requests speech in every format of a server and reads the answers.
fn formats(base: &str, record: &mut TrialRecord) -> Result<()> {
    let python = python(&["soundfile"])?;
    let script = root().join("xtask/install/formats.py");
    let output = Command::new(&python).arg(script).arg(base).args(FORMATS).output();
    let output = output.with_context(|| format!("can't start {}", python.display()))?;
    record.say(String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "xtask/install/formats.py: {said}");
    Ok(())
}

/// Builds the image, runs it and requests speech in every format.
fn image(shell: &Shell, build: BuildArgs, record: &mut TrialRecord) -> Result<()> {
    let runs = |engine: &&str| {
        cmd!(shell, "{engine} info").quiet().ignore_stdout().ignore_stderr().run().is_ok()
    };
    let engine = ["docker", "podman"].into_iter().find(runs);
    let engine = engine.context("neither docker nor podman works here")?;
    let profile = format!("PROFILE={}", if build.quick { "quick" } else { "release" });
    let begun = Instant::now();
    cmd!(shell, "{engine} build --tag syrinx --build-arg {profile} .").run()?;
    record.say(format!("{engine}: image built in {} s", begun.elapsed().as_secs()));
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let publish = format!("127.0.0.1:{port}:8017");
    let id = cmd!(shell, "{engine} run --rm --detach --publish {publish} syrinx").read()?;
    let tried = cmd!(shell, "{engine} exec {id} id --user")
        .read()
        .map(|user| record.say(format!("it runs as user {user}")))
        .map_err(anyhow::Error::from)
        .and_then(|()| formats(&format!("http://127.0.0.1:{port}/v1"), record));
    cmd!(shell, "{engine} stop {id}").ignore_stdout().run()?;
    tried
}
