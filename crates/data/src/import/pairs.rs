//! A folder of recordings, each with a text file.

use std::collections::HashSet;
use std::path::Path;

use super::{
    Import, ImportFault, ImportWarning, folders_below, is_audio, list, ljspeech, other_audio,
    read_text, stem_of,
};
use crate::{DataError, Expected, Manifest, Utterance};

/// Extension of the text of a recording.
const TEXT_EXTENSION: &str = "txt";

/// Imports recordings of one speaker from a folder: by [`ljspeech`] if it contains a `metadata.csv`, else by [`pairs`].
///
/// # Errors
/// As [`ljspeech`] and [`pairs`].
pub fn recordings(folder: &Path, speaker: &str) -> Result<Import, DataError> {
    if folder.is_file() || folder.join("metadata.csv").is_file() {
        ljspeech(folder, speaker)
    } else {
        pairs(folder, speaker)
    }
}

/// Imports recordings `NAME.wav` (or another supported extension) with transcripts `NAME.txt`, both directly in
/// `folder`. Recordings in other formats and in subfolders are left out.
///
/// # Errors
/// [`DataError::Io`] for a folder that can't be listed; [`DataError::NothingFound`] if no pair is usable.
pub fn pairs(folder: &Path, speaker: &str) -> Result<Import, DataError> {
    let (files, _) = list(folder)?;
    let (mut utterances, mut left_out) = (Vec::new(), Vec::new());
    let mut ids = HashSet::new();
    for path in files.iter().filter(|file| is_audio(file)) {
        match pair(path, &ids) {
            Ok((id, text)) => {
                ids.insert(id.to_owned());
                utterances.push(Utterance {
                    id: id.to_owned(),
                    audio: path.strip_prefix(folder).unwrap_or(path).to_path_buf(),
                    speaker: speaker.to_owned(),
                    text,
                    ..Utterance::default()
                });
            }
            Err(fault) => left_out.push(ImportWarning::new(path, fault)),
        }
    }
    let other = files.iter().filter_map(|file| Some(ImportWarning::new(file, other_audio(file)?)));
    left_out.extend(other);
    let sounds = files.iter().filter(|file| is_audio(file) || other_audio(file).is_some());
    let recorded: HashSet<&str> = sounds.filter_map(|file| stem_of(file)).collect();
    let texts = files.iter().filter(|f| f.extension().is_some_and(|e| e == TEXT_EXTENSION));
    for path in texts.filter(|path| stem_of(path).is_none_or(|stem| !recorded.contains(stem))) {
        left_out.push(ImportWarning::new(path, ImportFault::NoRecording));
    }
    left_out.extend(below(folder)?);
    if utterances.is_empty() {
        let looked_for = Expected::Pairs;
        return Err(DataError::NothingFound { path: folder.to_path_buf(), looked_for });
    }
    Ok(Import { manifest: Manifest::new(folder, utterances)?, left_out, warnings: Vec::new() })
}

/// Returns a warning for each recording in a subfolder.
fn below(folder: &Path) -> Result<Vec<ImportWarning>, DataError> {
    let mut found = Vec::new();
    for inner in folders_below(folder)?.iter().filter(|inner| *inner != folder) {
        let (files, _) = list(inner)?;
        let sounds = files.iter().filter(|file| is_audio(file) || other_audio(file).is_some());
        found.extend(sounds.map(|file| ImportWarning::new(file, ImportFault::Subfolder)));
    }
    Ok(found)
}

/// Returns the id and the text of a recording.
fn pair<'a>(path: &'a Path, taken: &HashSet<String>) -> Result<(&'a str, String), ImportFault> {
    let id = stem_of(path).ok_or(ImportFault::NameNotUtf8)?;
    if taken.contains(id) {
        return Err(ImportFault::RepeatedName);
    }
    let text = path.with_extension(TEXT_EXTENSION);
    if !text.is_file() {
        return Err(ImportFault::NoText { name: format!("{id}.{TEXT_EXTENSION}") });
    }
    let text = read_text(&text)?;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return Err(ImportFault::EmptyTranscript);
    }
    Ok((id, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_used_or_listed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("inner")).expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written")
        };
        for (name, text) in [
            ("a.wav", ""),
            ("a.txt", "Hello\n there.\n"),
            ("b.flac", ""),
            ("c.ogg", ""),
            ("c.txt", " \n"),
            ("d.txt", "no sound"),
            ("a.mp3", ""),
            ("e.opus", ""),
            ("e.txt", "a format that is not taken"),
            ("inner/f.wav", ""),
            ("inner/f.txt", "a folder that is not searched"),
            ("notes.pdf", ""),
        ] {
            write(name, text);
        }
        let found = recordings(folder.path(), "me").expect("one pair");
        let [only] = found.manifest.utterances() else { panic!("one pair is usable") };
        // `a.mp3` comes before `a.wav` by name.
        assert_eq!((only.id.as_str(), only.text.as_str()), ("a", "Hello there."));
        assert_eq!(only.audio, Path::new("a.mp3"));
        let reasons: Vec<String> = found.left_out.iter().map(|w| w.fault.to_string()).collect();
        assert_eq!(
            reasons,
            [
                "an earlier recording has the same name",
                "there is no b.txt",
                "its transcript is empty",
                "recordings .opus are not imported",
                "the transcript has no recording",
                "folders within the folder are not imported",
            ]
        );
        assert_eq!(found.found(), 7);
    }
}
