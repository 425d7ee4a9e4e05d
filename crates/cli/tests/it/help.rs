//! What the program says about itself.

use syrinx_registry::ALL;

use crate::bench::{Bench, finish};

fn help(args: &[&str]) -> String {
    let bench = Bench::new();
    let ended = finish(bench.plain(args), b"");
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn helps() {
    insta::assert_snapshot!("help", help(&["--help"]));
    for task in ALL {
        insta::assert_snapshot!(
            format!("help-{}", task.verb.name),
            help(&[task.verb.name, "--help"])
        );
    }
    for verb in
        ["voices", "align", "encode", "decode", "train", "eval", "package", "config", "data"]
    {
        insta::assert_snapshot!(format!("help-{verb}"), help(&[verb, "--help"]));
    }
}

#[test]
fn tasks() {
    insta::assert_snapshot!("tasks", help(&["tasks"]));
    for task in ALL {
        let shown = help(&["tasks", "show", task.id]);
        for part in [
            task.summary,
            task.verb.example,
            "stage ",
            "attention and loss",
            "\nrequest\n",
            "\nanswer\n",
            "\nsettings\n",
        ] {
            assert!(shown.contains(part), "{}: no `{part}` in:\n{shown}", task.id);
        }
        let schema = (task.request_schema)().to_value();
        for (field, _) in schema["properties"].as_object().into_iter().flatten() {
            assert!(shown.contains(&format!("\n  {field} ")), "{}: no `{field}`", task.id);
        }
        assert_eq!(shown, help(&["tasks", "show", task.verb.name]), "its command names it too");
    }
}

#[test]
fn request_fields_do_not_clash_with_flags() {
    let reserved = [
        "model", "config", "set", "seed", "json", "events", "verbose", "quiet", "out", "format",
        "stream",
    ];
    for task in ALL {
        let schema = (task.request_schema)().to_value();
        for (field, _) in schema["properties"].as_object().into_iter().flatten() {
            assert!(!reserved.contains(&field.as_str()), "{}: {field}", task.id);
        }
    }
}

#[test]
fn usage_mistakes_end_with_2() {
    let bench = Bench::new();
    for args in [
        &["sing"][..],
        &["say"],
        &["transcribe"],
        &["say", "Yes.", "--pitch", "3"],
        &["transcribe", "a", "--format", "pdf"],
    ] {
        let ended = bench.run(args);
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.err);
        assert!(ended.err.starts_with("error: "), "{}", ended.err);
    }
    bench.fails(&["transcribe", "a.wav", "b.wav", "--format", "srt"], 2, &["name a folder"]);
}

#[test]
fn completions_know_the_verbs_of_tasks() {
    for shell in ["bash", "zsh", "fish"] {
        let script = help(&["completions", shell]);
        for task in ALL {
            assert!(script.contains(task.verb.name), "{shell}: {}", task.verb.name);
        }
    }
}
