//! Stages: commands with inputs and outputs, and records of finished ones.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::content::ContentHash;

/// A stage of a recipe.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PretrainStage {
    pub(super) name: String,
    /// Own folder of the stage, emptied when the stage has to be done with something else.
    pub(super) folder: PathBuf,
    /// Files and folders whose content it depends on.
    pub(super) inputs: Vec<PathBuf>,
    /// Files that a finished stage has written.
    pub(super) outputs: Vec<PathBuf>,
    pub(super) work: StageCommand,
}

/// Work of a stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StageCommand {
    /// `cargo xtask corpus` with these words.
    Corpus(Vec<String>),
    /// The program with these words.
    Program(Vec<String>),
    /// The program with these words and variables (`NAME=VALUE`), which set its settings.
    Train { variables: Vec<String>, words: Vec<String> },
    /// The program with these words, after the card was written: the file of the recipe (if any), and where to.
    Package { words: Vec<String>, card: Option<PathBuf>, written: PathBuf },
}

impl StageCommand {
    /// Returns the command as a person would type it.
    pub(super) fn line(&self) -> String {
        let line = |words: &[String]| format!("syrinx {}", words.join(" "));
        match self {
            Self::Corpus(words) => format!("cargo xtask corpus {}", words.join(" ")),
            Self::Program(words) | Self::Package { words, .. } => line(words),
            Self::Train { variables, words } => {
                [variables.as_slice(), &[line(words)]].concat().join(" ")
            }
        }
    }
}

/// Record of a finished stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StageRecord {
    /// Hash of the command and of the content of the inputs.
    pub(super) key: String,
    /// Whether it is done, or only begun.
    pub(super) done: bool,
    /// Duration of all attempts, seconds.
    pub(super) seconds: f64,
    pub(super) command: String,
}

/// State of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StageState {
    /// Done with the same inputs and settings.
    Done,
    /// Begun with the same, to be gone on with.
    Begun,
    /// To be done from the beginning.
    New,
    /// Missing inputs.
    Waiting,
}

impl PretrainStage {
    /// Hash of the command and of the inputs' content; nothing while an input isn't there.
    pub(super) fn key(&self) -> Result<Option<String>> {
        let mut hash = ContentHash::default();
        hash.take(self.work.line().as_bytes());
        for input in &self.inputs {
            if !input.exists() {
                return Ok(None);
            }
            hash.take_path(input)?;
        }
        Ok(Some(hash.hex()))
    }

    pub(super) fn state(&self, run: &Path) -> Result<StageState> {
        let Some(key) = self.key()? else { return Ok(StageState::Waiting) };
        Ok(match self.record(run) {
            Some(record) if record.key == key => {
                let there = self.outputs.iter().all(|o| o.exists());
                if record.done && there { StageState::Done } else { StageState::Begun }
            }
            _ => StageState::New,
        })
    }

    /// Returns the stage's record; `None` if it cannot be read, and the stage is repeated.
    pub(super) fn record(&self, run: &Path) -> Option<StageRecord> {
        serde_json::from_str(&fs::read_to_string(self.record_path(run)).ok()?).ok()
    }

    pub(super) fn forget(&self, run: &Path) -> Result<()> {
        match fs::remove_file(self.record_path(run)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// Does it, with `act` for the work, and writes down how it went. What another recipe left is removed before.
    pub(super) fn run(&self, run: &Path, act: impl FnOnce() -> Result<()>) -> Result<()> {
        let state = self.state(run)?;
        let Some(key) = self.key()? else {
            let gone: Vec<String> = self
                .inputs
                .iter()
                .filter(|i| !i.exists())
                .map(|i| i.display().to_string())
                .collect();
            bail!("stage `{}`: {} isn't there", self.name, gone.join(", "));
        };
        if state == StageState::New && self.folder.exists() {
            fs::remove_dir_all(&self.folder).with_context(|| self.folder.display().to_string())?;
        }
        let folders = self.outputs.iter().filter_map(|output| output.parent());
        for folder in folders.chain([self.folder.as_path()]) {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let before = match state {
            StageState::Begun => self.record(run).map_or(0.0, |r| r.seconds),
            _ => 0.0,
        };
        let mut record =
            StageRecord { key, done: false, seconds: before, command: self.work.line() };
        self.write(run, &record)?;
        let begun = std::time::Instant::now();
        let outcome = act().with_context(|| format!("stage `{}`", self.name));
        record.seconds += begun.elapsed().as_secs_f64();
        if outcome.is_ok() {
            if let Some(output) = self.outputs.iter().find(|o| !o.exists()) {
                bail!("stage `{}` left no {}", self.name, output.display());
            }
            record.done = true;
        }
        self.write(run, &record)?;
        outcome
    }

    fn write(&self, run: &Path, record: &StageRecord) -> Result<()> {
        let path = self.record_path(run);
        let folder = path.parent().unwrap_or(run);
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        // Beside its place, so that a kill leaves the old one whole.
        let temporary = path.with_extension("tmp");
        fs::write(&temporary, serde_json::to_string_pretty(record)? + "\n")
            .and_then(|()| fs::rename(&temporary, &path))
            .with_context(|| path.display().to_string())
    }

    fn record_path(&self, run: &Path) -> PathBuf {
        run.join("stages").join(format!("{}.json", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_done_once_for_the_same_inputs_and_settings() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path();
        let (input, output) = (run.join("input"), run.join("made/output"));
        let stage = |setting: &str| PretrainStage {
            name: "made".into(),
            folder: run.join("made"),
            inputs: vec![input.clone()],
            outputs: vec![output.clone()],
            work: StageCommand::Program(vec!["make".into(), setting.into()]),
        };
        let state = |setting: &str| stage(setting).state(run).unwrap();
        assert_eq!(state("a"), StageState::Waiting);
        assert!(stage("a").run(run, || Ok(())).unwrap_err().to_string().contains("isn't there"));
        fs::write(&input, "1").unwrap();
        assert_eq!(state("a"), StageState::New);
        stage("a").run(run, || bail!("stopped")).unwrap_err();
        assert_eq!(state("a"), StageState::Begun);
        fs::write(run.join("made/half"), "half").unwrap();
        stage("a").run(run, || Ok(fs::write(&output, "")?)).unwrap();
        assert!(run.join("made/half").exists(), "what was begun is gone on with");
        assert_eq!((state("a"), state("b")), (StageState::Done, StageState::New));
        fs::write(&input, "2").unwrap();
        assert_eq!(state("a"), StageState::New);
        fs::write(&input, "1").unwrap();
        assert_eq!(state("a"), StageState::Done);
        fs::remove_file(&output).unwrap();
        assert_eq!(state("a"), StageState::Begun, "what it made is gone");
        stage("b").run(run, || Ok(fs::write(&output, "")?)).unwrap();
        assert!(!run.join("made/half").exists(), "another setting begins anew");
        stage("b").forget(run).unwrap();
        assert_eq!(state("b"), StageState::New);
        let nothing = stage("c").run(run, || Ok(()));
        assert!(nothing.unwrap_err().to_string().contains("left no"));
    }
}
