//! Keys of a cell, separated into settings, training and suites.

use serde_json::{Map, Value};
use syrinx_eval::Suite;

use crate::SuiteKeyFault;

/// Prefix of the keys of a training configuration.
pub(crate) const TRAIN: &str = "train.";
/// Prefix of the keys of suites.
pub(crate) const SUITE: &str = "suite.";

/// Keys of a cell as nested tables: `a.b = 1` is stored as `{"a": {"b": 1}}`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CellKeys {
    /// Keys of the program's settings.
    pub settings: Map<String, Value>,
    /// Keys of the training configuration.
    pub train: Map<String, Value>,
    /// Keys of the suites.
    pub suite: Map<String, Value>,
}

impl CellKeys {
    /// Separates keys with dots by their prefix. A later key replaces an equal earlier one.
    pub fn of<'k>(keys: impl IntoIterator<Item = (&'k String, &'k Value)>) -> Self {
        let mut sorted = Self::default();
        for (key, value) in keys {
            let (tree, key) = if let Some(rest) = key.strip_prefix(TRAIN) {
                (&mut sorted.train, rest)
            } else if let Some(rest) = key.strip_prefix(SUITE) {
                (&mut sorted.suite, rest)
            } else {
                (&mut sorted.settings, key.as_str())
            };
            let parts: Vec<&str> = key.split('.').collect();
            insert(tree, &parts, value);
        }
        sorted
    }

    /// Returns a suite with these keys applied.
    ///
    /// # Errors
    /// [`SuiteKeyFault`] if the keys result in an invalid suite.
    pub fn applied(&self, suite: &Suite) -> Result<Suite, SuiteKeyFault> {
        if self.suite.is_empty() {
            return Ok(suite.clone());
        }
        let mut json = serde_json::to_value(suite)?;
        overlay(&mut json, &Value::Object(self.suite.clone()));
        drop_nulls(&mut json);
        let text = toml::to_string(&json)?;
        Ok(Suite::parse(&text, &suite.name, &suite.folder)?)
    }
}

fn insert(tree: &mut Map<String, Value>, parts: &[&str], value: &Value) {
    let Some((first, rest)) = parts.split_first() else { return };
    if rest.is_empty() {
        match tree.get_mut(*first) {
            Some(old) => overlay(old, value),
            None => {
                tree.insert((*first).into(), value.clone());
            }
        }
        return;
    }
    let below = tree.entry((*first).to_owned()).or_insert_with(|| Value::Object(Map::new()));
    if !below.is_object() {
        *below = Value::Object(Map::new());
    }
    if let Value::Object(below) = below {
        insert(below, rest, value);
    }
}

/// Merges `changes` into `base`: tables are merged recursively, all other values are replaced.
pub fn overlay(base: &mut Value, changes: &Value) {
    match (base, changes) {
        (Value::Object(base), Value::Object(changes)) => {
            for (key, value) in changes {
                overlay(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, changes) => base.clone_from(changes),
    }
}

/// Removes null values, since TOML has none.
fn drop_nulls(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn keys(json: Value) -> CellKeys {
        CellKeys::of(json.as_object().unwrap())
    }

    #[test]
    fn keys_are_sorted_and_nested() {
        let keys = keys(json!({
            "decode.codes.temperature": 0.5,
            "decode.codes.top_p": 1.0,
            "model": "m.safetensors",
            "suite.request.mode": "blend",
            "train.model": {"group": 2},
            "train.model.encoder_layers": 1,
        }));
        assert_eq!(
            Value::Object(keys.settings),
            json!({"decode": {"codes": {"temperature": 0.5, "top_p": 1.0}}, "model": "m.safetensors"})
        );
        assert_eq!(Value::Object(keys.train), json!({"model": {"group": 2, "encoder_layers": 1}}));
        assert_eq!(Value::Object(keys.suite), json!({"request": {"mode": "blend"}}));
    }

    #[test]
    fn a_suite_takes_its_keys_and_keeps_the_rest() {
        let text = "summary = \"s\"\ntask = \"mix\"\nrequest = { text = \"{text}\", mode = \"blend\" }\n\
            [items]\nlines = \"l.txt\"\nlimit = 3\n";
        let suite = Suite::parse(text, "mix", Path::new("evals")).unwrap();
        assert_eq!(CellKeys::default().applied(&suite).unwrap(), suite);
        let changed = keys(json!({"suite.request.mode": "interleave"})).applied(&suite).unwrap();
        assert_eq!(
            Value::Object(changed.request.clone()),
            json!({"text": "{text}", "mode": "interleave"})
        );
        assert_eq!((changed.items, changed.name), (suite.items.clone(), suite.name.clone()));
        let error = keys(json!({"suite.seeds": []})).applied(&suite).unwrap_err().to_string();
        assert!(error.contains("seeds"), "{error}");
        let error = keys(json!({"suite.colour": 1})).applied(&suite).unwrap_err().to_string();
        assert!(error.contains("colour"), "{error}");
    }
}
