//! Claims of the documents.

use std::fs;

use crate::workspace::{packages, root, rust_files};

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn the_map_names_every_crate_and_stays_readable() {
    let text = read("ARCHITECTURE.md");
    assert!(text.lines().count() < 300, "{} lines", text.lines().count());
    for package in packages() {
        let folder = package.folder.strip_prefix(root()).unwrap().display().to_string();
        // A task of one's own is one folder and one line, and this page is neither.
        let folder = if package.is_task() { "tasks/*".to_owned() } else { folder };
        assert!(
            text.contains(&format!("`{folder}`")),
            "ARCHITECTURE.md doesn't mention `{folder}`"
        );
    }
}

#[test]
fn tests_that_the_map_names_are_there() {
    let text = read("ARCHITECTURE.md");
    let tests: String =
        rust_files(&root().join("tests/workspace")).into_iter().map(|f| f.1).collect();
    let mut named = 0;
    for part in text.split("tests/workspace/").skip(1) {
        let Some((_, name)) = part.split('`').next().and_then(|p| p.split_once("::")) else {
            continue;
        };
        assert!(tests.contains(&format!("fn {name}()")), "ARCHITECTURE.md names a test `{name}`");
        named += 1;
    }
    assert!(named >= 8, "only {named} invariants name their test");
}

#[test]
fn links_between_documents_lead_somewhere() {
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "evals/data/README.md",
        "tasks/README.md",
    ] {
        let text = read(document);
        let folder = root().join(document).parent().unwrap().to_path_buf();
        for part in text.split("](").skip(1) {
            let link = part.split(')').next().unwrap_or_default();
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            assert!(folder.join(path).exists(), "{document} links to {path}, which isn't there");
        }
    }
}

#[test]
fn the_readme_names_the_main_job_and_the_tests() {
    let text = read("README.md");
    for command in ["cargo xtask eval tts", "cargo xtask test"] {
        assert!(text.contains(&format!("$ {command}\n")), "README.md doesn't show `{command}`");
    }
}

#[test]
fn the_chapter_on_tasks_shows_the_code_that_the_template_has() {
    let text = read("tasks/README.md");
    let mut shown = 0;
    for block in text.split("```rust\n").skip(1) {
        let block = block.split("\n```").next().unwrap();
        let (file, code) = block.split_once('\n').unwrap();
        let file = file.strip_prefix("// ").expect("a block begins with the name of its file");
        let template = read(&format!("xtask/template/{file}"));
        assert!(template.contains(code), "{file} has other code than tasks/README.md:\n{code}");
        shown += 1;
    }
    assert!(shown >= 4, "only {shown} blocks of code");
}
