//! LibriSpeech (Panayotov et al. 2015) and LibriTTS (Zen et al. 2019) folders.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Import, ImportWarning, folders_below, is_audio, list, name_of, read_text, stem_of};
use crate::{DataError, Manifest, Utterance};

/// Imports a tree `[subset/]speaker/chapter/ID.{wav,flac,...}`.
///
/// The text of a recording is taken from `ID.normalized.txt` (LibriTTS), else from the line `ID TEXT` of a
/// `*.trans.txt` of the same folder (LibriSpeech). A transcript without any lower-case letter, as LibriSpeech has
/// them, is lower-cased, since its capitals mean nothing. The split is `train`, `dev` or `test` where the subset's
/// name begins so. `root` may be the whole corpus or one subset.
///
/// # Errors
/// [`DataError::Io`] for a folder that can't be listed; [`DataError::NothingFound`] without a single usable recording.
pub fn libri(root: &Path) -> Result<Import, DataError> {
    let mut warnings = Vec::new();
    let mut utterances: Vec<Utterance> = Vec::new();
    let mut ids = HashSet::new();
    for folder in folders_below(root)? {
        let (files, _) = list(&folder)?;
        if !files.iter().any(|file| is_audio(file)) {
            continue;
        }
        let Some(place) = Place::of(root, &folder) else {
            warnings.push(ImportWarning::new(&folder, "recordings lie not in speaker/chapter/"));
            continue;
        };
        for utterance in chapter(root, &place, &files, &mut warnings) {
            if ids.insert(utterance.id.clone()) {
                utterances.push(utterance);
            } else {
                let path = root.join(&utterance.audio);
                warnings.push(ImportWarning::new(&path, "a recording of this name came before"));
            }
        }
    }
    if utterances.is_empty() {
        let looked_for = "recordings in speaker/chapter/ with .normalized.txt or .trans.txt";
        let looked_for = looked_for.to_owned();
        return Err(DataError::NothingFound { path: root.to_path_buf(), looked_for });
    }
    Ok(Import { manifest: Manifest::new(root, utterances)?, warnings })
}

/// What the path of a chapter says.
struct Place {
    speaker: String,
    split: Option<String>,
}

impl Place {
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

fn chapter(
    root: &Path,
    place: &Place,
    files: &[PathBuf],
    warnings: &mut Vec<ImportWarning>,
) -> Vec<Utterance> {
    let mut transcripts = transcripts(files, warnings);
    let mut utterances = Vec::new();
    for path in files.iter().filter(|file| is_audio(file)) {
        let Some(id) = stem_of(path) else {
            warnings.push(ImportWarning::new(path, "its name is not UTF-8; rename it"));
            continue;
        };
        let own = path.with_extension("normalized.txt");
        let listed = transcripts.remove(id);
        let text = if own.exists() { read_text(&own) } else { Ok(listed.unwrap_or_default()) };
        let text = match text {
            Ok(text) if !text.trim().is_empty() => text.trim().to_owned(),
            Ok(_) => {
                warnings.push(ImportWarning::new(path, "no transcript, or an empty one"));
                continue;
            }
            Err(reason) => {
                warnings.push(ImportWarning::new(&own, reason));
                continue;
            }
        };
        utterances.push(Utterance {
            id: id.to_owned(),
            audio: path.strip_prefix(root).unwrap_or(path).to_path_buf(),
            speaker: place.speaker.clone(),
            text,
            split: place.split.clone(),
            ..Utterance::default()
        });
    }
    for (id, _) in transcripts {
        let folder = files.first().and_then(|f| f.parent()).unwrap_or(root);
        let reason = format!("the transcript of `{id}` has no recording");
        warnings.push(ImportWarning::new(folder, reason));
    }
    utterances
}

/// `ID TEXT` of every `*.trans.txt` among the files.
fn transcripts(files: &[PathBuf], warnings: &mut Vec<ImportWarning>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for path in files {
        if !name_of(path).is_some_and(|name| name.ends_with(".trans.txt")) {
            continue;
        }
        match read_text(path) {
            Err(reason) => warnings.push(ImportWarning::new(path, reason)),
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
