//! Help pages.

use syrinx_registry::ALL;

use crate::bench::{Bench, finish};

fn help(args: &[&str]) -> String {
    let bench = Bench::new();
    let ended = finish(bench.plain(args), b"");
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// The commands of the program's help, each on one line, without those of tasks: a task more or less changes nothing.
fn without_tasks(help: &str) -> String {
    let (before, rest) = help.split_once("Commands:\n").expect("a list of commands");
    let (list, after) = rest.split_once("\n\n").expect("an end of the list");
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in list.lines() {
        let wrapped = line.starts_with("   ");
        match (line.trim().split_once(' '), commands.last_mut()) {
            (_, Some((_, about))) if wrapped => *about = format!("{about} {}", line.trim()),
            (Some((verb, about)), _) => commands.push((verb.into(), about.trim().into())),
            (None, _) => panic!("a command without a word on it: {line}"),
        }
    }
    for task in ALL {
        let at = commands.iter().position(|(verb, _)| verb == task.verb.name);
        let (_, about) = commands.remove(at.unwrap_or_else(|| panic!("no `{}`", task.verb.name)));
        assert_eq!(about.to_lowercase(), task.summary.to_lowercase());
    }
    let lines: Vec<String> =
        commands.iter().map(|(verb, about)| format!("  {verb}  {about}")).collect();
    format!("{before}Commands:\n{}\n\n{after}", lines.join("\n"))
}

#[test]
fn helps() {
    insta::assert_snapshot!("help", without_tasks(&help(&["--help"])));
    for verb in [
        "say",
        "transcribe",
        "phonemize",
        "voices",
        "align",
        "encode",
        "decode",
        "train",
        "eval",
        "package",
        "config",
        "data",
        "results",
        "dash",
        "ablate",
    ] {
        insta::assert_snapshot!(format!("help-{verb}"), help(&[verb, "--help"]));
    }
}

#[test]
fn helps_of_tasks_show_an_example_and_every_field() {
    for task in ALL {
        let shown = help(&[task.verb.name, "--help"]);
        assert!(shown.contains(task.verb.example), "{}: no example", task.id);
        let schema = (task.request_schema)().to_value();
        for (field, _) in schema["properties"].as_object().into_iter().flatten() {
            let flag = format!("--{} ", field.replace('_', "-"));
            let there = field == task.verb.positional || shown.replace('\n', " ").contains(&flag);
            assert!(there, "{}: no {flag}in:\n{shown}", task.id);
        }
    }
}

#[test]
fn tasks() {
    let list = help(&["tasks"]);
    assert_eq!(list.lines().count(), 1 + ALL.len(), "{list}");
    for task in ALL {
        let row = list.lines().find(|l| l.split_whitespace().next() == Some(task.id));
        let row = row.unwrap_or_else(|| panic!("no `{}` in:\n{list}", task.id));
        for part in [format!(" syrinx {} ", task.verb.name), format!(" {}", task.summary)] {
            assert!(row.contains(&part), "no `{part}` in {row}");
        }
    }
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
