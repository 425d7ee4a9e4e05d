//! Comparison with `openai-whisper` 20231117 on a random checkpoint of 2 s windows: transcripts of several windows and
//! times of words. Errors of the checkpoint.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use candle_core::{Device, safetensors};
use serde_json::Value;
use syrinx_pretrained::PretrainedError;
use syrinx_pretrained::whisper::{Whisper, WhisperFault, WhisperOptions, WhisperRecognizer};
use syrinx_task::Recognizer as _;
use syrinx_types::{Audio, CancelToken, RunContext};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/whisper").join(name)
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(data(name)).unwrap()).unwrap()
}

fn recording(name: &str) -> Audio {
    syrinx_audio::read(data(name)).unwrap()
}

/// A folder with the checkpoint's files, to be changed by a test.
fn copied() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "generation_config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(data(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// Settings without safeguards, which draw at random.
fn greedy() -> WhisperOptions {
    WhisperOptions {
        language: Some("en".into()),
        temperatures: vec![0.0],
        max_compression_ratio: f64::INFINITY,
        min_log_prob: f64::NEG_INFINITY,
        no_speech_threshold: 1.0,
        ..WhisperOptions::default()
    }
}

fn near(a: f64, b: &Value) -> bool {
    (a - b.as_f64().unwrap()).abs() < 0.011
}

#[test]
fn transcripts_of_several_windows_are_those_of_whisper_itself() {
    let whisper = Whisper::load(&data("")).unwrap();
    let mut handed_out = Vec::new();
    let cancel = CancelToken::default();
    let transcript = whisper
        .transcribe_each(&recording("long.wav"), &greedy(), &cancel, &mut |segment| {
            handed_out.push(segment.clone());
        })
        .unwrap();
    assert_eq!(handed_out, transcript.segments);
    let expected = json("transcript.json");
    let texts = |s: &&Value| !s["text"].as_str().unwrap().trim().is_empty();
    let expected: Vec<&Value> =
        expected["segments"].as_array().unwrap().iter().filter(texts).collect();
    let found: Vec<&str> = transcript.segments.iter().map(|s| s.text.as_str()).collect();
    let wanted: Vec<&str> = expected.iter().map(|s| s["text"].as_str().unwrap().trim()).collect();
    assert_eq!(found, wanted);
    assert!(found.len() > 5);
    for (segment, expected) in transcript.segments.iter().zip(expected) {
        assert!((segment.mean_log_prob - expected["avg_logprob"].as_f64().unwrap()).abs() < 1e-3);
        assert!(near(segment.no_speech_prob, &expected["no_speech_prob"]));
        let visible = |w: &&Value| !w["word"].as_str().unwrap().trim().is_empty();
        let words: Vec<&Value> =
            expected["words"].as_array().unwrap().iter().filter(visible).collect();
        assert_eq!(segment.words.len(), words.len(), "{}", segment.text);
        for (word, expected) in segment.words.iter().zip(words) {
            assert_eq!(word.time.word, expected["word"].as_str().unwrap().trim());
            assert!(near(word.time.start_s, &expected["start"]), "{word:?} {expected}");
            assert!(near(word.time.end_s, &expected["end"]), "{word:?} {expected}");
            assert!(near(word.probability, &expected["probability"]));
        }
    }
}

#[test]
fn a_known_text_is_aligned_as_whisper_does() {
    let whisper = Whisper::load(&data("")).unwrap();
    let cancel = CancelToken::default();
    let short = recording("short.wav");
    let words = whisper.align(&short, "Glue the sheet, then.", Some("en"), &cancel).unwrap();
    let expected = json("alignment.json");
    let starts: Vec<(String, &Value)> = expected
        .as_array()
        .unwrap()
        .iter()
        .map(|w| (w["word"].as_str().unwrap().trim().to_owned(), &w["start"]))
        .filter(|(word, _)| word.chars().any(char::is_alphabetic))
        .collect();
    let found: Vec<&str> = words.iter().map(|w| w.word.as_str()).collect();
    assert_eq!(found, ["Glue", "the", "sheet,", "then."]);
    for (word, (_, start)) in words.iter().zip(starts) {
        assert!(near(word.start_s, start), "{word:?} {start}");
    }
}

#[test]
fn a_text_of_several_windows_is_aligned_piece_by_piece() {
    let whisper = Whisper::load(&data("")).unwrap();
    let cancel = CancelToken::default();
    let long = recording("long.wav");
    let options = WhisperOptions { language: Some("en".into()), ..WhisperOptions::default() };
    let transcript = whisper.transcribe(&long, &options, &cancel).unwrap();
    let aligned = whisper.align(&long, &transcript.text, Some("en"), &cancel);
    // A checkpoint of random numbers may recognize no word to cut at: an error then says so.
    match aligned {
        Ok(words) => {
            assert!(words.windows(2).all(|pair| pair[0].start_s <= pair[1].start_s + 1e-9));
            assert!(words.last().unwrap().end_s > 2.0, "beyond the first window");
        }
        Err(error) => assert!(
            matches!(error, PretrainedError::Whisper(WhisperFault::OtherText { .. })),
            "{error}"
        ),
    }
    let other = whisper.align(&long, "Nobody says this.", Some("en"), &cancel).unwrap_err();
    assert!(matches!(other, PretrainedError::Whisper(WhisperFault::OtherText { .. })), "{other}");
}

#[test]
fn the_same_seed_gives_the_same_transcript_with_all_safeguards() {
    let whisper = Whisper::load(&data("")).unwrap();
    let options = WhisperOptions {
        language: Some("de".into()),
        temperatures: vec![0.0, 0.6],
        min_log_prob: -0.5,
        best_of: 2,
        ..WhisperOptions::default()
    };
    let run = |seed| {
        let options = WhisperOptions { seed, ..options.clone() };
        whisper.transcribe(&recording("short.wav"), &options, &CancelToken::default()).unwrap()
    };
    let first = run(1);
    assert_eq!(first, run(1), "nothing stays behind from before");
    assert_ne!(first, run(2));
    assert!(first.segments.iter().any(|s| s.temperature > 0.0), "noise is not probable");
}

#[test]
fn a_language_is_detected_and_an_unknown_one_is_refused() {
    let whisper = Whisper::load(&data("")).unwrap();
    assert_eq!(whisper.languages(), ["en", "de", "haw"]);
    let (language, probability) = whisper.detect_language(&recording("short.wav")).unwrap();
    assert!(whisper.languages().contains(&language.as_str()) && probability > 1.0 / 3.0);
    let options = WhisperOptions { language: None, ..greedy() };
    let cancel = CancelToken::default();
    let transcript = whisper.transcribe(&recording("short.wav"), &options, &cancel).unwrap();
    assert_eq!(transcript.language, language);
    let options = WhisperOptions { language: Some("fr".into()), ..greedy() };
    let error = whisper.transcribe(&recording("short.wav"), &options, &cancel).unwrap_err();
    assert!(matches!(error, PretrainedError::Whisper(WhisperFault::Language { .. })));
    assert_eq!(error.hint().unwrap(), "supported languages: en, de, haw");
}

#[test]
fn a_recording_without_speech_has_no_words() {
    let recognizer = WhisperRecognizer::new(Whisper::load(&data("")).unwrap(), greedy());
    let (silence, cancel) = (Audio::silence(2.0, 16_000), CancelToken::default());
    let run = RunContext::quiet(&cancel);
    let found = |audio: &Audio| recognizer.transcribe(audio, run).unwrap();
    // The random checkpoint finds words in everything that it is given.
    assert!(!recognizer.transcribe_formatted(&recording("long.wav"), run).unwrap().text.is_empty());
    assert_eq!((found(&silence).text.as_str(), found(&silence).words.len()), ("", 0));
    let error = recognizer.align(&silence, "Glue the sheet.", run).unwrap_err();
    assert!(error.to_string().contains("has no speech"), "{error}");
}

#[test]
fn work_stops_when_it_is_cancelled() {
    let whisper = Whisper::load(&data("")).unwrap();
    let cancel = CancelToken::default();
    cancel.cancel();
    let error = whisper.transcribe(&recording("long.wav"), &greedy(), &cancel).unwrap_err();
    assert!(matches!(error, PretrainedError::Whisper(WhisperFault::Cancelled)));
}

#[test]
fn a_gguf_file_gives_the_transcript_of_its_weights() {
    let folder = copied();
    let path = folder.path().join("model.safetensors");
    let tensors = safetensors::load(&path, &Device::Cpu).unwrap();
    let stored: HashMap<String, QTensor> = tensors
        .iter()
        .map(|(name, t)| (name.clone(), QTensor::quantize(t, GgmlDType::F32).unwrap()))
        .collect();
    let stored: Vec<(&str, &QTensor)> = stored.iter().map(|(n, t)| (n.as_str(), t)).collect();
    fs::remove_file(&path).unwrap();
    let mut file = fs::File::create(folder.path().join("whisper.gguf")).unwrap();
    gguf_file::write(&mut file, &[], &stored).unwrap();
    let cancel = CancelToken::default();
    let run = |folder: &Path| {
        let whisper = Whisper::load(folder).unwrap();
        whisper.transcribe(&recording("long.wav"), &greedy(), &cancel).unwrap()
    };
    assert_eq!(run(folder.path()).text, run(&data("")).text);
}

#[test]
fn weights_of_whisper_cpp_are_refused_by_name_with_the_remedy() {
    let folder = copied();
    fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    let path = folder.path().join("ggml-tiny.en.bin");
    fs::write(&path, b"lmgg\x01\0\0\0").unwrap();
    for place in [path.as_path(), folder.path()] {
        let error = Whisper::load(place).err().unwrap();
        let message = error.to_string();
        assert!(
            message.contains("ggml-tiny.en.bin") && message.contains("whisper.cpp"),
            "{message}"
        );
        assert!(error.hint().unwrap().contains(".gguf"));
    }
    // Beside weights that are read it does no harm.
    fs::copy(data("model.safetensors"), folder.path().join("model.safetensors")).unwrap();
    assert!(Whisper::load(folder.path()).is_ok());
}

#[test]
fn a_missing_file_is_named_with_where_to_get_it() {
    let folder = copied();
    for name in ["tokenizer.json", "config.json", "model.safetensors"] {
        let (path, aside) = (folder.path().join(name), folder.path().join("aside"));
        fs::rename(&path, &aside).unwrap();
        let error = Whisper::load(folder.path()).err().unwrap();
        assert!(error.to_string().contains(name), "{error}");
        assert!(error.hint().unwrap().contains("huggingface.co"));
        fs::rename(&aside, &path).unwrap();
    }
}

#[test]
fn broken_files_are_errors_that_name_them() {
    let config = fs::read_to_string(data("config.json")).unwrap();
    let wider = config.replace("\"d_model\": 16", "\"d_model\": 32");
    let larger = config.replace("\"vocab_size\"", "\"vocab_size\": 9, \"other\"");
    let family = config.replace("\"whisper\"", "\"bart\"");
    let weights = fs::read(data("model.safetensors")).unwrap();
    let half = weights[..weights.len() / 2].to_vec();
    let positions = config.replace("\"max_source_positions\": ", "\"max_source_positions\": 9999");
    let other = fs::read(data("../mimi/model.safetensors")).unwrap();
    let vall_e = fs::read(data("../vall-e/tokenizer.json")).unwrap();
    let codec = fs::read(data("../mimi/config.json")).unwrap();
    let broken: [(&str, Vec<u8>, &str); 18] = [
        ("config.json", b"{}".to_vec(), "missing field"),
        ("config.json", b"not json".to_vec(), "expected"),
        ("config.json", family.into_bytes(), "`bart`"),
        ("config.json", codec, "`mimi`"),
        ("config.json", positions.into_bytes(), "expected 1 to 16384"),
        ("tokenizer.json", b"{}".to_vec(), ""),
        ("tokenizer.json", b"\xff\xfe".to_vec(), ""),
        ("tokenizer.json", vall_e, "token `<|endoftext|>` is missing"),
        ("generation_config.json", b"{\"alignment_heads\": [[7, 0]]}".to_vec(), "layer 7"),
        ("model.safetensors", b"short".to_vec(), "not a checkpoint"),
        ("model.safetensors", vec![0; 64], "not a checkpoint"),
        ("model.safetensors", half, "is truncated"),
        ("model.safetensors", b"\x80\x02}q\x00.".to_vec(), "is a pickle"),
        ("model.safetensors", b"PK\x03\x04 a zip archive".to_vec(), "is a pickle"),
        ("model.safetensors", other, "is missing, expected shape [16, "),
        ("model.safetensors", vec![0xff; 64], "not a checkpoint"),
        ("config.json", wider.into_bytes(), "[16, 16, 3], expected [32, 16, 3]"),
        ("config.json", larger.into_bytes(), "the model has 9 tokens"),
    ];
    for (name, bytes, reason) in broken {
        let folder = copied();
        fs::write(folder.path().join(name), bytes).unwrap();
        let error = Whisper::load(folder.path()).err().unwrap();
        let message = error.to_string();
        assert!(message.contains(&folder.path().display().to_string()), "{name}: {message}");
        assert!(message.contains(reason), "{name}: {message}");
        assert!(error.hint().is_some(), "{name}: {message}");
    }
}

#[test]
fn a_folder_with_a_pickle_alone_is_refused_with_the_way_to_convert_it() {
    let folder = copied();
    fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    fs::write(folder.path().join("pytorch_model.bin"), b"PK\x03\x04").unwrap();
    let error = Whisper::load(folder.path()).err().unwrap();
    assert!(error.to_string().contains("pytorch_model.bin` is a pickle"), "{error}");
    assert!(error.hint().unwrap().contains("save_file"), "conversion is pointed to");
}

/// A replacement of a tensor; `None` leaves it out.
type Change = fn(&candle_core::Tensor) -> Option<candle_core::Tensor>;

/// A name that is changed in both containers.
const CHANGED: &str = "model.decoder.layers.0.fc1.weight";

#[test]
fn tensors_that_cannot_be_used_are_named() {
    let changes: [(&str, Change); 5] = [
        ("is missing, expected shape [40, 16]", |_| None),
        ("is I64, expected F32", |t| t.to_dtype(candle_core::DType::I64).ok()),
        ("is U8, expected F32", |t| t.to_dtype(candle_core::DType::U8).ok()),
        ("has shape [16, 40], expected [40, 16]", |t| t.t().ok()?.contiguous().ok()),
        ("holds NaN at index 0", |t| (t * f64::NAN).ok()),
    ];
    for (reason, change) in changes {
        let folder = copied();
        let path = folder.path().join("model.safetensors");
        let mut tensors = safetensors::load(&path, &Device::Cpu).unwrap();
        let tensor = tensors.remove(CHANGED).unwrap();
        tensors.extend(change(&tensor).map(|t| (CHANGED.to_owned(), t)));
        safetensors::save(&tensors, &path).unwrap();
        let error = Whisper::load(folder.path()).err().unwrap().to_string();
        assert!(error.contains(CHANGED) && error.contains(reason), "{error}");
        assert!(error.contains("model.safetensors"), "{error}");
    }
}

/// The checkpoint as a GGUF file, with one tensor changed.
fn gguf(folder: &Path, change: Change) -> Vec<u8> {
    let path = folder.join("model.safetensors");
    let mut tensors = safetensors::load(&path, &Device::Cpu).unwrap();
    let tensor = tensors.remove(CHANGED).unwrap();
    tensors.extend(change(&tensor).map(|t| (CHANGED.to_owned(), t)));
    let stored: HashMap<String, QTensor> = tensors
        .iter()
        .map(|(name, t)| (name.clone(), QTensor::quantize(t, GgmlDType::F32).unwrap()))
        .collect();
    let stored: Vec<(&str, &QTensor)> = stored.iter().map(|(n, t)| (n.as_str(), t)).collect();
    fs::remove_file(&path).unwrap();
    let mut file = std::io::Cursor::new(Vec::new());
    gguf_file::write(&mut file, &[], &stored).unwrap();
    file.into_inner()
}

#[test]
fn tensors_of_a_gguf_file_that_cannot_be_used_are_named() {
    let changes: [(&str, Change); 3] = [
        ("is missing, expected shape [40, 16]", |_| None),
        ("has shape [16, 40], expected [40, 16]", |t| t.t().ok()?.contiguous().ok()),
        ("holds NaN at index 0", |t| (t * f64::NAN).ok()),
    ];
    for (reason, change) in changes {
        let folder = copied();
        let bytes = gguf(folder.path(), change);
        fs::write(folder.path().join("whisper.gguf"), bytes).unwrap();
        let error = Whisper::load(folder.path()).err().unwrap().to_string();
        assert!(error.contains("whisper.gguf") && error.contains(CHANGED), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_gguf_file_that_is_cut_or_spoilt_anywhere_is_an_error_and_takes_no_more_memory() {
    let folder = copied();
    let whole = gguf(folder.path(), |t| Some(t.clone()));
    let path = folder.path().join("whisper.gguf");
    let long = |kind: u32, length: u64| {
        let entry = [&1u64.to_le_bytes()[..], b"a", &kind.to_le_bytes()].concat();
        let start = [&b"GGUF\x03\0\0\0"[..], &0u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
        [&start[..], &entry, &length.to_le_bytes(), &[0; 64]].concat()
    };
    let array = |length: u64| {
        let mut bytes = long(9, 0);
        let at = bytes.len() - 64 - 8;
        bytes.splice(at.., [&0u32.to_le_bytes()[..], &length.to_le_bytes()].concat());
        bytes
    };
    let huge = [1 << 40, 1 << 62, u64::MAX];
    let crafted = huge.iter().flat_map(|&n| [long(8, n), array(n)]);
    let counts = huge.iter().flat_map(|n| {
        let count = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at..at + 8].copy_from_slice(&n.to_le_bytes());
            bytes
        };
        [count(8), count(16)]
    });
    let cut = [0, 3, 8, 40, whole.len() / 2, whole.len() - 200].map(|n| whole[..n].to_vec());
    for bytes in crafted.chain(counts).chain(cut) {
        fs::write(&path, bytes).unwrap();
        let error = Whisper::load(folder.path()).err().unwrap();
        assert!(error.to_string().contains("whisper.gguf"), "{error}");
        assert!(error.hint().is_some());
    }
    // Every byte of the header's beginning in turn.
    for i in 0..400 {
        let mut spoilt = whole.clone();
        spoilt[i] ^= 0x55;
        fs::write(&path, spoilt).unwrap();
        let _ = Whisper::load(folder.path());
    }
}

#[test]
fn a_configuration_asks_for_no_more_memory_than_the_file_has() {
    let config: Value = json("config.json");
    for key in config.as_object().unwrap().keys().filter(|key| config[*key].is_u64()) {
        for huge in [0u64, 60_000, u64::from(u32::MAX), u64::MAX / 2] {
            let folder = copied();
            let mut changed = config.clone();
            changed[key] = huge.into();
            fs::write(folder.path().join("config.json"), changed.to_string()).unwrap();
            // No more than an error; some keys are of tokens that are not used.
            let _ = Whisper::load(folder.path());
        }
    }
}
