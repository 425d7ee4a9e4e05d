//! A recipe from recordings to a model file, on a corpus of a few seconds.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::workspace::root;

/// A buzz in syllables as a 16-bit WAV file at 24 kHz.
fn buzz(seconds: f64, pitch_hz: f64) -> Vec<u8> {
    let rate_hz = 24_000.0;
    let samples: Vec<i16> = (0..(seconds * rate_hz) as usize)
        .map(|i| {
            let t = i as f64 / rate_hz;
            let loud = if (t * 4.0).fract() < 0.7 { 6_000.0 } else { 60.0 };
            let tone: f64 =
                (1..8).map(|k| (t * pitch_hz * f64::from(k) * std::f64::consts::TAU).sin()).sum();
            (loud * tone / 2.0) as i16
        })
        .collect();
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(24_000u32.to_le_bytes());
    wav.extend(48_000u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

/// Two speakers with four utterances each, enough frames to fit a codec on, phones and their times included.
fn corpus(folder: &Path) {
    let mut manifest = String::new();
    for i in 0..8 {
        let (speaker, seconds) = (i % 2, 2.6 + 0.1 * f64::from(i));
        let name = format!("u{i}.wav");
        fs::write(folder.join(&name), buzz(seconds, 100.0 + 60.0 * f64::from(speaker))).unwrap();
        let line = serde_json::json!({
            "id": format!("u{i}"), "audio": name, "speaker": format!("s{speaker}"), "text": "so far",
            "phones": "SIL S OW1 | F AA1 R SIL",
            "durations_s": [0.1, 0.1, 0.2, 0.0, 0.1, 0.2, 0.1, 0.2], "seconds": seconds,
            "split": if i < 6 { "train" } else { "test" },
        });
        manifest += &format!("{line}\n");
    }
    fs::write(folder.join("manifest.jsonl"), manifest).unwrap();
}

const TRAIN: &str = "steps = 4\npositions = 300\nwarmup_steps = 1\ncheckpoint_steps = 2\neval_steps = 2\nin_training_eval_steps = 4\n\
    [model]\nencoder_layers = 1\n[model.trunk]\ndim = 16\nlayers = 1\nheads = 2\nhidden = 24\n\
    [prompt]\nmin_frames = 10\nmax_frames = 20\n\
    [[mix]]\ntask = 'tts'\nstage = 'ar'\nweight = 1.0\n[[mix]]\ntask = 'tts'\nstage = 'nar'\nweight = 1.0\n\
    [[mix]]\ntask = 'stt'\nstage = 'phones'\nweight = 1.0\n\
    [[mix]]\ntask = 'g2p'\nstage = 'to_phones'\nweight = 1.0\n";

/// Steps of the second phase, which lasts long enough to be killed.
const SECOND_STEPS: u64 = 80;

/// A recipe of two phases; the second one continues the first with another mix.
fn recipe(folder: &Path) {
    let at = |name: &str| folder.join(name).display().to_string();
    fs::write(folder.join("train.toml"), TRAIN).unwrap();
    fs::write(folder.join("card.json"), "{\"name\": \"tiny\"}").unwrap();
    let train = at("train.toml");
    let text = format!(
        "run = '{}'\nout = '{}'\n[corpus]\nmanifest = '{}'\n\
        [fit]\nset = ['codebook_size=16', 'latent_dim=8']\n\
        [vocoder]\nset = ['steps=2', 'clips=1', 'pitch.fit_seconds=4', 'pitch.entries=16', 'refinement.entries=16', 'refinement.groups=4', 'vocoder.block.dim=16', 'vocoder.block.layers=1', 'vocoder.block.heads=2', 'vocoder.block.hidden=24']\n\
        [[train]]\nname = 'first'\nconfig = '{train}'\nin_training_eval = 1\n\
        [[train]]\nname = 'second'\nconfig = '{train}'\nset = ['steps={SECOND_STEPS}', 'eval_steps=100']\n\
        settings = ['tasks.stt.augmented_share=0.5']\nmix = {{ tts = {{ ar = 1, nar = 2 }} }}\n\
        [package]\ncard = '{}'\nvoices = [{{ name = 'ann', utterance = 'u0' }}, {{ name = 'bob', utterance = 'u1' }}]\n",
        at("run"),
        at("model.safetensors"),
        at("manifest.jsonl"),
        at("card.json"),
    );
    fs::write(folder.join("recipe.toml"), text).unwrap();
}

/// `cargo xtask pretrain` with the program in the folder of xtask, if it is built.
fn pretrain(folder: &Path, more: &[&str]) -> Output {
    command(folder, more).output().unwrap()
}

fn command(folder: &Path, more: &[&str]) -> Command {
    let xtask = Path::new(env!("CARGO_BIN_EXE_xtask"));
    let program = xtask.with_file_name("syrinx");
    let mut command = Command::new(xtask);
    command.arg("pretrain").current_dir(root());
    if program.is_file() {
        command.arg("--program").arg(program);
    }
    command.arg(folder.join("recipe.toml")).args(more);
    command
}

/// Starts the recipe, and kills it with the program that it runs once a file is there.
fn killed_at(folder: &Path, file: &Path) {
    let mut command = command(folder, &[]);
    let mut child =
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !file.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before {}", file.display());
        thread::sleep(Duration::from_millis(2));
    }
    let group = format!("kill -9 -{}", child.id());
    assert!(Command::new("sh").args(["-c", &group]).status().unwrap().success());
    child.wait().unwrap();
}

/// Names of stages with what became of them.
fn said(output: &Output) -> Vec<(String, String)> {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{out}\n{err}");
    let stage = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        let (what, _) = rest.split_once(':')?;
        Some((name.to_owned(), what.trim().to_owned()))
    };
    out.lines().filter_map(stage).collect()
}

const STAGES: [&str; 6] = ["fit", "vocoder", "encode", "train-first", "train-second", "package"];

/// The stages with what becomes of each.
fn stages(what: [&str; 6]) -> Vec<(String, String)> {
    STAGES.iter().zip(what).map(|(stage, what)| ((*stage).to_owned(), what.to_owned())).collect()
}

fn events(folder: &Path, phase: &str) -> String {
    fs::read_to_string(folder.join(format!("run/train-{phase}/lm/events.jsonl"))).unwrap()
}

#[test]
fn a_recipe_runs_from_recordings_to_a_model_and_does_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    corpus(folder);
    recipe(folder);
    let later = "waits";
    let dry = said(&pretrain(folder, &["--dry-run"]));
    assert_eq!(dry, stages(["to do", later, later, later, later, later]));
    assert!(!folder.join("run").exists(), "a dry run leaves nothing");
    killed_at(folder, &folder.join("run/train-second/lm/checkpoint.safetensors"));
    let resumed = pretrain(folder, &[]);
    assert_eq!(said(&resumed), stages(["done", "done", "done", "done", "resumes", "to do"]));
    let resumed = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert!(resumed.contains("from step ") && !resumed.contains("from step 0"), "{resumed}");
    assert!(events(folder, "first").contains("in-training WER (own recognizer)"));
    let second = events(folder, "second");
    assert!(second.contains("tts") && !second.contains("g2p"), "the mix of the phase: {second}");
    let model = fs::read(folder.join("model.safetensors")).unwrap();
    let card = fs::read_to_string(folder.join("run/package/card.json")).unwrap();
    assert!(card.contains("\"tiny\"") && card.contains("codec train"), "{card}");
    assert_eq!(said(&pretrain(folder, &[])), stages(["done"; 6]));
    // A setting of a late stage leaves the early ones as they are; the package follows the weights.
    let third = said(&pretrain(folder, &["--set", "train.second.set=steps=5"]));
    assert_eq!(third, stages(["done", "done", "done", "done", "to do", "to do"]));
    assert!(model != fs::read(folder.join("model.safetensors")).unwrap(), "other weights");
}

/// Utterances of the project's test recordings in the folders of LibriTTS: speaker, chapter, a text beside each recording.
fn libri(folder: &Path, utterances: usize) {
    let source = root().join("evals/data/test");
    let manifest = fs::read_to_string(source.join("manifest.jsonl")).unwrap();
    for line in manifest.lines().take(utterances) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| line[name].as_str().unwrap();
        let chapter = folder.join(field("speaker")).join("1");
        fs::create_dir_all(&chapter).unwrap();
        let at = |end: &str| chapter.join(format!("{}.{end}", field("id")));
        fs::copy(source.join(field("audio")), at("ogg")).unwrap();
        fs::write(at("normalized.txt"), field("text")).unwrap();
    }
}

const SUITE: &str = "summary = 'Zero-shot speech'\ntask = 'tts'\nrequest = { text = '{text}', prompt = '{prompt}' }\n\
    figures = ['wer', 'duration_ratio']\n[items]\nmanifest = 'test.jsonl'\n\
    [[judges]]\nkind = 'own'\nname = 'own'\ntask = 'stt'\nrequest = { audio = '{audio}' }\n";

/// A recipe in the form of those for LibriTTS, with a small model and a tiny Mimi.
fn libri_recipe(folder: &Path) {
    let at = |name: &str| folder.join(name).display().to_string();
    let train =
        TRAIN.replace("min_frames = 10\nmax_frames = 20", "min_frames = 5\nmax_frames = 12");
    fs::write(folder.join("train.toml"), train).unwrap();
    fs::write(folder.join("suite.toml"), SUITE).unwrap();
    let mimi = root().join("crates/pretrained/tests/data/mimi").display().to_string();
    let text = format!(
        "run = '{}'\nout = '{}'\ncodec = '{mimi},levels=4'\n\
        [corpus]\nimport = {{ form = 'libri', folder = '{}' }}\nalign = true\n[[train]]\nname = 'lm'\nconfig = '{}'\n\
        [package]\nvoices = [{{ name = 'reader', utterance = 'joe_092_0461' }}]\n\
        [evaluate]\nsuite = '{}'\nmanifest = '{}'\nimport = {{ form = 'libri', folder = '{}' }}\nlimit = 1\n",
        at("run"),
        at("model.safetensors"),
        at("train-clean-100"),
        at("train.toml"),
        at("suite.toml"),
        at("test.jsonl"),
        at("test-clean"),
    );
    fs::write(folder.join("recipe.toml"), text).unwrap();
}

#[test]
fn a_recipe_with_a_published_codec_goes_from_the_importer_to_the_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    libri(&folder.join("train-clean-100"), 4);
    libri(&folder.join("test-clean"), 2);
    libri_recipe(folder);
    let output = pretrain(folder, &[]);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}\n{err}", String::from_utf8_lossy(&output.stdout));
    for stage in ["import", "align", "encode", "train-lm", "package", "test-set", "evaluate"] {
        let record = folder.join("run/stages").join(format!("{stage}.json"));
        let record = fs::read_to_string(record).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        assert_eq!(record["done"], true, "{stage}: {record}");
    }
    let report = fs::read_to_string(folder.join("run/evaluate/report/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    // The answer, the recording and its round trip.
    assert_eq!(report["rows"].as_array().map(Vec::len), Some(3), "{report}");
    assert_eq!(report["missing"], 0, "{report}");
}
