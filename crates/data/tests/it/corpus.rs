use std::collections::HashSet;
use std::fs;
use std::path::Path;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use syrinx_data::{Corpus, DataError, EncodePlan, PromptSpec, encode_manifest};
use syrinx_types::{CancelToken, NullSink};

use crate::{codec, encode, manifest};

fn encoded(n: usize, dir: &Path) -> Corpus {
    let plan = EncodePlan { utterances_per_shard: 4, ..EncodePlan::new(codec("c")) };
    let cancel = CancelToken::default();
    encode_manifest(&manifest(n), dir, &plan, &encode, &NullSink, &cancel).unwrap();
    Corpus::open(dir).unwrap()
}

#[test]
fn holds_what_was_encoded() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = encoded(10, dir.path());
    let manifest = manifest(10);
    assert_eq!(corpus.len(), 10);
    assert_eq!(corpus.codec(), &codec("c"));
    for (i, utterance) in manifest.utterances().iter().enumerate() {
        assert_eq!(corpus.utterance(i), utterance);
        assert_eq!(corpus.codes(i).unwrap(), encode(utterance).unwrap().codes);
        assert_eq!(corpus.find(&utterance.id), Some(i));
    }
    assert_eq!(corpus.lengths(), (0..10).map(|i| 3 + i % 4).collect::<Vec<_>>());
    assert_eq!(corpus.total_frames(), corpus.lengths().iter().sum::<usize>());
    assert_eq!(corpus.speakers()["bob"], [1, 3, 5, 7, 9]);

    let sample = corpus.sample(3, None, &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    assert_eq!((sample.id.as_str(), sample.speaker.as_str()), ("u03", "bob"));
    assert_eq!((sample.frame_rate_hz, sample.lead_s), (25.0, 0.05));
    assert_eq!(sample.phones[1].phone, "AH0");
    assert_eq!(sample.prompt, None);
}

#[test]
fn filters_number_anew() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = encoded(10, dir.path());
    let test = corpus.split("test");
    assert_eq!((test.len(), corpus.split("train").len(), corpus.split("dev").len()), (2, 8, 0));
    assert_eq!(test.utterance(1).id, "u09");
    assert_eq!(test.find("u09"), Some(1));
    assert_eq!(test.find("u00"), None);
    assert_eq!(corpus.filter(|_, frames| frames < 5).len(), 6);
}

#[test]
fn speakers_with_few_utterances_can_have_more_turns() {
    let dir = tempfile::tempdir().unwrap();
    // Four of one speaker (0 to 3) and the last of the other (4).
    let corpus = encoded(10, dir.path());
    let few = corpus.filter(|u, _| ["u00", "u02", "u04", "u06", "u09"].contains(&u.id.as_str()));
    assert_eq!(few.speakers().values().map(Vec::len).collect::<Vec<_>>(), [4, 1]);
    assert_eq!(few.turns(0.0), [0, 1, 2, 3, 4]);
    assert_eq!(few.turns(0.5), [0, 1, 2, 3, 4, 4]);
    assert_eq!(few.turns(1.0), [0, 1, 2, 3, 4, 4, 4, 4]);
    let three = few.filter(|u, _| u.id != "u00");
    assert_eq!(three.turns(0.5), [0, 1, 2, 3, 3], "3 to the power of 0.5 is 1.7, for one 2");
    assert!(few.filter(|_, _| false).turns(0.5).is_empty());
}

#[test]
fn a_prompt_is_another_utterance_of_the_speaker() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = encoded(10, dir.path()).split("train");
    let spec = PromptSpec { min_frames: 4, max_frames: 5, none_probability: 0.25 };
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut none, mut sizes, mut numbers) = (0, HashSet::new(), HashSet::new());
    for draw in 0..800 {
        let i = draw % corpus.len();
        let sample = corpus.sample(i, Some(&spec), &mut rng).unwrap();
        let Some(prompt) = sample.prompt else {
            none += 1;
            continue;
        };
        let number = prompt.at(0, 0);
        let source = corpus.utterance(corpus.find(&format!("u{number:02}")).unwrap());
        assert_ne!(source.id, sample.id);
        assert_eq!(source.speaker, sample.speaker);
        let whole = encode(source).unwrap();
        let start = usize::from(prompt.at(0, 1));
        assert_eq!(prompt, whole.codes.slice(start, start + prompt.frames()));
        sizes.insert(prompt.frames());
        numbers.insert(number);
    }
    assert!((150..250).contains(&none), "{none} of 800 without a prompt");
    assert_eq!(sizes, HashSet::from([4, 5]));
    // u00 and u08 have 3 frames, fewer than asked for; u04 and u09 are of the other split.
    assert_eq!(numbers, HashSet::from([1, 2, 3, 5, 6, 7]));
}

#[test]
fn edges_of_prompts() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = encoded(10, dir.path());
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let spec = |min_frames, max_frames, none_probability| PromptSpec {
        min_frames,
        max_frames,
        none_probability,
    };
    let mut draw =
        |corpus: &Corpus, spec| corpus.prompt(0, &spec, &mut rng).unwrap().map(|c| c.frames());
    let alone = corpus.filter(|u, _| u.id == "u00" || u.speaker == "bob");
    assert_eq!(draw(&alone, spec(1, 2, 0.0)), None);
    assert_eq!(draw(&corpus, spec(2, 2, 1.0)), None);
    assert_eq!(draw(&corpus, spec(0, 0, 0.0)), None);
    assert_eq!(draw(&corpus, spec(2, 2, 0.0)), Some(2));
    // Nobody spoke that long: the whole of a shorter one. And a range the wrong way round is its lower end.
    assert!(draw(&corpus, spec(50, 75, 0.0)).is_some_and(|n| (3..=6).contains(&n)));
    assert_eq!(draw(&corpus, spec(3, 1, 0.0)), Some(3));

    let same =
        |seed| corpus.prompt(1, &spec(2, 4, 0.3), &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
    assert!((0..20).all(|seed| same(seed) == same(seed)));
    assert!((0..20).any(|seed| same(seed) != same(seed + 1)));
}

#[test]
fn an_unfinished_or_mixed_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let empty = Corpus::open(dir.path()).unwrap_err();
    assert!(matches!(empty, DataError::NothingFound { .. }), "{empty}");
    encoded(10, dir.path());
    let second = dir.path().join("shard-00002-of-00003.safetensors");
    let kept = fs::read(&second).unwrap();
    fs::remove_file(&second).unwrap();
    let missing = Corpus::open(dir.path()).unwrap_err().to_string();
    assert!(missing.starts_with("1 of 3 token shards are missing"), "{missing}");
    assert!(missing.contains("number 2"), "{missing}");
    // A copy of a shard beside it doesn't count twice.
    fs::write(&second, &kept).unwrap();
    fs::write(dir.path().join("shard-00002-of-00003 (copy).safetensors"), kept).unwrap();
    assert_eq!(Corpus::open(dir.path()).unwrap().len(), 10);

    let other = tempfile::tempdir().unwrap();
    let plan = EncodePlan { utterances_per_shard: 4, ..EncodePlan::new(codec("other")) };
    let cancel = CancelToken::default();
    encode_manifest(&manifest(10), other.path(), &plan, &encode, &NullSink, &cancel).unwrap();
    fs::copy(other.path().join("shard-00002-of-00003.safetensors"), &second).unwrap();
    let mixed = Corpus::open(dir.path()).unwrap_err();
    assert!(matches!(mixed, DataError::Mismatch { what: "codec", .. }), "{mixed}");
}

#[test]
fn renditions_come_with_the_utterances_they_belong_to() {
    let dir = tempfile::tempdir().unwrap();
    encoded(10, dir.path());
    let rendition = |name: &str, n: usize, codes: &syrinx_data::EncodeUtterance<'_>| {
        // A shard of another size: renditions are written by another run.
        let plan = EncodePlan { utterances_per_shard: 6, ..EncodePlan::new(codec("c")) };
        let folder = dir.path().join(syrinx_data::RENDITIONS).join(name);
        let cancel = CancelToken::default();
        encode_manifest(&manifest(n), &folder, &plan, codes, &NullSink, &cancel).unwrap();
    };
    rendition("noisy", 10, &encode);
    let half = |u: &syrinx_data::Utterance| match u.id.as_str() {
        "u03" => Err(syrinx_types::CallbackError::new("too quiet").into()),
        "u04" => encode(u).map(|coded| coded.slice(0, 1)),
        _ => encode(u),
    };
    rendition("mixture", 10, &half);
    let corpus = Corpus::open(dir.path()).unwrap();
    assert_eq!(corpus.renditions().collect::<Vec<_>>(), ["mixture", "noisy"]);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut names = |corpus: &Corpus, id: &str| {
        let sample = corpus.sample(corpus.find(id).unwrap(), None, &mut rng).unwrap();
        assert!(sample.renditions.values().all(|codes| codes.frames() == sample.codes.frames()));
        sample.renditions.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(names(&corpus, "u02"), ["mixture", "noisy"]);
    assert_eq!(names(&corpus, "u03"), ["noisy"]);
    assert_eq!(names(&corpus, "u04"), ["noisy"], "a rendition of another length is none");
    assert_eq!(names(&corpus.split("test"), "u09"), ["mixture", "noisy"]);

    rendition("strange", 9, &encode);
    assert!(matches!(Corpus::open(dir.path()), Err(DataError::Mismatch { .. })));
}
