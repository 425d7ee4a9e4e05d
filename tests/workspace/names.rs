//! Names of tasks, of their commands and of their simulated input: only the tasks themselves have them.

use std::collections::BTreeSet;

use crate::workspace::{code, packages, root, rust_files};

/// Literals of another meaning: an operation on files, a key of the dashboard, an error of scenes, the task tokens of
/// published vall-e models, a field of OpenAI's transcripts, a verb before a number, and the special token that model
/// files have for speech.
const OTHERWISE: [&str; 8] = [
    "Self::Remove => \"remove\"",
    "io(\"remove\"",
    "\"remove this column\"",
    "Silent(\"background\")",
    "\"tts-c\", \"ns\"",
    "\"task\": \"transcribe\"",
    "    \"say\",",
    "special_token(\"task:tts\")",
];

/// Identifiers of the tasks, and names of their commands and renditions.
#[derive(Default)]
struct Names {
    /// Names that may be words of a sentence as well: found as a whole literal, between backticks, in a special token
    /// or as a command.
    words: BTreeSet<String>,
    /// Names that are no words: found anywhere.
    others: BTreeSet<String>,
}

impl Names {
    fn of_the_tasks() -> Self {
        let mut found = BTreeSet::new();
        for (_, text) in packages().iter().filter(|p| p.is_task()).flat_map(|p| p.sources()) {
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let begins =
                ["const ID: &'static str = \"", "    task: \"", "Rendition { name: \"", "name: \""];
            for begin in begins {
                let names = text.split(begin).skip(1).filter_map(|rest| rest.split_once('"'));
                let fields = names.filter(|(_, after)| after.starts_with([',', ';']));
                found.extend(fields.map(|(name, _)| name.to_owned()));
            }
        }
        let vowel = |name: &String| name.contains(['a', 'e', 'i', 'o', 'u']);
        let (words, others) = found.into_iter().partition(vowel);
        Self { words, others }
    }

    /// Returns the name that a string literal holds.
    fn within(&self, literal: &str) -> Option<&String> {
        // Help pages show commands.
        if literal.starts_with("Example") {
            return None;
        }
        let named = |name: &&String| {
            literal == name.as_str()
                || literal.contains(&format!("`{name}`"))
                || literal.contains(&format!("task:{name}"))
                || literal.contains(&format!("syrinx {name} "))
        };
        let parts = |c: char| !c.is_alphanumeric() && c != '-' && c != '_';
        let apart = |name: &&String| literal.split(parts).any(|part| part == name.as_str());
        self.words.iter().find(named).or_else(|| self.others.iter().find(|n| named(n) || apart(n)))
    }
}

/// Returns the string literals of a line.
fn literals(line: &str) -> Vec<String> {
    let (mut found, mut open, mut escaped) = (Vec::new(), None::<String>, false);
    for c in line.chars() {
        match &mut open {
            Some(literal) if escaped || c != '"' => literal.push(c),
            Some(_) => found.extend(open.take()),
            None if c == '"' => open = Some(String::new()),
            None => {}
        }
        escaped = c == '\\' && !escaped && open.is_some();
    }
    // A literal that goes on in the next line.
    found.extend(open);
    found
}

#[test]
fn no_source_outside_a_task_names_tasks_or_renditions() {
    let names = Names::of_the_tasks();
    assert!(names.words.len() > 10 && names.others.len() > 2, "too few names were found");
    let mut found = Vec::new();
    let program = packages().into_iter().filter(|p| !p.is_task() && p.name != "xtask");
    // The Python package is a workspace of its own.
    let sources =
        program.flat_map(|p| p.sources()).chain(rust_files(&root().join("crates/python/src")));
    for (path, text) in sources {
        let path = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        if path.contains("/tests/") {
            continue;
        }
        for (line, code) in code(&text) {
            if OTHERWISE.iter().any(|other| code.contains(other)) {
                continue;
            }
            for literal in literals(code) {
                if let Some(name) = names.within(&literal) {
                    found.push(format!("{path}:{line} names `{name}`"));
                }
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn names_are_found_within_literals() {
    let names = Names::of_the_tasks();
    for (code, named) in [
        ("find(\"tts\")", true),
        ("\"the example of stt\"", true),
        ("Segment::special_token(\"task:edit\")", true),
        ("\"pipe it: syrinx say \\\"Hello.\\\" | aplay\"", true),
        ("\"nothing to edit here\"", false),
        ("\"results\" // of tts", false),
    ] {
        let found = literals(code).iter().any(|literal| names.within(literal).is_some());
        assert_eq!(found, named, "{code}");
    }
}
