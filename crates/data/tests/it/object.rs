use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_data::{Corpus, DataError, EncodePlan, ObjectFolder, ShardSource, encode_manifest};
use syrinx_types::{CancelToken, NullSink};

use crate::{codec, encode, manifest};

#[test]
fn a_corpus_by_url_is_that_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("more shards");
    let plan = EncodePlan { utterances_per_shard: 3, ..EncodePlan::new(codec("fsq-1")) };
    let cancel = CancelToken::default();
    encode_manifest(&manifest(8), &folder, &plan, &encode, &NullSink, &cancel).unwrap();
    let url = format!("file://{}/", folder.display()).replace(' ', "%20");
    let source: Arc<dyn ShardSource> = Arc::new(ObjectFolder::open(&url, Vec::new()).unwrap());
    let (held, streamed) = (Corpus::open(&folder).unwrap(), Corpus::stream(&source).unwrap());
    assert_eq!((held.len(), streamed.len()), (8, 8));
    for i in 0..held.len() {
        let sample =
            |corpus: &Corpus| corpus.sample(i, None, &mut ChaCha8Rng::seed_from_u64(7)).unwrap();
        assert_eq!(sample(&held), sample(&streamed));
    }
    // A range that ends after the file is cut there.
    let name = source.list().unwrap().into_iter().find(|n| n.starts_with("shard-00003")).unwrap();
    let whole = std::fs::read(folder.join(&name)).unwrap();
    assert_eq!(source.read(&name, 4..1 << 20).unwrap(), whole[4..]);
}

#[test]
fn places_that_hold_nothing_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let empty = format!("file://{}", dir.path().display());
    let source = ObjectFolder::open(&empty, Vec::new()).unwrap();
    let missing = source.read("shard-00001-of-00001.safetensors", 0..8).unwrap_err();
    assert!(missing.to_string().contains(&empty), "{missing}");
    let unknown = ObjectFolder::open("tape://reel/1", Vec::new()).unwrap_err();
    assert!(matches!(unknown, DataError::Remote { .. }), "{unknown}");
    let source: Arc<dyn ShardSource> = Arc::new(source);
    let refused = Corpus::stream(&source).unwrap_err().to_string();
    assert!(refused.contains(&empty), "{refused}");
}
