//! Stored measurements, and the page of the latest ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use xshell::cmd;

use super::figures::Figures;
use crate::project::{program_output, root, shell};
use crate::requirement::{speed_page, speed_table};
use crate::trials::weak::machine;

/// Measurements in the order of the page.
const NAMES: [&str; 4] = ["decode", "train", "user", "build"];

/// A finished measurement.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Subcommand of `cargo xtask bench`.
    name: String,
    /// Day of the measurement, UTC.
    date: String,
    /// Revision of the checkout.
    revision: String,
    /// Processor, and load at the end.
    machine: String,
    figures: Figures,
}

impl Measurement {
    /// Adds date, revision and machine to figures.
    pub fn new(name: &str, figures: Figures) -> Result<Self> {
        let shell = shell()?;
        let date = cmd!(shell, "date -u +%F").quiet().read()?;
        let revision = cmd!(shell, "git describe --always --dirty").quiet().read()?;
        Ok(Self { name: name.to_owned(), date, revision, machine: machine(), figures })
    }

    /// Prints the figures, and a table of those with a requirement.
    pub fn print(&self) -> Result<()> {
        println!("{}", self.machine);
        print!("{}", self.figures.table());
        let medians: BTreeMap<String, f64> = owned(&self.figures);
        print!("\n{}", speed_table(&medians)?);
        Ok(())
    }

    /// Stores the measurement in target/bench, where it replaces the previous one, and in the results store.
    pub fn store(&self, program: &Path) -> Result<()> {
        fs::create_dir_all(folder())?;
        let stored = folder().join("figures.json");
        fs::write(&stored, self.figures.stored().to_string())?;
        let (suite, file) = (format!("bench-{}", self.name), stored.display().to_string());
        println!("results store: {}", program_output(program, &["results", "add", &suite, &file])?);
        fs::remove_file(&stored)?;
        let path = file_of(&self.name);
        fs::write(&path, serde_json::to_string_pretty(self)? + "\n")
            .with_context(|| path.display().to_string())
    }

    /// Formats the section of the page.
    fn section(&self) -> String {
        format!(
            "\n## {}\n`cargo xtask bench {0}`, {}, revision {}; {}.\n\n```text\n{}```\n",
            self.name,
            self.date,
            self.revision,
            self.machine,
            self.figures.table()
        )
    }
}

/// Returns the medians of the latest measurements by figure; empty before the first one.
pub fn latest_medians() -> Result<BTreeMap<String, f64>> {
    Ok(latest()?.iter().flat_map(|measurement| owned(&measurement.figures)).collect())
}

fn owned(figures: &Figures) -> BTreeMap<String, f64> {
    figures.medians().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Writes evals/reports/speed.md from the latest measurements.
pub fn write_page() -> Result<()> {
    let path = root().join("evals/reports/speed.md");
    let page = page(&latest()?, &speed_page(&latest_medians()?)?);
    fs::write(&path, page).with_context(|| path.display().to_string())?;
    println!("wrote {}", path.display());
    Ok(())
}

/// Formats the page: requirements, then all figures.
fn page(measurements: &[Measurement], requirements: &str) -> String {
    let mut out = "# Speed\n\n".to_owned();
    out += "`cargo xtask bench all --record` and `cargo xtask bench build --record`, with `--python` for a Python that \
            has PyTorch.\nIn a round every program takes its turn; a ratio or a share is that of one round, and the median \
            of the rounds counts.\n\
            The requirements are those of [configs/requirements.toml](../../configs/requirements.toml).\n\n";
    out += requirements;
    let sections = measurements.iter().map(Measurement::section);
    out + &sections.collect::<String>()
}

fn latest() -> Result<Vec<Measurement>> {
    let there = NAMES.iter().map(|name| file_of(name)).filter(|path| path.is_file());
    let read = |path: PathBuf| -> Result<Measurement> {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    };
    there.map(read).collect()
}

fn folder() -> PathBuf {
    root().join("target/bench")
}

fn file_of(name: &str) -> PathBuf {
    folder().join(format!("{name}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_requirements_and_all_figures() {
        let mut figures = Figures::default();
        figures.add("say_rtf", "x", 0.125);
        let measurement = Measurement {
            name: "user".into(),
            date: "2026-11-29".into(),
            revision: "abc".into(),
            machine: "machine: two cores".into(),
            figures,
        };
        let text = serde_json::to_string(&measurement).unwrap();
        let read: Measurement = serde_json::from_str(&text).unwrap();
        let page = page(&[read], "| say | 0.125 |\n");
        assert!(page.contains("| say | 0.125 |\n\n## user\n`cargo xtask bench user`, 2026-11-29, revision abc; machine"));
        assert!(page.lines().any(|line| line.starts_with("say_rtf ") && line.contains("0.125")));
        assert_eq!(owned(&measurement.figures)["say_rtf"], 0.125);
    }
}
