//! `encode` and `decode`: recordings to codes and back.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::json;
use syrinx_audio::{
    AudioWarning, ReadLimits, Recording, Resampler, WavFile, WavFormat, write_target,
};
use syrinx_codec::Codec;
use syrinx_engine::{CodecId, Engine, RecordingLength, open_codec, read_codes, write_codes};
use syrinx_pretrained::CodecSpec;
use syrinx_types::Codes;

use crate::failure::{Exit, Failure, Outcome};
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
    /// Use only so many levels, from the first
    #[arg(long, value_name = "N")]
    levels: Option<usize>,
    /// Samples of the WAV file
    #[arg(long, default_value = "int16", value_parser = ["int16", "float32"])]
    format: String,
}

/// Length of the pieces of a long recording, and of what is read around each, seconds.
const PIECE_S: f64 = 60.0;
const PIECE_CONTEXT_S: f64 = 5.0;

/// Length from which a recording is encoded piece by piece, seconds.
const LONG_S: f64 = 300.0;

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

    /// The codec.
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
        Some(out) => out.clone(),
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
    let codes = encode_pieces(session, codec, &recording)?;
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

/// Codes of a recording of any length: of all at once while it is in memory, else piece by piece, each with what lies
/// around it.
fn encode_pieces(session: &Session, codec: &dyn Codec, recording: &Recording) -> Outcome<Codes> {
    let info = codec.info();
    let frame = info.frame_samples();
    let frames_of = |seconds: f64| (seconds * info.frame_rate_hz).ceil() as usize;
    let (piece, around) = (frames_of(PIECE_S), frames_of(PIECE_CONTEXT_S));
    let all = recording.samples().div_ceil(frame.max(1));
    if recording.seconds() <= LONG_S {
        return Ok(codec.encode_all_levels(&recording.whole()?)?);
    }
    let mut codes: Option<Codes> = None;
    for start in (0..all).step_by(piece) {
        session.check()?;
        let (first, last) = (start.saturating_sub(around), start + piece);
        let audio = recording.section(first * frame, (last + around) * frame)?;
        let part = codec.encode_all_levels(&audio)?.slice(start - first, last - first);
        let codes = codes.get_or_insert_with(|| Codes::empty(part.levels()));
        (0..part.frames()).for_each(|t| codes.push(part.frame(t)));
    }
    codes.ok_or_else(|| Failure::new(Exit::BadInput, "the recording has no samples"))
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
        decode_pieces(session, (used.codec(), &codes, length), (&args.out, format))?
    };
    if session.globals.json && args.out != "-" {
        return session.print_json(&json!({"out": args.out, "seconds": seconds}));
    }
    session.say(&format!("wrote {} ({seconds:.2} s)", args.out));
    Ok(())
}

/// Decodes piece by piece into a file, the samples of decoding all at once; returns its length in seconds.
fn decode_pieces(
    session: &Session,
    (codec, codes, length): (&dyn Codec, &Codes, Option<RecordingLength>),
    (out, format): (&str, WavFormat),
) -> Outcome<f64> {
    let info = codec.info();
    let rate_hz = length.map_or(info.sample_rate_hz, |length| length.sample_rate_hz);
    let mut resampler = (rate_hz != info.sample_rate_hz)
        .then(|| Resampler::new(info.sample_rate_hz, rate_hz))
        .transpose()?;
    let most = length.map_or(usize::MAX, |length| length.samples);
    let mut wav = WavFile::create(Path::new(out), rate_hz, format)?;
    let write = |samples: Vec<f32>, wav: &mut WavFile| {
        let kept = samples.len().min(most - wav.samples());
        wav.write(&samples[..kept])
    };
    let mut stream = codec.decode_stream();
    let piece = (PIECE_S * info.frame_rate_hz).ceil() as usize;
    for start in (0..codes.frames()).step_by(piece) {
        session.check()?;
        let last = start + piece >= codes.frames();
        let mut samples = stream.push(&codes.slice(start, start + piece))?;
        if last {
            samples.extend(stream.finish()?);
        }
        if let Some(resampler) = &mut resampler {
            resampler.push(&samples)?;
            samples = resampler.take();
        }
        write(samples, &mut wav)?;
    }
    if let Some(resampler) = resampler {
        write(resampler.finish()?, &mut wav)?;
    }
    if let Some(length) = length {
        write(vec![0.0; length.samples.saturating_sub(wav.samples())], &mut wav)?;
    }
    let seconds = wav.samples() as f64 / f64::from(rate_hz.max(1));
    wav.finish()?;
    Ok(seconds)
}
