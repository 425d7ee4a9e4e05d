//! The LJ Speech data set (Ito and Johnson 2017) and the many corpora in its layout.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use syrinx_atomic::folder_of;

use super::{AUDIO_EXTENSIONS, Import, ImportWarning, is_audio, list, name_of, stem_of};
use crate::{DataError, Manifest, Utterance};
use syrinx_types::IoOperation;

/// Imports `metadata.csv` (`id|text|normalised text`, no quoting, no heading) with recordings in `wavs/`.
///
/// `path` is the file or its folder. The normalised text is used where there is one. All utterances belong to the
/// one speaker given.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::NothingFound`] without a single usable line.
pub fn ljspeech(path: &Path, speaker: &str) -> Result<Import, DataError> {
    let file = if path.is_dir() { path.join("metadata.csv") } else { path.to_path_buf() };
    let bytes = std::fs::read(&file).map_err(DataError::io(IoOperation::Read, &file))?;
    let text = String::from_utf8_lossy(&bytes);
    let root = folder_of(&file);
    let (mut left_out, mut warnings) = (Vec::new(), Vec::new());
    if text.contains(char::REPLACEMENT_CHARACTER) {
        warnings.push(ImportWarning::new(&file, "is not UTF-8 text throughout"));
    }
    let mut utterances = Vec::new();
    let mut ids = HashSet::new();
    for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match parse(root, line) {
            Ok((id, _, _)) if !ids.insert(id.clone()) => {
                let reason = format!("line {}: the id `{id}` came before", i + 1);
                left_out.push(ImportWarning::new(&file, reason));
            }
            Ok((id, audio, text)) => {
                let speaker = speaker.to_owned();
                utterances.push(Utterance { id, audio, speaker, text, ..Utterance::default() });
            }
            Err(reason) => {
                left_out.push(ImportWarning::new(&file, format!("line {}: {reason}", i + 1)));
            }
        }
    }
    if utterances.is_empty() {
        let looked_for = "lines `id|text|normalised text` with wavs/id.wav".to_owned();
        return Err(DataError::NothingFound { path: file, looked_for });
    }
    left_out.extend(unlisted(root, &ids));
    Ok(Import { manifest: Manifest::new(root, utterances)?, left_out, warnings })
}

/// Returns the recordings that no usable line names.
fn unlisted(root: &Path, ids: &HashSet<String>) -> Vec<ImportWarning> {
    let files = list(&root.join("wavs")).map(|(files, _)| files).unwrap_or_default();
    let listed = |path: &Path| stem_of(path).is_some_and(|stem| ids.contains(stem));
    let stray = files.iter().filter(|path| is_audio(path) && !listed(path));
    stray.map(|path| ImportWarning::new(path, "no usable line names the recording")).collect()
}

/// Id, audio path relative to the root, and text of a line.
fn parse(root: &Path, line: &str) -> Result<(String, PathBuf, String), String> {
    let fields: Vec<&str> = line.trim_end_matches('\r').split('|').map(str::trim).collect();
    let (id, raw, normalised) = match fields.as_slice() {
        [id, text] => (*id, *text, ""),
        [id, text, normalised] => (*id, *text, *normalised),
        _ => return Err(format!("{} fields instead of 2 or 3 between `|`", fields.len())),
    };
    let text = if normalised.is_empty() { raw } else { normalised };
    if id.is_empty() || text.is_empty() {
        return Err("an empty id or text".to_owned());
    }
    // An id is a bare name: anything else could point outside the data set.
    if name_of(Path::new(id)) != Some(id) {
        return Err(format!("the id `{id}` is no file name"));
    }
    let candidates = AUDIO_EXTENSIONS.iter().map(|e| PathBuf::from(format!("wavs/{id}.{e}")));
    match candidates.into_iter().find(|audio| root.join(audio).is_file()) {
        Some(audio) => Ok((id.to_owned(), audio, text.to_owned())),
        None => Err(format!("no recording wavs/{id}.wav")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::path::Path;

    #[test]
    fn refuses_ids_that_are_paths() {
        for id in ["../x", "a/b", "/etc/passwd", ".."] {
            let reason = parse(Path::new("."), &format!("{id}|text")).expect_err("no file name");
            assert!(reason.contains("is no file name"), "{id}: {reason}");
        }
    }
}
