//! The evaluation material in the repository.

use std::collections::BTreeSet;
use std::path::Path;

use syrinx_data::Manifest;
use syrinx_eval::{Suite, read_items};

fn manifest(name: &str) -> Manifest {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/data").join(name);
    Manifest::read(&path.join("manifest.jsonl")).unwrap()
}

#[test]
fn recordings_are_there_and_as_long_as_they_say() {
    for name in ["test", "unseen", "named"] {
        let manifest = manifest(name);
        let voices: BTreeSet<_> = manifest.utterances().iter().map(|u| &u.speaker).collect();
        assert!(voices.len() >= 9, "{name}: a mix of voices");
        for utterance in manifest.utterances() {
            let audio = syrinx_audio::read(manifest.audio_path(utterance)).unwrap();
            let said = utterance.seconds.unwrap();
            assert!((audio.seconds() - said).abs() < 0.05, "{}: {said}", utterance.id);
        }
    }
}

#[test]
fn word_times_are_known_for_nearly_all() {
    for name in ["test", "unseen", "named"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/data");
        let toml = format!("task = 'a'\nitems = {{ manifest = '{name}/manifest.jsonl' }}");
        let items =
            read_items(&Suite::parse(&toml, "probe", &folder).unwrap(), &mut |_| {}).unwrap();
        let timed = items.iter().filter(|i| !i.words.is_empty()).count();
        assert!(10 * timed >= 9 * items.len(), "{name}: {timed} of {}", items.len());
        for item in &items {
            let ordered = item.words.windows(2).all(|w| w[0].end_s <= w[1].start_s + 1e-9);
            assert!(ordered, "{}: {:?}", item.id, item.words);
        }
    }
}

#[test]
fn nothing_unseen_is_in_the_test_set() {
    let speakers =
        |m: Manifest| m.utterances().iter().map(|u| u.speaker.clone()).collect::<BTreeSet<_>>();
    assert!(speakers(manifest("test")).is_disjoint(&speakers(manifest("unseen"))));
}

#[test]
fn thirty_utterances_are_joined_and_nobody_speaks_for_ten_minutes() {
    let single = manifest("test");
    let joined = manifest("joined");
    let joined = &joined.utterances()[0].text;
    let inside = single.utterances().iter().filter(|u| joined.contains(&u.text)).count();
    assert_eq!(inside, 30);
    let no_speech = manifest("no-speech");
    assert!(no_speech.utterances().iter().all(|u| u.text.is_empty()));
    let seconds: f64 = no_speech.utterances().iter().filter_map(|u| u.seconds).sum();
    assert!((seconds - 600.0).abs() < 1e-6, "{seconds} s");
}

#[test]
fn long_prompts_are_there_for_every_unseen_speaker() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/data");
    let read = |list: &str| {
        let toml = format!("task = 'a'\nitems = {{ manifest = 'unseen/{list}.jsonl' }}");
        read_items(&Suite::parse(&toml, "probe", &folder).unwrap(), &mut |_| {}).unwrap()
    };
    let (short, long) = (read("manifest"), read("long-prompts"));
    assert_eq!(short.len(), long.len());
    for (short, long) in short.iter().zip(&long) {
        assert_eq!((&short.id, &short.text), (&long.id, &long.text));
        assert_ne!(short.prompt, long.prompt);
        assert!(short.prompt_text.is_some() && long.prompt_text.is_none());
        let audio = syrinx_audio::read(long.prompt.as_ref().unwrap()).unwrap();
        assert!(audio.seconds() > 9.0, "{}: {:.1} s", long.id, audio.seconds());
    }
}
