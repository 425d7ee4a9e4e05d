//! `package`: joins language model, codec and voices to one model file.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::{Value, json};
use syrinx_audio::UniqueWarnings;
use syrinx_engine::{PackageCodec, write_atomic};
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::{PackageOptions, PackageParts, VoiceRecording, model_source, package_model};

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
    let parts = match (args.lm.clone(), codec) {
        (Some(lm), Some(codec)) if !args.keep_voices => {
            PackageParts::All { lm, codec, voices: voices(&args.voice)? }
        }
        (Some(lm), codec) => PackageParts::LanguageModel { lm, codec },
        (None, Some(codec)) => PackageParts::Codec(codec),
        (None, None) => {
            return Err(Failure::usage("nothing to package", "give --lm or --codec"));
        }
    };
    let card = args.card.as_deref().map(read_card).transpose()?;
    let origin = provenance::origin();
    let options = PackageOptions { program: PROGRAM, origin: &origin, prompt: &settings.prompt };
    let warnings = UniqueWarnings::default();
    let mut warn = warnings.emit_to(session.sink());
    let bytes = package_model(&model_source(&settings)?, &parts, card, options, &mut warn)?;
    session.check()?;
    write_atomic(&args.out, &bytes)?;
    let mb = bytes.len() as f64 / 1e6;
    if session.globals.json {
        return session.print_json(&json!({"out": args.out, "bytes": bytes.len()}));
    }
    session.say(&format!("wrote {} ({mb:.1} MB)", args.out.display()));
    Ok(())
}

/// Parses voices. Two of them may be channels of one recording.
fn voices(pairs: &[String]) -> Outcome<Vec<VoiceRecording>> {
    let voice = |pair: &String| match pair.split_once('=') {
        Some((name, file)) => Ok(VoiceRecording { name: name.into(), file: file.into() }),
        None => Err(Failure::usage(
            format!("--voice {pair}: that is no NAME=FILE"),
            "for instance --voice joe=joe.wav",
        )),
    };
    pairs.iter().map(voice).collect()
}

fn read_card(path: &Path) -> Outcome<Value> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::reading(&path.display().to_string(), &e))?;
    serde_json::from_str(&text).map_err(|e| {
        Failure::new(Exit::BadInput, format!("{}: that is no JSON ({e})", path.display()))
            .hint("mend the file")
    })
}
