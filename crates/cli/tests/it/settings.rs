//! Settings from files, the environment and flags.

use crate::bench::{Bench, finish};

#[test]
fn a_gpu_that_cannot_be_had_says_how_to_get_one() {
    let bench = Bench::new();
    if cfg!(not(feature = "cuda")) {
        bench.fails(&["info", "--device", "cuda"], 4, &["without CUDA", "cargo xtask cuda"]);
        bench.fails(&["info", "--set", "device=cuda:1"], 4, &["`cuda:1`"]);
        let flash = ["info", "--set", "kernels=flash"];
        bench.fails(&flash, 4, &["without flash attention", "--flash-attn"]);
    }
    let ended = bench.run(&["info", "--device", "gpu"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("expected `cpu`, `cuda` or `cuda:N`"), "{}", ended.err);
    bench.fails(&["info", "--set", "device=gpu"], 2, &["`gpu` is no device"]);
    bench.run(&["info", "--device", "cpu"]).worked();
}

#[test]
fn half_precision_speaks() {
    let bench = Bench::new();
    let say = |more: &[&str], out: &str| {
        bench.run(&[&["say", "Oh, no.", "--seed", "1", "-o", out], more].concat()).worked();
        assert!(bench.path(out).is_file());
    };
    say(&["--set", "precision=bf16"], "half.wav");
    say(&["--set", "kernels=primitive"], "primitive.wav");
}

#[test]
fn a_bench_measures_each_kind_of_kernels() {
    let bench = Bench::new();
    let sizes = ["--dim", "16", "--layers", "1", "--heads", "2", "--hidden", "24"];
    let batch = ["--sequences", "2", "--positions", "8", "--steps", "1"];
    let measured = bench.run(&[&["bench", "train", "--json"], &sizes[..], &batch].concat());
    let rows: serde_json::Value = serde_json::from_str(&measured.worked().out).expect("JSON");
    for (row, kernels) in rows.as_array().expect("rows").iter().zip(["fused", "primitive"]) {
        assert_eq!(row["config"]["kernels"], kernels);
        assert!(row["figures"]["tokens_per_s"].as_f64().expect("speed") > 0.0);
        let loss = row["figures"]["loss"].as_f64().expect("loss");
        // All classes are about as likely at first: ln 1024.
        assert!((loss - 6.9).abs() < 0.5, "{kernels}: {loss}");
    }
    let dim = bench.run(&["bench", "train", "--dim", "15"]);
    dim.failed(4, &["(15) must split"]);
    bench.fails(&["bench", "train", "--kernels", "steam"], 2, &["steam"]);
}

#[test]
fn mistakes_are_named() {
    let bench = Bench::new();
    bench.fails(&["config", "show", "--set", "decode.best=2"], 2, &["flag", "`decode.best`"]);
    bench.fails(&["config", "show", "--set", "seed"], 2, &["KEY=VALUE"]);
    bench.fails(&["config", "show", "--set", "seed=many"], 2, &["`seed`"]);
    bench.fails(&["config", "show", "decode.cods"], 2, &["decode.cods"]);
    bench.fails(&["config", "show", "--config", "gone.toml"], 4, &["gone.toml"]);
    bench.write("syrinx.toml", "[decode]\nbest_off = 2\n");
    bench.fails(
        &["say", "Yes."],
        4,
        &["syrinx.toml", "`decode.best_off`", "did you mean `decode.best_of`"],
    );
    bench.write("syrinx.toml", "seed = [");
    bench.fails(&["say", "Yes."], 4, &["syrinx.toml", "line 1"]);
    bench.write("syrinx.toml", "[decode.codes]\ntop_p = 7.0\n");
    bench.fails(&["say", "Yes."], 4, &["top_p"]);
}

#[test]
fn every_layer_has_its_say() {
    let bench = Bench::new();
    bench.write("syrinx.toml", "seed = 5\n[decode]\nguidance = 1.25\n");
    let mut command = bench.command(&["config", "show", "--json", "--set", "decode.best_of=3"]);
    command.env("SYRINX_SEED", "6");
    let ended = finish(command, b"");
    let keys: serde_json::Value = serde_json::from_str(&ended.worked().out).expect("JSON");
    let of = |key: &str| {
        let found = keys.as_array().and_then(|k| k.iter().find(|k| k["key"] == key));
        found.map(|k| (k["value"].clone(), k["place"].as_str().unwrap_or_default().to_owned()))
    };
    assert_eq!(of("seed"), Some((6.into(), "environment".into())));
    assert_eq!(of("decode.guidance"), Some((1.25.into(), "syrinx.toml".into())));
    assert_eq!(of("decode.best_of"), Some((3.into(), "flag".into())));
    assert_eq!(of("decode.batch_rows").map(|k| k.1), Some("default".into()));
}

#[test]
fn schemas_are_json() {
    let bench = Bench::new();
    for of in ["settings", "train", "codec-fit", "codec-train", "eval"] {
        let ended = bench.run(&["config", "schema", of]);
        let schema: serde_json::Value = serde_json::from_str(&ended.worked().out).expect("JSON");
        assert!(schema["properties"].is_object(), "{of}");
    }
}
