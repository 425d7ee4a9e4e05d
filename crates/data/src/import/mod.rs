//! Public corpora and aligners' output as manifests.
//!
//! An importer reads names and transcripts, but no audio. Every item of a corpus is in the manifest or in
//! [`Import::left_out`]; an importer fails only if no item is usable.

mod alignment;
mod fault;
mod libri;
mod ljspeech;
mod pairs;
mod textgrid;
mod tiers;

use std::fs;
use std::path::{Path, PathBuf};

pub use alignment::{ImportedAlignments, PhoneAlignment, merge_textgrids};
pub use fault::{ImportFault, LineFault};
pub use libri::libri;
pub use ljspeech::ljspeech;
pub use pairs::{pairs, recordings};
pub use textgrid::{BrokenTextGrid, FoundToken, TextGrid, TextGridFault, Tier, TierInterval};
pub use tiers::{AlignmentFault, FoundTiers, IntervalFault, SpeakerTiers};

use crate::{DataError, Manifest};
use syrinx_types::IoOperation;

/// Result of an import.
#[derive(Debug)]
pub struct Import {
    /// The usable utterances, in the order of their paths.
    pub manifest: Manifest,
    /// Items of the corpus that were left out, one entry each.
    pub left_out: Vec<ImportWarning>,
    /// Files that contain no item, or that were used in part.
    pub warnings: Vec<ImportWarning>,
}

impl Import {
    /// Returns the number of items of the corpus, used or left out.
    pub fn found(&self) -> usize {
        self.manifest.len() + self.left_out.len()
    }
}

/// A file that an importer left out or used in part, with the reason.
#[derive(Debug)]
pub struct ImportWarning {
    /// The file or folder.
    pub path: PathBuf,
    /// Reason.
    pub fault: ImportFault,
}

impl ImportWarning {
    fn new(path: &Path, fault: ImportFault) -> Self {
        Self { path: path.to_path_buf(), fault }
    }
}

impl std::fmt::Display for ImportWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.fault)
    }
}

/// Extensions of recordings that importers support.
const AUDIO_EXTENSIONS: [&str; 5] = ["wav", "flac", "ogg", "mp3", "m4a"];

/// Extensions of recordings that importers do not support and report as left out.
const OTHER_AUDIO_EXTENSIONS: [&str; 14] = [
    "opus", "aac", "webm", "mp4", "oga", "wma", "aif", "aiff", "amr", "caf", "au", "sph", "ape",
    "wv",
];

/// Returns the files and the subfolders of a folder, both sorted by name, without hidden ones.
fn list(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(DataError::io(IoOperation::List, folder))? {
        let path = entry.map_err(DataError::io(IoOperation::List, folder))?.path();
        if name_of(&path).is_some_and(|name| name.starts_with('.')) {
            continue;
        }
        if path.is_dir() { folders.push(path) } else { files.push(path) }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

/// Largest depth of folders below the root: corpora have three or four levels, and links may form cycles.
const MAX_DEPTH: usize = 6;

/// Returns `root` and all folders below it, parents first, siblings by name.
fn folders_below(root: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut found = vec![(root.to_path_buf(), 0)];
    let mut next = 0;
    while let Some((folder, depth)) = found.get(next).cloned() {
        next += 1;
        if depth < MAX_DEPTH {
            let (_, folders) = list(&folder)?;
            found.extend(folders.into_iter().map(|f| (f, depth + 1)));
        }
    }
    let mut folders: Vec<_> = found.into_iter().map(|(folder, _)| folder).collect();
    folders.sort();
    Ok(folders)
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn stem_of(path: &Path) -> Option<&str> {
    path.file_stem()?.to_str()
}

/// Whether a file is a recording that importers support.
fn is_audio(path: &Path) -> bool {
    has_extension(path, &AUDIO_EXTENSIONS)
}

/// Returns the fault of a recording with an unsupported extension; `None` for supported recordings and for other files.
fn other_audio(path: &Path) -> Option<ImportFault> {
    let ending = path.extension().and_then(|e| e.to_str())?;
    has_extension(path, &OTHER_AUDIO_EXTENSIONS)
        .then(|| ImportFault::Ending { ending: ending.to_owned() })
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    known.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

/// Returns the text of a small UTF-8 file.
fn read_text(path: &Path) -> Result<String, ImportFault> {
    let bytes = fs::read(path).map_err(ImportFault::Read)?;
    let text = String::from_utf8(bytes).map_err(ImportFault::NotUtf8)?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}
