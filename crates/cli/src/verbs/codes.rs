//! `encode` and `decode`: recordings to codes and back.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::json;
use syrinx_audio::{AudioWarning, ReadLimits, WavFormat, write_target};
use syrinx_codec::Codec;
use syrinx_engine::{CodecId, Engine, RecordingLength, open_codec, read_codes, write_codes};
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::{decode_to_file, encode_recording};

use crate::answer::file_of;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// `encode`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  syrinx encode talk.wav -o talk.safetensors\n\nThe file holds one tensor `codes`, U16, (frames, levels): the levels of the quantiser, then pitch and refinement. `syrinx decode` gives back as many samples as the recording has, at its sample rate."
)]
pub struct EncodeArgs {
    /// The recording; - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    audio: String,
    /// Codes file to write; beside the recording, with the ending .safetensors, if not given
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// The codec, PATH[,levels=N][,vocoder=PATH]: a folder or file of one; that of the model if not given
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    codec: Option<CodecSpec>,
}

/// `decode`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx decode talk.safetensors -o again.wav\n  syrinx decode talk.safetensors --levels 1 -o first.wav   # what the first codebook holds"
)]
pub struct DecodeArgs {
    /// The codes, as `syrinx encode` writes them
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    codes: PathBuf,
    /// WAV file to write; - for standard output
    #[arg(short, long, default_value = "out.wav", value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: String,
    /// The codec of the codes, PATH[,vocoder=PATH]; that of the model if not given
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    codec: Option<CodecSpec>,
    /// Number of levels to use, from the first
    #[arg(long, value_name = "N")]
    levels: Option<usize>,
    /// Samples of the WAV file
    #[arg(long, default_value = "int16", value_parser = ["int16", "float32"])]
    format: String,
}

/// The codec in use: the one that is named, or the model's.
pub enum Used {
    /// A codec that is named.
    Named(Box<dyn Codec>),
    /// The codec of the model.
    Model(Box<Engine>),
}

impl Used {
    /// Opens the codec that is named, or the model.
    pub fn open(session: &Session, named: Option<&CodecSpec>) -> Outcome<Self> {
        Ok(match named {
            Some(spec) => Self::Named(open_codec(spec)?),
            None => Self::Model(Box::new(session.engine(&session.settings(&[])?.value)?)),
        })
    }

    /// Returns the codec.
    pub fn codec(&self) -> &dyn Codec {
        match self {
            Self::Named(codec) => codec.as_ref(),
            Self::Model(engine) => engine.codec(),
        }
    }
}

/// A recording to codes.
pub fn encode(session: &Session, args: &EncodeArgs) -> Outcome {
    let out = match &args.out {
        Some(out) => file_of(out, &args.audio, "safetensors")?,
        None if args.audio == "-" => {
            return Err(Failure::usage(
                "codes of standard input need a place",
                "name a file with -o",
            ));
        }
        None => Path::new(&args.audio).with_extension("safetensors"),
    };
    let used = Used::open(session, args.codec.as_ref())?;
    let codec = used.codec();
    let mut warn = |warning: AudioWarning| session.say(&format!("warning: {warning}"));
    let rate_hz = Some(codec.info().sample_rate_hz);
    let limits = ReadLimits::default();
    let recording = syrinx_audio::open_source(&args.audio, rate_hz, &limits, &mut warn)?;
    session.check()?;
    let codes = encode_recording(codec, &recording, &session.cancel)?;
    let source = recording.source();
    let length =
        RecordingLength { samples: source.samples as usize, sample_rate_hz: source.sample_rate_hz };
    let length = Some(length);
    let seconds = recording.seconds();
    write_codes(&out, &codes, length, &CodecId::of(used.codec()), &args.audio)?;
    let (frames, levels) = (codes.frames(), codes.levels());
    if session.globals.json {
        return session.print_json(
            &json!({"out": out, "frames": frames, "levels": levels, "seconds": seconds}),
        );
    }
    session.say(&format!("wrote {} ({frames} frames of {levels} levels)", out.display()));
    Ok(())
}

/// Codes to a recording.
pub fn decode(session: &Session, args: &DecodeArgs) -> Outcome {
    let used = Used::open(session, args.codec.as_ref())?;
    let (mut codes, length) = read_codes(&args.codes, &CodecId::of(used.codec()))?;
    if let Some(levels) = args.levels {
        if levels == 0 || levels > codes.levels() {
            return Err(Failure::usage(
                format!("--levels {levels}: these codes have {}", codes.levels()),
                "give a number from 1 to that",
            ));
        }
        codes = codes.first_levels(levels);
    }
    let out = match args.out.as_str() {
        "-" => PathBuf::from("-"),
        out => file_of(Path::new(out), &args.codes.to_string_lossy(), "wav")?,
    };
    let format = if args.format == "float32" { WavFormat::Float32 } else { WavFormat::Int16 };
    let seconds = if args.out == "-" {
        let mut audio = used.codec().decode(&codes)?;
        session.check()?;
        if let Some(length) = length {
            audio = length.fit(&audio)?;
        }
        write_target(&args.out, &audio, format)?;
        audio.seconds()
    } else {
        decode_to_file(used.codec(), &codes, length, &out, format, &session.cancel)?
    };
    if session.globals.json && args.out != "-" {
        return session.print_json(&json!({"out": out, "seconds": seconds}));
    }
    session.say(&format!("wrote {} ({seconds:.2} s)", out.display()));
    Ok(())
}
