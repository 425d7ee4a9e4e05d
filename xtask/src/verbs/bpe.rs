//! `bpe`: trains the embedded byte-pair vocabulary on the texts of a corpus.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::project::{build_program, run_program, shell};

/// `bpe`.
#[derive(Debug, Args)]
#[command(
    after_help = "Weights that were trained with another vocabulary don't fit: train anew after changing it.\n\nExample:\n  cargo xtask bpe target/corpus/manifest.jsonl --vocab-size 512"
)]
pub struct BpeArgs {
    /// Manifest of the corpus; texts of its training split are read
    #[arg(value_name = "FILE")]
    manifest: PathBuf,
    /// Number of tokens, including the 256 bytes
    #[arg(long, value_name = "N", default_value_t = 512)]
    vocab_size: usize,
    /// The file to write
    #[arg(short, long, value_name = "FILE", default_value = "crates/text/data/bpe.json")]
    out: PathBuf,
}

/// Learns the vocabulary.
pub fn run(args: &BpeArgs) -> Result<()> {
    let path = |p: &PathBuf| p.to_string_lossy().into_owned();
    let size = args.vocab_size.to_string();
    let words =
        ["data", "bpe", &path(&args.manifest), "--vocab-size", &size, "--out", &path(&args.out)];
    let status = run_program(&build_program(&shell()?)?, &words.map(str::to_owned))?;
    ensure!(status.success(), "`syrinx data bpe` failed");
    Ok(())
}
