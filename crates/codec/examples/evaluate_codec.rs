//! Writes recordings and their round trips for the judges: `evaluate_codec CODEC OUT [PER_VOICE]`, and how fast coding
//! is on one thread. A driver for development; the program is `syrinx`.

mod corpus_pcm;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use syrinx_audio::{WavFormat, write_wav};
use syrinx_codec::{Codec, EmbeddedCodec, griffin_lim};
use syrinx_types::Audio;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let codec = arguments.next().ok_or("a codec file is needed")?;
    let out = PathBuf::from(arguments.next().ok_or("a folder to write to is needed")?);
    let per_voice: usize = arguments.next().unwrap_or("8".into()).parse()?;
    let codec = EmbeddedCodec::load(Path::new(&codec))?;
    let corpus =
        corpus_pcm::CorpusPcm::open("/work/shared/corpus".as_ref(), "/work/main/runs".as_ref())?;
    std::fs::create_dir_all(&out)?;
    let mut list = std::fs::File::create(out.join("list.jsonl"))?;
    let mut taken = std::collections::BTreeMap::<String, usize>::new();
    let test = corpus.entries.iter().filter(|e| e.split == "test");
    let (mut seconds, mut encoding, mut decoding) = (0.0, 0.0, 0.0);
    for e in test.step_by(3) {
        let n = taken.entry(e.voice.clone()).or_default();
        if *n >= per_voice {
            continue;
        }
        *n += 1;
        let audio = Audio { samples: corpus.samples(e), sample_rate_hz: 24_000 };
        let begun = Instant::now();
        let codes = codec.encode(&audio)?;
        encoding += begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let decoded = codec.decode(&codes)?;
        decoding += begun.elapsed().as_secs_f64();
        seconds += audio.seconds();
        let mel = codec.rvq().log_mel().compute(&audio.samples);
        let vocoder = codec.vocoder();
        let quantised = codec.rvq().decode_log_mel(&codes)?;
        let sound = |samples| Audio { samples, sample_rate_hz: 24_000 };
        let kinds = [
            ("recording", audio.clone()),
            ("vocoder, true mel", sound(vocoder.decode(&mel)?)),
            ("codec 8", decoded),
            ("codec 4", codec.decode(&codes.first_levels(4))?),
            ("Griffin-Lim 8", sound(griffin_lim(&quantised, vocoder.config(), 32, 1)?)),
        ];
        for (kind, audio) in kinds {
            let path = out.join(format!("{}-{}.wav", e.id, kind.replace([' ', ','], "")));
            write_wav(&path, &audio, WavFormat::Int16)?;
            let line =
                serde_json::json!({"wav": path, "text": e.text, "group": kind, "voice": e.voice});
            writeln!(list, "{line}")?;
        }
    }
    eprintln!(
        "{seconds:.0} s of sound; encoding {:.0} x real time, decoding {:.0} x",
        seconds / encoding,
        seconds / decoding
    );
    Ok(())
}
