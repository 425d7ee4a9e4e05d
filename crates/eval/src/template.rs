//! Requests with placeholders.

use serde_json::{Map, Value};

use crate::{Item, SuiteIssue};

/// Names of the placeholders.
const BLANKS: [&str; 6] = ["text", "word", "voice", "audio", "prompt", "prompt_text"];

/// Prefix of placeholders for an item's other recordings: `{rendition.noisy}`.
const RENDITION: &str = "rendition.";

/// Values of a request's placeholders.
pub(crate) struct Blanks<'a> {
    pub(crate) item: &'a Item,
    pub(crate) voice: Option<&'a str>,
}

impl Blanks<'_> {
    fn get(&self, blank: &str) -> Option<String> {
        let path = |p: &Option<std::path::PathBuf>| p.as_ref().map(|p| p.display().to_string());
        match blank {
            "text" | "word" => Some(self.item.text.clone()),
            "voice" => self.voice.map(str::to_owned),
            "audio" => path(&self.item.audio),
            "prompt" => path(&self.item.prompt),
            "prompt_text" => self.item.prompt_text.clone(),
            _ => path(&self.item.renditions.get(blank.strip_prefix(RENDITION)?).cloned()),
        }
    }
}

/// Whether a request has a placeholder of that name.
pub(crate) fn mentions(template: &Map<String, Value>, blank: &str) -> bool {
    fn within(value: &Value, pattern: &str) -> bool {
        match value {
            Value::String(s) => s.contains(pattern),
            Value::Array(list) => list.iter().any(|v| within(v, pattern)),
            Value::Object(map) => map.values().any(|v| within(v, pattern)),
            _ => false,
        }
    }
    let pattern = format!("{{{blank}}}");
    template.values().any(|v| within(v, &pattern))
}

/// Replaces the placeholders of a request.
pub(crate) fn fill(template: &Map<String, Value>, blanks: &Blanks) -> Result<Value, SuiteIssue> {
    let mut request = Map::new();
    for (key, value) in template {
        request.insert(key.clone(), fill_value(value, blanks)?);
    }
    Ok(Value::Object(request))
}

fn fill_value(value: &Value, blanks: &Blanks) -> Result<Value, SuiteIssue> {
    Ok(match value {
        Value::String(s) => Value::String(fill_string(s, blanks)?),
        Value::Array(list) => {
            Value::Array(list.iter().map(|v| fill_value(v, blanks)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => fill(map, blanks)?,
        other => other.clone(),
    })
}

pub(crate) fn fill_string(template: &str, blanks: &Blanks) -> Result<String, SuiteIssue> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        out.push_str(before);
        let Some(close) = after.find('}') else { break };
        let name = &after[1..close];
        if !BLANKS.contains(&name) && !name.starts_with(RENDITION) {
            let known = BLANKS.into_iter().chain(["rendition.NAME"]).map(str::to_owned).collect();
            return Err(SuiteIssue::UnknownBlank { name: name.to_owned(), known });
        }
        let Some(value) = blanks.get(name) else {
            let item = blanks.item.id.clone();
            return Err(SuiteIssue::EmptyBlank { name: name.to_owned(), item });
        };
        out.push_str(&value);
        rest = &after[close + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::*;

    fn check(template: Value, expected: Result<Value, &str>) {
        let item = Item {
            id: "a".into(),
            text: "go {voice}".into(),
            audio: Some(PathBuf::from("/x.wav")),
            renditions: [("noisy".to_owned(), PathBuf::from("/noisy.wav"))].into(),
            ..Item::default()
        };
        let Value::Object(template) = template else { panic!("an object") };
        let got = fill(&template, &Blanks { item: &item, voice: Some("joe") });
        assert_eq!(got.map_err(|issue| issue.to_string()), expected.map_err(str::to_owned));
    }

    #[test]
    fn blanks_are_filled_once_and_everywhere() {
        check(json!({"text": "{text}", "n": 3}), Ok(json!({"text": "go {voice}", "n": 3})));
        check(
            json!({"a": ["{voice}/{audio}", {"b": "{voice}"}]}),
            Ok(json!({"a": ["joe//x.wav", {"b": "joe"}]})),
        );
        check(json!({"a": "{open"}), Ok(json!({"a": "{open"})));
        check(json!({"a": "{rendition.noisy}"}), Ok(json!({"a": "/noisy.wav"})));
        check(
            json!({"a": "{rendition.dry}"}),
            Err("the request needs `{rendition.dry}`, but item `a` has none"),
        );
        check(json!({"a": "{prompt}"}), Err("the request needs `{prompt}`, but item `a` has none"));
        check(json!({"a": "{volce}"}), Err("unknown placeholder `{volce}` in the request"));
    }

    #[test]
    fn a_blank_is_found_at_any_depth() {
        let Value::Object(map) = json!({"a": {"b": ["{voice}"]}, "c": "text"}) else { panic!() };
        assert!(mentions(&map, "voice"));
        assert!(!mentions(&map, "text"));
    }
}
