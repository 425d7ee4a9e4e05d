//! Errors: messages say what failed, remedies are data, and causes stand in one place.

use crate::workspace::{packages, root};

/// Phrases by which a message would give a remedy.
const REMEDIES: [&str; 5] = ["; ", ": give ", ": use ", ": bring ", "did you mean"];

/// Names of fields that hold prose where the fault should be a type. A field `message` is that of a library whose errors
/// can't be kept; names of things are fields with the thing's name.
const PROSE: [&str; 4] = ["reason", "problem", "what", "detail"];

/// Crates whose errors still hold prose.
const WITH_PROSE: [&str; 4] = ["eval", "recipes", "task", "train"];

/// Variant of an error: its message and its fields.
struct Variant {
    message: String,
    fields: String,
}

/// Variants with an attribute `#[error(...)]`.
fn variants(text: &str) -> Vec<Variant> {
    let after = text.split("#[error(").skip(1);
    let variant = |rest: &str| {
        let (message, rest) = rest.split_once(")]")?;
        let fields = rest.split("#[error(").next().unwrap_or_default();
        // The enum ends with the first brace at the beginning of a line.
        let fields = fields.split("\n}").next().unwrap_or_default();
        let code = fields.lines().filter(|line| !line.trim_start().starts_with("//"));
        Some(Variant { message: message.trim().to_owned(), fields: code.collect() })
    };
    after.filter_map(variant).collect()
}

/// Whether a cause is both in the message and in `source()`.
fn tells_its_cause_twice(variant: &Variant) -> bool {
    let sources = ["source:", "#[source]", "#[from]"];
    let has_source = sources.iter().any(|source| variant.fields.contains(source));
    let in_message = variant.message.contains("{source") || variant.message.contains("{0");
    has_source && in_message
}

/// Whether the fault of a variant is a text: a field of that name, or a text without a name.
fn holds_prose(variant: &Variant) -> bool {
    let text = |name: &&str| variant.fields.contains(&format!(" {name}: String"));
    PROSE.iter().any(text) || variant.fields.contains("(String)")
}

#[test]
fn faults_are_types() {
    let mut found = Vec::new();
    for package in packages() {
        let folder = package.folder.file_name().unwrap_or_default().to_string_lossy();
        if WITH_PROSE.contains(&folder.as_ref()) {
            continue;
        }
        for (path, text) in package.sources() {
            for variant in variants(&text).iter().filter(|v| holds_prose(v)) {
                let path = path.strip_prefix(root()).unwrap_or(&path).display();
                found.push(format!("{path}: {}: name the fault or the thing", variant.message));
            }
        }
    }
    assert_eq!(found, [""; 0]);
    let prose = "#[error(\"no: {reason}\")]\n    A { reason: String },\n    #[error(\"{0}\")]\n    B(String),\n}";
    assert_eq!(variants(prose).iter().filter(|v| holds_prose(v)).count(), 2);
    let typed =
        "#[error(\"no {name}\")]\n    A { name: String, fault: Fault },\n}\nstruct B(String);";
    assert!(!variants(typed).iter().any(holds_prose));
}

#[test]
fn messages_hold_no_remedy() {
    let mut found = Vec::new();
    let mut seen = 0;
    for package in packages() {
        for (path, text) in package.sources() {
            for Variant { message, .. } in variants(&text) {
                seen += 1;
                if REMEDIES.iter().any(|phrase| message.contains(phrase)) {
                    let path = path.strip_prefix(root()).unwrap_or(&path).display();
                    found.push(format!("{path}: {message}: move the remedy to hint()"));
                }
            }
        }
    }
    assert!(seen > 80, "only {seen} messages were found");
    assert_eq!(found, [""; 0]);
}

#[test]
fn causes_are_in_the_message_or_in_the_source() {
    let mut found = Vec::new();
    for package in packages() {
        for (path, text) in package.sources() {
            for variant in variants(&text).iter().filter(|v| tells_its_cause_twice(v)) {
                let path = path.strip_prefix(root()).unwrap_or(&path).display();
                found.push(format!("{path}: {}: name the field `cause`", variant.message));
            }
        }
    }
    assert_eq!(found, [""; 0]);
    let twice = "#[error(\"no: {source}\")]\n    A { source: E },\n}\nstruct B(#[from] C);";
    assert!(variants(twice).iter().all(tells_its_cause_twice));
    let once = "#[error(\"no: {0}\")]\n    A(E),\n}\nstruct B(#[from] C);";
    assert!(!variants(once).iter().any(tells_its_cause_twice));
}
