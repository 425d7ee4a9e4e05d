//! A folder of recordings with a text file each, as people keep their own.

use std::collections::HashSet;
use std::path::Path;

use super::{Import, ImportWarning, is_audio, list, ljspeech, read_text, stem_of};
use crate::{DataError, Manifest, Utterance};

/// Ending of a text beside its recording.
const TEXT_EXTENSION: &str = "txt";

/// Imports recordings of one speaker from a folder: in the layout of LJ Speech where it has a `metadata.csv`, else
/// pairs of a recording and a text.
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

/// Imports `NAME.wav` (or another recording) with its words in `NAME.txt`, both in `folder` itself.
///
/// # Errors
/// [`DataError::Io`] for a folder that can't be listed; [`DataError::NothingFound`] without a single usable pair.
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
            Err(reason) => left_out.push(ImportWarning::new(path, reason)),
        }
    }
    let recorded: HashSet<&str> =
        files.iter().filter(|file| is_audio(file)).filter_map(|file| stem_of(file)).collect();
    let texts = files.iter().filter(|f| f.extension().is_some_and(|e| e == TEXT_EXTENSION));
    for path in texts.filter(|path| stem_of(path).is_none_or(|stem| !recorded.contains(stem))) {
        left_out.push(ImportWarning::new(path, "the text has no recording"));
    }
    if utterances.is_empty() {
        let looked_for =
            "recordings NAME.wav with their words in NAME.txt, or a metadata.csv".to_owned();
        return Err(DataError::NothingFound { path: folder.to_path_buf(), looked_for });
    }
    Ok(Import { manifest: Manifest::new(folder, utterances)?, left_out, warnings: Vec::new() })
}

/// Id and text of a recording.
fn pair<'a>(path: &'a Path, taken: &HashSet<String>) -> Result<(&'a str, String), String> {
    let id = stem_of(path).ok_or("its name is not UTF-8; rename it")?;
    if taken.contains(id) {
        return Err("another recording has the same name".to_owned());
    }
    let text = path.with_extension(TEXT_EXTENSION);
    if !text.is_file() {
        return Err(format!("there is no {id}.{TEXT_EXTENSION}"));
    }
    let text = read_text(&text)?;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return Err("its text is empty".to_owned());
    }
    Ok((id, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_used_or_listed() {
        let folder = tempfile::tempdir().expect("a folder");
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
        ] {
            write(name, text);
        }
        let found = recordings(folder.path(), "me").expect("one pair");
        let [only] = found.manifest.utterances() else { panic!("one pair is usable") };
        // `a.mp3` comes before `a.wav` by name.
        assert_eq!((only.id.as_str(), only.text.as_str()), ("a", "Hello there."));
        assert_eq!(only.audio, Path::new("a.mp3"));
        let reasons: Vec<String> = found.left_out.iter().map(|w| w.reason.clone()).collect();
        assert_eq!(
            reasons,
            [
                "another recording has the same name",
                "there is no b.txt",
                "its text is empty",
                "the text has no recording"
            ]
        );
        assert_eq!(found.found(), 5);
    }
}
