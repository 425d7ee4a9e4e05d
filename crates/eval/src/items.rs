//! Items of an evaluation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use syrinx_audio::{AudioWarning, ReadLimits};
use syrinx_data::{DataError, LeftOutReasons, Manifest, Utterance};
use syrinx_text::{Lexicon, TextError, is_held_out};
use syrinx_types::{IoOperation, WordTime};

use crate::score::word_times;
use crate::{EvalError, ItemsConfig, MaterialFault, Suite, SuiteIssue};

/// One item of a suite with its reference.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    /// Name, unique in the suite.
    pub id: String,
    /// Text of the item, or the word for grapheme-to-phoneme conversion.
    pub text: String,
    /// Speaker; empty for recordings without speech.
    pub speaker: String,
    /// The recording.
    pub audio: Option<PathBuf>,
    /// Another recording of the same speaker: the rendition `prompt` of its manifest, or else the next utterance.
    pub prompt: Option<PathBuf>,
    /// Transcript of the prompt.
    pub prompt_text: Option<String>,
    /// Other recordings of the item, by name.
    pub renditions: BTreeMap<String, PathBuf>,
    /// Correct pronunciations in ARPAbet; empty if none is known.
    pub pronunciations: Vec<Vec<String>>,
    /// Times of the words; empty where they are unknown.
    pub words: Vec<WordTime>,
}

/// Items of a suite, and the recordings from which they are built.
pub(crate) struct SuiteItems {
    /// Items, limited and in order.
    pub(crate) items: Vec<Item>,
    /// Recordings with their own texts, for the ceiling: those of the items, or those that the items are edits of.
    pub(crate) recordings: Vec<Item>,
}

/// Returns the items of a suite, limited and in order. Recordings of unknown length are read to measure it; `warn`
/// receives a warning for every repaired fault of such a recording.
///
/// # Errors
/// [`EvalError::Material`] and [`EvalError::Io`] if a file can't be used, [`EvalError::Suite`] if no item is left.
pub fn read_items(
    suite: &Suite,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Vec<Item>, EvalError> {
    suite_items(suite, warn).map(|read| read.items)
}

/// Returns the items of a suite with their recordings; see [`read_items`].
pub(crate) fn suite_items(
    suite: &Suite,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<SuiteItems, EvalError> {
    let source = &suite.items;
    if source.limit == Some(0) {
        return Err(suite.fault(SuiteIssue::ZeroLimit));
    }
    let originals = if let Some(path) = &source.lines {
        lines(&suite.folder.join(path))?
    } else if let Some(path) = &source.manifest {
        manifest(&suite.folder.join(path), source, warn)?
    } else {
        held_out(source.held_out_words.unwrap_or_default(), source.seed)
            .map_err(|error| suite.fault(SuiteIssue::HeldOutWords(Box::new(error))))?
    };
    let items = match &source.edits {
        Some(path) => as_listed(&originals, &suite.folder.join(path))?,
        None if source.edited => edited(&originals),
        None => originals.clone(),
    };
    if items.is_empty() {
        return Err(suite.fault(SuiteIssue::NoItems));
    }
    let items = spread(items, source.limit);
    let recordings = if source.has_edits() {
        edited_recordings(originals, &items)
    } else {
        items.iter().filter(|item| item.audio.is_some()).cloned().collect()
    };
    Ok(SuiteItems { items, recordings })
}

/// Returns the recordings to be edited, each as its own prompt, since an edit is compared with the recording's voice.
fn edited_recordings(originals: Vec<Item>, edits: &[Item]) -> Vec<Item> {
    let used: BTreeSet<&Path> = edits.iter().filter_map(|edit| edit.prompt.as_deref()).collect();
    let is_used = |item: &Item| item.audio.as_deref().is_some_and(|audio| used.contains(audio));
    let own = |item: Item| Item {
        prompt: item.audio.clone(),
        prompt_text: Some(item.text.clone()),
        ..item
    };
    originals.into_iter().filter(is_used).map(own).collect()
}

/// Builds edits of recordings: the middle third of each text is replaced by that of the next text, which may be longer
/// or shorter. The recording becomes the prompt.
fn edited(items: &[Item]) -> Vec<Item> {
    let words =
        |item: &Item| -> Vec<String> { item.text.split_whitespace().map(str::to_owned).collect() };
    let middle = |words: &[String]| words.len() / 3..(2 * words.len()).div_ceil(3);
    let nexts = items.iter().cycle().skip(1);
    let edit = |(item, next): (&Item, &Item)| {
        let (own, other) = (words(item), words(next));
        let (range, replacing) = (middle(&own), middle(&other));
        let text = [&own[..range.start], &other[replacing], &own[range.end..]].concat();
        edit_of(item, text.join(" "))
    };
    items.iter().zip(nexts).map(edit).collect()
}

/// Builds items from a list of edits; several edits of one recording are numbered.
fn as_listed(items: &[Item], path: &Path) -> Result<Vec<Item>, EvalError> {
    let text = fs::read_to_string(path).map_err(EvalError::io(IoOperation::Read, path))?;
    let mut found: Vec<Item> = Vec::new();
    let fault = |fault| EvalError::Material { path: path.to_path_buf(), fault };
    for (row, line) in text.lines().zip(1..).filter(|(row, _)| !row.trim().is_empty()) {
        let named = row.split_once('\t').ok_or(MaterialFault::NoTab { line });
        let (id, text) = named.map_err(fault)?;
        let item = items.iter().find(|item| item.id == id);
        let no_utterance = || fault(MaterialFault::NoUtterance { line, id: id.to_owned() });
        let item = item.ok_or_else(no_utterance)?;
        let mut edit = edit_of(item, text.trim().to_owned());
        let before = found.iter().filter(|other| other.prompt == edit.prompt).count();
        edit.id = format!("{id}-{}", before + 1);
        found.push(edit);
    }
    Ok(found)
}

/// Builds the edit of a recording.
fn edit_of(item: &Item, text: String) -> Item {
    Item {
        text,
        prompt: item.audio.clone(),
        prompt_text: Some(item.text.clone()),
        audio: None,
        words: Vec::new(),
        ..item.clone()
    }
}

/// Returns at most `limit` of the items, evenly spread.
pub(crate) fn spread<T>(items: Vec<T>, limit: Option<usize>) -> Vec<T> {
    let (n, limit) = (items.len(), limit.unwrap_or(items.len()).min(items.len()));
    let chosen = |i: usize| limit > 0 && (i * limit) / n != ((i + 1) * limit) / n;
    items.into_iter().enumerate().filter(|(i, _)| chosen(*i)).map(|(_, item)| item).collect()
}

fn lines(path: &Path) -> Result<Vec<Item>, EvalError> {
    let text = fs::read_to_string(path).map_err(EvalError::io(IoOperation::Read, path))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let said = text.lines().enumerate().filter(|(_, l)| {
        let l = l.trim();
        !l.is_empty() && !l.starts_with('#')
    });
    Ok(said
        .map(|(i, line)| Item {
            id: format!("{stem}-{:03}", i + 1),
            text: line.trim().to_owned(),
            ..Item::default()
        })
        .collect())
}

/// Name of the rendition that replaces another recording of the speaker as an utterance's prompt.
const PROMPT_RENDITION: &str = "prompt";

/// Returns the utterances of a manifest that are items. The error of an unknown split lists the known ones; the error
/// of an empty selection has the reason for each utterance left out.
fn manifest(
    path: &Path,
    source: &ItemsConfig,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Vec<Item>, EvalError> {
    let fault = |fault| EvalError::Material { path: path.to_path_buf(), fault };
    let unusable = |e: DataError| fault(MaterialFault::Manifest(Box::new(e)));
    let mut left_out = LeftOutReasons::default();
    let mut manifest = Manifest::read(path).map_err(unusable)?;
    if let Some(split) = &source.split {
        manifest = in_split(&manifest, split, &mut left_out).map_err(unusable)?;
    }
    // Requests have no base folder, so their paths must be absolute.
    let absolute = |u: &Utterance| std::path::absolute(manifest.audio_path(u));
    let renditions = |u: &Utterance| -> std::io::Result<BTreeMap<String, PathBuf>> {
        let rendition = |(name, path): (&String, &PathBuf)| {
            Ok((name.clone(), std::path::absolute(manifest.path_of(path))?))
        };
        u.renditions.iter().map(rendition).collect()
    };
    let mut of_speaker: BTreeMap<&str, Vec<&Utterance>> = BTreeMap::new();
    for u in manifest.utterances() {
        of_speaker.entry(&u.speaker).or_default().push(u);
    }
    let mut items = Vec::new();
    for u in manifest.utterances() {
        let audio = absolute(u).map_err(EvalError::io(IoOperation::Find, path))?;
        if let Some((least, most)) = source.seconds {
            let length_s = match u.seconds {
                Some(seconds) => seconds,
                None => measured_s(&audio, warn).map_err(fault)?,
            };
            if !(least..=most).contains(&length_s) {
                left_out.add(format!("it is not {least} to {most} s long"), &u.id);
                continue;
            }
        }
        let same = &of_speaker[u.speaker.as_str()];
        let at = same.iter().position(|v| v.id == u.id).unwrap_or(0);
        let renditions = renditions(u).map_err(EvalError::io(IoOperation::Find, path))?;
        let own = renditions.get(PROMPT_RENDITION).cloned();
        let prompt = (same.len() > 1 && own.is_none()).then(|| same[(at + 1) % same.len()]);
        let other =
            prompt.map(absolute).transpose().map_err(EvalError::io(IoOperation::Find, path))?;
        items.push(Item {
            id: u.id.clone(),
            text: u.text.clone(),
            speaker: u.speaker.clone(),
            audio: Some(audio),
            prompt: own.or(other),
            prompt_text: prompt.map(|p| p.text.clone()),
            renditions,
            pronunciations: Vec::new(),
            words: word_times(&u.text, &u.timed_phones(), u.lead_s).unwrap_or_default(),
        });
    }
    if items.is_empty() {
        return Err(unusable(DataError::NothingSelected { selection: "suite", left_out }));
    }
    Ok(items)
}

/// Returns the utterances of a split, and adds the others to `left_out`.
fn in_split(
    manifest: &Manifest,
    split: &str,
    left_out: &mut LeftOutReasons,
) -> Result<Manifest, DataError> {
    // An unknown split is an error. In a manifest without splits every utterance is left out.
    manifest.split_or_all(split)?;
    for u in manifest.utterances().iter().filter(|u| u.split.as_deref() != Some(split)) {
        let other = u.split.as_ref().map(|other| format!("it is in the split `{other}`"));
        left_out.add(other.unwrap_or_else(|| "it is in no split".into()), &u.id);
    }
    Ok(manifest.split(split))
}

/// Returns the length of a recording, seconds, for manifests that do not state it.
fn measured_s(path: &Path, warn: &mut dyn FnMut(AudioWarning)) -> Result<f64, MaterialFault> {
    const RATE_HZ: u32 = 16_000;
    let audio = syrinx_audio::load_warned(path, RATE_HZ, &ReadLimits::default(), warn);
    let audio = audio.map_err(|e| MaterialFault::Recording(Box::new(e)))?;
    Ok(audio.seconds())
}

/// Draws `count` words of the dictionary's held-out part with `seed`, in alphabetical order. Words of one letter and
/// words with characters other than letters and apostrophes are left out, since they are spelled out.
fn held_out(count: usize, seed: u64) -> Result<Vec<Item>, TextError> {
    let lexicon = Lexicon::english()?;
    let fit = |word: &str| {
        is_held_out(word)
            && word.len() > 1
            && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'\'')
    };
    let words: Vec<_> = lexicon.iter().filter(|(word, _)| fit(word)).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen = index::sample(&mut rng, words.len(), count.min(words.len())).into_vec();
    chosen.sort_unstable();
    Ok(chosen
        .into_iter()
        .map(|i| {
            let (word, pronunciations) = words[i];
            let arpabet = |phones: &[syrinx_text::Phone]| {
                phones.iter().map(|p| p.arpabet().to_owned()).collect()
            };
            Item {
                id: word.to_owned(),
                text: word.to_owned(),
                pronunciations: pronunciations.iter().map(arpabet).collect(),
                ..Item::default()
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_spreads() {
        let check = |n: usize, limit: Option<usize>, expected: &[usize]| {
            assert_eq!(spread((0..n).collect(), limit), expected, "{n} {limit:?}");
        };
        check(6, None, &[0, 1, 2, 3, 4, 5]);
        check(6, Some(9), &[0, 1, 2, 3, 4, 5]);
        check(6, Some(3), &[1, 3, 5]);
        check(6, Some(1), &[5]);
        check(6, Some(0), &[]);
        check(0, Some(3), &[]);
    }

    #[test]
    fn edited_texts_have_the_middle_of_the_next() {
        let item = |text: &str| Item {
            id: text.into(),
            text: text.into(),
            audio: Some("a.wav".into()),
            ..Item::default()
        };
        let items = edited(&[item("one two three four five six"), item("uno dos tres")]);
        let texts: Vec<&str> = items.iter().map(|i| i.text.as_str()).collect();
        assert_eq!(texts, ["one two dos five six", "uno three four tres"]);
        assert_eq!(items[0].prompt_text.as_deref(), Some("one two three four five six"));
        assert!(items.iter().all(|i| i.prompt.is_some() && i.audio.is_none()));
    }

    #[test]
    fn listed_edits_belong_to_recordings() {
        let item = |id: &str| Item {
            id: id.into(),
            text: "it was in may".into(),
            audio: Some(format!("{id}.wav").into()),
            ..Item::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("edits.tsv");
        let listed = |text: &str| {
            fs::write(&path, text).unwrap();
            as_listed(&[item("a"), item("b")], &path)
        };
        let items = listed("b\tit was in june\n\nb\tit is in may\na\tit was late\n").unwrap();
        let ids: Vec<&str> = items.iter().map(|i| i.id.as_str()).collect();
        assert_eq!(ids, ["b-1", "b-2", "a-1"]);
        assert_eq!(
            (items[1].text.as_str(), items[1].prompt.clone()),
            ("it is in may", Some("b.wav".into()))
        );
        assert_eq!(items[1].prompt_text.as_deref(), Some("it was in may"));
        for (text, said) in [
            ("a it was", "line 1: no tab"),
            ("\nc\tx", "line 2: the manifest has no utterance `c`"),
        ] {
            assert!(listed(text).unwrap_err().to_string().contains(said));
        }
    }

    #[test]
    fn held_out_words_are_drawn_by_seed() {
        let words =
            |seed| held_out(5, seed).unwrap().into_iter().map(|i| i.text).collect::<Vec<_>>();
        assert_eq!(words(1), words(1));
        assert_ne!(words(1), words(2));
        assert!(words(3).iter().all(|w| is_held_out(w)));
        let items = held_out(5, 1).unwrap();
        assert!(items.iter().all(|i| i.pronunciations.iter().all(|p| !p.is_empty())));
    }
}
