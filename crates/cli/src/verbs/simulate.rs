//! `data simulate`: renditions of utterances in noise, in rooms, mixed with other speakers.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::json;
use syrinx_data::{EncodePlan, Manifest};
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::{CorpusCodec, EncodedRendition, Simulator};
use syrinx_task::{Rendition, SimulationRanges};
use syrinx_types::RunContext;

use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// `data simulate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx data simulate corpus.jsonl -o shards\n  syrinx data simulate corpus.jsonl -o shards --rendition NAME\n  syrinx data simulate evals/data/test/manifest.jsonl --wavs evals/data/scenes --limit 8\n\nWith -o the shards of `syrinx data encode` get a folder renditions/NAME for every rendition that a task learns from; what is there is kept. With --wavs the recordings themselves are written, with a manifest a task."
)]
pub struct SimulateArgs {
    /// The manifest
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    manifest: PathBuf,
    /// Folder of the shards of this manifest, in which renditions are encoded
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath, required_unless_present = "wavs")]
    out: Option<PathBuf>,
    /// Write recordings and manifests here: a fixed set for evaluation
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "out")]
    wavs: Option<PathBuf>,
    /// The codec; that of the model if not given
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    codec: Option<CodecSpec>,
    /// Store the latents before quantization, too, as `syrinx data encode --latents` does (with -o)
    #[arg(long, conflicts_with = "wavs")]
    latents: bool,
    /// Encode this rendition only (with -o); may be repeated
    #[arg(long = "rendition", value_name = "NAME", conflicts_with = "wavs")]
    renditions: Vec<String>,
    /// Number of utterances, evenly spread (with --wavs)
    #[arg(long, value_name = "N", requires = "wavs")]
    limit: Option<usize>,
    /// Range of the signal-to-noise ratio, lowest and highest, dB
    #[arg(long, value_name = "DB", num_args = 2, default_values_t = [-5.0, 20.0], allow_negative_numbers = true)]
    snr: Vec<f64>,
    /// Range of the signal-to-interferer ratio of target and other speaker, lowest and highest, dB
    #[arg(long, value_name = "DB", num_args = 2, default_values_t = [-5.0, 20.0], allow_negative_numbers = true)]
    sir: Vec<f64>,
    /// Share of the scenes with an echo, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.3)]
    echo: f64,
    /// Threads
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: usize,
}

/// Encodes renditions, or writes recordings.
pub fn run(session: &Session, args: &SimulateArgs) -> Outcome {
    let ranges = SimulationRanges {
        snr_db: (args.snr[0], args.snr[1]),
        sir_db: (args.sir[0], args.sir[1]),
        echo_share: args.echo,
    };
    Simulator::check(ranges)?;
    let manifest = Manifest::read(&args.manifest)?;
    let codec = session.corpus_codec(args.codec.as_ref())?;
    let seed = session.globals.seed.unwrap_or_default();
    let simulator = Simulator::new(&manifest, codec.sample_rate_hz(), ranges, seed)?;
    match (&args.out, &args.wavs) {
        (Some(out), _) => encode(session, &simulator, &codec, args, out),
        (None, Some(folder)) => {
            let run = RunContext::new(&session.cancel, session.sink());
            let count = simulator.write(folder, args.limit, run)?;
            session.say(&format!("wrote {count} scenes to {}", folder.display()));
            Ok(())
        }
        (None, None) => Err(Failure::usage("neither -o nor --wavs", "say where to write")),
    }
}

fn encode(
    session: &Session,
    simulator: &Simulator<'_>,
    codec: &CorpusCodec<'_>,
    args: &SimulateArgs,
    out: &Path,
) -> Outcome {
    let plan = EncodePlan {
        latent_dim: if args.latents { codec.latent_dim() } else { 0 },
        threads: args.threads,
        ..EncodePlan::new(codec.stamp())
    };
    let run = RunContext::new(&session.cancel, session.sink());
    let mut failed = Vec::new();
    for rendition in chosen(&args.renditions, simulator.renditions())? {
        session.say(&format!("rendition {}", rendition.name));
        let EncodedRendition { folder, summary } =
            simulator.encode(rendition, codec, out, &plan, run)?;
        session.say(&format!("{}: {} utterances", folder.display(), summary.utterances));
        failed.extend(summary.failed.into_iter().map(|f| format!("{}: {}", f.id, f.reason)));
    }
    if session.globals.json {
        return session.print_json(&json!({"out": out, "failed": failed}));
    }
    if let Some(first) = failed.first() {
        session.say(&format!("{} failed, the first is {first}", failed.len()));
    }
    Ok(())
}

/// Returns the named renditions; all renditions if no name is given.
fn chosen(names: &[String], all: Vec<Rendition>) -> Result<Vec<Rendition>, Failure> {
    if let Some(unknown) =
        names.iter().find(|name| all.iter().all(|rendition| rendition.name != **name))
    {
        let known: Vec<&str> = all.iter().map(|rendition| rendition.name).collect();
        return Err(Failure::usage(
            format!("no rendition `{unknown}`"),
            format!("there are {}", known.join(", ")),
        ));
    }
    let wanted =
        |rendition: &Rendition| names.is_empty() || names.iter().any(|name| name == rendition.name);
    Ok(all.into_iter().filter(wanted).collect())
}
