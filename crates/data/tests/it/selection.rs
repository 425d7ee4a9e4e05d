//! Selections: a mistyped split and an empty selection are errors that name what there is.

use syrinx_data::{Corpus, DataError, EncodePlan, Manifest, Utterance, encode_manifest};
use syrinx_types::{CancelToken, NullSink};

use crate::{codec, encode, manifest};

fn corpus(manifest: &Manifest, folder: &std::path::Path) -> Corpus {
    let plan = EncodePlan::new(codec("c"));
    encode_manifest(manifest, folder, &plan, &encode, &NullSink, &CancelToken::default()).unwrap();
    Corpus::open(folder).unwrap()
}

fn without_splits() -> Manifest {
    let plain = |u: &Utterance| Utterance { split: None, ..u.clone() };
    Manifest::new("corpus", manifest(6).utterances().iter().map(plain).collect()).unwrap()
}

#[test]
fn a_mistyped_split_is_an_error_that_names_the_splits() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest(10);
    let corpus = corpus(&manifest, folder.path());
    let expected = "no utterance is in the split `trian`";
    let errors = [
        corpus.split_or_all("trian").map(|_| ()).unwrap_err(),
        corpus.split_or_none("trian").map(|_| ()).unwrap_err(),
        manifest.split_or_all("trian").map(|_| ()).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.hint().as_deref(), Some("the splits are: test, train"));
    }
    assert_eq!(corpus.split_or_all("train").unwrap().len(), 8);
    assert_eq!(corpus.split_or_none("test").unwrap().len(), 2);
    assert_eq!(manifest.split_or_all("test").unwrap().len(), 2);
}

#[test]
fn without_splits_everything_is_for_training_and_nothing_is_held_out() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = without_splits();
    let corpus = corpus(&manifest, folder.path());
    assert_eq!(corpus.split_or_all("train").unwrap().len(), 6);
    assert_eq!(corpus.split_or_none("test").unwrap().len(), 0);
    assert_eq!(manifest.split_or_all("train").unwrap().len(), 6);
}

#[test]
fn an_empty_selection_lists_its_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(&manifest(6), folder.path());
    let reject = |limit: usize| {
        move |u: &Utterance, frames: usize| {
            let long = frames > limit;
            long.then(|| format!("`{}` is too long", u.speaker))
        }
    };
    // 3, 4, 5, 6, 3 and 4 frames.
    assert_eq!(corpus.select("training split", reject(4)).unwrap().len(), 4);
    let error = corpus.select("training split", reject(1)).map(|_| ()).unwrap_err();
    let DataError::NothingSelected { left_out, .. } = &error else { panic!("{error}") };
    assert_eq!(left_out.reasons().iter().map(|r| r.count).sum::<usize>(), 6, "adds up");
    insta::assert_snapshot!(error, @"no utterance is left in the training split: 3 left out because `ann` is too long (first: u00), 3 left out because `bob` is too long (first: u01)");
}
