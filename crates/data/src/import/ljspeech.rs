//! The LJ Speech data set (Ito and Johnson 2017) and other corpora in its layout.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use syrinx_atomic::folder_of;

use super::{
    AUDIO_EXTENSIONS, Import, ImportFault, ImportWarning, LineFault, OTHER_AUDIO_EXTENSIONS,
    is_audio, list, name_of, other_audio, stem_of,
};
use crate::{DataError, Expected, Manifest, Utterance};
use syrinx_types::IoOperation;

/// Imports `metadata.csv` (`id|text|normalised text`, no quoting, no heading) with recordings in `wavs/`.
///
/// `path` is the file or its folder. The normalised text is used if there is one. All utterances get the given speaker.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::NothingFound`] if no line is usable.
pub fn ljspeech(path: &Path, speaker: &str) -> Result<Import, DataError> {
    let file = if path.is_dir() { path.join("metadata.csv") } else { path.to_path_buf() };
    let bytes = std::fs::read(&file).map_err(DataError::io(IoOperation::Read, &file))?;
    let text = String::from_utf8_lossy(&bytes);
    let root = folder_of(&file);
    let (mut left_out, mut warnings) = (Vec::new(), Vec::new());
    if text.contains(char::REPLACEMENT_CHARACTER) {
        warnings.push(ImportWarning::new(&file, ImportFault::PartlyUtf8));
    }
    let mut utterances = Vec::new();
    // Ids of used lines, and ids of all lines. A recording of an invalid line is reported with the line, not as
    // unlisted.
    let (mut ids, mut named) = (HashSet::new(), HashSet::new());
    for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        named.insert(line.split('|').next().unwrap_or_default().trim());
        let fault = match parse(root, line) {
            Ok((id, _, _)) if !ids.insert(id.clone()) => LineFault::RepeatedId { id },
            Ok((id, audio, text)) => {
                let speaker = speaker.to_owned();
                utterances.push(Utterance { id, audio, speaker, text, ..Utterance::default() });
                continue;
            }
            Err(fault) => fault,
        };
        left_out.push(ImportWarning::new(&file, ImportFault::Line { line: i + 1, fault }));
    }
    if utterances.is_empty() {
        return Err(DataError::NothingFound { path: file, looked_for: Expected::LjSpeech });
    }
    left_out.extend(unlisted(root, &named));
    Ok(Import { manifest: Manifest::new(root, utterances)?, left_out, warnings })
}

/// Returns the recordings that no line names.
fn unlisted(root: &Path, named: &HashSet<&str>) -> Vec<ImportWarning> {
    let files = list(&root.join("wavs")).map(|(files, _)| files).unwrap_or_default();
    let listed = |path: &Path| stem_of(path).is_some_and(|stem| named.contains(stem));
    let sounds = files.iter().filter(|path| is_audio(path) || other_audio(path).is_some());
    let stray = sounds.filter(|path| !listed(path));
    stray.map(|path| ImportWarning::new(path, ImportFault::Unlisted)).collect()
}

/// Returns the id, the audio path relative to the root, and the text of a line.
fn parse(root: &Path, line: &str) -> Result<(String, PathBuf, String), LineFault> {
    let fields: Vec<&str> = line.trim_end_matches('\r').split('|').map(str::trim).collect();
    let (id, raw, normalised) = match fields.as_slice() {
        [id, text] => (*id, *text, ""),
        [id, text, normalised] => (*id, *text, *normalised),
        _ => return Err(LineFault::Fields { found: fields.len() }),
    };
    let text = if normalised.is_empty() { raw } else { normalised };
    if id.is_empty() || text.is_empty() {
        return Err(LineFault::EmptyField);
    }
    let named = || id.to_owned();
    // An id is a bare file name, since other paths could lead out of the data set.
    if name_of(Path::new(id)) != Some(id) {
        return Err(LineFault::NoFileName { id: named() });
    }
    let audio = |ending: &&&str| root.join(recording(id, ending)).is_file();
    if let Some(ending) = AUDIO_EXTENSIONS.iter().find(audio) {
        return Ok((named(), recording(id, ending), text.to_owned()));
    }
    Err(match OTHER_AUDIO_EXTENSIONS.iter().find(audio) {
        Some(&ending) => LineFault::Ending { id: named(), ending: ending.to_owned() },
        None => LineFault::NoRecording { id: named() },
    })
}

/// Returns the path of a recording relative to the root.
fn recording(id: &str, ending: &str) -> PathBuf {
    PathBuf::from(format!("wavs/{id}.{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_ids_that_are_paths() {
        for id in ["../x", "a/b", "/etc/passwd", ".."] {
            let fault = parse(Path::new("."), &format!("{id}|text")).expect_err("no file name");
            assert_eq!(fault, LineFault::NoFileName { id: id.to_owned() });
        }
    }
}
