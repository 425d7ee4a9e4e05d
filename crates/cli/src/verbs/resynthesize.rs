//! `data resynthesize`: shards in which the model's codes replace those of recordings.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::json;
use syrinx_data::{Corpus, Manifest};
use syrinx_recipes::Resynthesis;

use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// `data resynthesize`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  syrinx data resynthesize corpus.jsonl --shards shards --limit 2000 -o resynthesized\n  syrinx codec train corpus.jsonl --from embedded --resynthesized resynthesized --set coded_share=0.5 -o codec.safetensors\n\nThe first level and the timing are the recording's, the further levels the model's. It goes on where it was stopped."
)]
pub struct ResynthesizeArgs {
    /// The manifest
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    manifest: PathBuf,
    /// Folder of its shards, as written by `syrinx data encode`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    shards: PathBuf,
    /// Folder of the new shards
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// Task that synthesizes codes from text; if not given, the first task that synthesizes speech from text
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// Split to use; all utterances if none has a split
    #[arg(long, default_value = "train", value_name = "NAME")]
    split: String,
    /// Number of utterances, evenly spread
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Threads
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: usize,
}

/// Writes the shards.
pub fn run(session: &Session, args: &ResynthesizeArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let engine = session.engine(&settings)?;
    let manifest = Manifest::read(&args.manifest)?;
    if args.limit == Some(0) {
        return Err(Failure::usage("--limit 0 selects no utterance", "give at least 1"));
    }
    let chosen = manifest.split_or_all(&args.split)?.evenly(args.limit);
    let corpus = Corpus::open(&args.shards)?;
    let resynthesis = Resynthesis {
        engine: &engine,
        decode: &settings.decode,
        task: args.task.as_deref(),
        corpus: &corpus,
        shards: &args.shards,
        threads: args.threads,
    };
    let summary = resynthesis.write(&chosen, &args.out, session.run(&settings))?;
    let (utterances, failed) = (summary.utterances, summary.failed.len());
    if session.globals.json {
        return session
            .print_json(&json!({"out": args.out, "utterances": utterances, "failed": failed}));
    }
    session
        .say(&format!("wrote {} ({utterances} utterances, {failed} failed)", args.out.display()));
    Ok(())
}
