//! `corpus`: the training corpus from scratch.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use xshell::{Shell, cmd};

use crate::project::{root, shell};
use crate::python::environment;

/// `corpus`.
#[derive(Debug, Args)]
#[command(
    after_help = "Engines, voices and texts are installed with apt and pip into target/corpus-env, at the versions that xtask/corpus/requirements.txt pins; `--licences` lists under which terms. Utterances that are there are not made again.\n\nExamples:\n  cargo xtask corpus --licences\n  cargo xtask corpus --engines flite --utterances 10 --out /tmp/corpus\n  cargo xtask corpus --utterances 9600 --out corpus"
)]
pub struct CorpusArgs {
    /// Folder of the corpus
    #[arg(long, default_value = "target/corpus", value_name = "DIR")]
    out: PathBuf,
    /// Utterances in all
    #[arg(long, default_value_t = 9600)]
    utterances: usize,
    /// Engines, with commas between
    #[arg(long, default_value = "flite,piper,kokoro", value_delimiter = ',')]
    engines: Vec<String>,
    /// Draws texts, speakers and splits
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Manifest of a corpus that this one is trained on together with: its test texts stay test texts
    #[arg(long, value_name = "FILE")]
    beside: Option<PathBuf>,
    /// Write all example sentences of WordNet to this file, a line each, and stop: for the language model of `stt`
    #[arg(long, value_name = "FILE")]
    sentences: Option<PathBuf>,
    /// Print engines, versions and licences, and stop
    #[arg(long)]
    licences: bool,
}

/// The same for another verb, from the words that would follow `cargo xtask corpus`.
pub fn make(words: &[String]) -> Result<()> {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: CorpusArgs,
    }
    let words = std::iter::once("corpus".to_owned()).chain(words.iter().cloned());
    run(&<Line as clap::Parser>::try_parse_from(words)?.args)
}

/// Makes the environment where it is missing, then the corpus.
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
    let (out, seed) = (&args.out, args.seed.to_string());
    let (count, engines) = (args.utterances.to_string(), args.engines.join(","));
    let beside = args.beside.iter().flat_map(|path| ["--beside".into(), path.clone()]);
    cmd!(
        shell,
        "{python} {script} --out {out} --utterances {count} --engines {engines} --seed {seed} {beside...}"
    )
    .run()?;
    Ok(())
}

/// Installs a Debian package unless its file is there.
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
