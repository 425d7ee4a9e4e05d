//! `codec`: fit the quantiser, train the vocoder, show codecs.

mod listing;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};
use serde_json::json;
use syrinx_codec::{EmbeddedCodec, FitConfig, MelRvq, VocoderTrainConfig};
use syrinx_data::Manifest;
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::{
    CodecClips, CodecCorpus, CodecTraining, TrainedCodec, fit_quantizer, model_source, train_codec,
};
use syrinx_types::RunContext;

use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// `codec`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx codec info mimi,levels=8\n  syrinx codec fit manifest.jsonl -o rvq.safetensors\n  syrinx codec train manifest.jsonl --quantiser rvq.safetensors --state vocoder-state.safetensors -o codec.safetensors\n\nHere --config names the fit's or the training's own file; --set changes keys of it."
)]
pub struct CodecArgs {
    #[command(subcommand)]
    what: CodecCommand,
}

#[derive(Debug, Args)]
struct Material {
    /// The manifest of the recordings
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    manifest: PathBuf,
    /// Split to learn from; all of it if no utterance has a split
    #[arg(long, default_value = "train", value_name = "NAME")]
    split: String,
    /// File to write
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: PathBuf,
}

#[derive(Debug, Subcommand)]
enum CodecCommand {
    /// Fit the residual quantiser to the recordings of a manifest
    Fit(Material),
    /// Codecs of the model, of the installed models, or in folders: kinds, rates, levels
    List {
        /// Folders that hold codecs, each in a folder of its own
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folders: Vec<PathBuf>,
        /// Folder of the installed models [default: syrinx/models in the user's data folder]
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "folders")]
        models_dir: Option<PathBuf>,
    },
    /// One codec: rates, levels, codebooks, look-ahead, fingerprint
    Info {
        /// The codec, PATH[,levels=N][,vocoder=PATH]; that of the model if not given
        #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
        codec: Option<CodecSpec>,
    },
    /// Train the vocoder on the quantised recordings of a manifest
    Train {
        #[command(flatten)]
        material: Material,
        /// The quantiser, as `syrinx codec fit` writes it; that of --from if not given
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        quantiser: Option<PathBuf>,
        /// Codec whose vocoder is trained further: its file, or `embedded`
        #[arg(long, value_name = "FILE")]
        from: Option<String>,
        /// Folder of `syrinx data resynthesize`, from which a share `coded_share` of the clips is drawn
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        resynthesized: Option<PathBuf>,
        /// File of the training state, saved at intervals; training resumes from it if it exists
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        state: Option<PathBuf>,
    },
}

/// Runs `codec`.
pub fn run(session: &Session, args: &CodecArgs) -> Outcome {
    match &args.what {
        CodecCommand::Fit(material) => fit_quantiser(session, material),
        CodecCommand::List { folders, models_dir } => {
            listing::list(session, folders, models_dir.as_ref())
        }
        CodecCommand::Info { codec } => listing::info(session, codec.as_ref()),
        CodecCommand::Train { material, quantiser, from, resynthesized, state } => {
            let start = from.as_deref().map(|from| codec_of(session, from)).transpose()?;
            let rvq = match (quantiser, &start) {
                (Some(path), _) => MelRvq::load(path)?,
                (None, Some(codec)) => codec.rvq().clone(),
                (None, None) => {
                    let remedy = "name one with --quantiser, or a codec with --from";
                    return Err(Failure::usage("there is no quantiser", remedy));
                }
            };
            let clips = CodecClips::new(&material.corpus()?, &rvq, resynthesized.as_deref())?;
            let (from, state) = (start.as_ref(), state.as_deref());
            let training = CodecTraining { quantizer: rvq, from, state };
            train(session, training, &clips, &material.out)
        }
    }
}

impl Material {
    /// Returns the training recordings.
    fn corpus(&self) -> Outcome<CodecCorpus> {
        Ok(CodecCorpus::new(&Manifest::read(&self.manifest)?, &self.split)?)
    }
}

/// Returns the codec of a file, or the codec of the embedded model.
fn codec_of(session: &Session, from: &str) -> Outcome<EmbeddedCodec> {
    if from != "embedded" {
        return Ok(EmbeddedCodec::load(Path::new(from))?);
    }
    let settings = session.base_settings()?;
    Ok(syrinx_engine::codec(&model_source(&settings)?)?)
}

fn fit_quantiser(session: &Session, material: &Material) -> Outcome {
    let config: FitConfig = session.verb_config("codec_fit")?;
    let run = RunContext::new(&session.cancel, session.sink());
    let rvq = fit_quantizer(&material.corpus()?, &config, run)?;
    rvq.save(&material.out)?;
    if session.globals.json {
        return session.print_json(&json!({"out": material.out, "fingerprint": rvq.fingerprint()}));
    }
    session.say(&format!("wrote {} ({})", material.out.display(), rvq.fingerprint()));
    Ok(())
}

fn train(
    session: &Session,
    training: CodecTraining<'_>,
    clips: &CodecClips,
    out: &Path,
) -> Outcome {
    let config: VocoderTrainConfig = session.verb_config("codec_train")?;
    let goes_on = training.state.is_some();
    let run = RunContext::new(&session.cancel, session.sink());
    let TrainedCodec { codec, step, finished } = train_codec(training, clips, &config, run)?;
    codec.save(out, config.stored)?;
    if session.globals.json {
        session.print_json(&json!({"out": out, "step": step, "finished": finished}))?;
    }
    session.say(&format!("wrote {} after {step} steps", out.display()));
    if finished {
        return Ok(());
    }
    let how = if goes_on {
        "the same command goes on from there"
    } else {
        "with --state the same command could go on"
    };
    Err(Failure::interrupted(format!(
        "the codec after {step} steps is in {}; {how}",
        out.display()
    )))
}
