//! Heads and orders of codes: a head is asked for its behaviour, so that a new one is a file and a line of the list.

use std::path::Path;

use crate::workspace::{code, packages, root};

/// Folder of the heads.
const HEADS: &str = "crates/task/src/heads";
/// File with the list of orders of codes.
const ORDERS: &str = "crates/task/src/switches.rs";
/// Files that compute the outputs of heads or the losses on them.
const NETWORK: [&str; 4] = [
    "crates/model/src/heads.rs",
    "crates/model/src/losses.rs",
    "crates/model/src/model.rs",
    "crates/decode/src/teacher_forcing.rs",
];

/// Sources outside the heads' folder and the list of orders, on one line each, by path.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, text) in packages().iter().flat_map(|package| package.sources()) {
        let path = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        if !path.starts_with(HEADS) && path != ORDERS {
            let lines = code(&text).into_iter().flat_map(|(_, line)| line.split_whitespace());
            found.push((path, lines.collect::<Vec<_>>().join(" ")));
        }
    }
    found
}

/// Names and configuration values of the orders of codes, read from their list.
fn orders() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join(ORDERS)).unwrap();
    let entry = |line: &str| {
        let (name, rest) = line.trim().split_once(", \"")?;
        let (value, head) = rest.split_once("\", ")?;
        head.starts_with("heads::").then(|| (name.to_owned(), value.to_owned()))
    };
    text.lines().filter_map(entry).collect()
}

/// Whether an item of `path` (`heads::`, say) is compared or matched: it stands beside `==`, `!=` or `|`, before `=>`,
/// in `matches!`, or in the pattern of a `let`.
fn is_matched(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let statement = text[..at].rsplit([';', '}']).next().unwrap_or_default();
        let before = statement.trim_end();
        let after = text[at + path.len()..].trim_start_matches(|c: char| c.is_alphanumeric());
        let after = after.trim_start();
        let after = match after.split_at_checked(1) {
            Some(("{" | "(", fields)) => fields.split_once(['}', ')']).map_or("", |(_, a)| a),
            _ => after,
        };
        let operators = ["==", "!=", "|"];
        let compared =
            operators.iter().any(|o| before.ends_with(o) || after.trim_start().starts_with(o));
        let inside = statement.rsplit_once("matches!(").is_some_and(|(_, a)| !a.contains(')'));
        let bound = statement.rsplit_once("let ").is_some_and(|(_, a)| !a.contains('='));
        compared || after.trim_start().starts_with("=>") || inside || bound
    })
}

#[test]
fn heads_are_asked_not_matched() {
    let sources = sources();
    assert!(sources.len() > 300, "only {} sources were found", sources.len());
    let outside = sources.iter().filter(|(_, text)| {
        let named =
            [" heads::", "(heads::", "CodeOrder::"].iter().any(|path| is_matched(text, path));
        named || text.contains("head.name() ==")
    });
    let found: Vec<&String> = outside.map(|(path, _)| path).collect();
    assert!(found.is_empty(), "matched on a head or an order of codes: {found:?}");
}

#[test]
fn outputs_are_matched_by_the_network_alone() {
    let found = sources().into_iter().filter(|(path, text)| {
        let tests = Path::new(path).ends_with("conformance.rs");
        !tests && !NETWORK.contains(&path.as_str()) && text.contains("HeadOutput::")
    });
    let found: Vec<String> = found.map(|(path, _)| path).collect();
    assert!(found.is_empty(), "name outputs of heads: {found:?}");
}

#[test]
fn orders_of_codes_are_listed_once() {
    let orders = orders();
    assert!(orders.len() > 3, "only {} orders were found", orders.len());
    let literals: Vec<String> = orders.iter().map(|(_, value)| format!("\"{value}\"")).collect();
    let found = sources().into_iter().filter(|(_, text)| {
        let statements = text.split(';');
        statements
            .into_iter()
            .any(|s| literals.iter().filter(|l| s.contains(l.as_str())).count() > 2)
    });
    let found: Vec<String> = found.map(|(path, _)| path).collect();
    assert!(found.is_empty(), "list orders of codes: {found:?}");
}

#[test]
fn matches_are_found() {
    for (text, expected) in [
        ("Stage::new(AR, heads::FirstLevel, ar)", false),
        ("stage(MASKED, heads::MaskedLevel.into(), response); x == y", false),
        ("let head = heads::Phones { per_frame: 2 };", false),
        ("if stage.head == heads::FirstLevel.into() {", true),
        ("match head { heads::Phones { .. } => 1, _ => 2 }", true),
        ("match head { heads::Text => 1, _ => 2 }", true),
        ("matches!(head, heads::Phones { .. })", true),
        ("let heads::Phones { per_frame } = head else { return };", true),
        ("if let Some(heads::Text) = head {", true),
        ("heads::Text | heads::Length", true),
    ] {
        assert_eq!(is_matched(text, "heads::"), expected, "{text}");
    }
}
