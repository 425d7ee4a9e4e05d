//! A list of recordings in a JSONL file.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use syrinx_atomic::{folder_of, write_bytes};
use syrinx_types::{Fingerprint, IoOperation};

use crate::{DataError, Expected, ManifestFault, Utterance, UtteranceIssue};

/// Utterances in the order of their file, and the folder to which their audio paths are relative.
///
/// Invariant: every utterance is valid (times finite and not negative, one duration for each phone), and ids are
/// unique.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    root: PathBuf,
    utterances: Vec<Utterance>,
    by_id: HashMap<String, usize>,
}

impl Manifest {
    /// Builds a manifest whose audio paths are relative to `root`.
    ///
    /// # Errors
    /// [`DataError::BrokenUtterance`] for an invalid utterance or a repeated id.
    pub fn new(root: impl Into<PathBuf>, utterances: Vec<Utterance>) -> Result<Self, DataError> {
        let mut by_id = HashMap::with_capacity(utterances.len());
        for (i, utterance) in utterances.iter().enumerate() {
            let issue = utterance.issue().or_else(|| {
                let first = by_id.insert(utterance.id.clone(), i)?;
                Some(UtteranceIssue::RepeatedId { first: first + 1 })
            });
            if let Some(issue) = issue {
                return Err(DataError::BrokenUtterance { id: utterance.id.clone(), issue });
            }
        }
        Ok(Self { root: root.into(), utterances, by_id })
    }

    /// Reads a JSONL manifest: one object on each line, with the fields of [`Utterance`]. Unknown fields and empty
    /// lines are skipped; audio paths are relative to the folder of the file.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::BrokenLine`] for the first line that is not JSON, lacks a field, has an invalid
    /// value or repeats an id; [`DataError::NothingFound`] for a file without utterances.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let bytes = fs::read(path).map_err(DataError::io(IoOperation::Read, path))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut utterances = Vec::new();
        let mut by_id = HashMap::new();
        let mut line_of: HashMap<usize, usize> = HashMap::new();
        for (i, line) in bytes.split(|&b| b == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let broken =
                |fault| DataError::BrokenLine { path: path.to_path_buf(), line: i + 1, fault };
            let utterance = parse_line(line).map_err(broken)?;
            if let Some(first) = by_id.insert(utterance.id.clone(), utterances.len()) {
                let first = line_of.get(&first).copied().unwrap_or_default();
                return Err(broken(ManifestFault::RepeatedId { id: utterance.id, first }));
            }
            line_of.insert(utterances.len(), i + 1);
            utterances.push(utterance);
        }
        if utterances.is_empty() {
            let looked_for = Expected::Utterances;
            return Err(DataError::NothingFound { path: path.to_path_buf(), looked_for });
        }
        Ok(Self { root: folder_of(path).to_path_buf(), utterances, by_id })
    }

    /// Writes the manifest as JSONL, atomically. The audio path of a recording inside the folder of `path` is written
    /// relative to it, that of any other recording as an absolute path.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), DataError> {
        let folder = folder_of(path);
        let absolute = |p: &Path| fs::canonicalize(p).map_err(DataError::io(IoOperation::Find, p));
        let (from, to) = (absolute(&self.root)?, absolute(folder)?);
        let mut text = Vec::new();
        for utterance in &self.utterances {
            if from == to {
                append_line(&mut text, utterance);
            } else {
                let audio = from.join(&utterance.audio);
                let audio = audio.strip_prefix(&to).map(Path::to_path_buf).unwrap_or(audio);
                append_line(&mut text, &Utterance { audio, ..utterance.clone() });
            }
        }
        write_bytes(path, &text).map_err(DataError::io(IoOperation::Write, path))
    }

    /// Returns the folder to which audio paths are relative.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns all utterances, in order.
    pub fn utterances(&self) -> &[Utterance] {
        &self.utterances
    }

    /// Returns the number of utterances.
    pub fn len(&self) -> usize {
        self.utterances.len()
    }

    /// Whether there are no utterances.
    pub fn is_empty(&self) -> bool {
        self.utterances.is_empty()
    }

    /// Returns the utterance of this name.
    pub fn get(&self, id: &str) -> Option<&Utterance> {
        self.by_id.get(id).map(|&i| &self.utterances[i])
    }

    /// Returns the path of the recording of an utterance.
    pub fn audio_path(&self, utterance: &Utterance) -> PathBuf {
        self.path_of(&utterance.audio)
    }

    /// Checks that every recording is a file.
    ///
    /// # Errors
    /// [`DataError::MissingRecordings`].
    pub fn check_recordings(&self) -> Result<(), DataError> {
        let paths = self.utterances().iter().map(|utterance| self.audio_path(utterance));
        let missing: Vec<PathBuf> = paths.filter(|path| !path.is_file()).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let first = first.clone();
        Err(DataError::MissingRecordings { missing: missing.len(), of: self.len(), first })
    }

    /// Returns the path of a file that the manifest names.
    pub fn path_of(&self, named: &std::path::Path) -> PathBuf {
        self.root.join(named)
    }

    /// Returns the utterances of one split, with the same root.
    pub fn split(&self, split: &str) -> Self {
        let keep = |u: &&Utterance| u.split.as_deref() == Some(split);
        let utterances: Vec<_> = self.utterances.iter().filter(keep).cloned().collect();
        let by_id = utterances.iter().enumerate().map(|(i, u)| (u.id.clone(), i)).collect();
        Self { root: self.root.clone(), utterances, by_id }
    }

    /// Returns at most `limit` utterances, evenly spread, with the same root; all utterances without a limit.
    #[must_use]
    pub fn evenly(&self, limit: Option<usize>) -> Self {
        let all = &self.utterances;
        let count = limit.unwrap_or(all.len()).min(all.len());
        let utterances: Vec<_> = (0..count).map(|i| all[i * all.len() / count].clone()).collect();
        let by_id = utterances.iter().enumerate().map(|(i, u)| (u.id.clone(), i)).collect();
        Self { root: self.root.clone(), utterances, by_id }
    }

    /// Returns the fingerprint of the lines that [`Manifest::write`] would write. It depends neither on the content of
    /// the recordings nor on the manifest's path.
    pub fn fingerprint(&self) -> String {
        let mut text = Vec::new();
        let mut hash = Fingerprint::default();
        for utterance in &self.utterances {
            text.clear();
            append_line(&mut text, utterance);
            hash = hash.bytes(&text);
        }
        hash.hex()
    }

    pub(crate) fn into_utterances(self) -> (PathBuf, Vec<Utterance>) {
        (self.root, self.utterances)
    }
}

fn parse_line(line: &[u8]) -> Result<Utterance, ManifestFault> {
    let text = std::str::from_utf8(line).map_err(ManifestFault::NotUtf8)?;
    let utterance: Utterance = serde_json::from_str(text).map_err(|e| {
        let cut = e.classify() == serde_json::error::Category::Eof;
        let syntax = ManifestFault::Json { column: e.column(), cut };
        // An error of serde_json states a line within this text, which would be wrong for the file; an error of a
        // parsed value states none.
        match serde_json::from_str(text).map(serde_json::from_value::<Utterance>) {
            Ok(Err(field)) => ManifestFault::Field(field),
            _ => syntax,
        }
    })?;
    match utterance.issue() {
        None => Ok(utterance),
        Some(issue) => Err(ManifestFault::Utterance { id: utterance.id, issue }),
    }
}

fn append_line(text: &mut Vec<u8>, utterance: &Utterance) {
    serde_json::to_writer(&mut *text, utterance)
        .expect("a checked utterance has a UTF-8 path, and a vector takes every byte");
    text.push(b'\n');
}
