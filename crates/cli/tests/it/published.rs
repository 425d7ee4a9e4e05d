//! Imported vall-e models with the verbs: tiny checkpoints of random numbers speak, transcribe, denoise and remove
//! through a tiny EnCodec.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor, safetensors};
use serde_json::Value;

use crate::bench::{Bench, Ended, finish};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pretrained/tests/data").join(name)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Two seconds of a reader.
fn recording() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/data/test/audio");
    text(&path.join("joe_092_0461.ogg"))
}

/// The tiny EnCodec with the first codes of each level alone, as many as a checkpoint knows.
fn encodec(bench: &Bench, codes: usize) -> String {
    let folder = bench.path("encodec");
    fs::create_dir(&folder).expect("a folder");
    let config = fs::read_to_string(data("encodec/config.json")).expect("it is there");
    let mut config: Value = serde_json::from_str(&config).expect("JSON");
    config["codebook_size"] = codes.into();
    // The bit rate says how many levels there are: 8 at 75 frames a second, and a bit more.
    config["target_bandwidths"] = vec![0.601 * (codes as f64).log2()].into();
    fs::write(folder.join("config.json"), config.to_string()).expect("the folder can be written");
    let weights = data("encodec/model.safetensors");
    let tensors = safetensors::load(weights, &Device::Cpu).expect("it is there");
    let first = |(name, tensor): (String, Tensor)| {
        let rows = ["embed", "embed_avg", "cluster_size"].iter().any(|end| name.ends_with(end));
        let tensor = if rows { tensor.narrow(0, 0, codes).expect("rows") } else { tensor };
        (name, tensor.contiguous().expect("a copy"))
    };
    let tensors: HashMap<String, Tensor> = tensors.into_iter().map(first).collect();
    safetensors::save(&tensors, folder.join("model.safetensors")).expect("it can be written");
    text(&folder)
}

/// A whole model of a checkpoint and the codec: `model.safetensors`.
fn import(bench: &Bench, checkpoint: &str, codes: usize) {
    let codec = encodec(bench, codes);
    let checkpoint = text(&data("vall-e").join(checkpoint).join("model.sft"));
    let tokenizer = text(&data("vall-e/tokenizer.json"));
    let args = ["import", "vall-e", &checkpoint, "--tokenizer", &tokenizer];
    let ended = bench.run(&[&args[..], &["--codec", &codec, "-o", "model.safetensors"]].concat());
    assert!(ended.worked().err.contains("8 levels"), "{}", ended.err);
}

/// Runs the program with the imported model.
fn run(bench: &Bench, args: &[&str]) -> Ended {
    finish(bench.plain(&[args, &["--model", "model.safetensors"]].concat()), b"")
}

/// Length of a written file at 24 kHz, seconds.
fn seconds(bench: &Bench, name: &str) -> f64 {
    let bytes = fs::read(bench.path(name)).expect("it was written");
    let rate = bytes[24..28].try_into().map(u32::from_le_bytes).expect("a header");
    assert_eq!(rate, 24_000);
    (bytes.len() - 44) as f64 / 2.0 / f64::from(rate)
}

const FEW: [&str; 2] = ["--set", "decode.demask.steps=3"];

#[test]
fn an_imported_model_speaks_in_place_and_frame_by_frame() {
    let bench = Bench::new();
    import(&bench, "v5-head", 256);
    let prompt = recording();
    let say = |out: &str, more: &[&str]| {
        let args = ["say", "Glue the sheet.", "-o", out];
        run(&bench, &[&args[..], &FEW, more].concat()).worked();
        assert!(seconds(&bench, out) > 0.0);
        fs::read(bench.path(out)).expect("it was written")
    };
    let plain = say("plain.wav", &[]);
    assert!(plain == say("again.wav", &[]), "greedy passes draw nothing");
    assert!(plain != say("prompt.wav", &["--prompt", &prompt]), "the prompt counts");
    assert!(plain != say("free.wav", &["--set", "decode.demask.guidance=1"]), "guidance counts");
    let warm = ["--set", "decode.demask.temperature=2"];
    let drawn = say("drawn.wav", &[&warm[..], &["--seed", "1"]].concat());
    assert!(drawn == say("same.wav", &[&warm[..], &["--seed", "1"]].concat()), "the same seed");
    assert!(drawn != say("other.wav", &[&warm[..], &["--seed", "2"]].concat()), "another seed");
    let frames =
        ["--set", "tasks.tts.frame_by_frame=true", "--set", "tasks.tts.max_frames_per_phone=4"];
    let greedy = ["--set", "decode.codes.temperature=0"];
    let alone = say("frames.wav", &[&frames[..], &greedy].concat());
    assert!(alone == say("same.wav", &[&frames[..], &greedy, &["--seed", "9"]].concat()));
    let hot = ["--set", "decode.codes.temperature=1", "--set", "decode.codes.top_p=1"];
    assert!(alone != say("hot.wav", &[&frames[..], &hot].concat()));
    // Phones in place of a word, in either alphabet.
    let phones = |text: &str| {
        run(&bench, &[&["say", text, "-o", "phones.wav"][..], &FEW].concat()).worked();
        fs::read(bench.path("phones.wav")).expect("it was written")
    };
    assert!(phones("Nguyen/W IH1 N/") == phones("Nguyen/wˈɪn/"));
    assert!(phones("Nguyen/W IH1 N/") != phones("Nguyen/HH AY1/"));
}

#[test]
fn an_imported_model_streams_its_speech() {
    let bench = Bench::new();
    import(&bench, "v5-2024-10", 64);
    fs::write(bench.path("sentences.txt"), "Glue the sheet.\n").expect("it can be written");
    let args = ["bench", "stream", "--sentences", "sentences.txt", "--count", "1", "--json"];
    let short = ["--set", "tasks.tts.max_frames_per_phone=4"];
    let ended = run(&bench, &[&args[..], &short].concat());
    let rows: Value = serde_json::from_str(&ended.worked().out).expect("JSON");
    let figure = |name: &str| rows[0][name].as_f64().expect("a number");
    assert!(figure("first_p50_s") > 0.0 && figure("real_time_factor") > 0.0, "{rows}");
}

#[test]
fn an_imported_model_transcribes_phones() {
    let bench = Bench::new();
    import(&bench, "v5-head", 256);
    let ended = run(&bench, &["transcribe", &recording(), "--json"]);
    let json: Value = serde_json::from_str(&ended.worked().out).expect("JSON");
    // Most tokens of this model have no sign in the small tokenizer of its test.
    assert!(json["text"].is_string(), "{json}");
    assert_eq!(json["words"].as_array().map(Vec::len), Some(0), "phones have no times");
    let ended = run(&bench, &["align", &recording(), "glue the sheet"]);
    assert_ne!(ended.code, 0, "nor can a text be aligned");
}

#[test]
fn an_imported_model_denoises_and_removes_speech() {
    let bench = Bench::new();
    import(&bench, "v5-head", 256);
    let recording = recording();
    for verb in ["denoise", "remove"] {
        let out = format!("{verb}.wav");
        run(&bench, &[&[verb, &recording, "-o", &out][..], &FEW].concat()).worked();
        assert!((1.9..2.4).contains(&seconds(&bench, &out)), "{verb} keeps the length");
    }
    let extract = ["extract", &recording, "--speaker", &recording, "-o", "extract.wav"];
    let ended = run(&bench, &[&extract[..], &FEW].concat());
    assert!(ended.worked().err.contains("not trained to extract"), "{}", ended.err);
    assert!((1.9..2.4).contains(&seconds(&bench, "extract.wav")));
    let bytes = |name: &str| fs::read(bench.path(name)).expect("it was written");
    assert!(bytes("extract.wav") != bytes("denoise.wav"), "the speaker counts");
    assert!(bytes("denoise.wav") != bytes("remove.wav"), "the task's token counts");
    // A task that needs an alignment.
    let convert = ["convert", &recording, "--prompt", &recording, "-o", "other.wav"];
    run(&bench, &convert).failed(4, &["convert"]);
}

#[test]
fn an_old_model_speaks_frame_by_frame_and_does_no_more() {
    for (checkpoint, codes) in [("v5-2024-10", 64), ("v5-2024-12", 64)] {
        let bench = Bench::new();
        import(&bench, checkpoint, codes);
        let prompt = recording();
        let say = ["say", "Glue the sheet.", "--prompt", &prompt, "-o", "said.wav"];
        let short = ["--set", "tasks.tts.max_frames_per_phone=4"];
        run(&bench, &[&say[..], &short, &FEW].concat()).worked();
        assert!(seconds(&bench, "said.wav") > 0.0);
        run(&bench, &["transcribe", &prompt]).worked();
        let ended = run(&bench, &[&["denoise", &prompt, "-o", "clean.wav"][..], &FEW].concat());
        if checkpoint == "v5-2024-10" {
            ended.failed(4, &["denoise"]);
        } else {
            ended.worked();
        }
    }
}

#[test]
fn parts_that_do_not_belong_to_an_imported_model_are_named() {
    let bench = Bench::new();
    let codec = text(&data("encodec"));
    let checkpoint = text(&data("vall-e/v5-head/model.sft"));
    let import = |tokenizer: &Path, codec: &str| {
        let tokenizer = text(tokenizer);
        let args = ["import", "vall-e", &checkpoint, "--tokenizer", &tokenizer, "--codec", codec];
        finish(bench.plain(&[&args[..], &["-o", "m.safetensors"]].concat()), b"")
    };
    let tokenizer = data("vall-e/tokenizer.json");
    import(&tokenizer, &codec).failed(4, &["8 levels of 256 codes, the codec has 8 of 1024"]);
    import(&tokenizer, &text(&data("mimi"))).failed(4, &["8 levels of 256 codes"]);
    import(&data("whisper/tokenizer.json"), &codec).failed(4, &["whisper/tokenizer.json"]);
    assert!(!bench.path("m.safetensors").exists());
}
