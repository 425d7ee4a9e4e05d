//! Output of a trial, printed as it comes and kept for a file.

use super::figures::ScaleRequirement;

/// Lines of a trial.
pub struct TrialRecord(String);

impl TrialRecord {
    /// Builds a record that begins with its command.
    pub fn new(command: &str) -> Self {
        println!("$ {command}");
        Self(format!("$ {command}\n"))
    }

    /// Prints and keeps text.
    pub fn say(&mut self, text: impl AsRef<str>) {
        for line in text.as_ref().lines() {
            // Paths of this machine say nothing to a reader.
            println!("{line}");
            self.0.push_str(line);
            self.0.push('\n');
        }
    }

    /// Prints and keeps the figure of a requirement.
    pub fn figure(&mut self, requirement: &ScaleRequirement, figure: &str) {
        self.say(requirement.line(figure));
    }

    /// Returns all of it.
    pub fn text(&self) -> &str {
        &self.0
    }
}
