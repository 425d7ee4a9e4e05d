//! Selections: a mistyped split and an empty selection are errors that name what there is.

use syrinx_data::{Corpus, DataError, EncodePlan, Exclusion, Manifest, Utterance, encode_manifest};
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
        corpus.named_split("trian").map(|_| ()).unwrap_err(),
        manifest.split_or_all("trian").map(|_| ()).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.hint().as_deref(), Some("the splits are: test, train"));
    }
    assert_eq!(corpus.split_or_all("train").unwrap().len(), 8);
    assert_eq!(corpus.named_split("test").unwrap().len(), 2);
    assert_eq!(manifest.split_or_all("test").unwrap().len(), 2);
}

#[test]
fn without_splits_everything_is_for_training_and_a_named_split_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = without_splits();
    let corpus = corpus(&manifest, folder.path());
    assert_eq!(corpus.split_or_all("train").unwrap().len(), 6);
    let error = corpus.named_split("test").map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "no utterance is in the split `test`");
    assert_eq!(error.hint().as_deref(), Some("no utterance has a split: leave out its name"));
    assert_eq!(manifest.split_or_all("train").unwrap().len(), 6);
}

#[test]
fn an_empty_selection_lists_its_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(&manifest(6), folder.path());
    // 3, 4, 5, 6, 3 and 4 frames of 0.04 s.
    let reject = |max_seconds: f64| {
        move |u: &Utterance, frames: usize| match u.split.as_deref() {
            Some("test") => Some(Exclusion::OtherSplit { split: "test".to_owned() }),
            _ => {
                (frames as f64 * 0.04 >= max_seconds).then_some(Exclusion::TooLong { max_seconds })
            }
        }
    };
    let some = corpus.select("training split", reject(0.18)).unwrap();
    assert_eq!((some.corpus.len(), some.left_out.count()), (3, 3), "adds up");
    insta::assert_snapshot!(some.left_out, @"1 left out because it is in the split `test` (first: u04), 2 left out because it is not shorter than max_seconds = 0.18 (first: u02)");
    let error = corpus.select("training split", reject(0.1)).map(|_| ()).unwrap_err();
    let DataError::NothingSelected { left_out, .. } = &error else { panic!("{error}") };
    assert_eq!(left_out.count(), 6, "adds up");
    insta::assert_snapshot!(error, @"no utterance is left in the training split: 1 left out because it is in the split `test` (first: u04), 5 left out because it is not shorter than max_seconds = 0.1 (first: u00)");

    let mut both = some.left_out.clone();
    both.extend(left_out.clone());
    assert_eq!((both.count(), both.reasons().len()), (9, 3));
}
