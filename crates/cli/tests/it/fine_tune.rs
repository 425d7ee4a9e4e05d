//! From recordings to a fine-tuned task: simulation, an adapter, its use and its merging.

use std::path::Path;

use crate::bench::{Bench, model};

/// A manifest of two speakers with two recordings each, of different lengths.
fn corpus(bench: &Bench) {
    bench.corpus([1.0, 1.3, 1.6, 1.1]);
}

#[test]
fn a_task_is_fine_tuned_in_an_adapter_and_merged() {
    let bench = Bench::new();
    corpus(&bench);
    bench.run(&["data", "encode", "corpus.jsonl", "-o", "shards"]).worked();
    bench.run(&["data", "simulate", "corpus.jsonl", "-o", "shards"]).worked();
    for rendition in ["noisy", "background", "mixture"] {
        assert!(bench.path("shards/renditions").join(rendition).is_dir(), "{rendition}");
    }
    let train = |more: &[&str]| {
        let mut args = vec!["train", "--data", "shards", "--run", "run"];
        args.extend(["--tasks", "denoise,extract", "--weights", "2,1", "--lora", "2"]);
        args.extend(["--set", "steps=3", "--set", "positions=200", "--set", "warmup_steps=1"]);
        args.extend(["--set", "prompt.none_probability=0", "--set", "prompt.min_frames=5"]);
        args.extend(["--set", "prompt.max_frames=8", "--set", "in_training_eval_steps=3"]);
        args.extend(["--in-training-eval", "1", "--watch-split", "train"]);
        args.extend_from_slice(more);
        bench.run(&args)
    };
    train(&[]).worked();
    train(&[]).failed(2, &["already holds a training run"]);
    assert!(bench.path("run/adapter.safetensors").is_file());
    let events = std::fs::read_to_string(bench.path("run/events.jsonl")).expect("events");
    assert!(events.contains("in-training WER (own recognizer)"), "{events}");
    assert!(!bench.path("run/model.safetensors").exists(), "the weights stay where they are");

    let adapter = ["--adapter", "run/adapter.safetensors"];
    let shown = bench.run(&["lora", "show", "run/adapter.safetensors"]);
    assert!(shown.worked().out.contains("rank        2, alpha 16"), "{}", shown.out);
    let clean = |more: &[&str], out: &str| {
        let args = [&["denoise", "u0.wav", "-o", out, "--seed", "1"], more].concat();
        bench.run(&args).worked();
        std::fs::read(bench.path(out)).expect("it was written")
    };
    let adapted = clean(&adapter, "adapted.wav");
    assert!(clean(&[], "plain.wav").len() == adapted.len(), "the answer is as long either way");

    let base = model().display().to_string();
    let merge = ["lora", "merge", "--base", &base, "-o", "merged.safetensors"];
    bench.fails(&merge, 2, &["which adapter"]);
    bench.run(&[&merge[..], &adapter].concat()).worked();
    let merged = |args: &[&str]| crate::bench::finish(bench.plain(args), b"");
    merged(&["info", "--model", "merged.safetensors"]).worked();
    let twice = ["info", "--model", "merged.safetensors", adapter[0], adapter[1]];
    merged(&twice).failed(4, &["name the model that it was trained on"]);
}

#[test]
fn fine_tuning_that_makes_no_sense_is_refused() {
    let bench = Bench::new();
    corpus(&bench);
    bench.run(&["data", "encode", "corpus.jsonl", "-o", "shards"]).worked();
    let refuse = |more: &[&str], code: i32, said: &[&str]| {
        let args = [&["train", "--data", "shards", "--run", "run"], more].concat();
        bench.fails(&args, code, said);
    };
    refuse(&["--tasks", "sing"], 4, &["no task `sing`", "tasks of this program: "]);
    refuse(&["--tasks", "tts,stt", "--weights", "1"], 4, &["1 weights for 2 tasks"]);
    refuse(&["--weights", "1"], 2, &["--weights without --tasks"]);
    refuse(&["--tasks", "tts", "--lora", "0"], 4, &["lora.rank"]);
    refuse(&["--tasks", "tts", "--from", "u0.wav"], 4, &["u0.wav"]);
    let split = ["no utterance is in the split `trian`", "hint: the splits are: train"];
    refuse(&["--train-split", "trian"], 3, &split);
    refuse(&["--watch-split", "tset"], 3, &["`tset`"]);
    let short = &["training split", "4 left out", "max_seconds = 0.5"];
    refuse(&["--set", "max_seconds=0.5"], 3, short);
    // Nothing was simulated.
    refuse(&["--tasks", "denoise", "--lora", "2"], 4, &["a batch is empty"]);
    let simulate = ["data", "simulate", "corpus.jsonl", "-o", "shards", "--snr", "5", "-5"];
    bench.fails(&simulate, 2, &["the range of snr_db is empty: from 5 to -5"]);
    bench.write("not-one.safetensors", b"nothing");
    let args = ["info", "--adapter", "not-one.safetensors"];
    bench.fails(&args, 4, &["not-one.safetensors", "syrinx train --lora"]);
}

#[test]
fn a_set_for_evaluation_is_written_the_same_every_time() {
    let bench = Bench::new();
    corpus(&bench);
    let write = |folder: &str, seed: &str| {
        let args = ["data", "simulate", "corpus.jsonl", "--wavs", folder, "--limit", "2"];
        bench.run(&[&args[..], &["--seed", seed]].concat()).worked();
    };
    let read = |folder: &str, file: &str| {
        let path = bench.path(folder).join(file);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    write("a", "1");
    write("b", "1");
    write("c", "2");
    for rendition in ["clean", "noisy", "background", "mixture", "speaker"] {
        let file = format!("u0.{rendition}.wav");
        assert!(read("a", &file) == read("b", &file), "{file}");
    }
    assert!(read("a", "u0.noisy.wav") != read("c", "u0.noisy.wav"));
    for task in ["denoise", "remove", "extract"] {
        let manifest = bench.path("a").join(format!("{task}.jsonl"));
        bench.run(&["data", "check", &manifest.display().to_string()]).worked();
        let text = std::fs::read_to_string(&manifest).expect("text");
        assert_eq!(text.lines().count(), 2, "{text}");
        let renditions =
            if task == "extract" { ["mixture", "speaker"] } else { ["noisy", "noisy"] };
        assert!(renditions.iter().all(|v| text.contains(&format!(".{v}.wav"))), "{text}");
    }
    assert!(Path::new(&bench.path("a").join("scenes.jsonl")).is_file());
}
