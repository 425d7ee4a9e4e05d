//! Errors: messages say what failed, remedies are data.

use crate::workspace::{packages, root};

/// Packages whose remedies are not yet moved. The list only shrinks.
const PROSE: [&str; 1] = ["syrinx-pretrained"];

/// Attributes `#[error(...)]` of a file, each on one line.
fn messages(text: &str) -> Vec<String> {
    let after = text.split("#[error(").skip(1);
    after.filter_map(|rest| rest.split(")]").next()).map(|m| m.trim().to_owned()).collect()
}

#[test]
fn messages_hold_no_remedy() {
    let mut found = Vec::new();
    let mut seen = 0;
    for package in packages().iter().filter(|p| !PROSE.contains(&p.name.as_str())) {
        for (path, text) in package.sources() {
            for message in messages(&text) {
                seen += 1;
                if message.contains("; ") {
                    let path = path.strip_prefix(root()).unwrap_or(&path).display();
                    found.push(format!("{path}: {message}: move the remedy to hint()"));
                }
            }
        }
    }
    assert!(seen > 80, "only {seen} messages were found");
    assert_eq!(found, [""; 0]);
}
