//! `ablate`: grids of settings on the tiny model.

use serde_json::Value;

use crate::bench::{Bench, buzz_wav};

const WORDS: &str = "summary = \"Words\"\ntask = \"g2p\"\nrequest = { text = \"{word}\" }\n\
    settings = { always_model = true }\nfigures = [\"per\"]\n\
    [items]\nheld_out_words = 6\nseed = 1\n";

/// Three cells, the last of which can't answer anything.
const SPELLING: &str = r#"
    title = "Does warmth spell?"
    question = "Is a higher temperature better?"
    suites = [{ suite = "words.toml", limit = 4 }]
    [[axes]]
    name = "temperature"
    values = [
        { name = "0", keys = { "decode.text.temperature" = 0.0 } },
        { name = "1", keys = { "decode.text.temperature" = 1.0 } },
        { name = "none", keys = { "decode.batch_rows" = 0 } },
    ]
"#;

fn spelling() -> Bench {
    let bench = Bench::new();
    bench.write("words.toml", WORDS);
    bench.write("spelling.toml", SPELLING);
    bench
}

const RUN: [&str; 4] = ["ablate", "spelling.toml", "--reports", "reports"];

#[test]
fn a_grid_is_shown_run_and_reported() {
    let bench = spelling();
    let grid = bench.run(&["ablate", "spelling.toml", "--dry-run", "--json"]);
    let cells: Value = serde_json::from_str(&grid.worked().out).expect("JSON");
    assert_eq!(cells.as_array().map(Vec::len), Some(3));
    assert_eq!(cells[1]["axes"]["temperature"], 1);
    assert!(!bench.path("reports").exists());

    let said = ["1 cells of ablation `spelling` failed", "batch_rows"];
    let first = bench.fails(&RUN, 3, &said);
    assert!(first.err.contains("2 cells done, 0 done before, 1 failed"), "{}", first.err);
    let page = std::fs::read_to_string(bench.path("reports/spelling.md")).expect("a report");
    for part in ["Does warmth spell?", "temperature none", "batch_rows", "spelling-words-per.svg"] {
        assert!(page.contains(part), "no `{part}` in:\n{page}");
    }
    assert!(bench.path("reports/spelling-words-per.svg").exists());

    let again = bench.fails(&RUN, 3, &["failed"]);
    assert!(again.err.contains("0 cells done, 2 done before, 1 failed"), "{}", again.err);
    let listed = bench.run(&["results", "list", "--ablation", "spelling", "--json"]);
    let runs: Value = serde_json::from_str(&listed.worked().out).expect("JSON");
    // A cell that cannot answer has one evaluation for each attempt.
    let finished = |run: &&Value| {
        run["status"] == "finished" && run["about"]["settings"]["decode"]["batch_rows"] != 0
    };
    assert_eq!(runs.as_array().expect("runs").iter().filter(finished).count(), 2);
}

#[test]
fn parts_of_two_computers_are_merged_and_reported() {
    let bench = spelling();
    let warmer = "\"decode.text.temperature\" = 2.0";
    bench.write("spelling.toml", SPELLING.replace("\"decode.batch_rows\" = 0", warmer));
    let part = |part: &str, store: &str| {
        bench.run(&[&RUN[..], &["--shard", part, "--results", store]].concat()).worked().err.clone()
    };
    assert!(part("1/2", "one.db").contains("2 cells done"));
    assert!(part("2/2", "other.db").contains("1 cells done"));
    assert!(!bench.path("reports").exists(), "a part of a grid has no report");
    let nothing = [&RUN[..], &["--report", "--results", "new.db"]].concat();
    bench.fails(&nothing, 3, &["no cell of its grid is finished"]);
    bench.run(&["results", "merge", "other.db", "--results", "one.db"]).worked();
    bench.run(&[&RUN[..], &["--report", "--results", "one.db"]].concat()).worked();
    let page = std::fs::read_to_string(bench.path("reports/spelling.md")).expect("a report");
    assert!(!page.contains("Not finished"), "{page}");
}

#[test]
fn what_was_killed_goes_on() {
    let bench = spelling();
    let events = [&RUN[..], &["--events", "events.jsonl"]].concat();
    let mut child = bench.command(&events).spawn().expect("it starts");
    let first = "\"name\":\"ablation spelling\",\"done\":1,";
    loop {
        let seen = std::fs::read_to_string(bench.path("events.jsonl")).unwrap_or_default();
        if seen.contains(first) || child.try_wait().expect("it is ours").is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // The process may have ended by itself.
    let _ = child.kill();
    child.wait().expect("it ends");
    let again = bench.run(&RUN);
    let known = again.err.split(" done before").next().and_then(|s| s.rsplit(' ').next());
    let known: usize = known.and_then(|n| n.parse().ok()).expect("a number");
    assert!(known >= 1, "{}", again.err);
    assert!(bench.path("reports/spelling.md").exists());
}

const TRAINING: &str = "positions = 200\nwarmup_steps = 1\n[prompt]\nnone_probability = 1.0\n\
    [model]\nencoder_layers = 1\n[model.trunk]\ndim = 32\nlayers = 1\nheads = 2\nhidden = 32\n\
    [[mix]]\ntask = \"tts\"\nstage = \"ar\"\nweight = 1.0\n\
    [[mix]]\ntask = \"tts\"\nstage = \"nar\"\nweight = 1.0\n";

const SPEAKING: &str = "summary = \"Speaking\"\ntask = \"tts\"\n\
    request = { text = \"{text}\", voice = \"bob\" }\nfigures = [\"wer\"]\n\
    [items]\nlines = \"lines.txt\"\n\
    [[judges]]\nkind = \"own\"\ntask = \"stt\"\nrequest = { audio = \"{audio}\" }\n";

const GROUPS: &str = r#"
    title = "Groups"
    question = "Do they matter?"
    suites = [{ suite = "speaking.toml" }]
    train = { config = "train.toml", steps = 2 }
    [[axes]]
    name = "group"
    values = [
        { name = "1", keys = { "train.model.group" = 1 } },
        { name = "2", keys = { "train.model.group" = 2 } },
    ]
"#;

/// A bench with shards to learn from and a suite that speaks.
fn school() -> Bench {
    let bench = Bench::new();
    let line = |name: &str, split: &str| {
        bench.write(&format!("{name}.wav"), buzz_wav(2.0));
        format!(
            r#"{{"id": "{name}", "audio": "{name}.wav", "speaker": "me", "text": "yes", "split": "{split}", "phones": ["Y", "EH1", "S"], "durations_s": [0.6, 0.6, 0.6]}}"#
        )
    };
    bench.write("m.jsonl", [line("a", "train"), line("b", "train"), line("c", "test")].join("\n"));
    bench.run(&["data", "encode", "m.jsonl", "-o", "shards"]).worked();
    for (name, text) in [("train", TRAINING), ("speaking", SPEAKING), ("groups", GROUPS)] {
        bench.write(&format!("{name}.toml"), text);
    }
    bench.write("lines.txt", "Yes.\n");
    bench
}

#[test]
fn models_are_trained_for_cells() {
    let bench = school();
    let run = ["ablate", "groups.toml", "--reports", "reports"];
    bench.fails(&run, 2, &["needs token shards", "--data"]);
    let run = [&run[..], &["--data", "shards"]].concat();
    let ended = bench.run(&run);
    assert!(ended.worked().err.contains("2 cells done"), "{}", ended.err);
    let page = std::fs::read_to_string(bench.path("reports/groups.md")).expect("a report");
    assert!(page.contains("## training") && page.contains("loss"), "{page}");
    assert!(bench.run(&run).worked().err.contains("2 done before"));
}

/// Every cell of the project's grids over alignments and orders of codes learns something and speaks.
#[test]
fn every_alignment_and_order_of_codes_is_trained_and_speaks() {
    let bench = school();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/ablations");
    for (name, cells) in [("alignment", 3), ("codes-or-mel", 3), ("code-order", 6)] {
        let text = std::fs::read_to_string(format!("{folder}/{name}.toml")).expect("it is there");
        let tiny = |line: &str| match line.split(" = ").next() {
            Some("suites") => "suites = [{ suite = \"speaking.toml\" }]".to_owned(),
            Some("train") => "train = { config = \"train.toml\", steps = 4 }".to_owned(),
            Some("seeds") => "seeds = [1]".to_owned(),
            Some("figures") => "figures = [\"wer\", \"fail\"]".to_owned(),
            _ => line.to_owned(),
        };
        let text: Vec<String> = text.lines().map(tiny).collect();
        bench.write(&format!("{name}.toml"), text.join("\n"));
        let ablation = format!("{name}.toml");
        let ended = bench.run(&["ablate", &ablation, "--reports", "reports", "--data", "shards"]);
        let said = &ended.worked().err;
        assert!(said.contains(&format!("{cells} cells done")), "{name}: {said}");
        let page = std::fs::read_to_string(bench.path(&format!("reports/{name}.md")));
        assert!(page.expect("a report").contains("## training"), "{name}");
    }
    let error = bench.run(&["tasks", "show", "tts", "--codes", "masked"]);
    assert!(error.err.contains("alignment `durations`"), "{}", error.err);
}

#[test]
fn ablations_that_make_no_sense() {
    let bench = spelling();
    bench.fails(&["ablate", "nothing.toml"], 3, &["nothing.toml"]);
    bench.write("spelling.toml", "title = \"T\"\nquestion = \"Q\"\n");
    bench.fails(&RUN, 4, &["spelling.toml", "`suites` is empty"]);
    bench.write("spelling.toml", SPELLING.replace("decode.text.temperature", "decode.heat"));
    let shown = bench.run(&["ablate", "spelling.toml", "--dry-run"]);
    assert!(shown.worked().out.contains("there is no setting `decode.heat`"), "{}", shown.out);
    bench.fails(&[&RUN[..], &["--shard", "3/2"]].concat(), 2, &["3/2"]);
}
