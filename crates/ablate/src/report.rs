//! Reports: findings as Markdown, JSON and charts.

mod chart;
mod markdown;
mod sentences;

use std::fs;
use std::path::{Path, PathBuf};

use crate::work::write_whole;
use crate::{AblateError, Findings};
use syrinx_types::IoOperation;

/// Writes `NAME.md`, `NAME.json` and a chart `NAME-SUITE-FIGURE.svg` for every figure. Removes charts of an earlier
/// report that this one no longer has. Returns the paths of the written files, `NAME.md` first.
///
/// # Errors
/// [`AblateError::Io`] if a file can't be written or removed, [`AblateError::Chart`] if a chart can't be drawn.
pub fn write_report(findings: &Findings, folder: &Path) -> Result<Vec<PathBuf>, AblateError> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut charts = Vec::new();
    for suite in &findings.suites {
        for figure in &suite.figures {
            let name = chart_name(&findings.name, &suite.suite, figure);
            let drawn = chart::draw(findings, suite, figure)
                .map_err(|cause| AblateError::Chart { name: name.clone(), cause })?;
            if let Some(svg) = drawn {
                charts.push((suite.suite.clone(), figure.clone(), name.clone()));
                files.push((name, svg));
            }
        }
    }
    let json = serde_json::to_string_pretty(findings).unwrap_or_default() + "\n";
    files.insert(0, (format!("{}.json", findings.name), json));
    files.insert(0, (format!("{}.md", findings.name), markdown::page(findings, &charts)));
    remove_strays(&findings.name, folder, &files)?;
    let write = |(name, text): &(String, String)| {
        let path = folder.join(name);
        write_whole(&path, text.as_bytes()).map(|()| path)
    };
    files.iter().map(write).collect()
}

/// Returns a file name of ASCII letters, digits, `-` and `.`, for all file systems and Markdown renderers.
fn chart_name(ablation: &str, suite: &str, figure: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let figure: String = figure.chars().map(plain).collect();
    format!("{ablation}-{suite}-{figure}.svg")
}

/// Removes charts of an earlier report that this one doesn't have. Only links of the earlier page are considered, since
/// the name of another ablation may begin with `name`.
fn remove_strays(name: &str, folder: &Path, files: &[(String, String)]) -> Result<(), AblateError> {
    let Ok(before) = fs::read_to_string(folder.join(format!("{name}.md"))) else { return Ok(()) };
    for part in before.split("](").skip(1) {
        let link = part.split(')').next().unwrap_or_default();
        let ours = link.ends_with(".svg") && !link.contains(['/', '\\']);
        let path = folder.join(link);
        if ours && path.is_file() && files.iter().all(|(name, _)| name != link) {
            fs::remove_file(&path).map_err(AblateError::io(IoOperation::Remove, &path))?;
        }
    }
    Ok(())
}
