//! LibriSpeech (Panayotov et al. 2015) and LibriTTS (Zen et al. 2019) folders.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{
    Import, ImportFault, ImportWarning, folders_below, is_audio, list, name_of, other_audio,
    read_text, stem_of,
};
use crate::{DataError, Expected, Manifest, Utterance};

/// Imports a tree `[subset/]speaker/chapter/ID.{wav,flac,...}`.
///
/// The text of a recording is taken from `ID.normalized.txt` or `ID.original.txt` (LibriTTS), else from the line `ID
/// TEXT` of a `*.trans.txt` of the same folder (LibriSpeech). A transcript in capitals, as in LibriSpeech, is converted
/// to lower case. The split is `train`, `dev` or `test` if the subset's name begins with that word. `root` may be the
/// whole corpus or one subset.
///
/// # Errors
/// [`DataError::Io`] for a folder that can't be listed; [`DataError::NothingFound`] if no recording is usable.
pub fn libri(root: &Path) -> Result<Import, DataError> {
    let (mut left_out, mut warnings) = (Vec::new(), Vec::new());
    let mut utterances: Vec<Utterance> = Vec::new();
    let mut ids = HashSet::new();
    for folder in folders_below(root)? {
        let (files, _) = list(&folder)?;
        let of_corpus: Vec<&PathBuf> = files.iter().filter(|file| belongs(file)).collect();
        if of_corpus.is_empty() {
            continue;
        }
        let Some(place) = ChapterOrigin::of(root, &folder) else {
            let stray = |file: &&PathBuf| ImportWarning::new(file, ImportFault::OutsideChapter);
            left_out.extend(of_corpus.iter().map(stray));
            continue;
        };
        let chapter = Chapter { root, place: &place, folder: &folder, files: &files };
        for utterance in chapter.utterances(&mut left_out, &mut warnings) {
            if ids.insert(utterance.id.clone()) {
                utterances.push(utterance);
            } else {
                let path = root.join(&utterance.audio);
                left_out.push(ImportWarning::new(&path, ImportFault::RepeatedName));
            }
        }
    }
    if utterances.is_empty() {
        let path = root.to_path_buf();
        return Err(DataError::NothingFound { path, looked_for: Expected::Libri });
    }
    Ok(Import { manifest: Manifest::new(root, utterances)?, left_out, warnings })
}

/// Whether a file is a recording or a transcript.
fn belongs(file: &Path) -> bool {
    is_audio(file) || other_audio(file).is_some() || id_of_text(file).is_some() || is_list(file)
}

/// Speaker and split, derived from the path of a chapter.
struct ChapterOrigin {
    speaker: String,
    split: Option<String>,
}

impl ChapterOrigin {
    fn of(root: &Path, chapter: &Path) -> Option<Self> {
        let inner: Vec<&str> =
            chapter.strip_prefix(root).ok()?.iter().map(|s| s.to_str()).collect::<Option<_>>()?;
        let speaker = (*inner.get(inner.len().checked_sub(2)?)?).to_owned();
        let subset = match inner.len() {
            2 => fs::canonicalize(root).ok().and_then(|p| name_of(&p).map(str::to_owned)),
            n => inner.get(n - 3).map(|&s| s.to_owned()),
        };
        let split = subset.and_then(|subset| {
            let known = ["train", "dev", "test"];
            known.iter().find(|k| subset.starts_with(*k)).map(|&k| k.to_owned())
        });
        Some(Self { speaker, split })
    }
}

/// A folder of recordings and transcripts.
struct Chapter<'a> {
    root: &'a Path,
    place: &'a ChapterOrigin,
    folder: &'a Path,
    files: &'a [PathBuf],
}

/// Extensions of the transcript of a single recording, the preferred one first.
const TEXTS: [&str; 2] = ["normalized.txt", "original.txt"];

impl Chapter<'_> {
    fn utterances(
        &self,
        left_out: &mut Vec<ImportWarning>,
        warnings: &mut Vec<ImportWarning>,
    ) -> Vec<Utterance> {
        let mut transcripts = transcripts(self.files, warnings);
        let mut utterances = Vec::new();
        let mut recorded = HashSet::new();
        for path in self.files.iter().filter(|file| is_audio(file)) {
            let Some(id) = stem_of(path) else {
                left_out.push(ImportWarning::new(path, ImportFault::NameNotUtf8));
                continue;
            };
            recorded.insert(id);
            match self.text(path, transcripts.remove(id), warnings) {
                Ok(text) => utterances.push(Utterance {
                    id: id.to_owned(),
                    audio: path.strip_prefix(self.root).unwrap_or(path).to_path_buf(),
                    speaker: self.place.speaker.clone(),
                    text,
                    split: self.place.split.clone(),
                    ..Utterance::default()
                }),
                Err(fault) => left_out.push(ImportWarning::new(path, fault)),
            }
        }
        for (path, fault) in self.files.iter().filter_map(|file| Some((file, other_audio(file)?))) {
            // A recording in two formats is one item.
            let is_new = stem_of(path).is_none_or(|id| recorded.insert(id));
            if is_new {
                left_out.push(ImportWarning::new(path, fault));
            }
        }
        for (id, _) in transcripts.iter().filter(|(id, _)| !recorded.contains(id.as_str())) {
            let fault = ImportFault::LineWithoutRecording { id: id.clone() };
            left_out.push(ImportWarning::new(self.folder, fault));
        }
        let orphans = self.files.iter().filter(|file| {
            let text = id_of_text(file);
            text.is_some_and(|(id, _)| !recorded.contains(id) && !transcripts.contains_key(id))
        });
        let mut named = HashSet::new();
        for path in orphans.filter(|path| id_of_text(path).is_some_and(|(id, _)| named.insert(id)))
        {
            left_out.push(ImportWarning::new(path, ImportFault::NoRecording));
        }
        utterances
    }

    /// Returns the text of a recording: from its own transcript file, else from its line in the chapter's file.
    fn text(
        &self,
        audio: &Path,
        listed: Option<String>,
        warnings: &mut Vec<ImportWarning>,
    ) -> Result<String, ImportFault> {
        for ending in TEXTS {
            let own = audio.with_extension(ending);
            if !own.exists() {
                continue;
            }
            let text = read_text(&own).map_err(|fault| ImportFault::Transcript {
                path: own.clone(),
                fault: Box::new(fault),
            })?;
            if text.trim().is_empty() {
                return Err(ImportFault::EmptyTranscript);
            }
            if ending != TEXTS[0] {
                warnings.push(ImportWarning::new(audio, ImportFault::OtherText { ending }));
            }
            return Ok(text.trim().to_owned());
        }
        match listed {
            Some(text) if text.trim().is_empty() => Err(ImportFault::EmptyTranscript),
            Some(text) => Ok(text.trim().to_owned()),
            None => Err(ImportFault::NoTranscript),
        }
    }
}

/// Returns the id and the extension of a transcript of a single recording.
fn id_of_text(path: &Path) -> Option<(&str, &str)> {
    let name = name_of(path)?;
    TEXTS.iter().find_map(|ending| Some((name.strip_suffix(ending)?.strip_suffix('.')?, *ending)))
}

/// Whether a file lists the transcripts of a chapter.
fn is_list(path: &Path) -> bool {
    name_of(path).is_some_and(|name| name.ends_with(".trans.txt"))
}

/// Returns the transcripts by id, from the lines `ID TEXT` of every `*.trans.txt` among the files.
fn transcripts(files: &[PathBuf], warnings: &mut Vec<ImportWarning>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for path in files {
        if !is_list(path) {
            continue;
        }
        match read_text(path) {
            Err(fault) => warnings.push(ImportWarning::new(path, fault)),
            Ok(text) => {
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    let (id, said) =
                        line.trim().split_once(char::is_whitespace).unwrap_or((line, ""));
                    found.insert(id.to_owned(), plain_case(said.trim()));
                }
            }
        }
    }
    found
}

fn plain_case(text: &str) -> String {
    if text.chars().any(char::is_lowercase) { text.to_owned() } else { text.to_lowercase() }
}
