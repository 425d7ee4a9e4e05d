//! Parameters of functions have names: no function takes a tuple.

use crate::workspace::{code, packages, root};

/// Splits a text at the commas outside all brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start, mut last) = (Vec::new(), 0usize, 0, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            // The arrows `->` and `=>` close nothing.
            '>' if matches!(last, '-' | '=') => {}
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        last = c;
    }
    parts.push(&text[start..]);
    parts
}

/// Content of the bracket that `text` begins with, and the text after it.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut last) = (0usize, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            '>' if matches!(last, '-' | '=') => {}
            ')' | ']' | '}' | '>' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return (at > 0).then(|| (&text[1..at], &text[at + 1..]));
        }
        last = c;
    }
    None
}

/// Name and parameters of every function item of a text without comments.
fn functions(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("fn ") {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &text[at + 3..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, mut rest) = rest.split_at(end);
        if rest.starts_with('<') {
            let Some((_, after)) = bracket(rest) else { continue };
            rest = after;
        }
        if !name.is_empty() && rest.starts_with('(') {
            let parameters = bracket(rest).map(|(inside, _)| split(inside));
            found.push((name, parameters.unwrap_or_default()));
        }
    }
    found
}

/// Whether a parameter is a tuple, or a reference to one, by its pattern or its type.
fn is_tuple(parameter: &str) -> bool {
    let parameter = parameter.trim();
    let Some((_, kind)) = parameter.split_once(':') else { return false };
    let mut kind = kind.trim();
    while let Some(inner) = kind.strip_prefix('&') {
        kind = inner.trim();
        if kind.starts_with('\'') {
            kind = kind.split_once(' ').map_or("", |(_, after)| after.trim());
        }
        kind = kind.strip_prefix("mut ").unwrap_or(kind).trim();
    }
    let of_several = |inside: &str| split(inside).len() > 1;
    let pattern = parameter.trim_start_matches("mut ");
    (pattern.starts_with('(') && !pattern.starts_with("()"))
        || (kind.starts_with('(') && bracket(kind).is_some_and(|(inside, _)| of_several(inside)))
}

#[test]
fn no_function_takes_a_tuple() {
    let (mut found, mut seen) = (Vec::new(), 0);
    for package in packages() {
        for (path, text) in package.sources() {
            let text: String =
                code(&text).into_iter().map(|(_, line)| format!("{line}\n")).collect();
            for (name, parameters) in functions(&text) {
                seen += 1;
                for parameter in parameters.into_iter().filter(|p| is_tuple(p)) {
                    let path = path.strip_prefix(root()).unwrap_or(&path).display();
                    found.push(format!("{path}: {name}: {}", parameter.trim()));
                }
            }
        }
    }
    assert!(seen > 3000, "only {seen} functions were found");
    assert!(found.is_empty(), "{} parameters:\n{}", found.len(), found.join("\n"));
}

#[test]
fn tuples_are_found() {
    let parameters = |text| functions(text).remove(0).1;
    let tuples = |text| parameters(text).into_iter().filter(|p| is_tuple(p)).count();
    for (text, expected) in [
        ("fn a(b: u32, c: &str) {}", 0),
        ("pub(crate) fn a<F: Fn((u8, u8)) -> u8>(f: F) {}", 0),
        ("fn a((b, c): (u8, u8), d: &'a mut (u8, u8)) {}", 2),
        ("fn a(\n    b: &(dyn Fn(u8, u8) -> u8 + Sync),\n    c: (),\n) {}", 0),
        ("fn a((b, c): &Pair) {}", 1),
        ("fn a((): (), b: u32) {}", 0),
        ("fn a((): (u8, u8)) {}", 1),
        ("fn a(&self, pairs: &[(u8, u8)], at: (usize, usize)) -> (u8, u8) {}", 1),
        ("fn a(&self, Path(id): Path<String>) {}", 0),
    ] {
        assert_eq!(tuples(text), expected, "{text}");
    }
}
