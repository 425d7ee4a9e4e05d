use std::path::Path;

use syrinx_data::import::{Import, ImportWarning, libri, ljspeech, merge_textgrids};
use syrinx_data::{DataError, Manifest};

use crate::put;
use crate::textgrid::{LONG, SHORT, arpabet};

/// id, speaker, split, text of every utterance, and the items left out with the folder taken off.
fn shown(import: &Import, root: &Path) -> (Vec<String>, Vec<String>) {
    let utterances = import.manifest.utterances().iter().map(|u| {
        let split = u.split.as_deref().unwrap_or("-");
        format!("{} {} {split} {}: {}", u.id, u.speaker, u.audio.display(), u.text)
    });
    let root = format!("{}/", root.display());
    (utterances.collect(), reasons(&import.left_out, &root))
}

/// The reasons with the folder taken off.
fn reasons(warnings: &[ImportWarning], root: &str) -> Vec<String> {
    warnings.iter().map(|w| w.to_string().replace(root, "")).collect()
}

#[test]
fn librispeech_and_libritts() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    put(&root.join("SPEAKERS.TXT"), "ignored");
    let chapter = root.join("test-clean/61/70968");
    put(&chapter.join("61-70968-0000.flac"), "");
    put(&chapter.join("61-70968-0001.flac"), "");
    put(&chapter.join("61-70968-0002.flac"), "");
    put(
        &chapter.join("61-70968.trans.txt"),
        "61-70968-0000 HE BEGAN A CONFUSED COMPLAINT\n61-70968-0002\n61-70968-0009 GONE\n",
    );
    let chapter = root.join("train-other-500/20/205");
    put(&chapter.join("20_205_000002_000000.wav"), "");
    put(&chapter.join("20_205_000002_000000.normalized.txt"), "Mr. Hall was DISPOSED.\n");
    put(&chapter.join("20_205_000002_000000.original.txt"), "no");
    put(&chapter.join("20_205_000003_000000.wav"), "");
    put(&chapter.join("20_205_000003_000000.normalized.txt"), b"\xff");
    put(&root.join("stray.wav"), "");
    put(&root.join("train-other-500/21/1/20_205_000002_000000.wav"), "");
    put(&root.join("train-other-500/21/1/20_205_000002_000000.normalized.txt"), "Twice.");

    let import = libri(root).unwrap();
    let (utterances, warnings) = shown(&import, root);
    assert_eq!(import.found(), utterances.len() + warnings.len());
    assert_eq!(
        utterances,
        [
            "61-70968-0000 61 test test-clean/61/70968/61-70968-0000.flac: he began a confused complaint",
            "20_205_000002_000000 20 train train-other-500/20/205/20_205_000002_000000.wav: Mr. Hall was DISPOSED.",
        ]
    );
    let expected = [
        "stray.wav: it is not in a folder speaker/chapter/",
        "test-clean/61/70968/61-70968-0001.flac: there is no transcript",
        "test-clean/61/70968/61-70968-0002.flac: its transcript is empty",
        "test-clean/61/70968: the transcript of `61-70968-0009` has no recording",
        "20_205_000003_000000.normalized.txt: is not UTF-8 text",
        "train-other-500/21/1/20_205_000002_000000.wav: an earlier recording has the same name",
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:#?}");
    for (warning, expected) in warnings.iter().zip(expected) {
        assert!(warning.contains(expected), "{warning}, not {expected}");
    }

    // One subset alone: the split comes from the folder's own name.
    let subset = root.join("test-clean");
    let import = libri(&subset).unwrap();
    assert_eq!(import.manifest.utterances()[0].split.as_deref(), Some("test"));
    assert_eq!(import.manifest.utterances()[0].speaker, "61");
}

#[test]
fn ljspeech_layout() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    put(&root.join("wavs/LJ001-0001.wav"), "");
    put(&root.join("wavs/LJ001-0002.flac"), "");
    // Named by a bad line: one item.
    put(&root.join("wavs/LJ001-0004.wav"), "");
    put(&root.join("wavs/LJ001-0005.opus"), "");
    put(&root.join("wavs/LJ001-0006.wav"), "");
    put(
        &root.join("metadata.csv"),
        "LJ001-0001|In 1465|In fourteen \"sixty-five\"\r\nLJ001-0002|Printing||\nLJ001-0002|Printing|\n\
         LJ001-0003|gone|gone\nLJ001-0001|again|again\nLJ001-0004\n\n../x|a|b\n\
         LJ001-0005|five|five\n",
    );
    for path in [root.to_path_buf(), root.join("metadata.csv")] {
        let (utterances, warnings) = shown(&ljspeech(&path, "linda").unwrap(), root);
        assert_eq!(
            utterances,
            [
                "LJ001-0001 linda - wavs/LJ001-0001.wav: In fourteen \"sixty-five\"",
                "LJ001-0002 linda - wavs/LJ001-0002.flac: Printing",
            ]
        );
        assert_eq!(
            warnings,
            [
                "metadata.csv: line 2: 4 fields instead of 2 or 3 between `|`",
                "metadata.csv: line 4: no recording wavs/LJ001-0003.wav",
                "metadata.csv: line 5: an earlier line has the id `LJ001-0001`",
                "metadata.csv: line 6: 1 fields instead of 2 or 3 between `|`",
                "metadata.csv: line 8: the id `../x` is not a file name",
                "metadata.csv: line 9: recordings .opus are not imported: wavs/LJ001-0005.opus",
                "wavs/LJ001-0006.wav: no line names the recording",
            ]
        );
    }
}

#[test]
fn nothing_to_import_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("metadata.csv"), "a|b|c\n");
    let errors = [
        libri(dir.path()).unwrap_err(),
        ljspeech(dir.path(), "x").unwrap_err(),
        merge_textgrids(crate::manifest(2), dir.path(), &arpabet).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, DataError::NothingFound { .. }), "{error}");
    }
    for error in [
        libri(&dir.path().join("none")).unwrap_err(),
        ljspeech(&dir.path().join("none"), "x").unwrap_err(),
    ] {
        assert!(error.to_string().contains("none"), "{error}");
    }
}

#[test]
fn textgrids_are_merged_by_id() {
    let dir = tempfile::tempdir().unwrap();
    let (root, grids) = (dir.path(), dir.path().join("aligned"));
    put(&root.join("metadata.csv"), "a|Hi, a bee.\nb|hi a bee\nc|x\nd|y\ne|z\n");
    for id in ["a", "b", "c", "d", "e"] {
        put(&root.join(format!("wavs/{id}.wav")), "");
    }
    put(&grids.join("spk/a.TextGrid"), LONG);
    put(&grids.join("b.TextGrid"), SHORT);
    put(&grids.join("c.TextGrid"), &LONG[..600]);
    put(&grids.join("e.TextGrid"), LONG.replace("\"words\"", "\"notes\""));
    put(&grids.join("f.TextGrid"), LONG);
    let manifest = ljspeech(root, "s").unwrap().manifest;
    let import = merge_textgrids(manifest, &grids, &arpabet).unwrap();

    let phones = |id: &str| {
        let utterance = import.manifest.get(id).unwrap();
        (utterance.phones.as_ref().map(|p| p.join(" ")), utterance.seconds)
    };
    assert_eq!(phones("a"), (Some("HH AY1 , | AH0 | B IY1 .".to_owned()), Some(1.2)));
    assert_eq!(phones("b"), (Some("HH AY1 | SIL AH0 | B IY1".to_owned()), Some(1.2)));
    assert_eq!(phones("c"), (None, None));
    assert_eq!(phones("d"), (None, None));
    assert_eq!(phones("e"), (None, None));
    let warnings = reasons(&import.left_out, "");
    assert_eq!(import.aligned + warnings.len(), import.manifest.len());
    let other = reasons(&import.warnings, "");
    assert!(other.len() == 1 && other[0].contains("f.TextGrid: no utterance has this name"));
    let expected = [
        "c.TextGrid: line",
        "there is no TextGrid for the utterance `d`",
        "e.TextGrid: no tier 'words' (tiers found: notes, phones",
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:#?}");
    for (warning, expected) in warnings.iter().zip(expected) {
        assert!(warning.contains(expected), "{warning}, not {expected}");
    }
    // An imported manifest can be written and read again.
    import.manifest.write(&root.join("manifest.jsonl")).unwrap();
    let again = Manifest::read(&root.join("manifest.jsonl")).unwrap();
    assert_eq!(again.utterances(), import.manifest.utterances());
}

#[test]
fn every_item_of_a_chapter_is_used_or_told() {
    let dir = tempfile::tempdir().unwrap();
    let chapter = dir.path().join("train-clean/11/22");
    for (number, files) in [
        (1, &[("wav", ""), ("normalized.txt", "One."), ("original.txt", "1.")][..]),
        (2, &[("wav", ""), ("original.txt", "Two.")]),
        (3, &[("wav", "")]),
        (4, &[("normalized.txt", "Four.")]),
        (5, &[("wav", ""), ("normalized.txt", " ")]),
    ] {
        for (ending, text) in files {
            put(&chapter.join(format!("11_22_{number}.{ending}")), text);
        }
    }
    let import = libri(dir.path()).unwrap();
    let (utterances, left_out) = shown(&import, dir.path());
    assert_eq!(utterances.len(), 2);
    assert!(utterances[1].ends_with(": Two."), "{utterances:?}");
    let folder = "train-clean/11/22/11_22_";
    assert_eq!(
        left_out,
        [
            format!("{folder}3.wav: there is no transcript"),
            format!("{folder}5.wav: its transcript is empty"),
            format!("{folder}4.normalized.txt: the transcript has no recording"),
        ]
    );
    assert_eq!(import.found(), 5);
}

#[test]
fn chapters_without_usable_sound_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let chapter = |name: &str| dir.path().join("dev-clean/7").join(name);
    put(&chapter("1/7_1_1.wav"), "");
    put(&chapter("1/7_1_1.normalized.txt"), "One.");
    put(&chapter("2/7-2.trans.txt"), "7-2-0000 GONE\n7-2-0001 TOO\n");
    put(&chapter("3/7_3_1.normalized.txt"), "Three.");
    put(&chapter("4/7_4_1.opus"), "");
    put(&chapter("4/7_4_1.normalized.txt"), "Four.");
    put(&dir.path().join("stray.normalized.txt"), "nowhere");
    let import = libri(dir.path()).unwrap();
    let (utterances, left_out) = shown(&import, dir.path());
    assert_eq!((utterances.len(), import.found()), (1, 6));
    assert_eq!(
        left_out,
        [
            "stray.normalized.txt: it is not in a folder speaker/chapter/",
            "dev-clean/7/2: the transcript of `7-2-0000` has no recording",
            "dev-clean/7/2: the transcript of `7-2-0001` has no recording",
            "dev-clean/7/3/7_3_1.normalized.txt: the transcript has no recording",
            "dev-clean/7/4/7_4_1.opus: recordings .opus are not imported",
        ]
    );
}
