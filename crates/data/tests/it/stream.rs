use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_data::{
    Corpus, DataError, EncodePlan, PromptSpec, RENDITIONS, ShardSource, encode_manifest,
};
use syrinx_types::{CancelToken, NullSink};

use crate::{codec, encode, manifest};

/// A folder that counts what is read of it.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    reads: Mutex<Vec<(String, Range<u64>)>>,
}

impl ShardSource for Folder {
    fn place(&self) -> String {
        "test://folder".into()
    }

    fn list(&self) -> Result<Vec<String>, DataError> {
        let mut found = Vec::new();
        for folder in ["", "renditions/noisy"] {
            for entry in fs::read_dir(self.path.join(folder)).unwrap().flatten() {
                let name = entry.file_name().into_string().unwrap();
                found.push(format!("{folder}/{name}").trim_start_matches('/').to_owned());
            }
        }
        Ok(found)
    }

    fn read(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, DataError> {
        self.reads.lock().unwrap().push((path.into(), range.clone()));
        let bytes = fs::read(self.path.join(path)).unwrap();
        let end = bytes.len().min(range.end as usize);
        Ok(bytes[(range.start as usize).min(end)..end].to_vec())
    }
}

#[test]
fn a_streamed_corpus_is_that_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let cancel = CancelToken::default();
    let plan = EncodePlan { utterances_per_shard: 3, ..EncodePlan::new(codec("fsq-1")) };
    for folder in [dir.path().to_path_buf(), dir.path().join(RENDITIONS).join("noisy")] {
        encode_manifest(&manifest(8), &folder, &plan, &encode, &NullSink, &cancel).unwrap();
    }
    let folder = Arc::new(Folder { path: dir.path().into(), reads: Mutex::default() });
    let source: Arc<dyn ShardSource> = folder.clone();
    let (held, streamed) = (Corpus::open(dir.path()).unwrap(), Corpus::stream(&source).unwrap());
    assert!(streamed.is_streamed() && !held.is_streamed());
    assert_eq!(streamed.renditions().collect::<Vec<_>>(), ["noisy"]);
    assert_eq!(folder.reads.lock().unwrap().len(), 6, "one read a header");
    let spec = PromptSpec { min_frames: 1, max_frames: 2, none_probability: 0.0 };
    for i in 0..held.len() {
        let sample = |corpus: &Corpus| {
            corpus.sample(i, Some(&spec), &mut ChaCha8Rng::seed_from_u64(7)).unwrap()
        };
        assert_eq!(sample(&held), sample(&streamed));
    }
    let largest = folder.reads.lock().unwrap()[6..].iter().map(|(_, r)| r.end - r.start).max();
    assert!(largest.unwrap() < 1_000, "rows of one utterance a read");
}

#[test]
fn shards_that_are_cut_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("renditions/noisy")).unwrap();
    let plan = EncodePlan::new(codec("fsq-1"));
    let cancel = CancelToken::default();
    encode_manifest(&manifest(2), dir.path(), &plan, &encode, &NullSink, &cancel).unwrap();
    let path = dir.path().join("shard-00001-of-00001.safetensors");
    let whole = fs::read(&path).unwrap();
    let source: Arc<dyn ShardSource> =
        Arc::new(Folder { path: dir.path().into(), reads: Mutex::default() });
    for cut in [4, 40] {
        fs::write(&path, &whole[..cut]).unwrap();
        let refused = Corpus::stream(&source).unwrap_err();
        assert!(matches!(refused, DataError::BrokenShard { .. }), "{refused}");
    }
    fs::write(&path, &whole[..whole.len() - 2]).unwrap();
    let corpus = Corpus::stream(&source).unwrap();
    let refused = corpus.codes(1).unwrap_err().to_string();
    assert!(
        refused.contains("test://folder/shard-00001") && refused.contains("truncated"),
        "{refused}"
    );
}
