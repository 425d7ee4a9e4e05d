//! Voices by name.

use syrinx_engine::{EngineError, Voice, VoiceOrigin, read_codes, write_codes};
use syrinx_types::Codes;

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

/// Files of codes may have more levels than the language model writes, voices may not.
#[test]
fn levels_beyond_the_models_are_for_files_only() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let engine = open(Some(folder.path()));
    let levels = engine.codec_id().info.levels + 3;
    let codes = Codes::new(levels, vec![1; 2 * levels]).expect("whole frames");
    let path = folder.path().join("more.safetensors");
    write_codes(&path, &codes, None, engine.codec_id(), "").expect("writes");
    assert_eq!(read_codes(&path, engine.codec_id()).expect("reads").0, codes);
    let error = engine.voices().codes("more").expect_err("too many levels").to_string();
    assert!(error.contains(&format!("codes are {levels} levels")), "{error}");
}

/// The header of a voice repeats the codec's shape; a wrong one is no voice, whatever its fingerprint.
#[test]
fn codes_of_another_shape_are_no_voice() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let engine = open(Some(folder.path()));
    let codes = engine.encode(&buzz(1.0, 24_000)).expect("it encodes");
    let path = engine.voices().add("me", &codes, "me.wav").expect("a good name");
    let bytes = std::fs::read(&path).expect("it was written");
    let size = engine.codec_id().info.codebook_size.to_string();
    let field = |size: &str| format!("codebook_size\\\":{size}").into_bytes();
    let (from, to) = (field(&size), field(&"9".repeat(size.len())));
    let at = bytes.windows(from.len()).position(|w| w == from).expect("the field");
    let forged = [&bytes[..at], &to, &bytes[at + to.len()..]].concat();
    std::fs::write(&path, forged).expect("writes");
    let error = engine.voices().codes("me").expect_err("another codec").to_string();
    assert!(error.contains("this model's codec has") && error.contains(&size), "{error}");
}

#[cfg(unix)]
#[test]
fn a_voice_is_not_written_through_a_link_out_of_the_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (voices, outside) = (folder.path().join("voices"), folder.path().join("outside"));
    std::fs::create_dir(&voices).expect("a folder");
    std::fs::write(&outside, b"mine").expect("writes");
    std::os::unix::fs::symlink(&outside, voices.join("me.safetensors")).expect("a link");
    let engine = open(Some(&voices));
    let codes = engine.encode(&buzz(1.0, 24_000)).expect("it encodes");
    let error = engine.voices().add("me", &codes, "").expect_err("a link");
    assert!(error.to_string().contains("a symbolic link leads out"), "{error}");
    assert_eq!(std::fs::read(&outside).expect("it is there"), b"mine");
}
