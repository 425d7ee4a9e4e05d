//! Published codecs with every verb: tiny checkpoints of random numbers, and the small corpus of the evaluations.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bench::{Bench, finish};

/// A tiny checkpoint in the format of a family.
fn checkpoint(name: &str) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pretrained/tests/data");
    data.join(name).display().to_string()
}

/// The manifest of the test recordings, and the path of one of them.
fn corpus() -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/data/test");
    (folder.join("manifest.jsonl"), folder.join("audio/joe_092_0461.ogg"))
}

/// Four utterances of the corpus as a manifest of its own.
fn small_corpus(bench: &Bench) {
    let (manifest, recording) = corpus();
    let audio = recording.parent().and_then(Path::parent).expect("the corpus's folder");
    let lines = fs::read_to_string(manifest).expect("the manifest");
    let mut kept = String::new();
    for line in lines.lines().take(4) {
        let mut value: Value = serde_json::from_str(line).expect("JSON");
        let path = audio.join(value["audio"].as_str().expect("a path"));
        value["audio"] = path.display().to_string().into();
        value["speaker"] = "joe".into();
        value["split"] = "train".into();
        kept += &format!("{value}\n");
    }
    bench.write("corpus.jsonl", kept);
}

const TRAIN: &str = "steps = 3\npositions = 1200\nwarmup_steps = 1\ncheckpoint_steps = 3\neval_steps = 3\n\
    [model]\nencoder_layers = 1\n[model.trunk]\ndim = 32\nlayers = 1\nheads = 2\nhidden = 48\n\
    [prompt]\nmin_frames = 5\nmax_frames = 12\n\
    [[mix]]\ntask = 'tts'\nstage = 'ar'\nweight = 1.0\n[[mix]]\ntask = 'tts'\nstage = 'nar'\nweight = 1.0\n\
    [[mix]]\ntask = 'stt'\nstage = 'phones'\nweight = 1.0\n\
    [[mix]]\ntask = 'g2p'\nstage = 'to_phones'\nweight = 1.0\n";

/// Sample rate and length of a WAV file, seconds.
fn measured(path: &Path) -> (u32, f64) {
    let bytes = fs::read(path).expect("it was written");
    let rate = bytes[24..28].try_into().map(u32::from_le_bytes).expect("a header");
    (rate, (bytes.len() - 44) as f64 / 2.0 / f64::from(rate))
}

/// From recordings to speech through one codec: encode, train, package, say.
fn speaks_through(name: &str, options: &str, rate_hz: u32) {
    let bench = Bench::new();
    small_corpus(&bench);
    bench.write("train.toml", TRAIN);
    let codec = format!("{}{options}", checkpoint(name));
    let codec = codec.as_str();
    bench.run(&["data", "encode", "corpus.jsonl", "-o", "shards", "--codec", codec]).worked();
    let train = ["train", "--data", "shards", "--run", "run", "--config", "train.toml"];
    bench.run(&[&train[..], &["--codec", codec]].concat()).worked();
    let (_, recording) = corpus();
    let voice = format!("joe={}", recording.display());
    let package = ["package", "--lm", "run/model.safetensors", "--codec", codec, "--voice", &voice];
    bench.run(&[&package[..], &["-o", "model.safetensors"]].concat()).worked();
    let say = ["say", "Glue the sheet.", "--model", "model.safetensors"];
    let say = [&say[..], &["-o", "said.wav", "--seed", "1"]].concat();
    finish(bench.plain(&say), b"").worked();
    let (rate, seconds) = measured(&bench.path("said.wav"));
    assert_eq!(rate, rate_hz, "{name} speaks at its own rate");
    assert!(seconds > 0.0, "{name} says something");
}

#[test]
fn a_model_trained_on_mimi_codes_speaks_through_mimi() {
    speaks_through("mimi", ",levels=8", 24_000);
}

#[test]
fn a_model_trained_on_encodec_codes_speaks_through_encodec() {
    speaks_through("encodec", "", 24_000);
}

#[test]
fn a_model_trained_on_encodec_codes_speaks_through_vocos() {
    let vocoder = format!(",levels=4,vocoder={}", checkpoint("vocos"));
    speaks_through("encodec", &vocoder, 24_000);
}

#[test]
fn a_model_trained_on_dac_codes_speaks_through_dac() {
    speaks_through("dac_24k", "", 24_000);
    speaks_through("dac_44k", ",levels=3", 44_100);
}

#[test]
fn a_model_trained_on_snac_codes_speaks_through_snac() {
    speaks_through("snac_24k", "", 24_000);
    speaks_through("snac_attn", "", 24_000);
}

#[test]
fn a_model_file_carries_its_codec_or_refers_to_it() {
    let bench = Bench::new();
    small_corpus(&bench);
    bench.write("train.toml", TRAIN);
    let codec = format!("{},levels=4", checkpoint("mimi"));
    let codec = codec.as_str();
    bench.run(&["data", "encode", "corpus.jsonl", "-o", "shards", "--codec", codec]).worked();
    let train = ["train", "--data", "shards", "--run", "run", "--config", "train.toml"];
    bench.run(&[&train[..], &["--codec", codec]].concat()).worked();
    let voice = format!("joe={}", corpus().1.display());
    let package = |more: &[&str]| {
        let parts = ["package", "--lm", "run/model.safetensors", "--voice", &voice];
        bench.run(&[&parts[..], more].concat())
    };
    package(&["--codec", codec, "-o", "carries.safetensors"]).worked();
    package(&["--codec", codec, "--refer", "-o", "refers.safetensors"]).worked();
    let size = |name: &str| fs::metadata(bench.path(name)).expect("it was written").len();
    assert!(size("refers.safetensors") + 300_000 < size("carries.safetensors"));
    let said = |model: &str, out: &str| {
        let say = ["say", "Glue the sheet.", "--model", model, "-o", out, "--seed", "1"];
        finish(bench.plain(&say), b"").worked();
        fs::read(bench.path(out)).expect("it was written")
    };
    let (carried, referred) =
        (said("carries.safetensors", "a.wav"), said("refers.safetensors", "b.wav"));
    assert!(carried == referred, "the same codec either way");
    // The codec of a finished model is replaced.
    let replace = ["package", "--model", "refers.safetensors", "--codec"];
    let replaced = |codec: &str, out: &str| {
        finish(bench.plain(&[&replace[..], &[codec, "-o", out]].concat()), b"")
    };
    replaced(codec, "again.safetensors").worked();
    assert!(said("again.safetensors", "again.wav") == carried, "language model and voices stay");
    let info = finish(bench.plain(&["info", "--json", "--model", "again.safetensors"]), b"");
    let info: serde_json::Value = serde_json::from_str(&info.worked().out).expect("JSON");
    assert_eq!(info["card"]["codec"]["replaced by"], codec, "{info}");
    replaced(&checkpoint("encodec"), "d").failed(4, &["encodec-"]);

    // Another codec, and one that went away.
    let other = format!("codec={}", checkpoint("encodec"));
    let say = ["say", "hello", "--model", "refers.safetensors", "-o", "c.wav", "--set", &other];
    let expected = ["was trained on the codec mimi-", "the codec named is encodec-"];
    finish(bench.plain(&say), b"").failed(4, &expected);
    package(&["--codec", &checkpoint("encodec"), "-o", "d"]).failed(4, &["8 of 1024"]);
    let gone = bench.path("gone");
    fs::create_dir(&gone).expect("a folder");
    for file in ["config.json", "model.safetensors"] {
        fs::copy(Path::new(&checkpoint("mimi")).join(file), gone.join(file)).expect("a copy");
    }
    package(&["--codec", "gone,levels=4", "--refer", "-o", "lost.safetensors"]).worked();
    fs::remove_dir_all(gone).expect("removed");
    let say = ["say", "hello", "--model", "lost.safetensors", "-o", "c.wav"];
    finish(bench.plain(&say), b"").failed(4, &["it needs the codec mimi-", "--set codec=PATH"]);
    let named = format!("codec={codec}");
    finish(bench.plain(&[&say[..], &["--set", &named]].concat()), b"").worked();
}

#[test]
fn codes_of_every_codec_are_written_and_read() {
    let bench = Bench::new();
    let recording = corpus().1.display().to_string();
    for name in ["encodec", "dac_24k", "dac_44k", "mimi", "snac_24k", "snac_attn"] {
        let codec = checkpoint(name);
        let encode = ["encode", &recording, "-o", "codes.safetensors", "--codec", &codec];
        bench.run(&encode).worked();
        let decode = ["decode", "codes.safetensors", "-o", "back.wav", "--codec", &codec];
        bench.run(&decode).worked();
        let (_, seconds) = measured(&bench.path("back.wav"));
        assert!((1.9..2.6).contains(&seconds), "{name}: {seconds} s of 2.1");
    }
    let mimi = checkpoint("mimi");
    let wrong = ["decode", "codes.safetensors", "-o", "back.wav", "--codec", &mimi];
    bench.fails(&wrong, 3, &["its codes are of the codec snac-"]);
    bench.fails(&["encode", &recording, "--codec", "nowhere", "-o", "c"], 3, &["nowhere"]);
    let deep = format!("{mimi},levels=40");
    let deep = ["encode", &recording, "--codec", &deep, "-o", "c"];
    bench.fails(&deep, 4, &["has 1 to 32 levels, 40 were requested"]);
    let unknown = bench.run(&["encode", &recording, "--codec", "a,depth=3", "-o", "c"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("codec option `depth=3`"), "{}", unknown.err);
}

#[test]
fn codecs_are_listed_and_shown() {
    let bench = Bench::new();
    let shown = bench.run(&["codec", "info", &format!("{},levels=8", checkpoint("mimi"))]);
    let shown = shown.worked().out.clone();
    for fact in ["mimi", "24000 Hz", "12.50/s, 1920 samples", "8 of 64 codes", "mimi-"] {
        assert!(shown.contains(fact), "{fact} in {shown}");
    }
    let folder = Path::new(&checkpoint("mimi")).parent().expect("a folder").display().to_string();
    let listed = bench.run(&["codec", "list", &folder, "--json"]);
    let listed: Value = serde_json::from_str(&listed.worked().out).expect("JSON");
    let kinds: Vec<&str> =
        listed.as_array().expect("a list").iter().filter_map(|c| c["kind"].as_str()).collect();
    assert_eq!(kinds, ["dac", "dac", "encodec", "mimi", "snac", "snac"]);
    let rates = &listed[4]["level_rates_hz"];
    assert_eq!(rates.as_array().expect("rates").len(), 7);
    assert_eq!(rates[6].as_f64(), Some(46.875));
    let own = bench.run(&["codec", "info"]);
    assert!(own.worked().out.contains("mel-rvq"), "{}", own.out);
}

#[test]
fn the_codec_suite_runs_with_any_codec() {
    let bench = Bench::new();
    small_corpus(&bench);
    bench.write(
        "suite.toml",
        "summary = 'Levels'\ncodec = { levels = [1, 8] }\nfigures = ['lsd_db', 'mcd_db', 'rtf']\n\
        [items]\nmanifest = 'corpus.jsonl'\nlimit = 1\n",
    );
    for (name, most) in [("mimi", "8 levels"), ("snac_24k", "7 levels"), ("dac_44k", "6 levels")] {
        let codec = checkpoint(name);
        let out = format!("run-{name}");
        let eval = ["eval", "suite.toml", "--codec", &codec, "-o", &out, "--json"];
        let report: Value = serde_json::from_str(&bench.run(&eval).worked().out).expect("JSON");
        let variants: Vec<&str> = report["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter_map(|row| row["variant"].as_str())
            .collect();
        assert_eq!(variants, ["1 level", most], "{name}");
        assert_eq!(report["missing"], 0, "{name}: {report}");
    }
}

/// Every codec with a tiny checkpoint.
const ALL: [&str; 6] = ["encodec", "dac_24k", "dac_44k", "mimi", "snac_24k", "snac_attn"];

#[test]
fn the_ablation_of_the_first_codebook_runs_with_every_codec() {
    let bench = Bench::new();
    small_corpus(&bench);
    bench.write(
        "suite.toml",
        "summary = 'Levels'\ncodec = { levels = [1] }\nfigures = ['lsd_db', 'mcd_db']\n\
        [items]\nmanifest = 'corpus.jsonl'\nlimit = 1\n",
    );
    bench.write(
        "first.toml",
        "title = 'What does the first codebook hold?'\nquestion = 'How much is in it?'\n\
        suites = [{ suite = 'suite.toml' }]\nfigures = ['lsd_db', 'mcd_db']\nbaseline = { levels = '3' }\n\
        [[axes]]\nname = 'levels'\nvalues = [\n\
        { name = '1', keys = { 'suite.codec.levels' = [1] } },\n\
        { name = '3', keys = { 'suite.codec.levels' = [3] } },\n]\n",
    );
    for name in ALL {
        let (codec, reports, store) =
            (checkpoint(name), format!("reports-{name}"), format!("{name}.db"));
        let args = ["ablate", "first.toml", "--codec", &codec, "--reports", &reports];
        let run = bench.run(&[&args[..], &["--results", &store, "-o", name]].concat());
        assert!(run.worked().err.contains("2 cells done"), "{name}: {}", run.err);
        let page = fs::read_to_string(bench.path(&reports).join("first.md")).expect("a report");
        assert!(page.contains("levels 1") || page.contains("| 1 "), "{name}:\n{page}");
    }
}

#[test]
fn installed_models_are_among_the_codecs() {
    let bench = Bench::new();
    let folder = bench.path("models");
    for (name, from) in [("kyutai/mimi", "mimi"), ("openai/whisper-tiny", "whisper")] {
        let (owner, model) = name.split_once('/').expect("an owner");
        let place = folder.join(format!("models--{owner}--{model}"));
        let snapshot = place.join("snapshots/1");
        fs::create_dir_all(&snapshot).expect("a folder");
        for file in ["config.json", "model.safetensors"] {
            fs::copy(Path::new(&checkpoint(from)).join(file), snapshot.join(file)).expect("a copy");
        }
        let record = serde_json::json!({
            "name": name, "revision": "1", "licence": null, "bytes": 1, "path": snapshot,
        });
        fs::write(place.join("syrinx.json"), record.to_string()).expect("a record");
    }
    let listed = bench.run(&["codec", "list", "--models-dir", "models", "--json"]);
    let listed: Value = serde_json::from_str(&listed.worked().out).expect("JSON");
    let kinds: Vec<&str> =
        listed.as_array().expect("a list").iter().filter_map(|c| c["kind"].as_str()).collect();
    assert_eq!(kinds, ["mel-rvq", "mimi"], "the model's and the installed one");
    let default = bench.run(&["codec", "list"]);
    assert!(!default.worked().out.contains("mimi"), "the user's folder is another");
}

#[test]
fn a_model_and_the_codec_it_refers_to_move_together() {
    let bench = Bench::new();
    small_corpus(&bench);
    bench.write("train.toml", TRAIN);
    let project = bench.path("project");
    fs::create_dir_all(project.join("codecs/mimi")).expect("a folder");
    for file in ["config.json", "model.safetensors"] {
        let to = project.join("codecs/mimi").join(file);
        fs::copy(Path::new(&checkpoint("mimi")).join(file), to).expect("a copy");
    }
    let codec = "project/codecs/mimi,levels=4";
    bench.run(&["data", "encode", "corpus.jsonl", "-o", "shards", "--codec", codec]).worked();
    let train = ["train", "--data", "shards", "--run", "run", "--config", "train.toml"];
    bench.run(&[&train[..], &["--codec", codec]].concat()).worked();
    let package = ["package", "--lm", "run/model.safetensors", "--codec", codec, "--refer"];
    bench.run(&[&package[..], &["-o", "project/model.safetensors"]].concat()).worked();
    fs::rename(&project, bench.path("moved")).expect("renamed");
    let say = ["say", "Glue the sheet.", "--model", "moved/model.safetensors", "-o", "said.wav"];
    finish(bench.plain(&say), b"").worked();
}
