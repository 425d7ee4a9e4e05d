//! Tests of configurations: layers, provenance, what is refused.

use std::path::PathBuf;

use serde_json::json;
use syrinx_config::{Layer, SettingOrigin, Settings, load};

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// A settings file in a folder of its own.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("syrinx.toml");
    std::fs::write(&path, text).expect("a file in it");
    (folder, path)
}

#[test]
fn later_layers_win_and_every_key_knows_its_own() {
    let (_folder, path) = file("seed = 1\n[decode]\nbest_of = 2\nguidance = 1.5\n");
    let loaded = Settings::load(&[
        Layer::OptionalFile(path.clone()),
        Layer::Environment(vec![pair("SEED", "2"), pair("DECODE__BEST_OF", "3")]),
        Layer::Flags(vec![pair("decode.best_of", "4"), pair("model", "7")]),
    ])
    .expect("these fit");
    assert_eq!(loaded.value.seed, 2);
    assert_eq!(loaded.value.decode.best_of, 4);
    assert_eq!(loaded.value.decode.guidance, 1.5);
    // A path that looks like a number is a path.
    assert_eq!(loaded.value.model, Some(PathBuf::from("7")));
    let place = |key: &str| loaded.keys.iter().find(|k| k.key == key).map(|k| k.place.to_string());
    assert_eq!(place("seed").as_deref(), Some("environment"));
    assert_eq!(place("decode.best_of").as_deref(), Some("flag"));
    assert_eq!(place("decode.guidance"), Some(path.display().to_string()));
    assert_eq!(place("decode.batch_rows").as_deref(), Some("default"));
}

#[test]
fn a_missing_file_matters_only_where_it_was_named() {
    let nowhere = PathBuf::from("/nowhere/syrinx.toml");
    assert!(Settings::load(&[Layer::OptionalFile(nowhere.clone())]).is_ok());
    let error = Settings::load(&[Layer::File(nowhere)]).expect_err("it isn't there");
    assert!(error.to_string().starts_with("config file /nowhere/syrinx.toml: "), "{error}");
}

#[test]
fn what_does_not_fit_is_named_with_its_place() {
    let check = |text: &str, expected: &str, nearest: Option<&str>| {
        let (folder, path) = file(text);
        let error = Settings::load(&[Layer::File(path)]).expect_err(text);
        let hint = error.hint().unwrap_or_default().into_owned();
        let message = error.to_string().replace(&folder.path().display().to_string(), "DIR");
        assert_eq!(message, format!("DIR/syrinx.toml: {expected}"));
        match nearest {
            Some(key) => assert!(hint.starts_with(&format!("did you mean `{key}`?")), "{hint}"),
            None => assert!(!hint.contains("did you mean"), "{hint}"),
        }
    };
    check("sede = 1", "there is no setting `sede`", Some("seed"));
    check(
        "[decode.codes]\ntemprature = 1.0",
        "there is no setting `decode.codes.temprature`",
        Some("decode.codes.temperature"),
    );
    check(
        "[tasks.tts]\nmax_prompt_frame = 3",
        "there is no setting `tasks.tts.max_prompt_frame`",
        Some("tasks.tts.max_prompt_frames"),
    );
    check("zebra = 1", "there is no setting `zebra`", None);
    check(
        "seed = \"many\"",
        "setting `seed`: invalid type: found string \"many\", expected u64",
        None,
    );
    let (_folder, path) = file("seed = ");
    let error = Settings::load(&[Layer::File(path)]).expect_err("cut").to_string();
    assert!(error.contains("line 1"), "{error}");
}

#[test]
fn any_configuration_with_a_schema_loads() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Small {
        words: Vec<String>,
    }
    let schema = json!({"type": "object", "properties": {"words": {"type": "array", "items": {"type": "string"}}}});
    let flags = Layer::Flags(vec![pair("words", "[a, b]")]);
    let loaded = load::<Small>(&schema, &json!({"words": []}), &[flags]).expect("it fits");
    assert_eq!(loaded.value, Small { words: vec!["a".into(), "b".into()] });
}

#[test]
fn the_default_settings_are_whole() {
    let loaded = Settings::load(&[]).expect("defaults fit");
    assert_eq!(loaded.value.tasks.len(), syrinx_registry::ALL.len());
    assert!(loaded.keys.iter().all(|k| k.place == SettingOrigin::Default));
}
