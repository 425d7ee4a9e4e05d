//! Output of a trial, printed at once and collected for a file.

use std::fs;

use anyhow::{Context as _, Result};

use super::figures::ScaleRequirement;
use crate::project::root;

/// Collected output of a trial.
pub struct TrialRecord(String);

impl TrialRecord {
    /// Builds a record that begins with the command of the trial.
    pub fn new(command: &str) -> Self {
        println!("$ {command}");
        Self(format!("$ {command}\n"))
    }

    /// Prints and records a text.
    pub fn say(&mut self, text: impl AsRef<str>) {
        for line in text.as_ref().lines() {
            // Paths of this machine say nothing to a reader.
            println!("{line}");
            self.0.push_str(line);
            self.0.push('\n');
        }
    }

    /// Prints and records the figure of a requirement.
    pub fn figure(&mut self, requirement: &ScaleRequirement, figure: &str) {
        self.say(requirement.line(figure));
    }

    /// Returns the complete output.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Writes the output to a file in evals/reports.
    pub fn keep(&self, file: &str) -> Result<()> {
        let path = root().join("evals/reports").join(file);
        let folder = path.parent().context("a report has a folder")?;
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        fs::write(&path, &self.0).with_context(|| path.display().to_string())?;
        println!("wrote {}", path.display());
        Ok(())
    }
}
