//! Stages with inputs and outputs, and records of their runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use syrinx_engine::write_atomic;
use syrinx_types::{Fingerprint, IoOperation};

use super::fault::PretrainingFault;
use super::work::StageWork;
use crate::RecipeError;

/// A stage of a recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct RecipeStage {
    /// Name, unique in the recipe.
    pub name: String,
    /// Folder of the stage. It is emptied before the stage is repeated with other inputs or settings.
    pub folder: PathBuf,
    /// Files and folders whose content determines the result.
    pub inputs: Vec<PathBuf>,
    /// Files and folders that exist after the stage has finished.
    pub outputs: Vec<PathBuf>,
    /// Work of the stage.
    pub work: StageWork,
}

/// Record of a stage's run, stored in the folder of the pretraining run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Hash of the command and of the content of the inputs.
    pub key: String,
    /// Whether the stage has finished; otherwise it was only started.
    pub done: bool,
    /// Total duration of all attempts, in seconds.
    pub seconds: f64,
    /// Equivalent command line.
    pub command: String,
}

/// State of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// Finished with the same inputs and settings.
    Done,
    /// Started with the same inputs and settings, or finished and then missing an output. The next run resumes it.
    Begun,
    /// Never started, or last run with other inputs or settings.
    New,
    /// Inputs do not exist yet; an earlier stage writes them.
    Waiting,
}

impl RecipeStage {
    /// Returns the state of the stage in the folder of a pretraining run.
    ///
    /// # Errors
    /// [`RecipeError::Io`] for an unreadable input.
    pub fn state(&self, run: &Path) -> Result<StageState, RecipeError> {
        let Some(key) = self.key()? else { return Ok(StageState::Waiting) };
        Ok(match self.record(run) {
            Some(record) if record.key == key => {
                let exist = self.outputs.iter().all(|output| output.exists());
                if record.done && exist { StageState::Done } else { StageState::Begun }
            }
            _ => StageState::New,
        })
    }

    /// Returns the stored record; `None` if it is missing or unreadable, so that the stage is repeated.
    pub fn record(&self, run: &Path) -> Option<StageRecord> {
        serde_json::from_str(&fs::read_to_string(self.record_path(run)).ok()?).ok()
    }

    /// Removes the record, so that the stage is repeated.
    pub(super) fn forget(&self, run: &Path) -> Result<(), RecipeError> {
        let path = self.record_path(run);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(RecipeError::io(IoOperation::Remove, path)(e))
            }
            _ => Ok(()),
        }
    }

    /// Runs the stage by calling `act`, and stores the record. Outputs made from other inputs or settings are removed
    /// first.
    pub(super) fn run<T>(
        &self,
        run: &Path,
        act: impl FnOnce() -> Result<T, RecipeError>,
    ) -> Result<T, RecipeError> {
        let state = self.state(run)?;
        let Some(key) = self.key()? else {
            let missing = self.inputs.iter().filter(|input| !input.exists()).cloned().collect();
            return Err(
                PretrainingFault::MissingInputs { stage: self.name.clone(), missing }.into()
            );
        };
        self.prepare_folders(state)?;
        let before = self.record(run).filter(|_| state == StageState::Begun);
        let seconds = before.map_or(0.0, |record| record.seconds);
        let mut record = StageRecord { key, done: false, seconds, command: self.work.line() };
        self.write(run, &record)?;
        let begun = Instant::now();
        let outcome = act().map_err(PretrainingFault::of_stage(&self.name));
        record.seconds += begun.elapsed().as_secs_f64();
        if outcome.is_ok() {
            if let Some(path) = self.outputs.iter().find(|output| !output.exists()) {
                let (stage, path) = (self.name.clone(), path.clone());
                return Err(PretrainingFault::MissingOutput { stage, path }.into());
            }
            record.done = true;
        }
        self.write(run, &record)?;
        outcome
    }

    /// Returns a hash of the command and of the content of the inputs; `None` if an input does not exist.
    fn key(&self) -> Result<Option<String>, RecipeError> {
        let mut hash = Fingerprint::default().part(self.work.line().as_bytes());
        for input in &self.inputs {
            if !input.exists() {
                return Ok(None);
            }
            hash = with_content(hash, input)?;
        }
        Ok(Some(hash.hex()))
    }

    /// Empties the folder of a new stage and creates the folders of the outputs.
    fn prepare_folders(&self, state: StageState) -> Result<(), RecipeError> {
        let own = self.folder.as_path();
        if state == StageState::New && own.exists() {
            fs::remove_dir_all(own).map_err(RecipeError::io(IoOperation::Remove, own))?;
        }
        for folder in self.outputs.iter().filter_map(|output| output.parent()).chain([own]) {
            fs::create_dir_all(folder)
                .map_err(RecipeError::io(IoOperation::CreateFolder, folder))?;
        }
        Ok(())
    }

    fn write(&self, run: &Path, record: &StageRecord) -> Result<(), RecipeError> {
        let path = self.record_path(run);
        let folder = path.parent().unwrap_or(run);
        fs::create_dir_all(folder).map_err(RecipeError::io(IoOperation::CreateFolder, folder))?;
        let json = json_lines(record).map_err(RecipeError::io(IoOperation::Write, &path))?;
        Ok(write_atomic(&path, json.as_bytes())?)
    }

    fn record_path(&self, run: &Path) -> PathBuf {
        run.join("stages").join(format!("{}.json", self.name))
    }
}

/// Returns a value as indented JSON with a final line break.
pub(super) fn json_lines(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// Appends the content of a file to a fingerprint; for a folder, the names and contents of all its files.
fn with_content(hash: Fingerprint, path: &Path) -> Result<Fingerprint, RecipeError> {
    if !path.is_dir() {
        let content = fs::read(path).map_err(RecipeError::io(IoOperation::Read, path))?;
        return Ok(hash.part(&content));
    }
    let listed = fs::read_dir(path).and_then(|entries| {
        entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()
    });
    let mut entries = listed.map_err(RecipeError::io(IoOperation::List, path))?;
    entries.sort();
    entries.iter().try_fold(hash, |hash, entry| {
        let name = entry.file_name().unwrap_or_default();
        with_content(hash.part(name.as_encoded_bytes()), entry)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn align(folder: &Path, name: &str) -> RecipeStage {
        RecipeStage {
            name: "made".into(),
            folder: folder.join("made"),
            inputs: vec![folder.join("input")],
            outputs: vec![folder.join("made/output")],
            work: StageWork::Align { corpus: folder.join("input"), manifest: name.into() },
        }
    }

    #[test]
    fn a_stage_is_done_once_for_the_same_inputs_and_settings() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = folder.path();
        let (input, output) = (run.join("input"), run.join("made/output"));
        let stage = |setting: &str| align(run, setting);
        let state = |setting: &str| stage(setting).state(run).expect("a state");
        let touch = |path: &Path, text: &str| fs::write(path, text).expect("it is written");
        let make = || {
            touch(&output, "");
            Ok(())
        };
        assert_eq!(state("a"), StageState::Waiting);
        let error = stage("a").run(run, || Ok(())).expect_err("no input");
        assert!(error.to_string().starts_with("missing inputs of stage `made`: "), "{error}");
        touch(&input, "1");
        assert_eq!(state("a"), StageState::New);
        let stopped = stage("a").run(run, || Err::<(), _>(RecipeError::Cancelled));
        assert!(stopped.expect_err("stopped").is_cancelled());
        assert_eq!(state("a"), StageState::Begun);
        touch(&run.join("made/half"), "half");
        stage("a").run(run, make).expect("it is done");
        assert!(run.join("made/half").exists(), "work that was begun is resumed");
        assert_eq!((state("a"), state("b")), (StageState::Done, StageState::New));
        touch(&input, "2");
        assert_eq!(state("a"), StageState::New);
        touch(&input, "1");
        assert_eq!(state("a"), StageState::Done);
        fs::remove_file(&output).expect("it is removed");
        assert_eq!(state("a"), StageState::Begun, "an output is missing");
        stage("b").run(run, make).expect("it is done");
        assert!(!run.join("made/half").exists(), "another setting begins anew");
        stage("b").forget(run).expect("it is forgotten");
        assert_eq!(state("b"), StageState::New);
        let nothing = stage("c").run(run, || Ok(())).expect_err("no output");
        assert!(nothing.to_string().contains("did not write"), "{nothing}");
    }

    #[test]
    fn names_and_contents_of_files_make_the_fingerprint_of_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| fs::write(path(name), text).expect("it is written");
        let hash = || with_content(Fingerprint::default(), folder.path()).expect("a hash").hex();
        fs::create_dir(path("in")).expect("a folder");
        write("in/a", "1");
        let first = hash();
        assert_eq!(hash(), first);
        write("in/a", "2");
        assert_ne!(hash(), first);
        write("in/a", "1");
        assert_eq!(hash(), first);
        fs::rename(path("in/a"), path("in/b")).expect("it is renamed");
        assert_ne!(hash(), first);
    }
}
