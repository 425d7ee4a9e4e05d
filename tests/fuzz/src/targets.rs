//! The readers under test. Each returns a number that tells results apart: inputs with new ones are kept.

use std::path::Path;

use syrinx_audio::{ReadLimits, read_from};
use syrinx_codec::{CodecInfo, EmbeddedCodec};
use syrinx_config::{Layer, SettingOrigin, Settings};
use syrinx_data::import::{PhoneAlignment, SpeakerTiers, TextGrid, ljspeech};
use syrinx_data::{Manifest, Shard};
use syrinx_engine::{CodecId, read_codes};
use syrinx_model::{Adapter, LmFile};
use syrinx_text::sentences::split;
use syrinx_text::{Frontend, Lexicon, markup, normalize, whisper_english};
use tempfile::TempDir;

use crate::pool::fnv;

/// A reader, ready for inputs.
pub(crate) type Run = Box<dyn FnMut(&[u8]) -> u64>;

/// A reader with its name.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Pieces that mean something to it.
    pub(crate) words: &'static [&'static str],
    pub(crate) start: fn() -> Run,
}

/// All targets.
pub(crate) const TARGETS: &[Target] = &[
    Target {
        name: "audio",
        words: &[
            "RIFF", "RF64", "WAVE", "fmt ", "data", "ds64", "fLaC", "OggS", "ID3", "ftyp", "moov",
            "OpusHead", "\u{1a}E",
        ],
        start: audio,
    },
    Target {
        name: "textgrid",
        words: &[
            "IntervalTier",
            "\"phones\"",
            "\"words\"",
            "xmin = ",
            "size = ",
            "<exists>",
            " 1e308 ",
            " -0.5 ",
        ],
        start: textgrid,
    },
    Target {
        name: "manifest",
        words: &["\"id\":", "\"audio\":", "\"phones\":[", "null", "1e400"],
        start: manifest,
    },
    Target { name: "metadata", words: &["|", "||", "LJ001", "\n"], start: metadata },
    Target { name: "lexicon", words: &["AH0", "/", "ˈ", "#", "  "], start: lexicon },
    Target {
        name: "settings",
        words: &["[decode]", "[tasks.tts]", "model", " = ", "'''", "[["],
        start: settings,
    },
    Target {
        name: "model",
        words: &[
            "lm.",
            "codec.",
            "F32",
            "F16",
            "I64",
            "\"shape\":[",
            "\"data_offsets\":[",
            "__metadata__",
        ],
        start: model,
    },
    Target {
        name: "adapter",
        words: &["lora", "F32", "\"shape\":[", "\"data_offsets\":["],
        start: adapter,
    },
    Target {
        name: "codes",
        words: &["codes", "U16", "syrinx_codes", "\"shape\":[0,", "4294967295"],
        start: codes,
    },
    Target {
        name: "shard",
        words: &["codes", "U16", "syrinx", "\"shape\":[", "\"frames\":"],
        start: shard,
    },
    Target {
        name: "text",
        words: &[
            "Dr. ",
            "$",
            "½",
            " AM ",
            "1800 555 0142",
            "&amp;",
            "https://",
            "/HH AH0/",
            "- ",
            "1. ",
            "read",
            "\n\n",
            "°C",
            "IPv6",
        ],
        start: text,
    },
    Target {
        name: "markup",
        words: &[
            "<speak>",
            "</speak>",
            "<break time=\"",
            "<say-as interpret-as=\"",
            "<phoneme ph=\"",
            "<prosody rate=\"",
            "<voice name=\"",
            "<sub alias=\"",
            "<!--",
            "<![CDATA[",
            "&#x",
            "[pause ",
            "500ms]",
            "[spell]",
            "]",
        ],
        start: marked,
    },
    Target {
        name: "http",
        words: &[
            "GET ",
            "POST ",
            "DELETE ",
            " HTTP/1.1\r\n",
            "/v1/audio/speech",
            "/v1/voices",
            "/v1/audio/transcriptions",
            "/v1/tasks/tts",
            "Content-Length: ",
            "Transfer-Encoding: chunked\r\n",
            "Content-Type: application/json\r\n",
            "multipart/form-data; boundary=b",
            "--b\r\n",
            "\r\n\r\n",
            "\"input\":",
            "\"voice\":",
            "\"response_format\":",
            "\"stream\":true",
            "\"speed\":",
            "Connection: close\r\n",
        ],
        start: crate::http::http,
    },
];

/// Two results differ if their texts do, numbers left out.
fn class(result: &str) -> u64 {
    let plain: String = result.chars().filter(|c| !c.is_ascii_digit()).take(200).collect();
    fnv(plain.as_bytes())
}

/// The size of a number as a class of its own.
fn size(count: usize) -> u64 {
    u64::from(count.checked_ilog2().unwrap_or(0)) + 1
}

fn audio() -> Run {
    let limits = ReadLimits { max_seconds: 600.0, max_stream_bytes: 1 << 22 };
    let names = ["a.wav", "a.mp3", "a.aac", "a.m4a", "a.ogg", "a"];
    Box::new(move |bytes| {
        let name = names[bytes.len() % names.len()];
        match read_from(bytes, name, &limits) {
            Ok(audio) => {
                assert!(!audio.samples.is_empty() && audio.samples.iter().all(|x| x.is_finite()));
                size(audio.samples.len()) << 32 | u64::from(audio.sample_rate_hz)
            }
            Err(error) => class(&error.to_string()),
        }
    })
}

fn textgrid() -> Run {
    let arpabet = |label: &str| (label.len() < 4).then(|| label.to_owned());
    Box::new(move |bytes| match TextGrid::parse(&String::from_utf8_lossy(bytes)) {
        Ok(grid) => SpeakerTiers::of(&grid).map_or_else(
            |fault| class(&fault.to_string()),
            |mut tiers| {
                let clamped = tiers.clamp(1.0).map_or_else(|e| class(&e.to_string()), |n| n as u64);
                let aligned = PhoneAlignment::from_tiers(&tiers, "say it now", &arpabet);
                clamped ^ aligned.map_or_else(|e| class(&e.to_string()), |a| size(a.phones.len()))
            },
        ),
        Err(broken) => class(&broken.fault.to_string()),
    })
}

/// A target that reads a file: the input is written to a folder of its own.
fn of_file(name: &'static str, read: impl Fn(&Path) -> u64 + 'static) -> Run {
    // In memory where the system has such a folder: a disk takes a hundred times as long.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    let folder = folder.expect("a temporary folder can be made");
    let path = folder.path().join(name);
    Box::new(move |bytes| {
        std::fs::write(folder.path().join(name), bytes).expect("it can be written");
        read(&path)
    })
}

fn manifest() -> Run {
    of_file("manifest.jsonl", |path| match Manifest::read(path) {
        Ok(manifest) => size(manifest.len()) ^ fnv(manifest.fingerprint().as_bytes()) << 8,
        Err(error) => class(&error.to_string()),
    })
}

fn metadata() -> Run {
    of_file("metadata.csv", |path| match ljspeech(path, "s") {
        Ok(import) => size(import.manifest.len()) << 8 | size(import.left_out.len()),
        Err(error) => class(&error.to_string()),
    })
}

fn lexicon() -> Run {
    let english = Lexicon::english().expect("the build is whole");
    Box::new(move |bytes| match english.clone().with_user(bytes, "words") {
        Ok(lexicon) => u64::from(lexicon.lookup_user("word").is_some()),
        Err(error) => class(&error.to_string()),
    })
}

fn settings() -> Run {
    of_file("settings.toml", |path| match Settings::load(&[Layer::File(path.to_path_buf())]) {
        Ok(loaded) => {
            size(loaded.keys.iter().filter(|key| key.place != SettingOrigin::Default).count())
        }
        Err(error) => class(&error.to_string()),
    })
}

fn model() -> Run {
    Box::new(|bytes| {
        let lm = LmFile::from_bytes(bytes).map_or_else(|e| class(&e.to_string()), |_| 1);
        let codec = EmbeddedCodec::from_bytes(bytes).map_or_else(|e| class(&e.to_string()), |_| 1);
        lm ^ codec.rotate_left(17)
    })
}

fn adapter() -> Run {
    Box::new(|bytes| match Adapter::from_bytes(bytes) {
        Ok(_) => 2,
        Err(error) => class(&error.to_string()),
    })
}

fn codes() -> Run {
    let info = CodecInfo {
        sample_rate_hz: 24_000,
        frame_rate_hz: 25.0,
        levels: 8,
        codebook_size: 1024,
        latent_dim: 16,
    };
    let codec = CodecId { fingerprint: "0".into(), info };
    of_file("codes.safetensors", move |path| match read_codes(path, &codec) {
        Ok((codes, _)) => size(codes.frames()),
        Err(error) => class(&error.to_string()),
    })
}

fn shard() -> Run {
    of_file("shard-00001-of-00001.safetensors", |path| match Shard::read(path) {
        Ok(shard) => {
            let frames = shard.records().iter().map(|record| shard.codes(record).frames());
            size(frames.sum())
        }
        Err(error) => class(&error.to_string()),
    })
}

fn text() -> Run {
    let frontend = Frontend::english().expect("the build is whole");
    Box::new(move |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let pieces = split(&text, 80);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= 80));
        let said = normalize(&text);
        let counted = whisper_english(&text);
        let spoken = match frontend.phonemize(&text) {
            Ok(spoken) => {
                assert!(spoken.words.iter().all(|word| !word.phones.is_empty()));
                size(spoken.phones.len())
            }
            Err(error) => class(&error.to_string()),
        };
        let words = said.split(' ').fold(0, |hash, word| hash ^ (fnv(word.as_bytes()) % 4096));
        spoken << 32 | size(counted.len()) << 24 | size(pieces.len()) << 16 | words
    })
}

fn marked() -> Run {
    Box::new(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let known = u64::from(markup::is_marked(&text));
        match markup::parse(&text) {
            Ok(utterances) => size(utterances.len()) << 1 | known,
            Err(error) => class(&error.to_string()),
        }
    })
}
