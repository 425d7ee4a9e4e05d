//! Voices by name.

use syrinx_engine::{EngineError, Voice, VoiceOrigin};

use crate::open;
use crate::tiny::{VOICES, buzz};

#[test]
fn voices_come_and_go() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let engine = open(Some(&folder.path().join("voices")));
    let voices = engine.voices();
    assert_eq!(voices.names(), VOICES);
    let codes = engine.encode(&buzz(1.0, 24_000)).expect("it encodes");
    let path = voices.add("me", &codes, "me.wav").expect("a good name");
    assert_eq!(voices.names(), ["ann", "bob", "me"]);
    assert_eq!(voices.codes("me").expect("it is there"), codes);
    let own = voices.list().remove(2);
    assert_eq!((own.about.as_str(), own.origin), ("me.wav", VoiceOrigin::File(path.clone())));
    assert_eq!(voices.remove("me").expect("it is mine"), path);
    assert_eq!(voices.names(), VOICES);
}

#[test]
fn names_that_can_not_be_used() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let engine = open(Some(folder.path()));
    let codes = engine.encode(&buzz(1.0, 24_000)).expect("it encodes");
    for name in ["", "../me", "a b", "-o", "ann", "ü"] {
        assert!(
            matches!(engine.voices().add(name, &codes, ""), Err(EngineError::Voice { .. })),
            "{name}"
        );
    }
    assert!(matches!(engine.voices().remove("ann"), Err(EngineError::Voice { .. })));
    let unknown = engine.voices().codes("anm").expect_err("nobody").hint();
    assert!(unknown.is_some_and(|hint| hint.contains("did you mean `ann`?")));
    assert!(matches!(engine.voices().remove("x"), Err(EngineError::UnknownVoice { .. })));
}

#[test]
fn a_broken_voice_is_listed_with_its_problem() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("cut.safetensors"), b"x").expect("writes");
    std::fs::write(folder.path().join("notes.txt"), b"x").expect("writes");
    let engine = open(Some(folder.path()));
    let list: Vec<Voice> = engine.voices().list();
    assert_eq!(list.len(), 3);
    assert!(
        list[2].problem.as_deref().is_some_and(|p| p.contains("cut.safetensors")),
        "{:?}",
        list[2]
    );
    assert!(matches!(engine.voices().codes("cut"), Err(EngineError::Voice { .. })));
}
