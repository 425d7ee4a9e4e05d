//! Settings from files, the environment and flags.

use crate::bench::{Bench, finish};

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
