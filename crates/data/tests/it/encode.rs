use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use syrinx_data::{
    Corpus, DataError, EncodeFault, EncodePlan, Manifest, Shard, Summary, Utterance, WorkShare,
    encode_manifest, merge_shards,
};
use syrinx_types::{CallbackError, CancelToken, Coded, Codes, Event, NullSink, RecordingSink};

use crate::{codec, encode, manifest, put};

fn plan(utterances_per_shard: usize) -> EncodePlan {
    EncodePlan { utterances_per_shard, threads: 3, ..EncodePlan::new(codec("fsq-1")) }
}

/// Encodes; returns the utterances that the closure was called with.
fn run(
    manifest: &Manifest,
    dir: &Path,
    plan: &EncodePlan,
    refuse: &[&str],
) -> (Result<Summary, DataError>, Vec<String>) {
    let asked = Mutex::new(Vec::new());
    let closure = |utterance: &Utterance| -> Result<Coded, EncodeFault> {
        asked.lock().unwrap().push(utterance.id.clone());
        if refuse.contains(&utterance.id.as_str()) {
            return Err(CallbackError::new("a silent recording").into());
        }
        encode(utterance)
    };
    let result = encode_manifest(manifest, dir, plan, &closure, &NullSink, &CancelToken::default());
    let mut asked = asked.into_inner().unwrap();
    asked.sort();
    (result, asked)
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    entries
        .map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&p).unwrap()))
        .collect()
}

#[test]
fn layout_of_a_shard() {
    let dir = tempfile::tempdir().unwrap();
    run(&manifest(3), dir.path(), &plan(2), &["u01"]).0.unwrap();
    let bytes = fs::read(dir.path().join("shard-00001-of-00002.safetensors")).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let json = &header.metadata().as_ref().unwrap()["syrinx_shard"];
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let info = header.info("codes").unwrap();
    insta::assert_snapshot!(format!(
        "codes: {:?} {:?}\n{}",
        info.dtype,
        info.shape,
        serde_json::to_string_pretty(&json).unwrap()
    ));
}

#[test]
fn shards_do_not_depend_on_threads_or_parts() {
    let (manifest, one) = (manifest(23), tempfile::tempdir().unwrap());
    let plan_one = EncodePlan { threads: 1, ..plan(4) };
    let summary = run(&manifest, one.path(), &plan_one, &[]).0.unwrap();
    assert_eq!((summary.shards, summary.shards_kept, summary.utterances), (6, 0, 23));
    assert_eq!(summary.frames, (0..23).map(|i| 3 + i % 4).sum::<usize>());
    assert_eq!((summary.failed.len(), summary.failed_path), (0, None));

    let parts = tempfile::tempdir().unwrap();
    for part in ["2/4", "1/4", "4/4", "3/4"] {
        let plan = EncodePlan { part: part.parse().unwrap(), ..plan(4) };
        run(&manifest, parts.path(), &plan, &[]).0.unwrap();
    }
    assert_eq!(files(one.path()), files(parts.path()));
    assert_eq!(files(one.path()).len(), 6);
}

#[test]
fn parts_are_counted_from_one() {
    assert_eq!("3/16".parse::<WorkShare>().unwrap(), WorkShare::new(2, 16).unwrap());
    assert_eq!(WorkShare::new(2, 16).unwrap().to_string(), "3/16");
    for wrong in ["0/4", "5/4", "1", "1/0", "a/b", "", "-1/4", "1/2/3"] {
        let error = wrong.parse::<WorkShare>().unwrap_err();
        assert!(error.to_string().contains(&format!("`{wrong}`")), "{error}");
        assert!(error.hint().unwrap().contains("3/16"), "{error}");
    }
    assert!(WorkShare::new(4, 4).is_err());
}

#[test]
fn goes_on_after_a_kill() {
    let (manifest, dir) = (manifest(10), tempfile::tempdir().unwrap());
    run(&manifest, dir.path(), &plan(4), &[]).0.unwrap();
    let whole = files(dir.path());
    let second = dir.path().join("shard-00002-of-00003.safetensors");

    // Killed while the second shard was written: it isn't there, half of it lies in a temporary file.
    fs::remove_file(&second).unwrap();
    let leftover = dir.path().join(".shard-00002-of-00003.safetensors.tmp-Ab3xYz");
    put(&leftover, &whole["shard-00002-of-00003.safetensors"][..100]);
    let (summary, asked) = run(&manifest, dir.path(), &plan(4), &[]);
    assert_eq!(asked, ["u04", "u05", "u06", "u07"]);
    let summary = summary.unwrap();
    assert_eq!((summary.shards_kept, summary.utterances), (2, 10));
    assert_eq!(files(dir.path()), whole);

    // A shard cut by a failing disk is made anew.
    put(&second, &whole["shard-00002-of-00003.safetensors"][..300]);
    assert_eq!(run(&manifest, dir.path(), &plan(4), &[]).1.len(), 4);
    assert_eq!(files(dir.path()), whole);
    assert_eq!(run(&manifest, dir.path(), &plan(4), &[]).1.len(), 0);
}

#[test]
fn cancelling_keeps_finished_shards() {
    let (manifest, dir) = (manifest(10), tempfile::tempdir().unwrap());
    let cancel = CancelToken::default();
    let closure = |utterance: &Utterance| {
        if utterance.id == "u05" {
            cancel.cancel();
        }
        encode(utterance)
    };
    let sink = RecordingSink::default();
    let plan_one = EncodePlan { threads: 1, ..plan(4) };
    let result = encode_manifest(&manifest, dir.path(), &plan_one, &closure, &sink, &cancel);
    assert!(matches!(result, Err(DataError::Cancelled { finished: 1, total: 3 })), "{result:?}");
    assert_eq!(files(dir.path()).len(), 1);
    let (summary, asked) = run(&manifest, dir.path(), &plan(4), &[]);
    assert_eq!((summary.unwrap().utterances, asked.len()), (10, 6));
}

#[test]
fn failures_are_listed_and_tried_again() {
    let (manifest, dir) = (manifest(10), tempfile::tempdir().unwrap());
    let list = dir.path().join("failed.jsonl");
    let (summary, _) = run(&manifest, dir.path(), &plan(4), &["u01", "u09"]);
    let summary = summary.unwrap();
    assert_eq!((summary.utterances, summary.failed.len()), (8, 2));
    assert_eq!(summary.failed_path.as_deref(), Some(list.as_path()));
    let text = fs::read_to_string(&list).unwrap();
    let first = r#"{"id":"u01","audio":"audio/u01.wav","reason":"a silent recording"}"#;
    assert_eq!(text.lines().next(), Some(first));
    assert_eq!(Corpus::open(dir.path()).unwrap().len(), 8);

    // One of them has been repaired: nothing else is encoded again.
    let (summary, asked) = run(&manifest, dir.path(), &plan(4), &["u09"]);
    assert_eq!(asked, ["u01", "u09"]);
    assert_eq!(summary.unwrap().failed.len(), 1);
    let (summary, asked) = run(&manifest, dir.path(), &plan(4), &[]);
    assert_eq!(asked, ["u09"]);
    assert_eq!(summary.unwrap().failed_path, None);
    assert!(!list.exists());
    let clean = tempfile::tempdir().unwrap();
    run(&manifest, clean.path(), &plan(4), &[]).0.unwrap();
    assert_eq!(files(dir.path()), files(clean.path()));
}

#[test]
fn codes_that_break_the_codecs_promise_fail() {
    let (manifest, dir) = (manifest(3), tempfile::tempdir().unwrap());
    let closure = |utterance: &Utterance| match utterance.id.as_str() {
        "u00" => Ok(Codes::empty(2).into()),
        "u01" => Ok(Codes::new(3, vec![1, 2, 3]).unwrap().into()),
        _ => Ok(Codes::new(2, vec![1, 1024]).unwrap().into()),
    };
    let sink = RecordingSink::default();
    let cancel = CancelToken::default();
    let summary =
        encode_manifest(&manifest, dir.path(), &plan(2), &closure, &sink, &cancel).unwrap();
    let reasons: Vec<_> = summary.failed.iter().map(|f| f.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "the recording is shorter than a frame",
            "the codec returned 3 levels, expected 2",
            "code 1024 at frame 0, level 1 is outside a codebook of 1024",
        ]
    );
    assert!(Corpus::open(dir.path()).unwrap().is_empty());
    let warnings = sink.events().iter().filter(|e| matches!(e, Event::Warning { .. })).count();
    assert_eq!(warnings, 3);
}

#[test]
fn progress_counts_up_to_the_total() {
    let (manifest, dir) = (manifest(9), tempfile::tempdir().unwrap());
    let sink = RecordingSink::default();
    let cancel = CancelToken::default();
    encode_manifest(&manifest, dir.path(), &plan(4), &encode, &sink, &cancel).unwrap();
    let events = sink.events();
    assert!(matches!(&events[0], Event::JobStarted { total: Some(9), .. }));
    let counts: Vec<u64> = events
        .iter()
        .filter_map(|e| match e {
            Event::JobProgress { done, .. } => Some(*done),
            _ => None,
        })
        .collect();
    assert_eq!(counts, (0..=9).collect::<Vec<u64>>());
    assert!(matches!(events.last(), Some(Event::JobFinished { .. })));
}

#[test]
fn other_codecs_and_manifests_are_refused_before_any_work() {
    let dir = tempfile::tempdir().unwrap();
    run(&manifest(10), dir.path(), &plan(4), &[]).0.unwrap();
    let whole = files(dir.path());
    let other_codec = EncodePlan { codec: codec("fsq-2"), ..plan(4) };
    let other_rate = EncodePlan {
        codec: syrinx_data::CodecStamp { frame_rate_hz: 50.0, ..codec("fsq-1") },
        ..plan(4)
    };
    let cases = [
        (manifest(10), other_codec, "codec"),
        (manifest(10), other_rate, "codec"),
        (manifest(11), plan(4), "manifest"),
        (manifest(10), plan(5), "number of utterances a shard"),
    ];
    for (manifest, plan, expected) in cases {
        let (result, asked) = run(&manifest, dir.path(), &plan, &[]);
        match result.unwrap_err() {
            error @ DataError::Mismatch { what, .. } => {
                assert_eq!(what, expected);
                assert!(error.hint().unwrap().contains("use an empty folder"), "{error}");
            }
            other => panic!("{other}"),
        }
        assert_eq!(asked.len(), 0);
    }
    assert_eq!(files(dir.path()), whole);
    let none = run(&manifest(2), dir.path(), &plan(0), &[]).0.unwrap_err().to_string();
    assert!(none.contains("utterances_per_shard"), "{none}");
}

#[test]
fn a_shard_cut_anywhere_is_an_error_and_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    run(&manifest(2), dir.path(), &plan(4), &[]).0.unwrap();
    let path = dir.path().join("shard-00001-of-00001.safetensors");
    let whole = fs::read(&path).unwrap();
    assert_eq!(Shard::read(&path).unwrap().records().len(), 2);
    for cut in (0..whole.len()).step_by(37).chain([whole.len() - 1]) {
        put(&path, &whole[..cut]);
        let error = Shard::read(&path).unwrap_err();
        assert!(matches!(error, DataError::BrokenShard { .. }), "{cut}: {error}");
        assert!(error.to_string().contains("shard-00001-of-00001.safetensors"), "{error}");
    }
    // Damage that keeps the length: a record that points elsewhere, a code outside the codebook.
    let text = |from: &str, to: &str| {
        let at = whole.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut bytes = whole.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    let mut codes = whole.clone();
    *codes.last_mut().unwrap() = 0xff;
    let cases = [
        (
            text("first_frame\\\":3", "first_frame\\\":2"),
            "frames of `u01` do not follow those of the previous utterance",
        ),
        (
            text("frames\\\":4}]", "frames\\\":5}]"),
            "records have 8 frames, its tensor `codes` has 7",
        ),
        (text("format\\\":1", "format\\\":7"), "format 7"),
        (codes, "outside a codebook"),
    ];
    for (bytes, expected) in cases {
        put(&path, bytes);
        let error = Corpus::open(dir.path()).unwrap_err();
        assert!(error.hint().unwrap().contains("delete it and encode the manifest again"));
        let error = error.to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    }
}

#[test]
fn latents_are_kept_where_that_is_asked_for() {
    let (manifest, dir) = (manifest(5), tempfile::tempdir().unwrap());
    let kept = EncodePlan { latent_dim: 2, ..plan(2) };
    run(&manifest, dir.path(), &kept, &["u02"]).0.unwrap();
    // A resumed run keeps the failures of shards that it completes.
    let (summary, asked) = run(&manifest, dir.path(), &kept, &[]);
    assert_eq!((summary.unwrap().utterances, asked), (5, vec!["u02".to_owned()]));
    let corpus = Corpus::open(dir.path()).unwrap();
    for i in 0..corpus.len() {
        let wanted = encode(corpus.utterance(i)).unwrap();
        assert_eq!(
            (corpus.codes(i).unwrap(), corpus.latents(i).unwrap()),
            (wanted.codes, wanted.latents)
        );
    }
    let without = run(&manifest, dir.path(), &plan(2), &[]).0.unwrap_err();
    assert!(matches!(without, DataError::Mismatch { what: "latents a frame", .. }), "{without}");

    let other = tempfile::tempdir().unwrap();
    let short = |u: &Utterance| {
        let latents = encode(u)?.latents.map(|latents| latents.slice(0, 1));
        Ok(Coded { latents, ..encode(u)? })
    };
    let (quiet, cancel) = (&NullSink, CancelToken::default());
    let summary = encode_manifest(&manifest, other.path(), &kept, &short, quiet, &cancel).unwrap();
    assert_eq!(summary.failed.len(), 5);
    assert_eq!(
        summary.failed[0].reason,
        "the codec returned no latents, or latents that do not fit its codes"
    );
}

#[test]
fn the_same_part_may_be_started_twice() {
    let dir = tempfile::tempdir().unwrap();
    let straight = tempfile::tempdir().unwrap();
    let manifest = manifest(12);
    run(&manifest, straight.path(), &plan(2), &[]).0.unwrap();
    let asked: Vec<Vec<String>> = std::thread::scope(|scope| {
        let one = || scope.spawn(|| run(&manifest, dir.path(), &plan(2), &[]));
        let running = [one(), one(), one()];
        running
            .map(|r| r.join().unwrap())
            .map(|(summary, asked)| {
                assert_eq!(summary.unwrap().utterances, 12);
                asked
            })
            .into()
    });
    let mut all = asked.concat();
    all.sort();
    let once: Vec<String> = manifest.utterances().iter().map(|u| u.id.clone()).collect();
    assert_eq!(all, once, "every utterance is encoded by one process");
    assert_eq!(files(dir.path()), files(straight.path()));
}

#[test]
fn parts_in_folders_of_their_own_are_merged() {
    let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let [whole, a, b, out] = &folders[..] else { panic!("four folders") };
    let manifest = manifest(7);
    run(&manifest, whole.path(), &plan(2), &[]).0.unwrap();
    for (index, folder) in [a, b].iter().enumerate() {
        let part = WorkShare::new(index, 2).unwrap();
        run(&manifest, folder.path(), &EncodePlan { part, ..plan(2) }, &[]).0.unwrap();
    }
    let half = merge_shards(&[a.path()], out.path()).unwrap();
    assert_eq!((half.copied, half.of, half.missing), (2, 4, vec![2, 4]));
    // A damaged shard is passed over; the same one of another folder counts.
    let damaged = out.path().join("shard-00001-of-00004.safetensors");
    fs::write(&damaged, "cut").unwrap();
    let both = merge_shards(&[a.path(), b.path()], out.path()).unwrap();
    assert_eq!((both.copied, both.kept, both.missing.len()), (3, 1, 0));
    assert_eq!(files(out.path()), files(whole.path()));
    let again = merge_shards(&[a.path(), b.path()], out.path()).unwrap();
    assert_eq!((again.copied, again.kept), (0, 4));

    run(&manifest, b.path(), &plan(3), &[]).0.unwrap_err();
    let other = tempfile::tempdir().unwrap();
    run(&manifest, other.path(), &plan(3), &[]).0.unwrap();
    let refused = merge_shards(&[other.path()], out.path()).unwrap_err();
    assert!(matches!(refused, DataError::Mismatch { .. }), "{refused}");
}
