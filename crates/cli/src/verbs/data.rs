//! `data`: import of corpora to manifests, and encoding of manifests to token shards.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};
use serde_json::json;
use syrinx_data::import::{Import, libri, ljspeech, pairs};
use syrinx_data::{EncodePlan, Manifest, merge_shards};
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::{
    AlignConfig, CorpusCodec, TrainedVocabulary, add_phone_times, align_manifest, train_vocabulary,
    warn_of_import, warn_of_symbols,
};
use syrinx_text::Lexicon;
use syrinx_types::RunContext;

use crate::array::ArrayArgs;
use crate::failure::Outcome;
use crate::session::Session;
use crate::verbs::resynthesize::{self, ResynthesizeArgs};
use crate::verbs::simulate::{self, SimulateArgs};

/// `data`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx data import libri ~/LibriTTS/train-clean-100 -o libri.jsonl\n  syrinx data align libri.jsonl -o aligned.jsonl\n  syrinx data encode libri.jsonl -o shards\n  syrinx data encode libri.jsonl -o shards --shard 3/16    # on the third of 16 machines\n  syrinx data encode libri.jsonl -o shards --array-env       # as a task of an array job\n  syrinx data merge part-1 part-2 -o shards"
)]
pub struct DataArgs {
    #[command(subcommand)]
    what: DataCommand,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// Build a manifest from a corpus in a common format
    Import {
        /// The form: LibriTTS or LibriSpeech folders, an LJSpeech metadata.csv, or pairs of NAME.wav and NAME.txt
        #[arg(value_parser = ["libri", "ljspeech", "pairs"])]
        form: String,
        /// The corpus
        #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
        path: PathBuf,
        /// The manifest to write
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: PathBuf,
        /// Name of the speaker (ljspeech, pairs)
        #[arg(long, default_value = "lj")]
        speaker: String,
        /// Folder of TextGrids with phone times, as written by the Montreal Forced Aligner
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        textgrids: Option<PathBuf>,
    },
    /// Add phones and their durations to a manifest: aligns every text with its recording
    Align {
        /// The manifest
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        manifest: PathBuf,
        /// The manifest to write
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: PathBuf,
        /// Smallest confidence of a kept alignment, 0 to 1
        #[arg(long, value_name = "P", default_value_t = AlignConfig::default().min_confidence)]
        min_confidence: f64,
    },
    /// Encode the recordings of a manifest to token shards; resumes a stopped run
    Encode {
        /// The manifest
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        manifest: PathBuf,
        /// Folder of the shards
        #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        out: PathBuf,
        /// The codec, PATH[,levels=N]: a folder or file of one; that of the model if not given
        #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
        codec: Option<CodecSpec>,
        /// Store the latents before quantization, too, for models with `latent_conditioning`; shards are sixteen times
        /// as large
        #[arg(long)]
        latents: bool,
        #[command(flatten)]
        array: ArrayArgs,
        /// Number of utterances in a shard
        #[arg(long, value_name = "N", default_value_t = 500)]
        per_shard: usize,
        /// Threads
        #[arg(long, value_name = "N", default_value_t = 2)]
        threads: usize,
    },
    /// Join shards of one manifest that were encoded into different folders
    Merge {
        /// Folders of shards
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath, required = true)]
        folders: Vec<PathBuf>,
        /// Folder of the merged shards; it may contain some already
        #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        out: PathBuf,
    },
    /// Put utterances in noise, in rooms, among other speakers: more renditions of a corpus, or a set for evaluation
    Simulate(SimulateArgs),
    /// Predict the further levels of utterances with the model, as training data of a vocoder
    Resynthesize(ResynthesizeArgs),
    /// Check a manifest: its lines, and that its recordings exist
    Check {
        /// The manifest
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        manifest: PathBuf,
    },
    /// Train a byte-pair vocabulary on the texts of a manifest
    Bpe {
        /// The manifest
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        manifest: PathBuf,
        /// The vocabulary to write, a `tokenizers` file
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: PathBuf,
        /// Number of tokens, including the 256 bytes
        #[arg(long, value_name = "N", default_value_t = 512)]
        vocab_size: usize,
        /// Texts of this split only; all of them if no utterance has a split
        #[arg(long, value_name = "NAME", default_value = "train")]
        split: String,
    },
    /// Check a file of pronunciations
    Lexicon {
        /// The file, a line a word: `fonz  F AA1 N Z` or `fonz  /fɑnz/`
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

/// Runs `data`.
pub fn run(session: &Session, args: &DataArgs) -> Outcome {
    match &args.what {
        DataCommand::Import { form, path, out, speaker, textgrids } => {
            let found = match form.as_str() {
                "libri" => libri(path)?,
                "ljspeech" => ljspeech(path, speaker)?,
                _ => pairs(path, speaker)?,
            };
            import(session, found, textgrids.as_deref(), out)
        }
        DataCommand::Align { manifest, out, min_confidence } => {
            let config = AlignConfig { min_confidence: *min_confidence };
            align(session, &Manifest::read(manifest)?, out, &config)
        }
        DataCommand::Encode { manifest, out, codec, latents, array, per_shard, threads } => {
            let manifest = Manifest::read(manifest)?;
            let part = array.part()?;
            let codec = session.corpus_codec(codec.as_ref())?;
            let plan = EncodePlan {
                latent_dim: if *latents { codec.latent_dim() } else { 0 },
                part,
                utterances_per_shard: *per_shard,
                threads: *threads,
                ..EncodePlan::new(codec.stamp())
            };
            encode(session, &manifest, out, &plan, &codec)
        }
        DataCommand::Merge { folders, out } => merge(session, folders, out),
        DataCommand::Simulate(args) => simulate::run(session, args),
        DataCommand::Resynthesize(args) => resynthesize::run(session, args),
        DataCommand::Check { manifest } => check(session, &Manifest::read(manifest)?),
        DataCommand::Bpe { manifest, out, vocab_size, split } => {
            bpe(session, manifest, split, *vocab_size, out)
        }
        DataCommand::Lexicon { file } => {
            let lexicon = Lexicon::english()?.with_user_file(file)?;
            session.print(&format!(
                "{}: {} words in all, those of the file included",
                file.display(),
                lexicon.len()
            ))
        }
    }
}

fn import(session: &Session, mut found: Import, textgrids: Option<&Path>, out: &Path) -> Outcome {
    let items = found.found();
    let mut aligned = None;
    if let Some(folder) = textgrids {
        aligned = Some(add_phone_times(&mut found, folder, session.sink())?);
    }
    warn_of_import(&found, session.sink());
    warn_of_symbols(&found.manifest, session.sink());
    found.manifest.write(out)?;
    let (utterances, left_out) = (found.manifest.len(), found.left_out.len());
    if session.globals.json {
        return session.print_json(&json!({"out": out, "found": items, "utterances": utterances,
            "left_out": left_out, "aligned": aligned, "warnings": found.warnings.len()}));
    }
    let aligned = aligned.map_or(String::new(), |n| {
        format!("; {n} of {utterances} aligned, {} not", utterances - n)
    });
    session.say(&format!(
        "wrote {}: {items} found, {utterances} used, {left_out} left out{aligned}",
        out.display()
    ));
    Ok(())
}

fn align(session: &Session, manifest: &Manifest, out: &Path, config: &AlignConfig) -> Outcome {
    let settings = session.settings(&[])?.value;
    let engine = session.engine(&settings)?;
    let aligned = align_manifest(&engine, manifest, config, session.run(&settings))?;
    let (found, used) = (manifest.len(), aligned.manifest.len());
    aligned.manifest.write(out)?;
    if session.globals.json {
        return session.print_json(&json!({"out": out, "found": found, "aligned": used,
            "left_out": found - used, "confidence": aligned.confidence}));
    }
    if used < found {
        session.say(&format!("warning: {}", aligned.left_out));
    }
    session.say(&format!(
        "wrote {}: {found} found, {used} aligned, {} left out; mean confidence {:.2}",
        out.display(),
        found - used,
        aligned.confidence
    ));
    Ok(())
}

fn bpe(session: &Session, path: &Path, split: &str, vocab_size: usize, out: &Path) -> Outcome {
    let TrainedVocabulary { json, texts } =
        train_vocabulary(&Manifest::read(path)?, split, vocab_size)?;
    syrinx_engine::write_atomic(out, json.as_bytes())?;
    if session.globals.json {
        return session.print_json(&json!({"out": out, "texts": texts, "vocab_size": vocab_size}));
    }
    session.say(&format!("wrote {} ({vocab_size} tokens at most, {texts} texts)", out.display()));
    Ok(())
}

fn encode(
    session: &Session,
    manifest: &Manifest,
    out: &Path,
    plan: &EncodePlan,
    codec: &CorpusCodec<'_>,
) -> Outcome {
    warn_of_symbols(manifest, session.sink());
    let run = RunContext::new(&session.cancel, session.sink());
    let summary = codec.encode_manifest(manifest, out, plan, run)?;
    if session.globals.json {
        return session.print_json(&json!({"out": out, "shards": summary.shards, "kept": summary.shards_kept,
            "utterances": summary.utterances, "frames": summary.frames, "failed": summary.failed.len()}));
    }
    session.say(&format!(
        "wrote {} ({} shards, {} of them there before): {} utterances found, {} encoded ({} frames), {} failed",
        out.display(),
        summary.shards,
        summary.shards_kept,
        summary.utterances + summary.failed.len(),
        summary.utterances,
        summary.frames,
        summary.failed.len()
    ));
    if let Some(path) = &summary.failed_path {
        session.say(&format!("what failed is listed in {}", path.display()));
    }
    Ok(())
}

fn merge(session: &Session, folders: &[PathBuf], out: &Path) -> Outcome {
    let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let merged = merge_shards(&folders, out)?;
    if session.globals.json {
        session.print_json(&json!({"out": out, "copied": merged.copied, "kept": merged.kept,
            "shards": merged.of, "missing": merged.missing}))?;
    } else {
        session.say(&format!(
            "wrote {} ({} of {} shards, {} of them there before)",
            out.display(),
            merged.copied + merged.kept,
            merged.of,
            merged.kept
        ));
    }
    Ok(merged.check(out)?)
}

fn check(session: &Session, manifest: &Manifest) -> Outcome {
    manifest.check_recordings()?;
    warn_of_symbols(manifest, session.sink());
    session.print(&format!("{} utterances, all recordings are there", manifest.len()))
}
