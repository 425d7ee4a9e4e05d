//! Words: identifiers use the field's terms, comments begin with a noun phrase or a verb.

use std::collections::BTreeMap;
use std::path::Path;

use crate::workspace::{Package, packages, root, rust_files};

/// Openings of comments that do not name a thing, and pronouns whose noun stands elsewhere.
const OPENINGS: [&str; 22] = [
    "What", "How", "Where", "So", "Those", "Such", "Of", "Which", "Whose", "Who", "Whatever",
    "Whoever", "When", "Why", "It", "Its", "They", "Their", "There", "This", "These", "That",
];

/// Private words that are in no comment, text, suite or configuration either.
const GONE: [&str; 7] =
    ["yardstick", "laboratory", "examiner", "studio", "respeak", "respoken", "voicebox"];

/// Private words with the field's term. They are compared with the parts of identifiers: `voice_print` and `VoicePrint`
/// have the parts `voice` and `print`.
const PRIVATE: [(&str, &str); 27] = [
    ("beside", "frame_aligned"),
    ("blind", "unconditional"),
    ("ear", "recognizer"),
    ("ears", "recognizers"),
    ("exam", "in_training_evaluation"),
    ("exams", "in_training_evaluations"),
    ("examiner", "in_training_evaluator"),
    ("hear", "recognize"),
    ("heard", "transcript"),
    ("hearing", "recognition"),
    ("hears", "recognizes"),
    ("laboratory", "runner"),
    ("lesson", "training_job"),
    ("listen", "recognize"),
    ("listening", "recognition"),
    ("listens", "recognizes"),
    ("mouth", "synthesizer"),
    ("respeak", "resynthesize"),
    ("respoken", "resynthesized"),
    ("spoil", "corrupt"),
    ("student", "training_job"),
    ("studio", "services"),
    ("tired", "at_max_duration"),
    ("voicebox", "codec"),
    ("wish", "control_request"),
    ("wishes", "control_requests"),
    ("yardstick", "reference"),
];

/// Sources and tests of a package, of the template of tasks, and of the workspace's tests.
fn files(package: &Package) -> Vec<(std::path::PathBuf, String)> {
    let mut all = rust_files(&package.folder);
    if package.name == "xtask" {
        all.extend(rust_files(&root().join("tests/workspace")));
    }
    all
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Whether a comment begins with one of the openings. Lines that continue a comment begin with any word.
fn opens_badly(line: &str, before: &str) -> bool {
    let text = |line: &str| {
        let line = line.trim_start();
        ["///", "//!", "//"].iter().find_map(|m| line.strip_prefix(m)).map(str::to_owned)
    };
    let Some(comment) = text(line) else { return false };
    let continues = text(before).is_some_and(|b| !b.trim().is_empty());
    let first = comment.split_whitespace().next().unwrap_or_default();
    !continues && OPENINGS.contains(&first.trim_end_matches([',', ':']))
}

#[test]
fn comments_name_the_thing() {
    let mut found = Vec::new();
    for package in packages() {
        for (path, text) in files(&package) {
            let mut before = "";
            for (line, number) in text.lines().zip(1..) {
                if opens_badly(line, before) {
                    found.push(format!("{}:{number}: {}", shown(&path), line.trim()));
                }
                before = line;
            }
        }
    }
    assert!(found.is_empty(), "{} comments:\n{}", found.len(), found.join("\n"));
}

/// Lines of code: without comments and the content of strings, which may span lines.
fn code_of(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let (mut inside, mut escaped, mut comment, mut last) = (false, false, false, ' ');
    for c in text.chars() {
        if c == '\n' {
            (comment, escaped, last) = (false, false, ' ');
            lines.push(String::new());
            continue;
        }
        match c {
            _ if comment => {}
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            // A quotation mark as a character is no string.
            '"' if inside || last != '\'' => inside = !inside,
            '/' if !inside && last == '/' => comment = true,
            _ if !inside => lines.last_mut().unwrap().push(c),
            _ => {}
        }
        last = c;
    }
    lines
}

/// Parts of an identifier in lower case, at underscores and capital letters.
fn parts(identifier: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut last = '_';
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && last.is_lowercase()) {
            parts.push(String::new());
        }
        if c != '_' {
            parts.last_mut().unwrap().extend(c.to_lowercase());
        }
        last = c;
    }
    parts
}

#[test]
fn identifiers_use_the_terms_of_the_field() {
    let private: BTreeMap<&str, &str> = PRIVATE.into_iter().collect();
    let mut found = Vec::new();
    for package in packages() {
        for (path, text) in files(&package) {
            for (code, number) in code_of(&text).iter().zip(1..) {
                let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
                for word in words {
                    if let Some(term) = parts(word).iter().find_map(|p| private.get(p.as_str())) {
                        found.push(format!("{}:{number}: `{word}`: {term}", shown(&path)));
                    }
                }
            }
        }
    }
    found.dedup();
    assert!(found.is_empty(), "{} identifiers:\n{}", found.len(), found.join("\n"));
}

/// Suites, configurations and pages with their text; the change log has the old words.
fn pages() -> Vec<(std::path::PathBuf, String)> {
    let folders = ["", "configs", "configs/schemas", "evals", "evals/reports", "tasks"];
    let entries = folders.iter().flat_map(|f| std::fs::read_dir(root().join(f)).unwrap().flatten());
    let wanted = |path: &Path| {
        let ends = path.extension().is_some_and(|e| e == "md" || e == "toml" || e == "json");
        ends && !path.ends_with("CHANGELOG.md")
    };
    let paths = entries.map(|entry| entry.path()).filter(|path| wanted(path));
    paths.filter_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?))).collect()
}

#[test]
fn words_that_are_gone_stay_away() {
    let mut found = Vec::new();
    let sources = packages().into_iter().flat_map(|package| rust_files(&package.folder));
    for (path, text) in sources.chain(pages()) {
        for (line, number) in text.lines().zip(1..) {
            let mut words = line.split(|c: char| !c.is_alphabetic());
            if words.any(|word| GONE.contains(&word.to_lowercase().as_str())) {
                found.push(format!("{}:{number}: {}", shown(&path), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{} lines:\n{}", found.len(), found.join("\n"));
    assert!(pages().len() > 30, "only {} pages were found", pages().len());
}

#[test]
fn openings_and_parts_are_found() {
    for (line, before, bad) in [
        ("/// What it is.", "", true),
        ("    // How, then?", "let a = 1;", true),
        ("/// whatever it is.", "", false),
        ("/// Value.", "", false),
        ("/// What follows a line break.", "/// A sentence about", false),
    ] {
        assert_eq!(opens_badly(line, before), bad, "{line}");
    }
    assert_eq!(parts("VoicePrint"), ["voice", "print"]);
    assert_eq!(parts("latents_heard"), ["latents", "heard"]);
    assert_eq!(parts("HEARD"), ["heard"]);
    assert_eq!(code_of("let a = \"heard // it\"; // heard"), ["let a = ; /"]);
    assert_eq!(code_of("a(\"x\nheard\ny\", b)"), ["a(", "", ", b)"]);
}
