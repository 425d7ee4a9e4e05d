//! `package`: joins language model, codec and voices to one model file.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::{Value, json};
use syrinx_audio::UniqueWarnings;
use syrinx_config::Settings;
use syrinx_engine::{
    PackageCodec, PackageVoice, open_codec, package, with_codec, with_language_model, write_atomic,
};
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::{card_of_run, model_source, package_voice};

use crate::failure::{Exit, Failure, Outcome};
use crate::provenance;
use crate::session::Session;

/// Name of the program in cards.
const PROGRAM: &str = concat!("syrinx ", env!("CARGO_PKG_VERSION"));

/// `package`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx package --lm runs/lm/model.safetensors -o model.safetensors\n  syrinx package --lm runs/lm/model.safetensors --codec runs/codec/codec.safetensors \\\n      --voice joe=joe.wav --voice slt=slt.wav --card card.json -o model.safetensors\n  syrinx package --codec runs/codec/codec.safetensors -o model.safetensors"
)]
pub struct PackageArgs {
    /// The language model, as training writes it; if not given, --codec replaces the codec of the model in use, whose
    /// quantiser has to be the same
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "codec")]
    lm: Option<PathBuf>,
    /// The codec that it was trained on, PATH[,levels=N][,vocoder=PATH]; codec and voices of the model in use if not
    /// given
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    codec: Option<CodecSpec>,
    /// Refer to the codec by its fingerprint instead of carrying it: a smaller file, which needs the codec beside it
    #[arg(long, requires = "codec")]
    refer: bool,
    /// A voice and its recording; the first is the default; may be repeated
    #[arg(long, value_name = "NAME=FILE", requires_all = ["codec", "lm"])]
    voice: Vec<String>,
    /// With --codec: the voices of the model in use, whose quantiser has to be the same
    #[arg(long, requires = "codec", conflicts_with = "voice")]
    keep_voices: bool,
    /// Model card: a JSON file; without it, a card of the run that trained the language model
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    card: Option<PathBuf>,
    /// Model file to write
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: PathBuf,
}

/// Writes a model file.
pub fn run(session: &Session, args: &PackageArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let codec = args.codec.clone().map(|spec| PackageCodec::new(spec, args.refer, &args.out));
    let bytes = match (&args.lm, &codec) {
        (Some(lm), Some(codec)) if !args.keep_voices => {
            let voices = voices(session, &settings, &codec.spec, &args.voice)?;
            package(lm, codec, &voices, card(args, lm)?)?
        }
        (Some(lm), codec) => {
            let card = Some(card(args, lm)?);
            with_language_model(&model_source(&settings)?, lm, codec.as_ref(), card)?
        }
        (None, Some(codec)) => {
            let card = args.card.as_deref().map(read_card).transpose()?;
            with_codec(&model_source(&settings)?, codec, card)?
        }
        (None, None) => {
            return Err(Failure::usage("nothing to package", "give --lm or --codec"));
        }
    };
    session.check()?;
    write_atomic(&args.out, &bytes)?;
    let mb = bytes.len() as f64 / 1e6;
    if session.globals.json {
        return session.print_json(&json!({"out": args.out, "bytes": bytes.len()}));
    }
    session.say(&format!("wrote {} ({mb:.1} MB)", args.out.display()));
    Ok(())
}

/// Returns the given card, or else the card of the run that trained the language model.
fn card(args: &PackageArgs, lm: &Path) -> Outcome<Value> {
    match &args.card {
        Some(path) => read_card(path),
        None => Ok(card_of_run(lm, PROGRAM, &provenance::origin())?),
    }
}

/// Encodes recordings to voices by a codec. Two voices may be channels of one recording.
fn voices(
    session: &Session,
    settings: &Settings,
    codec: &CodecSpec,
    pairs: &[String],
) -> Outcome<Vec<PackageVoice>> {
    let codec = open_codec(codec)?;
    let warnings = UniqueWarnings::default();
    let mut warn = warnings.emit_to(session.sink());
    let mut voices = Vec::new();
    for pair in pairs {
        let Some((name, file)) = pair.split_once('=') else {
            return Err(Failure::usage(
                format!("--voice {pair}: that is no NAME=FILE"),
                "for instance --voice joe=joe.wav",
            ));
        };
        voices.push(package_voice(name, file, codec.as_ref(), &settings.prompt, &mut warn)?);
    }
    Ok(voices)
}

fn read_card(path: &Path) -> Outcome<Value> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::reading(&path.display().to_string(), &e))?;
    serde_json::from_str(&text).map_err(|e| {
        Failure::new(Exit::BadInput, format!("{}: that is no JSON ({e})", path.display()))
            .hint("mend the file")
    })
}
